// SPDX-License-Identifier: Apache-2.0
//
// Which clock cycle each operation happens in. Problem: a flat program, a device, a clock period.
// Solution: for every node the cycle (0 = the cycle in which the design's inputs are valid) at
// whose end its result could be registered. Bits used in a later cycle than the one they are
// computed in pass one register per cycle between; wiring (wires.h) is never registered.
//
// For a period the number of cycles is the smallest there is, and for both of them the number of
// register bits is (minimum.cpp; Schedule::fewest_registers says that it is proven). verify()
// shares no code with the solver, only the delay model.
//
// Constants (liveness.h) and values no output depends on have no meaning here: cycle 0, no
// registers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "arch/design.h"
#include "schedule/device.h"
#include "schedule/ternary.h"

namespace gatewright::schedule {

inline constexpr double kDefaultClockMhz = 200;

/// Whether additions are made in pairs as three-input adders (ternary.h).
enum class TernaryAdders : std::uint8_t { kNever, kWhereTheyPay };

struct ScheduleParams {
    std::optional<double> clock_mhz = {};    ///< requested clock (default kDefaultClockMhz)
    std::optional<int> latency_cycles = {};  ///< at most this many cycles, at the best clock
    std::optional<double> latency_ns = {};   ///< at most this long, at the lowest clock
    std::optional<int> stages = {};          ///< exactly this many cycles, at the best clock
    bool register_inputs = true;
    bool register_outputs = true;
    /// Users one register drives at most in a cycle; more get copies of it. 0: no limit.
    int register_fanout = 0;
    /// Where they save LUTs and cost neither cycles nor clock.
    TernaryAdders ternary_adders = TernaryAdders::kNever;
    int sweeps = 24;  ///< at most this many rounds of local register minimisation
    /// At most this many steps toward the minimum of register bits; 0: local search only.
    std::int64_t minimum_steps = 100000;
};

struct ScheduleStats {
    std::int64_t register_bits_asap = 0;   ///< every operation as early as possible
    std::int64_t register_bits_local = 0;  ///< after the local search
    int rounds = 0;                        ///< of the local search
    std::int64_t steps = 0;                ///< of the exact search after it
    std::int64_t timing_pairs = 0;         ///< path constraints it needed
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
    std::int64_t register_bits = 0;   ///< copies included
    std::int64_t duplicate_bits = 0;  ///< copies of registers with more users than register_fanout
    bool register_inputs = true;      ///< as in ScheduleParams, also the next
    int register_fanout = 0;
    /// Additions made inside the three-input adder of their only reader; empty: none. Their cycle
    /// and time are the reader's.
    Absorbed absorbed;
    bool fewest_registers = false;  ///< no schedule of this period and latency has fewer (copies
                                    ///< apart)
};

/// Delay of one op in its program, from operands stable to result stable (no net before it, no
/// register). 0 for what is only wiring.
double delay_ps(const dfg::Program& program, const dfg::Node& node, const Device& device);
/// The same where additions may be absorbed: a three-input adder has one more LUT and a net to
/// the next in front of its chain, an absorbed addition no delay of its own.
double delay_ps(const dfg::Program& program, dfg::ValueId value, const Device& device,
                const Absorbed& absorbed);

/// What of delay_ps(user) has passed already when `source`, an operand in the same cycle, is
/// stable: both are carry chains, the low bits of the first sum are there before the high ones, and
/// the second chain runs behind the first. A path through both takes the first chain from its
/// lowest bit to the top of the second once, not both chains in full. Of three-input adders, none.
double overlap_ps(const dfg::Program& program, dfg::ValueId source, dfg::ValueId user,
                  const Device& device, const Absorbed& absorbed = {});

/// LUTs of one op, before synthesis shares or removes any.
double lut_estimate(const dfg::Program& program, const dfg::Node& node, const Device& device);
double lut_estimate(const dfg::Program& program, dfg::ValueId value, const Device& device,
                    const Absorbed& absorbed);

/// The device with nets as long as this program's size makes them: what schedule and verify time
/// with.
Device loaded_device(const dfg::Program& program, const Device& device,
                     const Absorbed& absorbed = {});

/// Fewest cycles at the requested clock (or the clock that the latency or the stages ask for), then
/// fewest registers. A clock the slowest operation cannot meet is lowered to what it can (clock_mhz
/// < requested_mhz); a clock above the device's limit, a latency that cannot be met, or one below
/// the registers asked for, is an error. A clock and a latency together must both be met.
Result<Schedule> schedule(const arch::FlatProgram& flat, const Device& device,
                          const ScheduleParams& params, ScheduleStats* stats = nullptr);

/// The cycles at the shortest period there is for this program: more of them raise no clock.
int most_useful_cycles(const arch::FlatProgram& flat, const Device& device,
                       const ScheduleParams& params);

/// Checks a schedule against the program and device from scratch; the error names the node.
Status verify(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule);

/// Per value and bit, the last cycle in which anything reads it: it is registered at the end of
/// every cycle from the value's own (inputs: from cycle 0) to the one before. Wiring and dead
/// values hold nothing: an empty list.
std::vector<std::vector<std::int32_t>> last_uses(const dfg::Program& program,
                                                 const Schedule& schedule);

/// Users of a value in one cycle, ascending, as registers are shared among them: user number n
/// reads copy n / register_fanout. The outputs count as one user more, the last (wires.h:
/// kOutputUser).
std::vector<std::map<std::int32_t, std::vector<std::size_t>>> users_by_cycle(
    const dfg::Program& program, const Schedule& schedule);

/// Per value, the register bits that are copies for the users beyond register_fanout.
std::vector<std::int64_t> copied_bits(const dfg::Program& program, const Schedule& schedule);

/// Register bits per kernel (index = KernelId; the last entry is for design inputs), from the
/// schedule. A value's registers count for the kernel that computes it.
std::vector<std::int64_t> register_bits_by_kernel(const arch::FlatProgram& flat,
                                                  std::size_t kernels, const Schedule& schedule);

}  // namespace gatewright::schedule
