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

/// value = a·2^shift_a ± b·2^shift_b, and ± c·2^shift_c if it is a ternary adder (c >= 0).
struct AdderNode {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t shift_a = 0;
    std::int32_t shift_b = 0;
    bool subtract = false;
    std::int32_t c = -1;
    std::int32_t shift_c = 0;
    bool subtract_c = false;
    [[nodiscard]] bool is_ternary() const { return c >= 0; }
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

/// a·2^shift_a ± b·2^shift_b as the node says (of a ternary node: its first two terms).
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
/// Adders in series on the longest path to an output; an input counts from its arrival, given in
/// adder levels (empty: all 0).
int depth(const AdderGraph& graph, std::span<const int> arrival = {});

/// Carry-chain cells of the adders: each needs a cell for every bit of its result from the lowest
/// bit in which its operands meet to its msb, msb and lsb being those of the exact linear forms
/// over the inputs and their steps. The lowest meeting bit is the larger lsb of the two operands
/// (bits below pass through), but the lsb of a subtracted operand that reaches lower. A ternary
/// adder counts from the second lowest lsb in the same way.
std::int64_t carry_cells(const AdderGraph& graph, std::span<const fixed::Interval> inputs);
/// Cells of the negations at outputs: all bits of -value for each distinct negated value.
std::int64_t negation_cells(const AdderGraph& graph, std::span<const fixed::Interval> inputs);

}  // namespace gatewright::cmvm
