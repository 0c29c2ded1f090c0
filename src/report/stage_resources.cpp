// SPDX-License-Identifier: Apache-2.0
#include "report/stage_resources.h"

#include <algorithm>
#include <cmath>

#include "schedule/stage_flow.h"

namespace gatewright::report {
namespace {

// Fitted to Yosys on the designs of docs/streams.md: a controller with its counters, masks and
// credits, and bits per LUT of memories in LUTs (a table has 64, two-port RAM 48).
constexpr std::int64_t kControlLuts = 45;
constexpr std::int64_t kBitsPerLut = 56;
constexpr std::int64_t kBlockBits = 36 * 1024;

void add(const Resources& from, Resources& to) {
    to.ops += from.ops;
    to.cells += from.cells;
    to.register_bits += from.register_bits;
    to.estimate.lut += from.estimate.lut;
    to.estimate.ff += from.estimate.ff;
    to.estimate.dsp += from.estimate.dsp;
    to.estimate.bram += from.estimate.bram;
}

Resources pipeline_cost(const std::string& name, const schedule::Pipeline& pipeline) {
    arch::Design design;
    design.kernels.emplace_back().name = name;
    const auto registers = schedule::register_bits_by_kernel(pipeline.flat, 1, pipeline.schedule);
    return count_resources(design, pipeline.flat, pipeline.schedule, registers).total;
}

}  // namespace

StageResources stage_resources(const arch::Stage& stage,
                               const schedule::StagePipelines& pipelines) {
    StageResources cost;
    cost.latency = pipelines.latency;
    cost.logic.estimate.lut = kControlLuts;
    if (pipelines.words) add(pipeline_cost(stage.name, *pipelines.words), cost.logic);
    if (!pipelines.step) return cost;
    const auto& work = std::get<arch::Compute>(stage.work);
    const arch::FoldedHead& folded = *pipelines.folded;
    Resources step = pipeline_cost(stage.name, *pipelines.step);
    if (work.folding.multipliers == arch::Multipliers::kDsp) {
        step.estimate.dsp += step.ops.multipliers;
        for (const dfg::Node& node : pipelines.step->flat.program.nodes()) {
            if (node.op == dfg::Op::kMul)
                step.estimate.lut -= node_cost(pipelines.step->flat.program, node).lut;
        }
    }
    add(step, cost.logic);
    cost.multipliers = step.ops.multipliers;
    cost.reuse = work.folding.reuse();
    const int banks = work.folding.store == arch::WeightStore::kLoadable ? 2 : 1;
    cost.weight_bits =
        banks * folded.weight_word_width() * static_cast<std::int64_t>(folded.steps.size());
    // Accumulators: an addition and a register each, and registers that collect the groups.
    const std::int64_t accumulators =
        static_cast<std::int64_t>(folded.lane_outputs) * folded.accumulator.width;
    cost.logic.estimate.lut += accumulators;
    return cost;
}

double memory_luts(std::int64_t bits) {
    return static_cast<double>(bits) / static_cast<double>(kBitsPerLut);
}

std::int64_t block_rams(std::int64_t bits) {
    return (bits + kBlockBits - 1) / kBlockBits;
}

StagedResources count_stages(const arch::StagedDesign& design,
                             const schedule::StagedSchedule& schedule,
                             const rtl::StagedNetlist& hardware) {
    StagedResources out;
    for (std::size_t s = 0; s < design.stages.size(); ++s) {
        out.stages.push_back(stage_resources(design.stages[s], schedule.stages[s]));
        out.stages.back().busy_cycles = schedule.rates.stage_cycles[s];
        add(out.stages.back().logic, out.total);
    }
    const rtl::NetlistStats stats = rtl::statistics(hardware.netlist);
    out.memory_bits = stats.memory_bits;
    const std::int64_t in_luts = stats.memory_bits - stats.block_memory_bits;
    out.total.estimate.lut += static_cast<std::int64_t>(std::ceil(memory_luts(in_luts)));
    out.total.estimate.bram = block_rams(stats.block_memory_bits);
    out.total.register_bits = stats.register_bits;
    out.total.estimate.ff = stats.register_bits;
    out.total.estimate.fmax_mhz = schedule.clock_mhz;
    return out;
}

Json stage_rows(const arch::StagedDesign& design, const schedule::StagedSchedule& schedule,
                const StagedResources& cost) {
    Json rows = Json::array();
    for (std::size_t s = 0; s < design.stages.size(); ++s) {
        const arch::Stage& stage = design.stages[s];
        const StageResources& own = cost.stages[s];
        const arch::Stream& output = design[stage.output];
        Json row = Json::object();
        row.set("name", stage.name).set("description", stage.description);
        row.set("kind",
                std::holds_alternative<arch::Compute>(stage.work) ? "compute" : "rearrange");
        row.set("output_shape", Json::array_of(output.shape));
        row.set("words", output.words).set("word_bits", std::int64_t{output.width()});
        row.set("adders", own.logic.ops.adders).set("cells", own.logic.cells);
        row.set("multipliers", own.multipliers).set("reuse", own.reuse);
        row.set("weight_bits", own.weight_bits);
        row.set("lut", own.logic.estimate.lut).set("dsp", own.logic.estimate.dsp);
        row.set("register_bits", own.logic.register_bits);
        row.set("busy_cycles", own.busy_cycles).set("latency", std::int64_t{own.latency});
        row.set("bottleneck", own.busy_cycles == schedule.rates.initiation_interval);
        rows.push_back(std::move(row));
    }
    return rows;
}

Json fifo_rows(const arch::StagedDesign& design, const schedule::Rates& rates) {
    Json rows = Json::array();
    for (const schedule::Fifo& fifo : rates.fifos) {
        const arch::Stream& stream = design[fifo.stream];
        const bool is_stage = fifo.reader < stream.readers.size();
        Json row = Json::object();
        row.set("stream", stream.name);
        row.set("reader", is_stage ? design[stream.readers[fifo.reader].stage].name
                                   : design.outputs[fifo.reader - stream.readers.size()].name);
        row.set("depth", fifo.depth).set("peak", fifo.peak);
        row.set("bits", fifo.depth * stream.width());
        rows.push_back(std::move(row));
    }
    return rows;
}

Json stage_timeline(const arch::StagedDesign& design, const schedule::StagedSchedule& schedule) {
    schedule::FlowParams params;
    params.latency = schedule::latencies(schedule.stages);
    for (const schedule::Fifo& fifo : schedule.rates.fifos) params.depths.push_back(fifo.depth);
    const auto flow = schedule::run_flow(design, params);
    Json rows = Json::array();
    if (!flow) return rows;
    for (std::size_t s = 0; s < design.stages.size(); ++s) {
        const schedule::Flow::Firings& firings = flow->stages[s];
        Json row = Json::object();
        row.set("kernel", design.stages[s].name);
        row.set("first_cycle", firings.first);
        row.set("last_cycle", firings.last + params.latency[s]);
        rows.push_back(std::move(row));
    }
    return rows;
}

Json port_rows(const arch::StagedDesign& design) {
    Json rows = Json::array();
    const auto add = [&](const std::string& name, const char* direction,
                         const arch::Stream& stream) {
        Json row = Json::object();
        row.set("name", name).set("direction", direction);
        row.set("words", stream.words).set("bits", std::int64_t{stream.width()});
        rows.push_back(std::move(row));
    };
    for (const arch::Stream& stream : design.streams) {
        if (!stream.producer.valid()) add(design.inputs[stream.port].name, "in", stream);
    }
    for (std::size_t p = 0; p < design.results.size(); ++p)
        add(design.outputs[p].name, "out", design[design.results[p]]);
    return rows;
}

}  // namespace gatewright::report
