// SPDX-License-Identifier: Apache-2.0
//
// A constant matrix times a vector as shifts and additions: y = Wᵀx with W integer, n_in × n_out (a
// column is an output). Value index 0 … inputs-1 are the inputs, then the nodes in order.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "fixed/interval.h"

namespace gatewright::cmvm {

/// Integer matrix, row-major, n_in rows of n_out entries.
struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<std::int64_t> entries;
    [[nodiscard]] std::int64_t at(std::size_t row, std::size_t column) const {
        return entries[row * columns + column];
    }
    friend bool operator==(const Matrix&, const Matrix&) = default;
};

/// value = a·2^shift_a + b·2^shift_b, or minus the second term.
struct AdderNode {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t shift_a = 0;
    std::int32_t shift_b = 0;
    bool subtract = false;
    friend bool operator==(const AdderNode&, const AdderNode&) = default;
};

/// ±value·2^shift; value -1 is the constant 0.
struct AdderOutput {
    std::int32_t value = -1;
    std::int32_t shift = 0;
    bool negate = false;
    friend bool operator==(const AdderOutput&, const AdderOutput&) = default;
};

struct AdderGraph {
    std::size_t inputs = 0;
    std::vector<AdderNode> nodes;
    std::vector<AdderOutput> outputs;
};

/// Σ coefficient · input, inputs in increasing order, no zero coefficients.
using Terms = std::vector<std::pair<std::int32_t, fixed::Integer>>;

/// a·2^shift_a ± b·2^shift_b as the node says.
Terms combine(const AdderNode& node, const Terms& a, const Terms& b);
/// The linear form of every value of the graph.
std::vector<Terms> linear_forms(const AdderGraph& graph);
/// The exact range of a linear form over independent inputs, at `frac` fraction bits (at least as
/// many as any input has).
fixed::Interval range_of(const Terms& terms, std::span<const fixed::Interval> inputs, int frac);

/// The matrix the graph computes, by symbolic evaluation: the exactness check of every solver.
std::vector<std::vector<fixed::Integer>> evaluate_symbolically(const AdderGraph& graph);
/// True if the graph computes exactly this matrix.
bool computes(const AdderGraph& graph, const Matrix& matrix);
/// Adders in series on the longest path.
int depth(const AdderGraph& graph);

/// Carry-chain cells of all adders and of the negations at outputs: an adder needs a cell for each
/// bit of its result from the lowest bit that both operands have (bits below pass through) to its
/// msb, in the exact range of its linear form over the inputs.
std::int64_t carry_cells(const AdderGraph& graph, std::span<const fixed::Interval> inputs);

}  // namespace gatewright::cmvm
