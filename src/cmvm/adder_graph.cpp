// SPDX-License-Identifier: Apache-2.0
#include "cmvm/adder_graph.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::cmvm {

using fixed::Integer;
using fixed::Interval;

using Row = std::vector<Integer>;

namespace {

// Each value as its row of coefficients over the inputs.
std::vector<Row> coefficient_rows(const AdderGraph& graph) {
    std::vector<Row> values;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
        values.emplace_back(graph.inputs);
        values.back()[i] = 1;
    }
    for (const AdderNode& node : graph.nodes) {
        const auto limit = static_cast<std::int32_t>(values.size());
        GW_CHECK(node.a >= 0 && node.a < limit && node.b >= 0 && node.b < limit,
                 "adder reads a value that does not precede it");
        Row row(graph.inputs);
        for (std::size_t i = 0; i < graph.inputs; ++i) {
            const Integer a = values[static_cast<std::size_t>(node.a)][i] << node.shift_a;
            const Integer b = values[static_cast<std::size_t>(node.b)][i] << node.shift_b;
            row[i] = node.subtract ? a - b : a + b;
        }
        values.push_back(std::move(row));
    }
    return values;
}

// The exact range of Σ row_i · x_i.
Interval range_of(const Row& row, std::span<const Interval> inputs, int frac) {
    Interval out{0, 0, frac};
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i].is_zero()) continue;
        const Integer a = row[i] * inputs[i].lo << (frac - inputs[i].frac);
        const Integer b = row[i] * inputs[i].hi << (frac - inputs[i].frac);
        out.lo += min(a, b);
        out.hi += max(a, b);
    }
    return out;
}

}  // namespace

std::vector<std::vector<Integer>> evaluate_symbolically(const AdderGraph& graph) {
    const std::vector<Row> values = coefficient_rows(graph);
    std::vector<std::vector<Integer>> outputs;
    for (const AdderOutput& output : graph.outputs) {
        std::vector<Integer> row(graph.inputs);
        for (std::size_t i = 0; i < graph.inputs && output.value >= 0; ++i) {
            row[i] = values[static_cast<std::size_t>(output.value)][i] << output.shift;
            if (output.negate) row[i] = -row[i];
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
    const std::vector<Row> rows = coefficient_rows(graph);
    int frac = 0;
    std::vector<int> lowest_bits;
    for (const Interval& input : inputs) {
        frac = std::max(frac, input.frac);
        lowest_bits.push_back(-input.frac);
    }
    const auto highest_bit = [&](std::size_t value) {
        const fixed::Format format = format_of(range_of(rows[value], inputs, frac));
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
