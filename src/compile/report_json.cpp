// SPDX-License-Identifier: Apache-2.0
#include "compile/report_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "compile/design_directory.h"
#include "compile/mapping_options.h"
#include "compile/stages.h"
#include "report/layer_rows.h"
#include "report/resources.h"
#include "report/stage_resources.h"
#include "report/statistics.h"
#include "schedule/critical.h"

namespace gatewright::compile {
namespace {

// A word for a shell: quoted unless it is plainly harmless.
std::string shell_word(const std::string& text) {
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("_-./=+,:@%").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (plain) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// What every report says first.
struct Made {
    std::string name;
    std::string part;
    double clock_mhz = 0;
    double requested_mhz = 0;
    std::int64_t latency_cycles = 0;
    std::int64_t initiation_interval = 1;
};

// The compile command with everything that decides the design.
std::string compile_command(const Options& options, const Made& made,
                            const std::string& directory) {
    std::string out =
        fmt::format("gatewright compile {} -o {} --part {} --name {}", shell_word(options.model),
                    shell_word(directory), made.part, shell_word(made.name));
    out += to_options(options.mapping);
    if (options.clock_mhz) out += fmt::format(" --clock {:g}MHz", *options.clock_mhz);
    if (options.fit) out += " --fit " + shell_word(to_text(*options.fit));
    if (options.latency && options.latency->nanoseconds > 0) {
        out += fmt::format(" --latency {:g}ns", options.latency->nanoseconds);
    } else if (options.latency) {
        out += fmt::format(" --latency {}cycles", options.latency->cycles);
    }
    const PipelineOptions& pipeline = options.pipeline;
    if (pipeline.stages) out += fmt::format(" --stages {}", *pipeline.stages);
    if (!pipeline.input_register) out += " --no-input-register";
    if (!pipeline.output_register) out += " --no-output-register";
    if (options.ternary_adders) out += *options.ternary_adders ? " --ternary" : " --no-ternary";
    if (!options.passes.only.empty())
        out += fmt::format(" --passes {}", fmt::join(options.passes.only, ","));
    if (!options.passes.without.empty())
        out += fmt::format(" --without-pass {}", fmt::join(options.passes.without, ","));
    if (pipeline.register_fanout > 0)
        out += fmt::format(" --register-fanout {}", pipeline.register_fanout);
    if (!options.config.empty()) out += " --config " + shell_word(options.config);
    const frontends::ImportParams& import = options.import;
    if (import.precision.everywhere)
        out += " --precision " + shell_word(to_string(*import.precision.everywhere));
    if (import.input_type) out += " --input-type " + shell_word(to_string(*import.input_type));
    if (!import.weights_path.empty()) out += " --weights " + shell_word(import.weights_path);
    if (import.winner_only) out += " --winner-only";
    return out;
}

Json commands_json(const std::string& folder, const Options& options, const Made& made) {
    const std::string directory = shell_word(folder);
    Json json = Json::array();
    const auto add = [&](const char* what, std::string command) {
        Json entry = Json::object();
        entry.set("what", what).set("command", std::move(command));
        json.push_back(std::move(entry));
    };
    add("compile the model again", compile_command(options, made, folder));
    add("compare all evaluators bit for bit",
        fmt::format("gatewright verify {} --vectors 100000", directory));
    add("open synthesis", fmt::format("gatewright synth {}", directory));
    add("emulate events",
        fmt::format("gatewright emulate {} --input X.npy --output Y.npy", directory));
    add("accuracy and ROC",
        fmt::format("gatewright evaluate {} --data X.npy --labels y.npy", directory));
    add("simulate the emitted files alone", fmt::format("sh {}/sim/run.sh", directory));
    return json;
}

// The slowest path of every cycle, with the names the user gave the layers.
Json critical_path_json(const Compiled& compiled) {
    const auto layer_of = [&](dfg::ValueId value) {
        const arch::KernelId kernel = compiled.flat.kernel_of[value.index()];
        return kernel.valid() ? compiled.design.kernels[kernel.index()].name : "input";
    };
    const double period_ps = 1e6 / compiled.schedule.clock_mhz;
    Json json = Json::array();
    for (const schedule::CriticalPath& path :
         schedule::critical_paths(compiled.flat, compiled.device, compiled.schedule)) {
        Json steps = Json::array();
        for (const schedule::PathStep& step : path.steps) {
            const dfg::Node& node = compiled.flat.program[step.value];
            Json entry = Json::object();
            entry.set("layer", layer_of(step.value));
            entry.set("op",
                      fmt::format("{} {}", dfg::to_string(node.op), fixed::to_string(node.format)));
            entry.set("net_ps", step.net_ps).set("delay_ps", step.delay_ps);
            entry.set("arrival_ps", step.arrival_ps);
            steps.push_back(std::move(entry));
        }
        Json entry = Json::object();
        entry.set("cycle", std::int64_t{path.cycle}).set("ps", path.arrival_ps);
        entry.set("slack_ps", period_ps - path.arrival_ps);
        entry.set("from", path.from.valid() ? Json(layer_of(path.from)) : Json());
        entry.set("steps", std::move(steps));
        json.push_back(std::move(entry));
    }
    return json;
}

Json seconds_json(const Progress& progress) {
    Json json = Json::object();
    for (const auto& [stage, seconds] : progress.seconds()) json.set(stage, seconds);
    return json;
}

Json first_facts(const Imported& model, const Made& made) {
    Json source = Json::object();
    source.set("file", model.source.file).set("sha256", model.source.sha256);
    source.set("format", model.source.format);
    Json json = Json::object();
    json.set("format", "gatewright-report")
        .set("version", std::int64_t{1})
        .set("gatewright", version());
    json.set("name", made.name).set("source", std::move(source));
    json.set("part", made.part);
    json.set("clock_mhz", made.clock_mhz).set("requested_clock_mhz", made.requested_mhz);
    json.set("latency_cycles", made.latency_cycles);
    json.set("latency_ns", 1e3 * static_cast<double>(made.latency_cycles) / made.clock_mhz);
    json.set("ii", made.initiation_interval);
    return json;
}

void set_cost(Json& json, const report::Resources& total) {
    json.set("ops", report::to_json(total.ops)).set("cells", total.cells);
    json.set("register_bits", total.register_bits);
    json.set("estimate", report::to_json(total.estimate));
}

}  // namespace

Json make_report(const Compiled& compiled, const Progress& progress, const std::string& directory) {
    const auto registers = schedule::register_bits_by_kernel(
        compiled.flat, compiled.design.kernels.size(), compiled.schedule);
    const report::ResourceReport cost =
        report::count_resources(compiled.design, compiled.flat, compiled.schedule, registers);
    const schedule::Schedule& schedule = compiled.schedule;
    const Made made{compiled.design.name,   compiled.device.part,    schedule.clock_mhz,
                    schedule.requested_mhz, schedule.latency_cycles, schedule.initiation_interval};
    Json json = first_facts(compiled, made);
    json.set("stages", std::int64_t{schedule.latency_cycles});
    set_cost(json, cost.total);
    json.set("layers", report::layer_rows(compiled.typed, compiled.design, cost));
    json.set("timeline", report::timeline_rows(compiled.design, cost));
    json.set("critical_path", critical_path_json(compiled));
    json.set("fewest_registers", schedule.fewest_registers);
    json.set("weights_boxes", report::to_json(report::weight_boxes(compiled.typed.graph())));
    json.set("passes", opt::to_json(compiled.passes));
    json.set("warnings", Json::array_of(compiled.warnings));
    json.set("seconds", seconds_json(progress));
    json.set("commands", commands_json(directory, compiled.options, made));
    return json;
}

Json make_report(const CompiledStages& compiled, const Progress& progress,
                 const std::string& directory) {
    const schedule::StagedSchedule& schedule = compiled.schedule;
    const schedule::Rates& rates = schedule.rates;
    const report::StagedResources cost =
        report::count_stages(compiled.plan, schedule, compiled.hardware);
    const Made made{compiled.plan.name,     compiled.device.part,   schedule.clock_mhz,
                    schedule.requested_mhz, rates.last_word_cycles, rates.initiation_interval};
    Json json = first_facts(compiled, made);
    json.set("first_word_cycles", rates.first_word_cycles);
    json.set("stages", compiled.plan.stages.size());
    json.set("mapping", to_json(compiled.options.mapping));
    set_cost(json, cost.total);
    json.set("memory_bits", cost.memory_bits);
    json.set("stage_rows", report::stage_rows(compiled.plan, schedule, cost));
    json.set("timeline", report::stage_timeline(compiled.plan, schedule));
    json.set("ports", report::port_rows(compiled.plan));
    json.set("fifos", report::fifo_rows(compiled.plan, rates));
    json.set("weights_boxes", report::to_json(report::weight_boxes(compiled.typed.graph())));
    json.set("passes", opt::to_json(compiled.passes));
    json.set("warnings", Json::array_of(compiled.warnings));
    json.set("seconds", seconds_json(progress));
    json.set("commands", commands_json(directory, compiled.options, made));
    return json;
}

}  // namespace gatewright::compile
