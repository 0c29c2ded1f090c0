// SPDX-License-Identifier: Apache-2.0
//
// Adder graphs of a few adders by exhaustive search. Starting from the inputs, every adder of two
// values made so far is tried, one of them shifted up, until all outputs are made; as soon as no
// more adders are left than outputs, only adders that make an output are. Independent adders are
// tried in one order only, a graph is given up when it cannot beat the best one any more, and the
// two signs every value can be kept in are decided exactly for each finished graph.
//
// Nothing is assumed about digits, so this also finds graphs that no sharing of digits leads to.
// Within its limits (coefficients up to twice the outputs', values not divided by two afterwards)
// the result is the cheapest graph with at most so many adders.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "cmvm/adder_graph.h"
#include "cmvm/input_grid.h"

namespace gatewright::cmvm {

struct TinyParams {
    int max_depth = 0;
    std::size_t max_adders = 0;
    std::int64_t cost_below = 0;    ///< only graphs that cost less
    std::uint64_t steps = 300'000;  ///< adders tried
    std::span<const int> arrival;   ///< level of each input; empty: all 0
};

struct TinyStats {
    std::uint64_t steps = 0;
    bool complete = false;  ///< everything was tried: the result is proven
};

/// A graph that computes what `graph` does and costs less than `cost_below`, the cheapest found;
/// nullopt if there is none, or the problem is too large (5 inputs or more, coefficients above
/// 2^14). Stats say whether the search was complete.
std::optional<AdderGraph> solve_tiny(const AdderGraph& graph, const InputGrid& grid,
                                     const TinyParams& params, TinyStats* stats = nullptr);

}  // namespace gatewright::cmvm
