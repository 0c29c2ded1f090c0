// SPDX-License-Identifier: Apache-2.0
//
// Shared two-term subexpressions. A problem is a set of sums of signed, shifted values ("digits").
// A pattern is two digits up to a common shift and sign: a ± b·2^d. Every adder that makes a
// pattern used n times saves n - 1 adders, so the greedy step makes the pattern that saves the
// most, replaces its occurrences and repeats; what is left over is added up in trees. Depth is
// kept by Kraft's inequality (kraft.h).
//
// Cost: a replaced digit updates the counts of its pairs with the other digits of its sum, each
// O(1) (re-counting on demand and a bucket queue), so a dense n × n matrix takes about n³ updates.
// Source: Hartley, IEEE TCAS-II 43 (1996), for pattern sharing on signed digits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cmvm/construction.h"
#include "cmvm/digits.h"
#include "cmvm/sum_tree.h"

namespace gatewright::cmvm {

/// What a saved adder is worth: base + the bits in which its operands overlap - level · the levels
/// between them. Sums of far-apart operands are wide, operands of unequal depth waste levels; how
/// much of either matters depends on the matrix, so the search tries several. Multiples of 1/256,
/// so that worths are exact.
struct Ranking {
    double base = 64;
    double level = 0;
    double noise = 0;        ///< spread of a random factor per pattern
    std::uint64_t seed = 0;  ///< of that factor
};

/// Emits adders for all sums; one output per sum, within its depth limit.
std::vector<AdderOutput> share_and_sum(Construction& construction, std::span<const Sum> sums,
                                       const Ranking& ranking);
/// The same without sharing: one tree per sum.
std::vector<AdderOutput> sum_only(Construction& construction, std::span<const Sum> sums);

}  // namespace gatewright::cmvm
