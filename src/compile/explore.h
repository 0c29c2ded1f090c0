// SPDX-License-Identifier: Apache-2.0
//
// The trade-off of a design: for every number of pipeline stages the best clock, and what it costs.
// Only the schedule differs between points; layers and adder graphs are the same.
#pragma once

#include "compile/compile.h"

namespace gatewright::compile {

struct TradePoint {
    int stages = 0;
    double clock_mhz = 0;
    double latency_ns = 0;
    std::int64_t lut = 0;  ///< estimate
    std::int64_t register_bits = 0;
    bool is_design = false;  ///< the design itself, at the clock it was compiled for
};

/// From the fewest stages to the number at which no more help, each with a higher clock than the
/// one before, on the design's part; and the design itself.
Result<std::vector<TradePoint>> explore(const Compiled& compiled);

Json to_json(const std::vector<TradePoint>& points);

/// The design with exactly this many stages at its best clock.
Result<Compiled> with_stages(const Compiled& compiled, int stages);

}  // namespace gatewright::compile
