// SPDX-License-Identifier: Apache-2.0
//
// The scheduling problem as plain arrays: what the solver's steps share. Made once per program and
// device; verify() does not use it.
#pragma once

#include <cstdint>
#include <vector>

#include "schedule/schedule.h"

namespace gatewright::schedule {

struct Problem {
    std::vector<bool> live;           ///< becomes hardware
    std::vector<bool> is_input;       ///< a live input: its cycle is given
    std::vector<double> cost_ps;      ///< net and delay of the node; 0 if it is only wiring
    std::vector<std::int64_t> width;  ///< bits one register of this value takes
    std::vector<bool> is_output;
    // Live operands and live users of each node, each once: those of node n are
    // operands[first_operand[n]] .. operands[first_operand[n + 1] - 1], and likewise.
    std::vector<std::uint32_t> operands, first_operand;
    std::vector<std::uint32_t> users, first_user;
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
};

Problem make_problem(const dfg::Program& program, const Device& loaded,
                     const ScheduleParams& params);

/// Cycle of each live node; the rest is 0.
using Cycles = std::vector<std::int32_t>;

/// Every node as early as the period allows; `latency` gets the cycle in which the outputs are
/// valid. The period must fit the slowest single node.
Cycles as_early_as_possible(const Problem& problem, double period_ps, std::int32_t& latency);
/// Every node as late as the period and the latency allow.
Cycles as_late_as_possible(const Problem& problem, double period_ps, std::int32_t latency);

/// Arrival time of each live node in its cycle.
std::vector<double> arrivals(const Problem& problem, const Cycles& cycles);

/// Σ width × cycles each value must be held, input registers included.
std::int64_t count_register_bits(const Problem& problem, const Cycles& cycles,
                                 std::int32_t latency);

/// Moves nodes between cycles while that lowers the register bits and every path still meets the
/// period; returns the rounds used. Local: one node at a time (registers.cpp).
int minimise_registers(const Problem& problem, double period_ps, std::int32_t latency,
                       int max_rounds, Cycles& cycles);

}  // namespace gatewright::schedule
