// SPDX-License-Identifier: Apache-2.0
//
// The rows of report.json that follow the user's layers: `layers` (one per kernel: shapes, formats,
// weights, cost) and `timeline` (when each kernel computes).
#pragma once

#include "arch/design.h"
#include "model/graph.h"
#include "report/resources.h"
#include "support/json.h"

namespace gatewright::report {

/// One object per kernel, in the order of the design. `graph` is the graph the design was built
/// from.
Json layer_rows(const model::TypedGraph& graph, const arch::Design& design,
                const ResourceReport& resources);

/// {kernel, first_cycle, last_cycle} per kernel.
Json timeline_rows(const arch::Design& design, const ResourceReport& resources);

}  // namespace gatewright::report
