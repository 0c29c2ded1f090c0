// SPDX-License-Identifier: Apache-2.0
//
// --fit: the mapping and clock with the lowest latency within a budget. A best-first branch and
// bound over the layers' choices (fit_space.h): a partial choice is bounded from below by the
// smallest hardware of the layers still open and by the movement of words if those are as fast as
// they can be. What comes out complete is built as a netlist and measured with the estimates that
// report.json has; only that decides. One unrolled function (parallel words) is a candidate, too.
#pragma once

#include <string>

#include "compile/compile.h"

namespace gatewright::compile {

/// A design's size and pace, as its report has them.
struct FitPoint {
    std::int64_t lut = 0, dsp = 0, bram = 0;
    std::int64_t latency_cycles = 0;  ///< to the last word
    std::int64_t ii = 1;
    double clock_mhz = 0;

    [[nodiscard]] double latency_ns() const {
        return 1e3 * static_cast<double>(latency_cycles) / clock_mhz;
    }
};

bool fits(const FitPoint& point, const FitBudget& budget);

struct Fitted {
    Options options;  ///< with the mapping and the clock that were chosen; `fit` stays
    FitPoint reached;
    double bound_ns = 0;         ///< no mapping that was considered has a lower latency
    bool bound_reached = false;  ///< no lower latency in the search's cost model, nothing left out
    std::int64_t explored = 0;   ///< partial choices whose bounds were computed
    std::int64_t measured = 0;   ///< designs built
    std::int64_t left_out = 0;   ///< choices of single layers that are too large to try
    Json record;                 ///< "fit" of report.json
};

/// options.fit must be set. Errors name the bound that cannot be met and by how much.
Result<Fitted> fit(const Options& options, Progress& progress);
Result<Fitted> fit(const Imported& imported, const Options& options);

/// Size and pace of the design with exactly this mapping and clock.
Result<FitPoint> measure(const Imported& imported, const Options& options);

}  // namespace gatewright::compile
