// SPDX-License-Identifier: Apache-2.0
//
// Which clock cycle each operation happens in. Problem: a flat program, a device, a clock period.
// Solution: for every node the cycle (0 = the cycle in which the design's inputs are valid) at
// whose end its result could be registered. A value used in a later cycle than the one it is
// computed in passes one register per cycle between. verify() shares no code with the solver, only
// the delay model.
//
// Constants (liveness.h) and values no output depends on have no meaning here: cycle 0, no
// registers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/design.h"
#include "schedule/device.h"

namespace gatewright::schedule {

inline constexpr double kDefaultClockMhz = 200;

struct ScheduleParams {
    std::optional<double> clock_mhz = {};    ///< requested clock (default kDefaultClockMhz)
    std::optional<int> latency_cycles = {};  ///< or: at most this many cycles, at the best clock
    bool register_inputs = true;
    bool register_outputs = true;
    int sweeps = 24;  ///< at most this many rounds of register minimisation
};

struct ScheduleStats {
    std::int64_t register_bits_asap =
        0;  ///< before minimisation, every operation as early as possible
    int rounds = 0;
    double seconds = 0;
};

struct Schedule {
    /// Per node of the flat program: the cycle it is computed in. Inputs are in cycle 0 (1 if the
    /// inputs are registered first).
    std::vector<std::int32_t> cycle;
    /// Time after the start of its cycle at which each node's result is stable, from the delay
    /// model.
    std::vector<double> arrival_ps;
    /// Clock edges from inputs offered to outputs valid: an output computed in cycle c passes
    /// latency_cycles - c registers.
    int latency_cycles = 0;
    int initiation_interval = 1;
    double clock_mhz = 0;  ///< the clock this schedule meets in the model
    double requested_mhz =
        0;                   ///< 0 if a latency was requested; above clock_mhz if it cannot be met
    double critical_ps = 0;  ///< longest combinational path, registers included
    std::int64_t register_bits = 0;
};

/// Delay of one op in its program, from operands stable to result stable (no net before it, no
/// register). 0 for what is only wiring.
double delay_ps(const dfg::Program& program, const dfg::Node& node, const Device& device);

/// LUTs of one op, before synthesis shares or removes any.
double lut_estimate(const dfg::Program& program, const dfg::Node& node, const Device& device);

/// The device with nets as long as this program's size makes them: what schedule and verify time
/// with.
Device loaded_device(const dfg::Program& program, const Device& device);

/// Fewest cycles at the requested clock (or the best clock within the latency), then few registers.
/// A clock the slowest operation cannot meet is lowered to what it can (clock_mhz < requested_mhz);
/// a clock above the device's limit, or a latency below the registers asked for, is an error.
Result<Schedule> schedule(const arch::FlatProgram& flat, const Device& device,
                          const ScheduleParams& params, ScheduleStats* stats = nullptr);

/// Checks a schedule against the program and device from scratch; the error names the node.
Status verify(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule);

/// Register bits per kernel (index = KernelId; the last entry is for design inputs), from the
/// schedule. A value's registers count for the kernel that computes it.
std::vector<std::int64_t> register_bits_by_kernel(const arch::FlatProgram& flat,
                                                  std::size_t kernels, const Schedule& schedule);

}  // namespace gatewright::schedule
