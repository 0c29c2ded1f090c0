// SPDX-License-Identifier: Apache-2.0
#include "cmvm/emit_graph.h"

#include <algorithm>

namespace gatewright::cmvm {

using dfg::ValueId;
using fixed::Interval;

namespace {

// The same set on a grid that holds both ends.
Interval at_frac(const Interval& range, int frac) {
    if (range.frac <= frac) return on_grid(range, frac);
    return {range.lo >> (range.frac - frac), range.hi >> (range.frac - frac), frac};
}

std::size_t index_of(std::int32_t value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

GraphEmitter::GraphEmitter(dfg::Builder& builder, std::vector<ValueId> inputs,
                           std::vector<int> exponents)
    : builder_(builder), values_(std::move(inputs)), exponents_(std::move(exponents)) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
        const Interval& range = builder_[values_[i]].range;
        ranges_.push_back({range.lo, range.hi, range.frac - exponents_[i]});
        frac_ = i == 0 ? ranges_[i].frac : std::max(frac_, ranges_[i].frac);
    }
}

// a ± b·2^shift, which stands for a value of the graph that is 2^exponent times larger and lies in
// `known`.
ValueId GraphEmitter::sum(ValueId a, ValueId b, int shift, bool subtract, Interval known,
                          int exponent) {
    const int frac = std::max(builder_[a].format.frac, builder_[b].format.frac - shift);
    known.frac += exponent;
    known = at_frac(known, frac);
    return subtract ? builder_.sub(a, b, shift, &known) : builder_.add(a, b, shift, &known);
}

void GraphEmitter::emit(const AdderGraph& graph) {
    const std::vector<Terms> forms = linear_forms(graph);
    for (const AdderNode& node : graph.nodes) {
        const std::size_t a = index_of(node.a);
        const std::size_t b = index_of(node.b);
        const int exponent = exponents_[a] + node.shift_a;
        const Interval all = range_of(forms[values_.size()], ranges_, frac_);
        const Interval first =
            node.is_ternary() ? range_of(combine(node, forms[a], forms[b]), ranges_, frac_) : all;
        ValueId value = sum(values_[a], values_[b], exponents_[b] + node.shift_b - exponent,
                            node.subtract, first, exponent);
        if (node.is_ternary()) {
            const std::size_t c = index_of(node.c);
            value = sum(value, values_[c], exponents_[c] + node.shift_c - exponent, node.subtract_c,
                        all, exponent);
        }
        values_.push_back(value);
        exponents_.push_back(exponent);
    }
}

ValueId GraphEmitter::output(const AdderOutput& output, int exponent) {
    if (output.value < 0) return builder_.constant(0);
    const std::size_t value = index_of(output.value);
    const ValueId scaled =
        builder_.scaled(values_[value], exponents_[value] + output.shift + exponent);
    return output.negate ? builder_.negate(scaled) : scaled;
}

dfg::Program to_program(const AdderGraph& graph, std::span<const Interval> inputs,
                        std::string name) {
    dfg::Builder builder(std::move(name));
    std::vector<ValueId> x;
    for (const Interval& range : inputs) x.push_back(builder.input(format_of(range), range));
    GraphEmitter emitter(builder, std::move(x), std::vector<int>(inputs.size(), 0));
    emitter.emit(graph);
    for (const AdderOutput& output : graph.outputs) builder.output(emitter.output(output, 0));
    return std::move(builder).finish();
}

}  // namespace gatewright::cmvm
