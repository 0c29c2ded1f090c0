// SPDX-License-Identifier: Apache-2.0
#include "emulate/ranges.h"

#include <algorithm>

namespace gatewright::emulate {

using dfg::Node;
using dfg::Op;
using fixed::Interval;

Ranges::Ranges(const dfg::Program& program) : program_(program) {
    for (const dfg::ValueId input : program.inputs()) {
        claims_hold_ = claims_hold_ && program[input].range == Interval::of(program[input].format);
    }
    if (claims_hold_) return;
    for (const dfg::Table& table : program.tables()) derived_.append_table(table);
    for (Node node : program.nodes()) {
        if (node.op != Op::kConstant) node.range = dfg::result_range(derived_, node);
        if (node.range.frac != node.format.frac) node.range = on_grid(node.range, node.format.frac);
        derived_.append(std::move(node));
    }
}

int Ranges::bits(dfg::ValueId id) const {
    const Interval& range = of(id);
    return std::max(range.lo.magnitude_bits(), range.hi.magnitude_bits()) + 1;
}

bool Ranges::sum_fits(const Node& node) const {
    const Interval& b = of(node.args[1]);
    const Interval scaled_b{b.lo, b.hi, b.frac - node.shift};
    const Interval exact =
        node.op == Op::kAdd ? of(node.args[0]) + scaled_b : of(node.args[0]) - scaled_b;
    if (holds(node, exact)) return true;
    return claims_hold_ && node.range != Interval::of(node.format);
}

bool Ranges::holds(const Node& node, const Interval& exact) {
    const Interval aligned =
        exact.frac < node.format.frac ? on_grid(exact, node.format.frac) : exact;
    return node.format.holds(aligned.lo) && node.format.holds(aligned.hi);
}

}  // namespace gatewright::emulate
