// SPDX-License-Identifier: Apache-2.0
//
// A device's numbers from routed designs. Cells: the medians of the arcs on the routers' critical
// paths, each kind by itself. Nets: not the typical net decides the clock but the slowest of all
// paths, so the delay of a net, its growth with size and with fan-out, and what every path pays
// once for its slowest net are fitted to the clocks reached: weighted least squares of
// log(estimated / reached period), by a pattern search. An estimate that promises too much counts
// `kOptimismWeight` times as much as one that promises too little: a clock asked for should be met.
#pragma once

#include <vector>

#include "placed.h"

namespace gatewright::bench {

inline constexpr double kOptimismWeight = 12;

/// Medians over all critical paths, in ps; 0 where there was no such arc.
struct ArcMedians {
    double clock_to_out = 0;
    double lut = 0;          ///< through a LUT, also the last before a register
    double carry_entry = 0;  ///< operand into the chain, and out of it to the sum bit
    double carry_bit = 0;
    double carry_block = 0;  ///< from one block of carries to the next
    double net = 0;
};
ArcMedians arc_medians(const std::vector<Placed>& placed);

/// `start` with its lut, carry, net and register numbers replaced.
schedule::Device fit_device(schedule::Device start, const std::vector<Placed>& placed);

}  // namespace gatewright::bench
