// SPDX-License-Identifier: Apache-2.0
//
// Which clock cycle each operation happens in. Problem: a flat program, a device, a clock period.
// Solution: for every node the cycle (0 = the cycle in which the design's inputs are valid) at whose end
// its result could be registered. A value used in a later cycle than the one it is computed in passes one
// register per cycle between. verify() shares no code with the solver.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/design.h"
#include "schedule/device.h"

namespace gatewright::schedule {

struct ScheduleParams {
    std::optional<double> clock_mhz;      ///< requested clock
    std::optional<int> latency_cycles;    ///< or: at most this many cycles, at the best clock
    bool register_inputs = true;
    bool register_outputs = true;
};

struct Schedule {
    /// Per node of the flat program: the cycle it is computed in. Inputs are in cycle 0 (1 if the
    /// inputs are registered first); constants are free (cycle 0) and need no registers.
    std::vector<std::int32_t> cycle;
    /// Time after the start of its cycle at which each node's result is stable, from the delay model.
    std::vector<double> arrival_ps;
    int latency_cycles = 0;   ///< clock edges from inputs offered to outputs valid
    int initiation_interval = 1;
    double clock_mhz = 0;     ///< the clock this schedule meets in the model
    double requested_mhz = 0;
    double critical_ps = 0;   ///< longest combinational path, registers included
    std::int64_t register_bits = 0;
};

/// Delay of one op in its program, from operands stable to result stable (no net, no register).
double delay_ps(const dfg::Program& program, const dfg::Node& node, const Device& device);

Result<Schedule> schedule(const arch::FlatProgram& flat, const Device& device,
                          const ScheduleParams& params);

/// Checks a schedule against the program and device from scratch; the error names the node.
Status verify(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule);

/// Register bits per kernel (index = KernelId; the last entry is for design inputs), from the schedule.
std::vector<std::int64_t> register_bits_by_kernel(const arch::FlatProgram& flat, std::size_t kernels,
                                                  const Schedule& schedule);

}  // namespace gatewright::schedule
