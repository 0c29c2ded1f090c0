// SPDX-License-Identifier: Apache-2.0
//
// The solver: choose the period, schedule as early and as late as possible, improve both locally,
// and go from the better one to the minimum.
#include "schedule/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/liveness.h"
#include "schedule/problem.h"
#include "support/stopwatch.h"

namespace gatewright::schedule {
namespace {

// No period below this: the slowest single operation between two registers, and the clock network.
double shortest_period(const Problem& problem, const Device& device) {
    double slowest = 0;
    for (const double start : problem.start_ps) slowest = std::max(slowest, start);
    return std::max(problem.register_ps + slowest, 1e6 / device.max_clock_mhz);
}

std::int32_t latency_at(const Problem& problem, double period_ps) {
    std::int32_t latency = 0;
    as_early_as_possible(problem, period_ps, latency);
    return latency;
}

// The shortest period whose latency is within the request. More period never needs more cycles.
double period_for_cycles(const Problem& problem, double shortest, std::int32_t latency) {
    if (latency_at(problem, shortest) <= latency) return shortest;
    double too_short = shortest;
    double enough = shortest;
    while (latency_at(problem, enough) > latency) enough *= 2;
    while (enough - too_short > 0.5) {
        const double middle = (too_short + enough) / 2;
        (latency_at(problem, middle) <= latency ? enough : too_short) = middle;
    }
    return enough;
}

// The longest period whose latency fits a time budget. Between budget / n and budget / (n + 1) a
// budget holds n cycles, and the longest of these periods needs the fewest; so the first n that
// suffices at budget / n gives the lowest clock of all.
Result<double> period_for_time(const Problem& problem, double shortest, const Device& device,
                               double nanoseconds) {
    const double budget_ps = 1e3 * nanoseconds;
    double best_ps = latency_at(problem, shortest) * shortest;
    for (std::int32_t cycles = 1; budget_ps / cycles >= shortest; ++cycles) {
        const double period = budget_ps / cycles;
        const std::int32_t latency = latency_at(problem, period);
        if (latency <= cycles) return period;
        best_ps = std::min(best_ps, latency * period);
    }
    return fail(fmt::format("a latency of {} ns cannot be met on {}; the best found is {:.1f} ns",
                            nanoseconds, device.part, best_ps / 1e3));
}

// What was asked for, before any path is looked at.
Status check_request(const Problem& problem, const Device& device, const ScheduleParams& params) {
    if (params.clock_mhz && !(*params.clock_mhz > 0)) {
        return fail(fmt::format("clock {} MHz: expected a frequency above 0", *params.clock_mhz));
    }
    if (params.clock_mhz && *params.clock_mhz > device.max_clock_mhz) {
        return fail(fmt::format(
            "clock {} MHz: the clock network of {} is limited to {} MHz; ask for that or less",
            *params.clock_mhz, device.part, device.max_clock_mhz));
    }
    const int least = problem.input_cycle + problem.output_registers;
    for (const auto& [name, cycles] :
         {std::pair{"latency", params.latency_cycles}, std::pair{"stages", params.stages}}) {
        if (cycles && *cycles < least) {
            return fail(
                fmt::format("{} {}: the registers at inputs and outputs alone take {} cycles", name,
                            *cycles, least));
        }
    }
    return {};
}

double default_clock(const Device& device) {
    return std::min(kDefaultClockMhz, device.max_clock_mhz);
}

Result<double> choose_period(const Problem& problem, const Device& device,
                             const ScheduleParams& params) {
    const double shortest = shortest_period(problem, device);
    if (params.clock_mhz) return std::max(shortest, 1e6 / *params.clock_mhz);
    if (params.stages) return period_for_cycles(problem, shortest, *params.stages);
    if (params.latency_ns) return period_for_time(problem, shortest, device, *params.latency_ns);
    if (params.latency_cycles) {
        return period_for_cycles(problem, shortest, *params.latency_cycles);
    }
    return std::max(shortest, 1e6 / default_clock(device));
}

// The fewest cycles, or as many as there shall be.
Result<std::int32_t> choose_latency(const Problem& problem, double period_ps, const Device& device,
                                    const ScheduleParams& params) {
    const std::int32_t fewest = latency_at(problem, period_ps);
    const auto too_many = [&](const std::string& request) {
        return fail(
            fmt::format("{} at {:.4g} MHz on {} are not enough: this design needs {} cycles "
                        "({:.1f} ns); leave the clock out to let it follow from the latency",
                        request, 1e6 / period_ps, device.part, fewest, fewest * period_ps / 1e3));
    };
    if (params.stages && fewest > *params.stages)
        return too_many(fmt::format("{} stages", *params.stages));
    if (params.latency_cycles && fewest > *params.latency_cycles)
        return too_many(fmt::format("{} cycles", *params.latency_cycles));
    if (params.latency_ns && fewest * period_ps > *params.latency_ns * 1e3 * (1 + 1e-9))
        return too_many(fmt::format("{:g} ns", *params.latency_ns));
    return params.stages.value_or(fewest);
}

Cycles place(const Problem& problem, double period_ps, const ScheduleParams& params, Schedule& out,
             ScheduleStats& stats) {
    const std::int32_t latency = out.latency_cycles;
    std::int32_t fewest = 0;
    Cycles early = as_early_as_possible(problem, period_ps, fewest);
    Cycles late = as_late_as_possible(problem, period_ps, latency);
    stats.register_bits_asap = count_register_bits(problem, early, latency);
    stats.rounds = minimise_registers(problem, period_ps, latency, params.sweeps, early);
    stats.rounds += minimise_registers(problem, period_ps, latency, params.sweeps, late);
    const std::int64_t early_bits = count_register_bits(problem, early, latency);
    const std::int64_t late_bits = count_register_bits(problem, late, latency);
    stats.register_bits_local = std::min(early_bits, late_bits);
    Cycles best = early_bits <= late_bits ? std::move(early) : std::move(late);
    if (params.minimum_steps > 0) {
        const MinimumStats minimum =
            find_minimum_registers(problem, period_ps, latency, params.minimum_steps, best);
        stats.steps = minimum.steps;
        stats.timing_pairs = minimum.timing_pairs;
        out.fewest_registers = minimum.is_minimum;
    }
    out.register_bits = count_register_bits(problem, best, latency);
    return best;
}

// What is asked for, on this problem.
struct Target {
    double period_ps = 0;
    std::int32_t latency = 0;
};

Result<Target> choose_target(const Problem& problem, const Device& device,
                             const ScheduleParams& params) {
    Target target;
    GW_TRY(target.period_ps, choose_period(problem, device, params));
    GW_TRY(target.latency, choose_latency(problem, target.period_ps, device, params));
    return target;
}

// A problem with the additions that are absorbed in it.
struct Plan {
    Absorbed absorbed;
    Problem problem;
    Device loaded;
};

Plan make_plan(const arch::FlatProgram& flat, const Device& device, const ScheduleParams& params,
               Absorbed absorbed) {
    const Device loaded = loaded_device(flat.program, device, absorbed);
    Problem problem = make_problem(flat.program, loaded, params, absorbed);
    return {std::move(absorbed), std::move(problem), loaded};
}

// Takes back the absorbed additions whose reader cannot be where the target wants it: it does not
// fit a period, or its operands come later than its users need it. Says whether there were any.
bool release_late(const dfg::Program& program, const Problem& problem, const Target& target,
                  Absorbed& absorbed) {
    std::int32_t unused = 0;
    const Cycles early = as_early_as_possible(problem, target.period_ps, unused);
    const Cycles late = as_late_as_possible(problem, target.period_ps, target.latency);
    bool any = false;
    for (std::size_t i = 0; i < program.size(); ++i) {
        const bool fits = problem.register_ps + problem.start_ps[i] <= target.period_ps;
        if (!problem.live[i] || (fits && early[i] <= late[i])) continue;
        for (const dfg::ValueId arg : program.nodes()[i].operands()) {
            any = any || is_absorbed(absorbed, arg);
            absorbed[arg.index()] = false;
        }
    }
    return any;
}

// Three-input adders wherever they save LUTs, except where that would cost cycles or clock.
Plan choose_plan(const arch::FlatProgram& flat, const Device& device,
                 const ScheduleParams& params) {
    Plan plain = make_plan(flat, device, params, {});
    if (params.ternary_adders == TernaryAdders::kNever || !device.has_ternary_adders) return plain;
    const auto target = choose_target(plain.problem, device, params);
    const auto keeps_target = [&](const Plan& plan) {
        const auto own = choose_target(plan.problem, device, params);
        if (!own || !target) return own.has_value();
        constexpr double kResolution_ps = 0.5;  // of period_for_cycles()
        return own->period_ps <= target->period_ps + kResolution_ps &&
               own->latency <= target->latency;
    };
    constexpr int kMostRounds = 40;
    Absorbed wanted = choose_absorbed(flat.program, std::vector<bool>(flat.program.size(), true));
    for (int round = 0; round < kMostRounds && !wanted.empty(); ++round) {
        Plan plan = make_plan(flat, device, params, wanted);
        if (keeps_target(plan)) return plan;
        if (!target || !release_late(flat.program, plan.problem, *target, wanted)) break;
        if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) break;
    }
    return plain;
}

// Cycles and times of wiring, from the values behind it, and of absorbed additions, from their
// reader.
void fill_wiring(const dfg::Program& program, const Problem& problem, Schedule& out) {
    const std::vector<bool> live = live_values(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const dfg::ValueId arg : program.nodes()[i].operands()) {
            if (!live[i] || !is_absorbed(out.absorbed, arg)) continue;
            out.cycle[arg.index()] = out.cycle[i];
            out.arrival_ps[arg.index()] = out.arrival_ps[i];
        }
        if (!live[i] || problem.live[i] || is_absorbed(out.absorbed, dfg::ValueId(i))) continue;
        const std::size_t source = program.nodes()[i].args[0].index();
        out.cycle[i] = live[source] ? out.cycle[source] : problem.input_cycle;
        out.arrival_ps[i] = live[source] ? out.arrival_ps[source] : problem.register_ps;
    }
}

}  // namespace

