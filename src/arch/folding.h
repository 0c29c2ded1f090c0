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
#pragma once

#include <span>
#include <vector>

#include "arch/stages.h"

namespace gatewright::arch {

struct FoldedHead {
    /// Inputs: the slice's inputs (in the widest format of their lane over the slices), then the
    /// weights of a step, row-major lane inputs × lane outputs. Outputs: the partial sums.
    dfg::Program step;
    std::size_t lane_inputs = 0;              ///< inputs per slice
    std::size_t lane_outputs = 0;             ///< outputs per group
    std::vector<fixed::Format> lane_formats;  ///< per lane input
    fixed::Format accumulator;                ///< of every accumulator
    /// Steps in order: which slice, which group.
    struct Step {
        std::int64_t slice = 0;
        std::int64_t group = 0;
        bool first = false;  ///< of its group: the accumulators start from the bias
        bool last = false;   ///< of its group: the accumulators are the group's sums
    };
    std::vector<Step> steps;
    /// Per step, the weights side by side as the memory holds them, in `weight_format` codes,
    /// row-major lane inputs × lane outputs.
    std::vector<std::vector<std::int64_t>> weights;
};

/// Legal reuse factors are the divisors of inputs · outputs. Slices first: slices =
/// gcd(reuse, inputs), groups = reuse / slices.
Result<Folding> choose_folding(std::size_t inputs, std::size_t outputs, std::int64_t reuse,
                               ReuseRounding rounding);

FoldedHead fold(const LinearHead& head, const Folding& folding);

/// The sums of one position, step by step.
std::vector<fixed::Integer> evaluate_folded(const LinearHead& head, const FoldedHead& folded,
                                            std::span<const fixed::Integer> inputs);

}  // namespace gatewright::arch
