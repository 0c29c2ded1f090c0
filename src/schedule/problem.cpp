// SPDX-License-Identifier: Apache-2.0
//
// As-early and as-late schedules by chaining: operations follow one another within a cycle until
// the period is full. Both give every node the extreme (cycle, time) pair reachable, because time
// within a path is packed greedily from one end and a node takes the worst of its paths; so the
// latency is the smallest for the period, and every node's as-late cycle is at or after its
// as-early one.
#include "schedule/problem.h"

#include <algorithm>
#include <map>

#include "schedule/liveness.h"
#include "schedule/wires.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

constexpr double kSlack = 1e-6;  // rounding of sums of delays, in ps

// Cuts a value's bits where its readings begin and end, and joins the pieces that have the same
// readers.
void group_bits(std::uint32_t source, const std::vector<BitReading>& readings, Problem& problem) {
    std::vector<int> cuts;
    for (const BitReading& r : readings) {
        cuts.push_back(r.low);
        cuts.push_back(r.high);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::map<std::vector<std::size_t>, std::int64_t> widths;
    for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
        std::vector<std::size_t> users;
        for (const BitReading& r : readings) {
            if (r.low <= cuts[c] && r.high >= cuts[c + 1]) users.push_back(r.user);
        }
        std::sort(users.begin(), users.end());
        users.erase(std::unique(users.begin(), users.end()), users.end());
        if (!users.empty()) widths[users] += cuts[c + 1] - cuts[c];
    }
    for (const auto& [users, width] : widths) {
        BitGroup group{source, width, {}, users.back() == kOutputUser};
        if (group.reaches_output) problem.is_output[source] = true;
        for (const std::size_t user : users) {
            if (user != kOutputUser && problem.live[user])
                group.users.push_back(static_cast<std::uint32_t>(user));
        }
        problem.groups.push_back(std::move(group));
    }
}

// Lists as one array and the place where each begins.
void flatten(const std::vector<std::vector<std::uint32_t>>& lists, std::vector<std::uint32_t>& all,
             std::vector<std::uint32_t>& first) {
    for (const auto& list : lists) {
        first.push_back(static_cast<std::uint32_t>(all.size()));
        all.insert(all.end(), list.begin(), list.end());
    }
    first.push_back(static_cast<std::uint32_t>(all.size()));
}

// Operands, users, groups and who reads them.
void connect(const dfg::Program& program, const Absorbed& absorbed, Problem& problem) {
    std::vector<std::vector<BitReading>> readings(program.size());
    for (const BitReading& reading : bit_readings(program, absorbed))
        readings[reading.source].push_back(reading);
    std::vector<std::vector<std::uint32_t>> operands(program.size());
    std::vector<std::vector<std::uint32_t>> users(program.size());
    std::vector<std::vector<std::uint32_t>> reads(program.size());
    for (std::uint32_t i = 0; i < program.size(); ++i) {
        problem.first_group.push_back(static_cast<std::uint32_t>(problem.groups.size()));
        group_bits(i, readings[i], problem);
        for (std::size_t g = problem.first_group[i]; g < problem.groups.size(); ++g) {
            for (const std::uint32_t user : problem.groups[g].users) {
                users[i].push_back(user);
                reads[user].push_back(static_cast<std::uint32_t>(g));
            }
        }
        std::sort(users[i].begin(), users[i].end());
        users[i].erase(std::unique(users[i].begin(), users[i].end()), users[i].end());
        for (const std::uint32_t user : users[i]) operands[user].push_back(i);
    }
    problem.first_group.push_back(static_cast<std::uint32_t>(problem.groups.size()));
    flatten(operands, problem.operands, problem.first_operand);
    flatten(users, problem.users, problem.first_user);
    flatten(reads, problem.reads, problem.first_read);
}

