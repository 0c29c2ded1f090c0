// SPDX-License-Identifier: Apache-2.0
#include "compile/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "compile/design_directory.h"
#include "compile/optimize.h"
#include "dfg/text.h"
#include "frontends/import.h"
#include "opt/graph_passes.h"
#include "support/files.h"

namespace gatewright::compile {
namespace {

Result<SourceFile> describe_source(const std::string& path, const std::string& format) {
    if (std::filesystem::is_directory(path)) return SourceFile{path, "", format};
    GW_TRY(const std::string bytes, read_file(path));
    return SourceFile{std::filesystem::path(path).filename().string(), sha256_hex(bytes), format};
}

std::string default_name(const std::string& path) {
    const std::string stem = std::filesystem::path(path).stem().string();
    return stem.empty() ? "model" : stem;
}

bool is_constant(const model::TensorType& type) {
    return std::all_of(type.elements.begin(), type.elements.end(),
                       [](const fixed::Interval& range) { return range.is_constant(); });
}

// A layer whose result no longer depends on the input is legal, but hardly what anyone wants: the
// layer where it happens is named.
void warn_of_constants(const model::TypedGraph& typed, std::vector<std::string>& warnings) {
    for (std::size_t n = 0; n < typed.graph().size(); ++n) {
        const auto inputs = typed.input_types(LayerId(n));
        const bool had_information = std::any_of(
            inputs.begin(), inputs.end(), [](const auto& type) { return !is_constant(type); });
        if (had_information && is_constant(typed.type(LayerId(n)))) {
            warnings.push_back(fmt::format(
                "the output of layer '{}' is the same for every input: are its types too narrow?",
                typed.graph()[LayerId(n)].name));
        }
    }
}

}  // namespace

Status build_hardware(Compiled& out, Progress& progress) {
    progress.stage("lower to adder graphs");
    out.design = arch::build_design(out.typed, {out.options.cmvm, out.options.adder_cache});
    out.lowered = arch::flatten(out.design);
    progress.stage("dataflow passes");
    GW_TRY(out.flat, optimize_flat(out.design, out.lowered, out.options.passes, &out.passes));
    progress.stage("schedule");
    GW_TRY(out.device, schedule::find_device(out.options.part));
    if (out.options.ternary_adders.value_or(false) && !out.device.has_ternary_adders) {
        return fail(
            fmt::format("--ternary: {} has no three-input adders (its device file has no "
                        "'ternary_adders'); leave the option out",
                        out.device.part));
    }
    GW_TRY(out.schedule, schedule::schedule(out.flat, out.device, schedule_params(out.options)));
    GW_TRY_STATUS(schedule::verify(out.flat, out.device, out.schedule));
    progress.stage("netlist");
    out.netlist = rtl::build_netlist(out.design, out.flat, out.schedule);
    return {};
}

schedule::ScheduleParams schedule_params(const Options& options) {
    schedule::ScheduleParams params;
    params.clock_mhz = options.clock_mhz;
    if (options.latency && options.latency->nanoseconds > 0) {
        params.latency_ns = options.latency->nanoseconds;
    } else if (options.latency) {
        params.latency_cycles = options.latency->cycles;
    }
    params.stages = options.pipeline.stages;
    params.register_inputs = options.pipeline.input_register;
    params.register_outputs = options.pipeline.output_register;
    params.register_fanout = options.pipeline.register_fanout;
    params.ternary_adders = ternary_adders(options);
    return params;
}

schedule::TernaryAdders ternary_adders(const Options& options) {
    return options.ternary_adders.value_or(false) ? schedule::TernaryAdders::kWhereTheyPay
                                                  : schedule::TernaryAdders::kNever;
}

bool is_design_directory(const std::string& path) {
    return std::filesystem::exists(std::filesystem::path(path) / kDesignFile);
}

Result<Imported> import_and_type(const Options& options, Progress& progress) {
    progress.stage("import");
    GW_TRY(frontends::ImportedModel model, frontends::import_model(options.model, options.import));
    GW_TRY(const SourceFile source, describe_source(options.model, model.graph.format));
    progress.stage("types and graph passes");
    model.graph.name = options.name.empty() ? default_name(options.model) : options.name;
    GW_TRY(model::TypedGraph typed, model::infer_types(opt::fuse(std::move(model.graph))));
    warn_of_constants(typed, model.warnings);
    return Imported{source, std::move(typed), std::move(model.float_graph),
                    std::move(model.stored_ebops), std::move(model.warnings)};
}

Result<Compiled> compile_model(const Options& options, Progress& progress) {
    GW_TRY_STATUS(schedule::find_device(options.part).map([](const auto&) {}));
    GW_TRY(Imported imported, import_and_type(options, progress));
    Compiled out;
    static_cast<Imported&>(out) = std::move(imported);
    out.options = options;
    GW_TRY_STATUS(build_hardware(out, progress));
    return out;
}

Status check_hashes(const std::vector<rtl::File>& files,
                    const std::map<std::string, std::string>& hashes,
                    const std::string& directory) {
    for (const rtl::File& file : files) {
        const auto hash = hashes.find(file.path);
        if (hash != hashes.end() && hash->second == sha256_hex(file.content)) continue;
        return fail(
            fmt::format("{}: {} is not what this version of gatewright writes for its "
                        "model; compile the model again",
                        directory, file.path));
    }
    return {};
}

Result<Compiled> load_design(const std::string& directory, Progress& progress) {
    progress.stage("load the design");
    GW_TRY(StoredDesign stored, read_design_directory(directory));
    if (arch::needs_stages(stored.options.mapping)) {
        return fail(directory +
                    ": is a design of stages (streamed, folded or loadable); this "
                    "command works on unrolled designs only");
    }
    Compiled out;
    out.source = std::move(stored.source);
    out.typed = std::move(stored.typed);
    out.float_graph = std::move(stored.float_graph);
    out.options = std::move(stored.options);
    GW_TRY_STATUS(build_hardware(out, progress));
    std::vector<rtl::File> files = rtl::verilog_files(out.netlist);
    files.push_back({runtime::kDataflowFile, dfg::to_text(out.flat.program)});
    GW_TRY_STATUS(check_hashes(files, stored.hashes, directory));
    return out;
}

}  // namespace gatewright::compile
