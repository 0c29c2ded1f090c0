// SPDX-License-Identifier: Apache-2.0
//
// Finds a small adder graph for a constant matrix.
#pragma once

#include <span>

#include "cmvm/adder_graph.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

struct SolveParams {
    int depth_slack = 1;  ///< adders in series allowed beyond the shallowest possible tree
    /// Share of the carry cells that every adder in series beyond the shallowest tree must save,
    /// else the shallow graph is taken: depth is latency.
    double level_worth = 0.03;
    int effort = 1;  ///< 0: plain trees of signed digits; 1: shared subexpressions
};

struct SolveStats {
    std::size_t adders = 0;
    std::int64_t cells = 0;  ///< carry_cells() of the result
    std::size_t negations = 0;
    int depth = 0;
    double seconds = 0;
};

/// `inputs` are the ranges of the inputs (their widths steer the choice of what to share).
/// Deterministic. The result is checked symbolically before it is returned.
AdderGraph solve(const Matrix& matrix, std::span<const fixed::Interval> inputs,
                 const SolveParams& params = {}, SolveStats* stats = nullptr);

}  // namespace gatewright::cmvm
