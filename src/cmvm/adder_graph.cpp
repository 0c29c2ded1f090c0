// SPDX-License-Identifier: Apache-2.0
#include "cmvm/adder_graph.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::cmvm {

using fixed::Integer;

std::vector<std::vector<Integer>> evaluate_symbolically(const AdderGraph& graph) {
    // Each value as its row of coefficients over the inputs.
    std::vector<std::vector<Integer>> values;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
        values.emplace_back(graph.inputs);
        values.back()[i] = 1;
    }
    for (const AdderNode& node : graph.nodes) {
        const auto limit = static_cast<std::int32_t>(values.size());
        GW_CHECK(node.a >= 0 && node.a < limit && node.b >= 0 && node.b < limit,
                 "adder reads a value that does not precede it");
        std::vector<Integer> row(graph.inputs);
        for (std::size_t i = 0; i < graph.inputs; ++i) {
            const Integer a = values[static_cast<std::size_t>(node.a)][i] << node.shift_a;
            const Integer b = values[static_cast<std::size_t>(node.b)][i] << node.shift_b;
            row[i] = node.subtract ? a - b : a + b;
        }
        values.push_back(std::move(row));
    }
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
        if (output.value >= 0) deepest = std::max(deepest, depths[static_cast<std::size_t>(output.value)]);
    }
    return deepest;
}

}  // namespace gatewright::cmvm
