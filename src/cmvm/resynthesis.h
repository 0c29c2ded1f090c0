// SPDX-License-Identifier: Apache-2.0
//
// Large-neighbourhood search over what an adder graph shares. A step undoes some sharing (dissolves
// rows into their readers, writes a row out over the inputs, writes it as another value plus the
// digits of the difference, recodes digits, turns a sign), then shares again, greedily with a
// random ranking, only among the rows it touched and whatever they have in common with the rest.
// The touched rows' trees are weighed exactly, and a step that costs more than a threshold, which
// falls to zero over the run, is undone.
//
// Work is counted in splits of trees and pairs of terms, so a run does the same on any machine.
// Method: destroy and repair (Shaw, CP 1998) with threshold accepting (Dueck, Scheuer, J. Comp.
// Phys. 90, 1990).
#pragma once

#include <cstdint>

#include "cmvm/sum_network.h"

namespace gatewright::cmvm {

struct ResynthesisParams {
    std::uint64_t work = 0;  ///< splits and pairs
    double threshold = 3;    ///< cells a step may lose at first
    std::uint64_t seed = 1;
};

struct ResynthesisStats {
    std::uint64_t steps = 0;
    std::uint64_t accepted = 0;
    std::int64_t before = 0;  ///< cells and negation cells, in trees as the search weighs them
    std::int64_t after = 0;
};

/// The network at its cheapest state.
ResynthesisStats resynthesise(SumNetwork& network, const ResynthesisParams& params);

}  // namespace gatewright::cmvm
