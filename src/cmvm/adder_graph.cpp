// SPDX-License-Identifier: Apache-2.0
#include "cmvm/adder_graph.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::cmvm {

using fixed::Integer;
using fixed::Interval;

Terms combine(const AdderNode& node, const Terms& a, const Terms& b) {
    Terms out;
    out.reserve(a.size() + b.size());
    auto i = a.begin();
    auto j = b.begin();
    while (i != a.end() || j != b.end()) {
        const bool takes_a = j == b.end() || (i != a.end() && i->first <= j->first);
        const bool takes_b = i == a.end() || (j != b.end() && j->first <= i->first);
        const std::int32_t input = takes_a ? i->first : j->first;
        Integer sum = takes_a ? i->second << node.shift_a : Integer(0);
        if (takes_b) {
            const Integer second = j->second << node.shift_b;
            sum = node.subtract ? sum - second : sum + second;
        }
        if (!sum.is_zero()) out.emplace_back(input, std::move(sum));
        if (takes_a) ++i;
        if (takes_b) ++j;
    }
    return out;
}

std::vector<Terms> linear_forms(const AdderGraph& graph) {
    std::vector<Terms> forms;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
        forms.push_back({{static_cast<std::int32_t>(i), Integer(1)}});
    }
    for (const AdderNode& node : graph.nodes) {
        const auto limit = static_cast<std::int32_t>(forms.size());
        GW_CHECK(node.a >= 0 && node.a < limit && node.b >= 0 && node.b < limit,
                 "adder reads a value that does not precede it");
        forms.push_back(combine(node, forms[static_cast<std::size_t>(node.a)],
                                forms[static_cast<std::size_t>(node.b)]));
    }
    return forms;
}

Interval range_of(const Terms& terms, std::span<const Interval> inputs, int frac) {
    Interval out{0, 0, frac};
    for (const auto& [input, coefficient] : terms) {
        const Interval& range = inputs[static_cast<std::size_t>(input)];
        const Integer a = coefficient * range.lo << (frac - range.frac);
        const Integer b = coefficient * range.hi << (frac - range.frac);
        out.lo += min(a, b);
        out.hi += max(a, b);
    }
    return out;
}

std::vector<std::vector<Integer>> evaluate_symbolically(const AdderGraph& graph) {
    const std::vector<Terms> forms = linear_forms(graph);
    std::vector<std::vector<Integer>> outputs;
    for (const AdderOutput& output : graph.outputs) {
        std::vector<Integer> row(graph.inputs);
        if (output.value >= 0) {
            for (const auto& [input, coefficient] : forms[static_cast<std::size_t>(output.value)]) {
                const Integer scaled = coefficient << output.shift;
                row[static_cast<std::size_t>(input)] = output.negate ? -scaled : scaled;
            }
        }
        outputs.push_back(std::move(row));
    }
    return outputs;
}

bool computes(const AdderGraph& graph, const Matrix& matrix) {
    if (graph.inputs != matrix.rows || graph.outputs.size() != matrix.columns) return false;
    const auto outputs = evaluate_symbolically(graph);
    for (std::size_t column = 0; column < matrix.columns; ++column) {
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            if (outputs[column][row] != Integer(matrix.at(row, column))) return false;
        }
    }
    return true;
}

int depth(const AdderGraph& graph) {
    std::vector<int> depths(graph.inputs, 0);
    for (const AdderNode& node : graph.nodes) {
        depths.push_back(1 + std::max(depths[static_cast<std::size_t>(node.a)],
                                      depths[static_cast<std::size_t>(node.b)]));
    }
    int deepest = 0;
    for (const AdderOutput& output : graph.outputs) {
        if (output.value >= 0)
            deepest = std::max(deepest, depths[static_cast<std::size_t>(output.value)]);
    }
    return deepest;
}

std::int64_t carry_cells(const AdderGraph& graph, std::span<const Interval> inputs) {
    const std::vector<Terms> forms = linear_forms(graph);
    int frac = inputs.empty() ? 0 : inputs[0].frac;
    std::vector<int> lowest_bits;
    for (const Interval& input : inputs) {
        frac = std::max(frac, input.frac);
        lowest_bits.push_back(-input.frac);
    }
    const auto highest_bit = [&](std::size_t value) {
        const fixed::Format format = format_of(range_of(forms[value], inputs, frac));
        return format.width - frac;
    };
    std::int64_t cells = 0;
    for (const AdderNode& node : graph.nodes) {
        const int low_a = lowest_bits[static_cast<std::size_t>(node.a)] + node.shift_a;
        const int low_b = lowest_bits[static_cast<std::size_t>(node.b)] + node.shift_b;
        const bool low_passes = !node.subtract || low_b >= low_a;
        const int first = low_passes ? std::max(low_a, low_b) : low_b;
        cells += std::max(0, highest_bit(lowest_bits.size()) - first);
        lowest_bits.push_back(std::min(low_a, low_b));
    }
    for (const AdderOutput& output : graph.outputs) {
        if (output.value < 0 || !output.negate) continue;
        const auto value = static_cast<std::size_t>(output.value);
        cells += std::max(0, highest_bit(value) - lowest_bits[value]);
    }
    return cells;
}

}  // namespace gatewright::cmvm
