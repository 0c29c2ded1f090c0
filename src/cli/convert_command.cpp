// SPDX-License-Identifier: Apache-2.0
//
// gatewright convert: programs between our text form, DAIS (da4ml) and ALIR (alkaid); models and
// design directories to any of them.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/loading.h"
#include "compile/compile.h"
#include "interchange/program_file.h"
#include "support/files.h"

namespace gatewright::cli {
namespace {

using interchange::Format;

Result<Format> format_for(const ConvertArgs& args) {
    const std::string& path = args.output;
    const std::string& format = args.format;
    if (format == "text") return Format::kText;
    if (format == "dais") return Format::kDais;
    if (format == "alir") return Format::kAlir;
    if (path.ends_with(".gw") || path.ends_with(".txt")) return Format::kText;
    if (path.ends_with(".json") || path.ends_with(".json.gz")) return Format::kAlir;
    return fail(fmt::format(
        "{}: the ending tells no format; use .gw (our text), .json or .json.gz (ALIR), or give "
        "--format text, dais or alir",
        path));
}

std::string_view name_of(Format format) {
    switch (format) {
        case Format::kText:
            return "text";
        case Format::kDais:
            return "DAIS 1";
        case Format::kAlir:
            return "ALIR 4";
    }
    return "?";
}

Result<dfg::Program> load(const std::string& path, Progress& progress) {
    if (!compile::is_design_directory(path)) {
        GW_TRY(const std::string bytes, read_file(path));
        if (interchange::is_program(bytes)) return interchange::read_program(path);
    }
    compile::Options options;
    options.model = path;
    return load_dataflow(options, progress);
}

}  // namespace

Result<Outcome> run_convert(const ConvertArgs& args, Progress& progress) {
    GW_TRY(const Format format, format_for(args));
    if (format != Format::kAlir && args.output.ends_with(".gz")) {
        return fail(args.output + ": only ALIR files are compressed");
    }
    progress.stage("read");
    GW_TRY(const dfg::Program program, load(args.input, progress));
    progress.stage("write");
    GW_TRY_STATUS(interchange::write_program(args.output, program, format));
    Outcome out;
    out.text = fmt::format("{} -> {} ({}): {} inputs, {} outputs, {} values\n", args.input,
                           args.output, name_of(format), program.inputs().size(),
                           program.outputs().size(), program.size());
    out.json.set("input", args.input).set("output", args.output);
    out.json.set("format", name_of(format)).set("values", program.size());
    out.json.set("inputs", program.inputs().size()).set("outputs", program.outputs().size());
    return out;
}

}  // namespace gatewright::cli