Result<Schedule> schedule(const arch::FlatProgram& flat, const Device& device,
                          const ScheduleParams& params, ScheduleStats* stats) {
    const Stopwatch watch;
    ScheduleStats unused;
    ScheduleStats& figures = stats != nullptr ? *stats : unused;
    Schedule out;
    Plan plan = choose_plan(flat, device, params);
    const Problem& problem = plan.problem;
    GW_TRY_STATUS(check_request(problem, device, params));
    GW_TRY(const Target target, choose_target(problem, device, params));
    const double period_ps = target.period_ps;
    out.latency_cycles = target.latency;
    out.absorbed = std::move(plan.absorbed);
    out.cycle = place(problem, period_ps, params, out, figures);
    out.arrival_ps = arrivals(problem, out.cycle);
    fill_wiring(flat.program, problem, out);
    out.critical_ps = problem.register_ps;
    for (const double arrival : out.arrival_ps)
        out.critical_ps = std::max(out.critical_ps, arrival);
    out.clock_mhz = 1e6 / period_ps;
    const bool by_latency =
        !params.clock_mhz && (params.latency_cycles || params.latency_ns || params.stages);
    out.requested_mhz = by_latency ? 0 : params.clock_mhz.value_or(default_clock(device));
    out.register_inputs = params.register_inputs;
    out.register_fanout = params.register_fanout;
    for (const std::int64_t bits : copied_bits(flat.program, out)) out.duplicate_bits += bits;
    out.register_bits += out.duplicate_bits;
    figures.seconds = watch.seconds();
    return out;
}

int most_useful_cycles(const arch::FlatProgram& flat, const Device& device,
                       const ScheduleParams& params) {
    const Problem problem = make_problem(flat.program, loaded_device(flat.program, device), params);
    return latency_at(problem, shortest_period(problem, device));
}

}  // namespace gatewright::schedule
