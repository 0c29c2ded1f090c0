// SPDX-License-Identifier: Apache-2.0
#include "schedule/critical.h"

#include <algorithm>
#include <map>

#include "schedule/problem.h"

namespace gatewright::schedule {
namespace {

// The operand that decides when a node is stable, and whether it does so from a register.
struct Cause {
    std::size_t operand = 0;
    bool is_held = true;
    bool exists = false;
};

Cause slowest_operand(const Problem& problem, const Schedule& schedule, std::size_t node) {
    Cause cause;
    double latest = 0;
    for (const std::uint32_t operand : problem.operands_of(node)) {
        const bool is_held =
            schedule.cycle[operand] != schedule.cycle[node] || problem.is_input[operand];
        const double ready = is_held
                                 ? problem.from_register_ps(operand, node)
                                 : schedule.arrival_ps[operand] + problem.step_ps(operand, node);
        if (cause.exists && ready <= latest) continue;
        cause = {operand, is_held, true};
        latest = ready;
    }
    return cause;
}

CriticalPath path_to(const Problem& problem, const Schedule& schedule, std::size_t last) {
    CriticalPath path;
    path.cycle = schedule.cycle[last];
    path.arrival_ps = schedule.arrival_ps[last];
    std::size_t node = last;
    for (;;) {
        const Cause cause = slowest_operand(problem, schedule, node);
        if (problem.delay_ps[node] > 0 && cause.exists) {
            const double net =
                cause.is_held ? problem.held_ps[cause.operand] : problem.net_ps[cause.operand];
            const double delay =
                cause.is_held ? problem.delay_ps[node] : problem.step_ps(cause.operand, node) - net;
            path.steps.push_back({dfg::ValueId(node), net, delay, schedule.arrival_ps[node]});
        }
        if (!cause.exists) break;
        path.from = dfg::ValueId(cause.operand);
        if (cause.is_held) break;
        node = cause.operand;
    }
    std::reverse(path.steps.begin(), path.steps.end());
    return path;
}

}  // namespace

std::vector<CriticalPath> critical_paths(const arch::FlatProgram& flat, const Device& device,
                                         const Schedule& schedule) {
    ScheduleParams params;
    params.register_fanout = schedule.register_fanout;
    params.register_inputs = schedule.register_inputs;
    const Absorbed& absorbed = schedule.absorbed;
    const Problem problem =
        make_problem(flat.program, loaded_device(flat.program, device, absorbed), params, absorbed);
    std::map<std::int32_t, std::size_t> slowest;
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i] || problem.is_input[i]) continue;
        const auto [slot, is_new] = slowest.try_emplace(schedule.cycle[i], i);
        if (!is_new && schedule.arrival_ps[i] > schedule.arrival_ps[slot->second]) slot->second = i;
    }
    std::vector<CriticalPath> paths;
    for (const auto& [cycle, node] : slowest) paths.push_back(path_to(problem, schedule, node));
    return paths;
}

}  // namespace gatewright::schedule
