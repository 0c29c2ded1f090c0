// SPDX-License-Identifier: Apache-2.0
//
// Makes an adder graph smaller without changing what it computes.
#pragma once

#include <cstdint>
#include <span>

#include "cmvm/adder_graph.h"
#include "cmvm/solve.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

struct ImproveParams {
    int max_depth = 0;  ///< adders in series, from level 0; the given graph keeps it
    int effort = 1;     ///< counted in steps, as in SolveParams
    std::uint64_t seed = 1;
    TernaryAdders ternary = TernaryAdders::kForbid;
    std::span<const int> arrival;         ///< level of each input; empty: all 0
    std::span<const int> deadlines = {};  ///< level of each output; empty: max_depth for all
};

/// A graph of the same outputs that costs no more (cost() of solve.h) and keeps the depth limit.
AdderGraph improve(const AdderGraph& graph, std::span<const fixed::Interval> inputs,
                   const ImproveParams& params);

}  // namespace gatewright::cmvm
