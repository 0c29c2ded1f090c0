// SPDX-License-Identifier: Apache-2.0
//
// A compiled design placed and routed by the open tools, and what came of it beside what the delay
// model promised: `gatewright place` and bench/timing.
#pragma once

#include <string>

#include "compile/compile.h"
#include "tools/nextpnr.h"

namespace gatewright::compile {

/// The job for a design directory on the part it was compiled for.
tools::PlaceJob place_job(const Compiled& compiled, const std::string& directory);

/// `place` of report.json: clock reached and estimated in MHz, critical path in ps, utilisation.
Json place_json(const Compiled& compiled, const tools::PlaceReport& report);

}  // namespace gatewright::compile
