// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reader of Vivado's reports: whatever the bytes, reading returns, and what it returns
// is finite.
#include <cmath>

#include "fuzz/harness.h"
#include "support/check.h"
#include "support/vivado_report.h"
#include "tools/vivado_timing.h"

namespace {

using namespace gatewright;

void read_reports(const std::string& bytes) {
    const auto luts = tools::read_vivado_luts(bytes);
    GW_CHECK(!luts || *luts >= 0, "a negative number of LUTs");
    const auto timing = tools::read_vivado_timing(bytes);
    if (!timing) return;
    GW_CHECK(!timing->paths.empty(), "a report without paths was taken");
    for (const tools::VivadoPath& path : timing->paths) {
        GW_CHECK(std::isfinite(path.slack_ps) && !path.arcs.empty(), "a path that is none");
        for (const tools::VivadoArc& arc : path.arcs)
            GW_CHECK(std::isfinite(arc.ps) && arc.fanout >= 0, "an arc that is none");
    }
}

[[maybe_unused]] std::vector<std::string> seed_reports() {
    return {std::string(gatewright::testing::kVivadoReport),
            std::string(gatewright::testing::kVivadoUtilization)};
}

}  // namespace

GW_FUZZ_TARGET(read_reports, seed_reports())
