// SPDX-License-Identifier: Apache-2.0
#include "report/resources.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "support/check.h"

namespace gatewright::report {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;

// Value numbers of the nodes: equal operations of equal values, in whatever kernel, share one.
std::vector<bool> first_occurrences(const Program& program) {
    using Key = std::tuple<Op, std::array<std::size_t, 3>, int, int, int, int, int, std::string>;
    std::map<Key, std::size_t> known;
    std::map<std::vector<std::string>, std::size_t> table_contents;
    std::vector<std::size_t> table_number;
    for (const dfg::Table& table : program.tables()) {
        std::vector<std::string> codes;
        for (const fixed::Integer& code : table.codes) codes.push_back(code.to_string());
        table_number.push_back(
            table_contents.emplace(std::move(codes), table_contents.size()).first->second);
    }
    std::vector<std::size_t> number(program.size());
    std::vector<bool> first(program.size(), true);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        number[i] = i;
        if (node.op == Op::kInput) continue;
        std::array<std::size_t, 3> args{};
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a)
            args[a] = number[node.args[a].index()];
        std::string extra;
        if (node.op == Op::kConstant) extra = node.range.lo.to_string();
        if (node.op == Op::kTable) extra = std::to_string(table_number[node.table.index()]);
        const int modes = static_cast<int>(node.round) * 8 + static_cast<int>(node.overflow);
        Key key{node.op,
                args,
                node.shift,
                node.format.width * 2 + (node.format.is_signed ? 1 : 0),
                node.format.frac,
                modes,
                node.saturation_bits,
                std::move(extra)};
        const auto [slot, is_new] = known.try_emplace(std::move(key), i);
        number[i] = slot->second;
        first[i] = is_new;
    }
    return first;
}

// Results that go into registers only: nothing reads them in the cycle that computes them.
std::vector<bool> registered_results(const Program& program, const schedule::Schedule& schedule) {
    std::vector<bool> registered(program.size(), true);
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const ValueId arg : program.nodes()[i].operands()) {
            if (schedule.cycle[arg.index()] == schedule.cycle[i]) registered[arg.index()] = false;
        }
    }
    for (const ValueId output : program.outputs()) {
        if (schedule.cycle[output.index()] >= schedule.latency_cycles) {
            registered[output.index()] = false;
        }
    }
    return registered;
}

// What a sum adds up; of other operations nothing.
std::vector<schedule::Term> terms_in(const dfg::Program& program, ValueId value,
                                     const schedule::Absorbed& absorbed) {
    const Op op = program[value].op;
    if (absorbed.empty() || (op != Op::kAdd && op != Op::kSub)) return {};
    return schedule::terms_of(program, value, absorbed);
}

// A LUT per carry cell.
NodeCost three_input_cost(const dfg::Program& program, const Node& node,
                          const std::vector<schedule::Term>& terms) {
    NodeCost cost;
    cost.ops.ternary_adders = 1;
    cost.cells = schedule::chain_bits(program, node, terms);
    cost.lut = cost.cells;
    return cost;
}

void add_cost(Resources& to, const NodeCost& cost) {
    to.ops += cost.ops;
    to.cells += cost.cells;
    to.estimate.lut += cost.lut;
}

}  // namespace

ResourceReport count_resources(const arch::Design& design, const arch::FlatProgram& flat,
                               const schedule::Schedule& schedule,
                               const std::vector<std::int64_t>& register_bits) {
    const std::size_t kernels = design.kernels.size();
    GW_CHECK(register_bits.size() == kernels + 1, "register bits per kernel and for the inputs");
    GW_CHECK(schedule.cycle.size() == flat.program.size(), "one cycle per node");
    ResourceReport report;
    report.kernels.resize(kernels);
    std::vector<bool> has_cycle(kernels, false);
    const std::vector<bool> counts = first_occurrences(flat.program);
    const std::vector<bool> registered = registered_results(flat.program, schedule);
    for (std::size_t i = 0; i < flat.program.size(); ++i) {
        const arch::KernelId kernel = flat.kernel_of[i];
        const Node& node = flat.program.nodes()[i];
        if (!kernel.valid() || node.op == Op::kConstant) continue;
        Resources& own = report.kernels[kernel.index()];
        const int cycle = schedule.cycle[i];
        const bool started = has_cycle[kernel.index()];
        own.first_cycle = started ? std::min(own.first_cycle, cycle) : cycle;
        own.last_cycle = started ? std::max(own.last_cycle, cycle) : cycle;
        has_cycle[kernel.index()] = true;
        if (!counts[i]) continue;
        if (schedule::is_absorbed(schedule.absorbed, ValueId(i))) continue;
        NodeCost cost = node_cost(flat.program, node);
        const auto terms = terms_in(flat.program, ValueId(i), schedule.absorbed);
        if (terms.size() == 3) cost = three_input_cost(flat.program, node, terms);
        // In front of registers only, choosing zero is their synchronous reset.
        if (registered[i] && is_gate(flat.program, node)) cost.lut = 0;
        add_cost(own, cost);
    }
    Resources& total = report.total;
    for (std::size_t k = 0; k < kernels; ++k) {
        Resources& own = report.kernels[k];
        own.register_bits = register_bits[k];
        own.estimate.ff = register_bits[k];
        own.estimate.fmax_mhz = schedule.clock_mhz;
        total.ops += own.ops;
        total.cells += own.cells;
        total.estimate.lut += own.estimate.lut;
        total.register_bits += own.register_bits;
    }
    total.register_bits += register_bits[kernels];
    total.estimate.ff = total.register_bits + schedule.latency_cycles;  // one valid bit per stage
    total.estimate.fmax_mhz = schedule.clock_mhz;
    total.last_cycle = schedule.latency_cycles;
    return report;
}

Json to_json(const OpCounts& ops) {
    Json out = Json::object();
    out.set("adders", ops.adders);
    out.set("ternary_adders", ops.ternary_adders);
    out.set("negations", ops.negations);
    out.set("multipliers", ops.multipliers);
    out.set("tables", ops.tables);
    out.set("muxes", ops.muxes);
    out.set("saturations", ops.saturations);
    out.set("roundings", ops.roundings);
    out.set("comparators", ops.comparators);
    out.set("bitwise", ops.bitwise);
    out.set("popcounts", ops.popcounts);
    return out;
}

Json to_json(const Estimate& estimate) {
    Json out = Json::object();
    out.set("lut", estimate.lut);
    out.set("ff", estimate.ff);
    out.set("dsp", estimate.dsp);
    out.set("bram", estimate.bram);
    out.set("fmax_mhz", estimate.fmax_mhz);
    return out;
}

}  // namespace gatewright::report
