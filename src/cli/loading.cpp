// SPDX-License-Identifier: Apache-2.0
#include "cli/loading.h"

#include <cctype>

#include "compile/compile.h"
#include "compile/design_directory.h"

namespace gatewright::cli {

Result<LoadedFunction> load_function(const compile::Options& options, Progress& progress) {
    LoadedFunction out;
    cmvm::SolveParams cmvm = options.cmvm;
    if (compile::is_design_directory(options.model)) {
        progress.stage("load the design");
        GW_TRY(compile::StoredDesign stored, compile::read_design_directory(options.model));
        out.typed = std::move(stored.typed);
        out.float_graph = std::move(stored.float_graph);
        cmvm = stored.options.cmvm;
    } else {
        GW_TRY(compile::Imported imported, compile::import_and_type(options, progress));
        out.typed = std::move(imported.typed);
        out.float_graph = std::move(imported.float_graph);
    }
    progress.stage("lower to dataflow");
    out.design = arch::build_design(out.typed, {cmvm});
    out.flat = arch::flatten(out.design);
    return out;
}

std::string safe_file_name(const std::string& name) {
    std::string out;
    for (const char c : name) {
        const bool keep =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
        out += keep ? c : '_';
    }
    return out.empty() || out[0] == '.' ? "_" + out : out;
}

}  // namespace gatewright::cli
