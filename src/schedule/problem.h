// SPDX-License-Identifier: Apache-2.0
//
// The scheduling problem as plain arrays: what the solver's steps share. Made once per program and
// device; verify() does not use it.
//
// Only what computes has a cycle to choose. Wiring (wires.h) and absorbed additions (ternary.h) are
// looked through: a node's operands are the computed values whose bits it reads. A value's bits are
// split into groups of bits that the same users read, since a register holds each bit only as long
// as somebody needs it:
//
//     register bits = Σ over groups: width × (last cycle a user is in − cycle of the value)
//
// Time, all from the delay model, for a period T: in a cycle a node is stable
//
//     arrival = delay + max over operands: same cycle: arrival of the operand + its net
//                                          earlier:    register_ps + net of the operand's register
//
// and arrival <= T. A net's delay depends on how many users the value has in all, so it is known
// before anything is scheduled; that of a register is no longer than that of the value itself.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "schedule/schedule.h"

namespace gatewright::schedule {

/// Bits of one value that have the same users.
struct BitGroup {
    std::uint32_t source = 0;
    std::int64_t width = 0;
    std::vector<std::uint32_t> users;  ///< ascending, each once; wires and outputs do not count
    bool reaches_output = false;
};

struct Problem {
    std::vector<bool> live;        ///< has a cycle to choose, or is an input; wiring is not
    std::vector<bool> is_input;    ///< a live input: its cycle is given
    std::vector<bool> is_output;   ///< an output reads some of its bits
    std::vector<double> delay_ps;  ///< of the node itself; 0: no logic and no net before it
    std::vector<double> net_ps;    ///< from the value to its users in the same cycle
    std::vector<double> held_ps;   ///< from a register of the value to its users
    std::vector<double> start_ps;  ///< delay with the slowest register among the operands before
    std::vector<BitGroup> groups;  ///< by source, ascending
    // Operands and users of each node, each once: those of node n are
    // operands[first_operand[n]] .. operands[first_operand[n + 1] - 1], and likewise. Groups: the
    // groups a node owns are consecutive, those it reads are listed.
    std::vector<std::uint32_t> operands, first_operand;
    std::vector<double> overlap_ps;  ///< per entry of operands: carry chains that run together
    std::vector<std::uint32_t> users, first_user;
    std::vector<std::uint32_t> first_group;
    std::vector<std::uint32_t> reads, first_read;
    double register_ps = 0;
    std::int32_t input_cycle = 0;
    std::int32_t output_registers = 0;  ///< an output passes at least this many

    [[nodiscard]] std::size_t size() const { return live.size(); }
    [[nodiscard]] std::span<const std::uint32_t> operands_of(std::size_t node) const {
        return {operands.data() + first_operand[node], operands.data() + first_operand[node + 1]};
    }
    [[nodiscard]] std::span<const std::uint32_t> users_of(std::size_t node) const {
        return {users.data() + first_user[node], users.data() + first_user[node + 1]};
    }
    [[nodiscard]] std::span<const BitGroup> groups_of(std::size_t node) const {
        return {groups.data() + first_group[node], groups.data() + first_group[node + 1]};
    }
    /// Indices of the groups a node reads.
    [[nodiscard]] std::span<const std::uint32_t> reads_of(std::size_t node) const {
        return {reads.data() + first_read[node], reads.data() + first_read[node + 1]};
    }
    /// What a path grows by from an operand to its user in the same cycle.
    [[nodiscard]] double step_ps(std::size_t operand, std::size_t user) const {
        if (delay_ps[user] <= 0) return 0;
        std::size_t at = first_operand[user];
        while (operands[at] != operand) ++at;
        return net_ps[operand] + delay_ps[user] - overlap_ps[at];
    }
    /// Stable time of a user one of whose operands comes from a register.
    [[nodiscard]] double from_register_ps(std::size_t operand, std::size_t user) const {
        return register_ps + (delay_ps[user] > 0 ? held_ps[operand] + delay_ps[user] : 0);
    }
};

Problem make_problem(const dfg::Program& program, const Device& loaded,
                     const ScheduleParams& params, const Absorbed& absorbed = {});

/// Cycle of each live node; the rest is 0.
using Cycles = std::vector<std::int32_t>;

/// Every node as early as the period allows; `latency` gets the cycle in which the outputs are
/// valid. The period must fit the slowest single node.
Cycles as_early_as_possible(const Problem& problem, double period_ps, std::int32_t& latency);
/// Every node as late as the period and the latency allow.
Cycles as_late_as_possible(const Problem& problem, double period_ps, std::int32_t latency);

/// Arrival time of each live node in its cycle.
std::vector<double> arrivals(const Problem& problem, const Cycles& cycles);

/// The register bits of the schedule, input registers included (the sum in the file head).
std::int64_t count_register_bits(const Problem& problem, const Cycles& cycles,
                                 std::int32_t latency);

/// Moves nodes between cycles while that lowers the register bits and every path still meets the
/// period; returns the rounds used. Local: one node at a time (registers.cpp).
int minimise_registers(const Problem& problem, double period_ps, std::int32_t latency,
                       int max_rounds, Cycles& cycles);

struct MinimumStats {
    std::int64_t steps = 0;         ///< moves of a set of nodes by some cycles
    std::int64_t timing_pairs = 0;  ///< path constraints that were needed
    bool is_minimum = false;        ///< proven: a flow as large as the register bits exists
};

/// The fewest register bits of all schedules with this period and latency, starting from any
/// schedule that meets them; at most `max_steps` steps, never worse than the start (minimum.cpp).
MinimumStats find_minimum_registers(const Problem& problem, double period_ps, std::int32_t latency,
                                    std::int64_t max_steps, Cycles& cycles);

}  // namespace gatewright::schedule