void set_delays(const dfg::Program& program, const Device& loaded, const ScheduleParams& params,
                const Absorbed& absorbed, Problem& problem) {
    const std::size_t limit = params.register_fanout > 0
                                  ? static_cast<std::size_t>(params.register_fanout)
                                  : std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 0; i < program.size(); ++i) {
        const std::size_t sinks = problem.users_of(i).size() + (problem.is_output[i] ? 1 : 0);
        problem.net_ps.push_back(net_ps(loaded, std::max<std::size_t>(1, sinks)));
        // What drives an input that is not registered here is not ours to duplicate.
        const bool has_registers = !problem.is_input[i] || params.register_inputs;
        const std::size_t held = has_registers ? std::min(sinks, limit) : sinks;
        problem.held_ps.push_back(net_ps(loaded, std::max<std::size_t>(1, held)));
        const dfg::ValueId value(i);
        problem.delay_ps.push_back(problem.live[i] ? delay_ps(program, value, loaded, absorbed)
                                                   : 0);
    }
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const std::uint32_t operand : problem.operands_of(i))
            problem.overlap_ps.push_back(
                overlap_ps(program, dfg::ValueId(operand), dfg::ValueId(i), loaded, absorbed));
        double start = 0;
        for (const std::uint32_t operand : problem.operands_of(i)) {
            start = std::max(start, problem.from_register_ps(operand, i) - problem.register_ps);
        }
        problem.start_ps.push_back(start);
    }
}

}  // namespace

Problem make_problem(const dfg::Program& program, const Device& loaded,
                     const ScheduleParams& params, const Absorbed& absorbed) {
    Problem problem;
    problem.live = live_values(program);
    problem.is_input.assign(program.size(), false);
    problem.is_output.assign(program.size(), false);
    problem.register_ps = loaded.register_ps;
    problem.input_cycle = params.register_inputs ? 1 : 0;
    problem.output_registers = params.register_outputs ? 1 : 0;
    for (std::size_t i = 0; i < program.size(); ++i) {
        const dfg::Node& node = program.nodes()[i];
        if (!problem.live[i]) continue;
        problem.is_input[i] = node.op == dfg::Op::kInput;
        problem.live[i] = has_cycle(program, node) && !is_absorbed(absorbed, dfg::ValueId(i));
    }
    connect(program, absorbed, problem);
    set_delays(program, loaded, params, absorbed, problem);
    return problem;
}

Cycles as_early_as_possible(const Problem& problem, double period_ps, std::int32_t& latency) {
    Cycles cycles(problem.size(), 0);
    std::vector<double> arrival(problem.size(), 0);
    latency = problem.input_cycle + problem.output_registers;
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i]) continue;
        std::int32_t cycle = problem.input_cycle;
        for (const std::uint32_t operand : problem.operands_of(i))
            cycle = std::max(cycle, cycles[operand]);
        double ready = problem.register_ps;
        for (const std::uint32_t operand : problem.operands_of(i)) {
            const bool chained = cycles[operand] == cycle && !problem.is_input[operand];
            ready = std::max(ready, chained ? arrival[operand] + problem.step_ps(operand, i)
                                            : problem.from_register_ps(operand, i));
        }
        if (ready > period_ps + kSlack) {
            ++cycle;
            ready = problem.register_ps + problem.start_ps[i];
        }
        cycles[i] = cycle;
        arrival[i] = ready;
        latency = std::max(latency, cycle + problem.output_registers);
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
        for (const std::uint32_t user : problem.users_of(i)) cycle = std::min(cycle, cycles[user]);
        double after = 0;
        for (const std::uint32_t user : problem.users_of(i)) {
            if (cycles[user] == cycle)
                after = std::max(after, problem.step_ps(i, user) + tail[user]);
        }
        if (problem.register_ps + problem.start_ps[i] + after > period_ps + kSlack) {
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
            const bool chained = cycles[operand] == cycles[i] && !problem.is_input[operand];
            ready = std::max(ready, chained ? arrival[operand] + problem.step_ps(operand, i)
                                            : problem.from_register_ps(operand, i));
        }
        arrival[i] = ready;
    }
    return arrival;
}

std::int64_t count_register_bits(const Problem& problem, const Cycles& cycles,
                                 std::int32_t latency) {
    std::int64_t bits = 0;
    for (const BitGroup& group : problem.groups) {
        std::int32_t last = group.reaches_output ? latency : cycles[group.source];
        for (const std::uint32_t user : group.users) last = std::max(last, cycles[user]);
        bits += group.width * (last - (problem.is_input[group.source] ? 0 : cycles[group.source]));
    }
    return bits;
}

}  // namespace gatewright::schedule
