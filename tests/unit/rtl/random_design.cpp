// SPDX-License-Identifier: Apache-2.0
#include "random_design.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "dfg/interpreter.h"
#include "support/check.h"

namespace gatewright::rtl::testing {
namespace {

void add_element(arch::Port& port, const fixed::Format& format) {
    port.elements.push_back({.format = format});
    port.bit_offset.push_back(port.width);
    port.width += format.width;
    port.shape = {static_cast<std::int64_t>(port.elements.size())};
}

schedule::ScheduleParams random_schedule_params(Rng& rng, const schedule::Device& device,
                                                double registered) {
    schedule::ScheduleParams params;
    if (rng.chance(0.6)) {
        params.clock_mhz = device.max_clock_mhz * (0.05 + 0.95 * rng.unit());
    } else if (rng.chance(0.5)) {
        params.latency_cycles = static_cast<int>(rng.between(2, 9));
    } else {
        params.stages = static_cast<int>(rng.between(2, 9));
    }
    if (rng.chance(0.3)) params.register_fanout = static_cast<int>(rng.between(1, 5));
    params.register_inputs = rng.chance(registered);
    params.register_outputs = rng.chance(registered);
    return params;
}

}  // namespace

RandomDesign random_design(Rng& rng, const RandomDesignParams& params) {
    return random_design_of(gatewright::testing::random_program(rng, params.program), rng, params);
}

RandomDesign random_design_of(dfg::Program program, Rng& rng, const RandomDesignParams& params) {
    RandomDesign d;
    d.design.name = "dut";
    d.flat.program = std::move(program);
    d.design.inputs = {{"x", {}, {}, {}, 0}, {"reg", {}, {}, {}, 0}};
    for (const dfg::ValueId input : d.flat.program.inputs()) {
        add_element(
            d.design.inputs[rng.below(2) == 0 && d.design.inputs[1].elements.empty() ? 0 : 1],
            d.flat.program[input].format);
    }
    d.design.outputs = {{"y", {}, {}, {}, 0}};
    for (const dfg::ValueId output : d.flat.program.outputs()) {
        add_element(d.design.outputs[0], d.flat.program[output].format);
    }
    for (std::size_t k = 0; k < params.kernels; ++k) {
        arch::Kernel kernel;
        kernel.name = std::array{"layer", "Layer", "v1", "0 é", "clk"}[k % 5];
        kernel.description = "part of a random program";
        d.design.kernels.push_back(std::move(kernel));
    }
    for (std::size_t i = 0; i < d.flat.program.size(); ++i) {
        const bool is_input = d.flat.program.nodes()[i].op == dfg::Op::kInput;
        d.flat.kernel_of.push_back(
            is_input ? arch::KernelId()
                     : arch::KernelId(i * params.kernels / d.flat.program.size()));
    }
    const auto devices = schedule::all_devices();
    d.device = devices[rng.below(devices.size())];
    if (rng.chance(0.5)) d.device.fanout_growth = {{1, 20}, {1, 3}};
    schedule::ScheduleParams plan = random_schedule_params(rng, d.device, params.registered);
    plan.ternary_adders = params.ternary_adders;
    auto result = schedule::schedule(d.flat, d.device, plan);
    GW_CHECK(result.has_value(), result.error().message);
    d.schedule = std::move(*result);
    return d;
}

Events random_events(const RandomDesign& d, std::size_t count, Rng& rng) {
    Events events;
    events.in = gatewright::testing::random_input_codes(d.flat.program, count, rng);
    for (const auto& event : events.in) events.out.push_back(dfg::interpret(d.flat.program, event));
    return events;
}

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gw_rtl_XXXXXX").string();
    GW_CHECK(mkdtemp(pattern.data()) != nullptr, "no temporary directory");
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void TemporaryDirectory::write(const std::string& relative, const std::string& content) const {
    const std::filesystem::path file = std::filesystem::path(path_) / relative;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
}

ProcessOutcome run_in(const std::string& directory, const std::vector<std::string>& command) {
    ProcessParams params;
    params.working_directory = directory;
    params.time_limit = std::chrono::seconds(300);
    auto outcome = run_process(command, params);
    if (outcome) return *outcome;
    ProcessOutcome failed;
    failed.exit_code = 127;
    failed.output = outcome.error().message;
    return failed;
}

}  // namespace gatewright::rtl::testing
