// SPDX-License-Identifier: Apache-2.0
//
// The solver: choose the period, schedule as early and as late as possible, improve both, keep the
// one with fewer register bits.
#include "schedule/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/problem.h"
#include "support/stopwatch.h"

namespace gatewright::schedule {
namespace {

// No period below this: the slowest single operation between two registers, and the clock network.
double shortest_period(const Problem& problem, const Device& device) {
    const double slowest = *std::max_element(problem.cost_ps.begin(), problem.cost_ps.end());
    return std::max(problem.register_ps + slowest, 1e6 / device.max_clock_mhz);
}

std::int32_t latency_at(const Problem& problem, double period_ps) {
    std::int32_t latency = 0;
    as_early_as_possible(problem, period_ps, latency);
    return latency;
}

// The shortest period whose latency is within the request. More period never needs more cycles.
double period_for_latency(const Problem& problem, double shortest, std::int32_t latency) {
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

Result<double> choose_period(const Problem& problem, const Device& device,
                             const ScheduleParams& params) {
    const double shortest = shortest_period(problem, device);
    const double clock = params.clock_mhz.value_or(kDefaultClockMhz);
    if (!(clock > 0)) return fail(fmt::format("clock {} MHz: expected a frequency above 0", clock));
    if (params.clock_mhz && clock > device.max_clock_mhz) {
        return fail(fmt::format("clock {} MHz: the clock network of {} is limited to {} MHz", clock,
                                device.part, device.max_clock_mhz));
    }
    const int least = problem.input_cycle + problem.output_registers;
    if (params.latency_cycles && *params.latency_cycles < least) {
        return fail(
            fmt::format("latency {} cycles: the registers at inputs and outputs alone take {}",
                        *params.latency_cycles, least));
    }
    if (params.clock_mhz || !params.latency_cycles) return std::max(shortest, 1e6 / clock);
    return period_for_latency(problem, shortest, *params.latency_cycles);
}

void place(const Problem& problem, double period_ps, const ScheduleParams& params, Schedule& out,
           ScheduleStats& stats) {
    Cycles early = as_early_as_possible(problem, period_ps, out.latency_cycles);
    if (params.latency_cycles && !params.clock_mhz) out.latency_cycles = *params.latency_cycles;
    const std::int32_t latency = out.latency_cycles;
    Cycles late = as_late_as_possible(problem, period_ps, latency);
    stats.register_bits_asap = count_register_bits(problem, early, latency);
    stats.rounds = minimise_registers(problem, period_ps, latency, params.sweeps, early);
    stats.rounds += minimise_registers(problem, period_ps, latency, params.sweeps, late);
    const std::int64_t early_bits = count_register_bits(problem, early, latency);
    const std::int64_t late_bits = count_register_bits(problem, late, latency);
    out.register_bits = std::min(early_bits, late_bits);
    out.cycle = early_bits <= late_bits ? std::move(early) : std::move(late);
}

}  // namespace

Result<Schedule> schedule(const arch::FlatProgram& flat, const Device& device,
                          const ScheduleParams& params, ScheduleStats* stats) {
    const Stopwatch watch;
    ScheduleStats unused;
    ScheduleStats& figures = stats != nullptr ? *stats : unused;
    Schedule out;
    const Device loaded = loaded_device(flat.program, device);
    const Problem problem = make_problem(flat.program, loaded, params);
    double period_ps = 1e6 / params.clock_mhz.value_or(kDefaultClockMhz);
    if (problem.size() > 0) {
        GW_TRY(period_ps, choose_period(problem, device, params));
    }
    place(problem, period_ps, params, out, figures);
    if (params.latency_cycles && out.latency_cycles > *params.latency_cycles) {
        return fail(fmt::format("{} cycles at {} MHz on {} are not enough: this design needs {}",
                                *params.latency_cycles, *params.clock_mhz, device.part,
                                out.latency_cycles));
    }
    out.arrival_ps = arrivals(problem, out.cycle);
    out.critical_ps = problem.register_ps;
    for (const double arrival : out.arrival_ps)
        out.critical_ps = std::max(out.critical_ps, arrival);
    out.clock_mhz = 1e6 / period_ps;
    const bool by_latency = params.latency_cycles && !params.clock_mhz;
    out.requested_mhz = by_latency ? 0 : params.clock_mhz.value_or(kDefaultClockMhz);
    figures.seconds = watch.seconds();
    return out;
}

std::vector<std::int64_t> register_bits_by_kernel(const arch::FlatProgram& flat,
                                                  std::size_t kernels, const Schedule& schedule) {
    const Problem problem = make_problem(flat.program, Device{}, {});
    std::vector<std::int64_t> bits(kernels + 1, 0);
    for (std::size_t i = 0; i < problem.size(); ++i) {
        if (!problem.live[i]) continue;
        std::int32_t last = problem.is_output[i] ? schedule.latency_cycles : schedule.cycle[i];
        for (const std::uint32_t user : problem.users_of(i))
            last = std::max(last, schedule.cycle[user]);
        const std::int32_t first = problem.is_input[i] ? 0 : schedule.cycle[i];
        const arch::KernelId kernel = flat.kernel_of[i];
        bits[kernel.valid() ? kernel.index() : kernels] += problem.width[i] * (last - first);
    }
    return bits;
}

}  // namespace gatewright::schedule
