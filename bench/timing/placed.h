// SPDX-License-Identifier: Apache-2.0
//
// A design compiled, placed and routed. Results of the router are kept in the folder, by the hash
// of the Verilog and all else that decides them, because the router takes far longer than all else.
#pragma once

#include <string>

#include "compile/compile.h"
#include "designs.h"
#include "schedule/device.h"
#include "tools/nextpnr.h"

namespace gatewright::bench {

struct Placed {
    TimingDesign design;
    double requested_mhz = 0;
    compile::Compiled compiled;
    tools::PlaceReport report;

    [[nodiscard]] double achieved_ps() const { return 1e6 / report.clock_mhz.value_or(1e-3); }
    [[nodiscard]] double estimated_ps() const { return compiled.schedule.critical_ps; }
};

/// Compiles for the part at its clock and routes it; `folder` must exist.
Result<Placed> place_design(const TimingDesign& design, const std::string& part, double clock_mhz,
                            const std::string& folder);

/// The longest path of the schedule as it is, by another device's numbers.
double retimed_ps(const compile::Compiled& compiled, const schedule::Device& device);

}  // namespace gatewright::bench
