// SPDX-License-Identifier: Apache-2.0
//
// Solving a matrix whose inputs come at different times and whose outputs are wanted at different
// times, all counted in adder levels from level 0. An output with no deadline of its own is bound
// by max_depth, or by depth_slack, as in solve().
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "cmvm/solve.h"

namespace gatewright::cmvm {

inline constexpr int kNoDeadline = std::numeric_limits<int>::max();

struct Timing {
    std::span<const int> arrival;    ///< level at which each input is there; empty: all 0
    std::span<const int> deadlines;  ///< level by which each output is wanted, or kNoDeadline;
                                     ///< empty: none
};

/// As solve(). A deadline that no sum can meet (least_levels()) counts as the least level.
AdderGraph solve_timed(const Matrix& matrix, std::span<const fixed::Interval> inputs,
                       const SolveParams& params, const Timing& timing,
                       SolveStats* stats = nullptr);

/// The earliest level each output can have, whatever is shared: its signed digits as a tree.
std::vector<int> least_levels(const Matrix& matrix, std::span<const fixed::Interval> inputs,
                              std::span<const int> arrival = {});
/// The level of each output of a graph; 0 of the constant 0.
std::vector<int> output_levels(const AdderGraph& graph, std::span<const int> arrival = {});

}  // namespace gatewright::cmvm
