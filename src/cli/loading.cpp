// SPDX-License-Identifier: Apache-2.0
#include "cli/loading.h"

#include <cctype>

#include "arch/design.h"
#include "arch/stages.h"
#include "compile/compile.h"
#include "compile/design_directory.h"
#include "emulate/engine.h"
#include "emulate/staged_engine.h"

namespace gatewright::cli {

namespace {

// The half of a function that is the model's; of a design directory also the solver's parameters.
struct LoadedModel {
    model::TypedGraph typed;
    std::optional<model::Graph> float_graph;
    cmvm::SolveParams cmvm;
};

Result<LoadedModel> load_model(const compile::Options& options, Progress& progress) {
    if (compile::is_design_directory(options.model)) {
        progress.stage("load the design");
        GW_TRY(compile::StoredDesign stored, compile::read_design_directory(options.model));
        return LoadedModel{std::move(stored.typed), std::move(stored.float_graph),
                           stored.options.cmvm};
    }
    GW_TRY(compile::Imported imported, compile::import_and_type(options, progress));
    return LoadedModel{std::move(imported.typed), std::move(imported.float_graph), options.cmvm};
}

// Some layer reads windows at many positions: stages are then quickly made and run faster than a
// program with every position written out.
bool has_positions(const model::TypedGraph& typed) {
    constexpr std::size_t kMany = 32;
    for (std::size_t n = 0; n < typed.graph().size(); ++n) {
        const auto inputs = typed.input_types(LayerId(n));
        const auto repetition = typed.graph()[LayerId(n)].layer->repetition(inputs);
        if (!repetition || tensor::element_count(repetition->positions) < kMany) continue;
        for (const model::Window& window : repetition->windows) {
            if (tensor::element_count(window.size) > 1) return true;
        }
    }
    return false;
}

}  // namespace

Result<LoadedFunction> load_function(const compile::Options& options, Progress& progress) {
    GW_TRY(LoadedModel model, load_model(options, progress));
    LoadedFunction out{std::move(model.typed), std::move(model.float_graph), {}, nullptr};
    if (compile::is_design_directory(options.model)) {
        GW_TRY(const runtime::StoredProgram stored, runtime::load_program(options.model));
        out.ports = stored.ports;
        out.batch = runtime::make_function(stored);
        return out;
    }
    progress.stage("lower to dataflow");
    if (has_positions(out.typed)) {
        arch::StageParams params{{.io = arch::Io::kStream}, model.cmvm};
        std::vector<std::string> warnings;
        if (const auto stages = arch::plan_stages(out.typed, params, warnings)) {
            out.ports = stages->interface();
            out.batch = std::make_shared<emulate::StagedEngine>(*stages);
            return out;
        }
    }
    const arch::Design design = arch::build_design(out.typed, {model.cmvm});
    out.ports = design.interface();
    out.batch = std::make_shared<emulate::Engine>(arch::flatten(design).program);
    return out;
}

Result<dfg::Program> load_dataflow(const compile::Options& options, Progress& progress) {
    GW_TRY(const LoadedModel model, load_model(options, progress));
    progress.stage("lower to dataflow");
    return arch::flatten(arch::build_design(model.typed, {model.cmvm})).program;
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
