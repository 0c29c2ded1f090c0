// SPDX-License-Identifier: Apache-2.0
//
// Where the time of each clock cycle goes: the slowest path from registers to registers, operation
// by operation.
#pragma once

#include <vector>

#include "schedule/schedule.h"

namespace gatewright::schedule {

struct PathStep {
    dfg::ValueId value;
    double net_ps = 0;      ///< to the operation, from the step before or the register
    double delay_ps = 0;    ///< of the operation, less what ran while its operand did (overlap_ps)
    double arrival_ps = 0;  ///< stable this long after the clock edge
};

/// The slowest path of one cycle. It starts at a register (or input), whose own time is
/// register_ps, and takes the steps in order.
struct CriticalPath {
    int cycle = 0;
    dfg::ValueId from;      ///< the registered value it starts at; invalid if nothing is computed
    double arrival_ps = 0;  ///< register included
    std::vector<PathStep> steps;
};

/// One path per cycle in which something is computed, ascending.
std::vector<CriticalPath> critical_paths(const arch::FlatProgram& flat, const Device& device,
                                         const Schedule& schedule);

}  // namespace gatewright::schedule
