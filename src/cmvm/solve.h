// SPDX-License-Identifier: Apache-2.0
//
// Finds a small adder graph for a constant matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "cmvm/adder_graph.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

enum class TernaryAdders : std::uint8_t { kForbid, kAllow };

struct SolveParams {
    int depth_slack = 1;  ///< adders in series allowed beyond the shallowest possible tree
    /// Share of the cost that every adder in series beyond the shallowest tree must save, else the
    /// shallow graph is taken: depth is latency.
    double level_worth = 0.03;
    /// 0: plain trees of signed digits, in milliseconds; 1: the default search; each further step
    /// about doubles the work. Counted in steps, never in seconds.
    int effort = 1;
    /// Adders in series, wins over depth_slack and level_worth. Below the shallowest possible tree
    /// it counts as that.
    std::optional<int> max_depth;
    std::uint64_t seed = 1;  ///< of the search; equal seeds give equal graphs everywhere
    TernaryAdders ternary = TernaryAdders::kForbid;
    friend bool operator==(const SolveParams&, const SolveParams&) = default;
};

struct SolveStats {
    std::size_t adders = 0;  ///< two-operand ones
    std::size_t ternary_adders = 0;
    std::int64_t cells = 0;     ///< carry_cells() of the result
    std::size_t negations = 0;  ///< at outputs
    int depth = 0;
    double seconds = 0;
};

/// What the search makes small: the cells of all adders, a negation at an output being one too.
std::int64_t cost(const AdderGraph& graph, std::span<const fixed::Interval> inputs);

/// `inputs` are the ranges of the inputs, with their steps; `arrival` is the level at which each
/// input is there (empty: all 0), and depths count from level 0. Deterministic. The result is
/// checked symbolically before it is returned.
AdderGraph solve(const Matrix& matrix, std::span<const fixed::Interval> inputs,
                 const SolveParams& params = {}, SolveStats* stats = nullptr,
                 std::span<const int> arrival = {});

/// The figures of a graph (seconds stays 0).
SolveStats statistics(const AdderGraph& graph, std::span<const fixed::Interval> inputs,
                      std::span<const int> arrival = {});

}  // namespace gatewright::cmvm
