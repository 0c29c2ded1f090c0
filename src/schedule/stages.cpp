// SPDX-License-Identifier: Apache-2.0
#include "schedule/stages.h"

#include <algorithm>

#include "arch/part_program.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

using arch::Compute;
using arch::Stage;
using arch::StagedDesign;

// Windows, sums and FIFOs are registers already: the pipelines' ports have none.
ScheduleParams inner(const ScheduleParams& params, double clock_mhz) {
    ScheduleParams out = params;
    out.clock_mhz = clock_mhz;
    out.latency_cycles.reset();
    out.latency_ns.reset();
    out.stages.reset();
    out.register_inputs = false;
    out.register_outputs = false;
    return out;
}

Result<Pipeline> pipeline(const dfg::Program& program, const Device& device,
                          const ScheduleParams& params) {
    arch::FlatProgram flat{program, std::vector<arch::KernelId>(program.size(), arch::KernelId(0))};
    for (const dfg::ValueId input : program.inputs()) {
        flat.kernel_of[input.index()] = arch::KernelId();
    }
    GW_TRY(Schedule schedule, schedule::schedule(flat, device, params));
    GW_TRY_STATUS(verify(flat, device, schedule));
    return Pipeline{std::move(flat), std::move(schedule)};
}

Result<StagePipelines> stage_pipelines(const StagedDesign& design, const Stage& stage,
                                       const Device& device, const ScheduleParams& params) {
    StagePipelines out;
    const auto* work = std::get_if<Compute>(&stage.work);
    if (work == nullptr) return out;
    GW_TRY(out.words, pipeline(arch::merge_parts(design, stage), device, params));
    out.latency = 1 + out.words->schedule.latency_cycles;
    const auto& head = work->parts.front().head;
    if (!head) return out;
    out.folded = arch::fold(*head, work->folding);
    GW_TRY(out.step, pipeline(out.folded->step, device, params));
    const auto words = static_cast<std::int64_t>(design[stage.inputs[0].stream].words);
    const std::int64_t steps = work->folding.order == arch::Folding::Order::kByOutput
                                   ? work->folding.reuse()
                                   : work->folding.slices / words * work->folding.groups;
    out.latency += static_cast<int>(steps) + out.step->schedule.latency_cycles;
    return out;
}

// All stages at one clock; `slowest` gets the clock that the slowest of them can meet.
Result<std::vector<StagePipelines>> all_pipelines(const StagedDesign& design, const Device& device,
                                                  const ScheduleParams& params, double& slowest) {
    std::vector<StagePipelines> out;
    for (const Stage& stage : design.stages) {
        auto pipelines = stage_pipelines(design, stage, device, params);
        if (!pipelines) return fail_in("layer '" + stage.name + "'", pipelines.error());
        for (const auto* part : {&pipelines->words, &pipelines->step}) {
            if (*part) slowest = std::min(slowest, (*part)->schedule.clock_mhz);
        }
        out.push_back(std::move(*pipelines));
    }
    return out;
}

}  // namespace

std::vector<int> latencies(const std::vector<StagePipelines>& stages) {
    std::vector<int> out;
    out.reserve(stages.size());
    for (const StagePipelines& stage : stages) out.push_back(stage.latency);
    return out;
}

Result<StagePipelines> schedule_stage(const StagedDesign& design, const Stage& stage,
                                      const Device& device, const ScheduleParams& params) {
    return stage_pipelines(design, stage, device,
                           inner(params, params.clock_mhz.value_or(kDefaultClockMhz)));
}

Result<StagedSchedule> schedule_stages(const StagedDesign& design, const Device& device,
                                       const ScheduleParams& params) {
    if (params.latency_cycles || params.latency_ns || params.stages) {
        return fail(
            "a staged design (streamed, folded or with loadable weights) is scheduled for a clock; "
            "ask for a latency with --fit latency=...");
    }
    StagedSchedule out;
    out.requested_mhz = params.clock_mhz.value_or(kDefaultClockMhz);
    out.clock_mhz = out.requested_mhz;
    GW_TRY(out.stages,
           all_pipelines(design, device, inner(params, out.requested_mhz), out.clock_mhz));
    if (out.clock_mhz < out.requested_mhz) {
        double unchanged = out.clock_mhz;
        GW_TRY(out.stages, all_pipelines(design, device, inner(params, out.clock_mhz), unchanged));
        out.clock_mhz = unchanged;
    }
    GW_TRY(out.rates, compute_rates(design, latencies(out.stages)));
    GW_TRY_STATUS(verify(design, out));
    return out;
}

}  // namespace gatewright::schedule
