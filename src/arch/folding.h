// SPDX-License-Identifier: Apache-2.0
//
// A linear head in several steps. Per step the hardware reads one word of weights and computes,
// with inputs/slices · outputs/groups products,
//
//     partial_j = Σ_i x_i · w_ij            the step program: one cycle apart, pipelined
//     acc_j     = first ? bias_j + partial_j : acc_j + partial_j
//
// in the order the Folding says. The step program and the word of weights of every step are data
// here; evaluate_folded() walks through them exactly as hardware does and must equal the head.
// Accumulators are as wide as the sums and may wrap on the way: additions modulo 2^width end at the
// right sum.
//
// Two products in one DSP multiplier (Multipliers::kDsp): with the common factor x,
//
//     (w_a·2^k + w_b)·x = (w_a·x)·2^k + w_b·x
//
// and while w_b·x (or a whole sum of such products) fits k signed bits, its code is the low k bits
// and w_a·x the bits above, plus the borrow, which is bit k-1. It is done where the left factor
// fits 27 signed bits and x 18: the ports of a DSP48E2, whose pre-adder makes w_a·2^k + w_b.
// Source: AMD WP486 (INT8 in one DSP48E2); here for any widths, k as small as is exact.
#pragma once

#include <span>
#include <vector>

#include "arch/stages.h"

namespace gatewright::arch {

struct FoldedHead {
    /// Inputs: the slice's inputs (lane_formats), then the weights of a step that are in memory
    /// (weight_formats). Outputs: the partial sums, one per lane output. Where a lane's weight is
    /// the same power of two, or 0, in every step it is no input but part of the program.
    dfg::Program step;
    std::size_t lane_inputs = 0;              ///< inputs per slice
    std::size_t lane_outputs = 0;             ///< outputs per group
    std::vector<fixed::Format> lane_formats;  ///< per lane input: the hull over the slices
    /// Which weights of a step are in memory: lane input · lane_outputs + lane output, growing.
    std::vector<std::size_t> stored;
    /// Per stored weight: frac as LinearHead::weight_format, as wide as its codes over the steps
    /// need (loadable: weight_format). A word of memory holds them side by side, the first lowest.
    std::vector<fixed::Format> weight_formats;
    /// Of every accumulator; frac as the head's sums. An output's sum is its low bits.
    fixed::Format accumulator;
    /// Steps in order: which slice, which group. Input i of slice s is the head's input
    /// s · lane_inputs + i, output j of group g its output g · lane_outputs + j.
    struct Step {
        std::int64_t slice = 0;
        std::int64_t group = 0;
        bool first = false;  ///< of its group: the accumulators start from the bias
        bool last = false;   ///< of its group: the accumulators are the group's sums
    };
    std::vector<Step> steps;
    /// Per step, the codes of the stored weights: the memory's words in order.
    std::vector<std::vector<std::int64_t>> weights;

    [[nodiscard]] int weight_word_width() const;  ///< bits of a word of memory
};

/// Legal reuse factors are the divisors of inputs · outputs. Slices first: slices =
/// gcd(reuse, inputs), groups = reuse / slices. The error names the nearest legal ones.
Result<Folding> choose_folding(std::size_t inputs, std::size_t outputs, std::int64_t reuse,
                               ReuseRounding rounding);

FoldedHead fold(const LinearHead& head, const Folding& folding);

/// The sums of one position (codes of LinearHead::sums), step by step.
std::vector<fixed::Integer> evaluate_folded(const LinearHead& head, const FoldedHead& folded,
                                            std::span<const fixed::Integer> inputs);

/// The same at once: Wᵀ·x + bias.
std::vector<fixed::Integer> evaluate_head(const LinearHead& head,
                                          std::span<const fixed::Integer> inputs);

}  // namespace gatewright::arch
