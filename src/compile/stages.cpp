// SPDX-License-Identifier: Apache-2.0
#include "compile/stages.h"

#include <algorithm>
#include <filesystem>

#include "arch/stored_stages.h"
#include "compile/design_directory.h"
#include "emulate/staged_engine.h"
#include "verify/stimuli.h"

namespace gatewright::compile {
namespace {

// Sums up the rows of programs that went through the same passes.
void add_records(const opt::OptimizeStats& part, opt::OptimizeStats& all) {
    const auto add = [](const opt::ProgramSize& from, opt::ProgramSize& to) {
        to.nodes += from.nodes;
        to.lut += from.lut;
        to.cells += from.cells;
        to.register_bits += from.register_bits;
    };
    if (all.passes.empty()) {
        all = part;
        return;
    }
    for (std::size_t i = 0; i < std::min(all.passes.size(), part.passes.size()); ++i) {
        all.passes[i].rewrites += part.passes[i].rewrites;
        all.passes[i].seconds += part.passes[i].seconds;
        add(part.passes[i].before, all.passes[i].before);
        add(part.passes[i].after, all.passes[i].after);
    }
}

Status optimize_parts(arch::StagedDesign& plan, const opt::OptimizeParams& params,
                      opt::OptimizeStats& stats) {
    for (arch::Stage& stage : plan.stages) {
        auto* work = std::get_if<arch::Compute>(&stage.work);
        if (work == nullptr) continue;
        for (arch::Part& part : work->parts) {
            opt::OptimizeParams own = params;
            if (!own.dump_directory.empty()) {
                own.dump_directory +=
                    "/" + stage.name +
                    (work->parts.size() > 1 ? "_" + std::to_string(&part - work->parts.data())
                                            : "");
            }
            opt::OptimizeStats counts;
            GW_TRY(part.program, opt::optimize(part.program, own, &counts));
            add_records(counts, stats);
        }
    }
    return {};
}

// Vectors for the emitted testbench: edges and random events, fewer of them if they are long.
std::vector<rtl::StagedVector> testbench_vectors(const CompiledStages& compiled) {
    constexpr std::int64_t kCycles = 8000;
    constexpr std::uint64_t kSeed = 1;
    const emulate::StagedEngine engine(compiled.plan);
    const std::size_t in = engine.input_count();
    const std::size_t out = engine.output_count();
    const std::int64_t affordable = kCycles / (2 * compiled.schedule.rates.initiation_interval);
    const auto events = static_cast<std::size_t>(std::clamp<std::int64_t>(affordable, 3, 128));
    auto inputs = verify::stimuli(compiled.plan.inputs, events, kSeed);
    // From the end: random events, in which inputs sit at edges, too.
    inputs.erase(inputs.begin(), inputs.end() - static_cast<std::ptrdiff_t>(events * in));
    std::vector<fixed::Integer> outputs(events * out);
    engine.run_exact(inputs, outputs);
    std::vector<rtl::StagedVector> vectors;
    for (std::size_t e = 0; e < events; ++e) {
        const auto x = std::span(inputs).subspan(e * in, in);
        const auto y = std::span(outputs).subspan(e * out, out);
        vectors.push_back({{x.begin(), x.end()}, {y.begin(), y.end()}});
    }
    return vectors;
}

Json port_json(const rtl::StreamPort& port) {
    Json json = Json::object();
    json.set("name", port.name).set("words", port.words).set("bits", std::int64_t{port.bits});
    Json channels = Json::array();
    int offset = 0;
    for (const fixed::Format& format : port.formats) {
        Json channel = Json::object();
        channel.set("signed", format.is_signed).set("width", std::int64_t{format.width});
        channel.set("frac", std::int64_t{format.frac}).set("bit_offset", std::int64_t{offset});
        offset += format.width;
        channels.push_back(std::move(channel));
    }
    json.set("channels", std::move(channels));
    return json;
}

Json streams_json(const rtl::StagedNetlist& hardware) {
    Json inputs = Json::array();
    for (const rtl::StreamPort& port : hardware.inputs) inputs.push_back(port_json(port));
    Json outputs = Json::array();
    for (const rtl::StreamPort& port : hardware.outputs) outputs.push_back(port_json(port));
    Json json = Json::object();
    json.set("inputs", std::move(inputs)).set("outputs", std::move(outputs));
    return json;
}

std::string function_text(const CompiledStages& compiled) {
    return arch::to_json(compiled.plan).dump(1) + "\n";
}

}  // namespace

Status plan_parts(CompiledStages& out) {
    const arch::StageParams params{out.options.mapping, out.options.cmvm, out.options.adder_cache};
    GW_TRY(out.plan, arch::plan_stages(out.typed, params, out.warnings));
    GW_TRY_STATUS(arch::verify(out.plan));
    return optimize_parts(out.plan, out.options.passes, out.passes);
}

Status plan_hardware(CompiledStages& out, Progress& progress) {
    GW_TRY(out.device, schedule::find_device(out.options.part));
    progress.stage("plan stages");
    GW_TRY_STATUS(plan_parts(out));
    progress.stage("schedule");
    if (out.options.ternary_adders.value_or(false)) {
        return fail(
            "--ternary: three-input adders are made in designs with a new event each cycle only; "
            "leave the option out with --io stream, --reuse and loadable weights");
    }
    GW_TRY(out.schedule,
           schedule::schedule_stages(out.plan, out.device, schedule_params(out.options)));
    progress.stage("netlist");
    out.hardware = rtl::build_staged_netlist(out.plan, out.schedule);
    return {};
}

Result<CompiledStages> compile_stages(const Options& options, Progress& progress) {
    GW_TRY_STATUS(schedule::find_device(options.part).map([](const auto&) {}));
    CompiledStages out;
    GW_TRY(static_cast<Imported&>(out), import_and_type(options, progress));
    out.options = options;
    GW_TRY_STATUS(plan_hardware(out, progress));
    return out;
}

Result<CompiledStages> load_stages(const std::string& directory, Progress& progress) {
    progress.stage("load the design");
    GW_TRY(StoredDesign stored, read_design_directory(directory));
    CompiledStages out;
    out.source = std::move(stored.source);
    out.typed = std::move(stored.typed);
    out.float_graph = std::move(stored.float_graph);
    out.options = std::move(stored.options);
    GW_TRY_STATUS(plan_hardware(out, progress));
    std::vector<rtl::File> files = rtl::staged_files(out.plan, out.hardware);
    files.push_back({runtime::kStagesFile, function_text(out)});
    GW_TRY_STATUS(check_hashes(files, stored.hashes, directory));
    return out;
}

bool is_staged(const std::string& directory) {
    return std::filesystem::exists(std::filesystem::path(directory) / runtime::kStagesFile);
}

std::vector<rtl::File> hardware_files(const CompiledStages& compiled) {
    std::vector<rtl::File> files = rtl::staged_files(compiled.plan, compiled.hardware);
    for (auto& file : rtl::staged_testbench_files(compiled.plan, compiled.hardware,
                                                  testbench_vectors(compiled))) {
        files.push_back(std::move(file));
    }
    for (auto& file : rtl::synthesis_files(compiled.hardware.netlist, compiled.device,
                                           compiled.schedule.clock_mhz)) {
        files.push_back(std::move(file));
    }
    return files;
}

Status write_design_directory(const CompiledStages& compiled, const Json& report,
                              const std::string& directory) {
    DesignContent content{compiled.options, compiled, compiled.plan.interface()};
    content.part = compiled.device.part;
    content.top = compiled.hardware.netlist.top().name;
    content.latency_cycles = compiled.schedule.rates.last_word_cycles;
    content.initiation_interval = compiled.schedule.rates.initiation_interval;
    content.clock_mhz = compiled.schedule.clock_mhz;
    content.streams = streams_json(compiled.hardware);
    content.files = hardware_files(compiled);
    content.files.push_back({runtime::kStagesFile, function_text(compiled)});
    return write_design_directory(content, report, directory);
}

}  // namespace gatewright::compile
