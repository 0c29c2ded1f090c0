// SPDX-License-Identifier: Apache-2.0
//
// As-early and as-late schedules by chaining: operations follow one another within a cycle until
// the period is full. Both give every node the extreme (cycle, time) pair reachable, because time
// within a path is packed greedily from one end and a node takes the worst of its paths; so the
// latency is the smallest for the period, and every node's as-late cycle is at or after its
// as-early one.
#include "schedule/problem.h"

#include <algorithm>

#include "schedule/liveness.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

constexpr double kSlack = 1e-6;  // rounding of sums of delays, in ps

// Live operands of each node, each once, and their transpose.
void connect(const dfg::Program& program, Problem& problem) {
    std::vector<std::uint32_t> user_count(program.size() + 1, 0);
    for (std::size_t i = 0; i < program.size(); ++i) {
        problem.first_operand.push_back(static_cast<std::uint32_t>(problem.operands.size()));
        if (!problem.live[i]) continue;
        const auto args = program.nodes()[i].operands();
        for (std::size_t a = 0; a < args.size(); ++a) {
            const bool repeated =
                std::find(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(a), args[a]) !=
                args.begin() + static_cast<std::ptrdiff_t>(a);
            if (repeated || !problem.live[args[a].index()]) continue;
            problem.operands.push_back(static_cast<std::uint32_t>(args[a].index()));
            ++user_count[args[a].index()];
        }
    }
    problem.first_operand.push_back(static_cast<std::uint32_t>(problem.operands.size()));
    problem.first_user.assign(program.size() + 1, 0);
    for (std::size_t i = 0; i < program.size(); ++i) {
        problem.first_user[i + 1] = problem.first_user[i] + user_count[i];
    }
    problem.users.resize(problem.operands.size());
    std::vector<std::uint32_t> next(problem.first_user.begin(), problem.first_user.end() - 1);
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const std::uint32_t operand : problem.operands_of(i)) {
            problem.users[next[operand]++] = static_cast<std::uint32_t>(i);
        }
    }
}

}  // namespace

Problem make_problem(const dfg::Program& program, const Device& loaded,
                     const ScheduleParams& params) {
    Problem problem;
    problem.live = live_values(program);
    problem.is_input.assign(program.size(), false);
    problem.is_output.assign(program.size(), false);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const dfg::Node& node = program.nodes()[i];
        const double delay = problem.live[i] ? delay_ps(program, node, loaded) : 0;
        problem.cost_ps.push_back(delay > 0 ? loaded.net_ps + delay : 0);
        problem.width.push_back(node.format.width);
        problem.is_input[i] = problem.live[i] && node.op == dfg::Op::kInput;
    }
    for (const dfg::ValueId output : program.outputs()) problem.is_output[output.index()] = true;
    connect(program, problem);
    problem.register_ps = loaded.register_ps;
    problem.input_cycle = params.register_inputs ? 1 : 0;
    problem.output_registers = params.register_outputs ? 1 : 0;
    return problem;
}

Cycles as_early_as_possible(const Problem& problem, double period_ps, std::int32_t& latency) {
    Cycles cycles(problem.size(), 0);
    std::vector<double> arrival(problem.size(), 0);
    latency = problem.input_cycle + problem.output_registers;
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i]) continue;
        std::int32_t cycle = problem.input_cycle;
        double ready = problem.register_ps;
        for (const std::uint32_t operand : problem.operands_of(i)) {
            if (cycles[operand] > cycle) {
                cycle = cycles[operand];
                ready = arrival[operand];
            } else if (cycles[operand] == cycle) {
                ready = std::max(ready, arrival[operand]);
            }
        }
        if (ready + problem.cost_ps[i] > period_ps + kSlack) {
            ++cycle;
            ready = problem.register_ps;
        }
        cycles[i] = cycle;
        arrival[i] = ready + problem.cost_ps[i];
        if (problem.is_output[i]) latency = std::max(latency, cycle + problem.output_registers);
    }
    return cycles;
}

Cycles as_late_as_possible(const Problem& problem, double period_ps, std::int32_t latency) {
    Cycles cycles(problem.size(), 0);
    std::vector<double> tail(problem.size(),
                             0);  // from the node's result to the end of its last path
    for (std::size_t i = problem.size(); i-- > 0;) {
        if (!problem.live[i]) continue;
        if (problem.is_input[i]) {
            cycles[i] = problem.input_cycle;
            continue;
        }
        std::int32_t cycle = latency - problem.output_registers;
        double after = 0;
        for (const std::uint32_t user : problem.users_of(i)) {
            const double path = problem.cost_ps[user] + tail[user];
            if (cycles[user] < cycle) {
                cycle = cycles[user];
                after = path;
            } else if (cycles[user] == cycle) {
                after = std::max(after, path);
            }
        }
        if (problem.register_ps + problem.cost_ps[i] + after > period_ps + kSlack) {
            --cycle;
            after = 0;
        }
        cycles[i] = cycle;
        tail[i] = after;
    }
    return cycles;
}

std::vector<double> arrivals(const Problem& problem, const Cycles& cycles) {
    std::vector<double> arrival(problem.size(), 0);
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i]) continue;
        double ready = problem.register_ps;
        for (const std::uint32_t operand : problem.operands_of(i)) {
            if (cycles[operand] == cycles[i]) ready = std::max(ready, arrival[operand]);
        }
        arrival[i] = ready + problem.cost_ps[i];
    }
    return arrival;
}

std::int64_t count_register_bits(const Problem& problem, const Cycles& cycles,
                                 std::int32_t latency) {
    std::int64_t bits = 0;
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i]) continue;
        std::int32_t last = problem.is_output[i] ? latency : cycles[i];
        for (const std::uint32_t user : problem.users_of(i)) last = std::max(last, cycles[user]);
        const std::int32_t first = problem.is_input[i] ? 0 : cycles[i];
        bits += problem.width[i] * (last - first);
    }
    return bits;
}

}  // namespace gatewright::schedule
