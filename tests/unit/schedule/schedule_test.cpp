// SPDX-License-Identifier: Apache-2.0
#include "schedule/schedule.h"

#include <gtest/gtest.h>

#include "dfg/text.h"
#include "schedule/critical.h"
#include "schedule/problem.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::schedule {
namespace {

arch::FlatProgram flat_of(dfg::Program program) {
    arch::FlatProgram flat;
    for (const dfg::Node& node : program.nodes()) {
        flat.kernel_of.push_back(node.op == dfg::Op::kInput ? arch::KernelId() : arch::KernelId(0));
    }
    flat.program = std::move(program);
    return flat;
}

arch::FlatProgram flat_of(const char* text) {
    auto program = dfg::parse_text(text);
    EXPECT_TRUE(program) << program.error().message;
    return flat_of(std::move(*program));
}

Device unit() {
    return *find_device("unit");
}

// ((a + b) + c) + d: three adders in a row.
constexpr const char* kChain = R"(program chain
%0 = input s8.0
%1 = input s8.0
%2 = input s8.0
%3 = input s8.0
%4 = add s9.0 %0 %1
%5 = add s10.0 %4 %2
%6 = add s11.0 %5 %3
output %6
)";

TEST(Schedule, OneAdderPerCycleWhenThePeriodIsOneAdder) {
    const auto flat = flat_of(kChain);
    const auto result = schedule(flat, unit(), {.clock_mhz = 1000});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->cycle[4], 1);
    EXPECT_EQ(result->cycle[5], 2);
    EXPECT_EQ(result->cycle[6], 3);
    EXPECT_EQ(result->latency_cycles, 4);
    // Inputs 4 x 8, then c and d wait: 9 + 8 + 8, then 10 + 8, then the output's 11.
    EXPECT_EQ(result->register_bits, 32 + 25 + 18 + 11);
    EXPECT_TRUE(verify(flat, unit(), *result));
}

TEST(Schedule, AddersChainWithinALongerPeriod) {
    const auto flat = flat_of(kChain);
    EXPECT_EQ(schedule(flat, unit(), {.clock_mhz = 500})->latency_cycles, 3);
    EXPECT_EQ(schedule(flat, unit(), {.clock_mhz = 333})->latency_cycles, 2);
    const auto bare = schedule(
        flat, unit(), {.clock_mhz = 333, .register_inputs = false, .register_outputs = false});
    EXPECT_EQ(bare->latency_cycles, 0);
    EXPECT_EQ(bare->register_bits, 0);
    EXPECT_TRUE(verify(flat, unit(), *bare));
}

TEST(Schedule, ALatencyIsMetAtTheBestClock) {
    const auto flat = flat_of(kChain);
    for (const auto& [cycles, period] :
         {std::pair{2, 3000.0}, {3, 2000.0}, {4, 1000.0}, {6, 1000.0}}) {
        const auto exactly = schedule(flat, unit(), {.stages = cycles});
        ASSERT_TRUE(exactly);
        EXPECT_EQ(exactly->latency_cycles, cycles);
        EXPECT_NEAR(1e6 / exactly->clock_mhz, period, 1.0);
        const Status status = verify(flat, unit(), *exactly);
        EXPECT_TRUE(status) << status.error().message;
        const auto at_most = schedule(flat, unit(), {.latency_cycles = cycles});
        ASSERT_TRUE(at_most);
        EXPECT_EQ(at_most->latency_cycles, std::min(cycles, 4));  // four are all it can use
        EXPECT_DOUBLE_EQ(at_most->clock_mhz, exactly->clock_mhz);
    }
    EXPECT_FALSE(schedule(flat, unit(), {.latency_cycles = 1}));
    EXPECT_FALSE(schedule(flat, unit(), {.stages = 1}));
    EXPECT_FALSE(schedule(flat, unit(), {.clock_mhz = 1000, .latency_cycles = 3}));
    EXPECT_FALSE(schedule(flat, unit(), {.clock_mhz = 1000, .stages = 3}));
    EXPECT_EQ(schedule(flat, unit(), {.clock_mhz = 1000, .stages = 5})->latency_cycles, 5);
}

// 1000 ps per adder, three adders in a row. A budget of n cycles at n / budget: 2 cycles need a
// period of 3000 ps (6 ns), 3 need 2000 ps (6 ns), 4 need 1000 ps (4 ns).
TEST(Schedule, ATimeBudgetIsMetAtTheLowestClock) {
    const auto flat = flat_of(kChain);
    for (const auto& [budget_ns, cycles] : {std::pair{12.0, 2}, {6.0, 2}, {5.9, 4}, {4.0, 4}}) {
        const auto result = schedule(flat, unit(), {.latency_ns = budget_ns});
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->latency_cycles, cycles);
        EXPECT_NEAR(result->clock_mhz, 1e3 * cycles / budget_ns, 1e-6);
        EXPECT_TRUE(verify(flat, unit(), *result));
    }
    const auto never = schedule(flat, unit(), {.latency_ns = 3.9});
    ASSERT_FALSE(never);
    EXPECT_NE(never.error().message.find("the best found is 4.0 ns"), std::string::npos)
        << never.error().message;
}

TEST(Schedule, AClockTheSlowestOperationCannotMeetIsLowered) {
    const auto flat = flat_of(kChain);
    const auto result = schedule(flat, unit(), {.clock_mhz = 2000});
    ASSERT_TRUE(result);
    EXPECT_NEAR(result->clock_mhz, 1000, 1e-6);
    EXPECT_EQ(result->requested_mhz, 2000);
    EXPECT_TRUE(verify(flat, unit(), *result));
    const auto device = find_device("vu13p");
    const auto beyond = schedule(flat, *device, {.clock_mhz = 800});
    ASSERT_FALSE(beyond);
    EXPECT_NE(beyond.error().message.find("775"), std::string::npos) << beyond.error().message;
}

// Two sums of the same long-lived inputs, needed late: as early as possible holds both for long.
TEST(Schedule, ASumOfLongLivedValuesMovesToItsUse) {
    const auto flat = flat_of(R"(program late
%0 = input s8.0
%1 = input s8.0
%2 = add s9.0 %0 %1
%3 = add s10.0 %2 %1
%4 = add s11.0 %3 %0
%5 = add s12.0 %4 %1
%6 = sub s9.0 %0 %1
%7 = add s13.0 %5 %6
output %7
)");
    ScheduleStats stats;
    const auto result = schedule(flat, unit(), {.clock_mhz = 1000}, &stats);
    ASSERT_TRUE(result);
    // %5 uses %1 in cycle 4 anyway. Held back from cycle 1 to 4, %6 saves 9 bits three times and
    // keeps the 8 bits of %0 (used in cycle 3) for one cycle more.
    EXPECT_EQ(result->cycle[6], 4);
    EXPECT_EQ(stats.register_bits_asap - result->register_bits, 3 * 9 - 8);
    EXPECT_TRUE(verify(flat, unit(), *result));
}

TEST(Schedule, ShiftsAndTruncationTakeNoTime) {
    const auto flat = flat_of(R"(program wires
%0 = input s8.4
%1 = cast s6.2 TRN WRAP %0
%2 = slice u3.0 %1 >> 2
output %2
)");
    const auto device = find_device("vu13p");
    const auto result = schedule(flat, *device, {});
    ASSERT_TRUE(result);
    EXPECT_DOUBLE_EQ(result->critical_ps, device->register_ps);
    EXPECT_EQ(result->latency_cycles, 2);
    EXPECT_DOUBLE_EQ(result->clock_mhz, kDefaultClockMhz);
}

TEST(Schedule, RandomProgramsVerifyAtEveryClockAndLatency) {
    Rng rng(testing::test_seed(11));
    std::int64_t asap = 0;
    std::int64_t kept = 0;
    for (int trial = 0; trial < 150; ++trial) {
        const auto flat = flat_of(testing::random_program(rng, {.nodes = 60, .max_width = 24}));
        const auto devices = all_devices();
        const Device& device = devices[rng.below(devices.size())];
        ScheduleParams params;
        if (rng.chance(0.5)) {
            params.clock_mhz = device.max_clock_mhz * (0.05 + 0.95 * rng.unit());
        } else {
            params.latency_cycles = static_cast<int>(rng.between(2, 12));
        }
        params.register_inputs = rng.chance(0.8);
        params.register_outputs = rng.chance(0.8);
        ScheduleStats stats;
        const auto result = schedule(flat, device, params, &stats);
        ASSERT_TRUE(result) << result.error().message;
        const Status status = verify(flat, device, *result);
        ASSERT_TRUE(status) << status.error().message;
        const auto by_kernel = register_bits_by_kernel(flat, 1, *result);
        EXPECT_EQ(by_kernel[0] + by_kernel[1], result->register_bits);
        asap += stats.register_bits_asap;
        kept += result->register_bits;
    }
    EXPECT_LT(kept, asap);
    RecordProperty("register_bits", std::to_string(kept) + " of " + std::to_string(asap));
}

// Any single cycle moved by one breaks causality, the period, a count, or a recorded time.
TEST(Verify, CatchesEveryMovedOperation) {
    Rng rng(testing::test_seed(12));
    for (int trial = 0; trial < 20; ++trial) {
        const auto flat = flat_of(kChain);
        const auto good = schedule(flat, unit(), {.clock_mhz = 500});
        ASSERT_TRUE(verify(flat, unit(), *good));
        Schedule bad = *good;
        const std::size_t node = rng.below(flat.program.size());
        bad.cycle[node] += rng.chance(0.5) ? 1 : -1;
        EXPECT_FALSE(verify(flat, unit(), bad)) << "value " << node;
    }
}

TEST(Verify, CatchesADroppedRegisterAndAWrongTotal) {
    const auto flat = flat_of(kChain);
    const auto good = schedule(flat, unit(), {.clock_mhz = 500});
    const auto broken = [&](auto change) {
        Schedule bad = *good;
        change(bad);
        return !verify(flat, unit(), bad).has_value();
    };
    EXPECT_TRUE(broken([](Schedule& s) { s.latency_cycles -= 1; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.latency_cycles -= 2; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.register_bits -= 8; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.clock_mhz *= 2; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.arrival_ps[5] = 0; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.critical_ps = 1; }));
    EXPECT_TRUE(broken([](Schedule& s) { s.cycle.pop_back(); }));
}

// A schedule with one operation moved passes the referee only if it is a schedule all the same:
// causal, in time, and with the register bits and times it claims.
TEST(Verify, CatchesMovedOperationsInRandomPrograms) {
    Rng rng(testing::test_seed(13));
    int caught = 0;
    int moved = 0;
    for (int trial = 0; trial < 400; ++trial) {
        const auto flat = flat_of(testing::random_program(rng, {.nodes = 40}));
        const auto devices = all_devices();
        Device device = devices[rng.below(devices.size())];
        device.fanout_growth = {{1, 10}, {1, 2}};
        ScheduleParams params;
        params.clock_mhz = device.max_clock_mhz * (0.2 + 0.8 * rng.unit());
        params.register_fanout = static_cast<int>(rng.below(4));
        const auto good = schedule(flat, device, params);
        ASSERT_TRUE(good) << good.error().message;
        ASSERT_TRUE(verify(flat, device, *good)) << verify(flat, device, *good).error().message;
        const Problem problem =
            make_problem(flat.program, loaded_device(flat.program, device), params);
        std::size_t node = flat.program.size();
        while (node-- > 0 && (!problem.live[node] || rng.chance(0.7))) {
        }
        if (node >= flat.program.size() || problem.is_input[node]) continue;
        ++moved;
        Schedule bad = *good;
        bad.cycle[node] += rng.chance(0.5) ? 1 : -1;
        const bool accepted = verify(flat, device, bad).has_value();
        caught += accepted ? 0 : 1;
        if (!accepted) continue;
        for (const std::uint32_t operand : problem.operands_of(node))
            EXPECT_LE(bad.cycle[operand], bad.cycle[node]);
        for (const std::uint32_t user : problem.users_of(node))
            EXPECT_GE(bad.cycle[user], bad.cycle[node]);
        EXPECT_EQ(count_register_bits(problem, bad.cycle, bad.latency_cycles),
                  good->register_bits - good->duplicate_bits);
        for (const double time : arrivals(problem, bad.cycle))
            EXPECT_LE(time, 1e6 / good->clock_mhz + 1e-3);
    }
    EXPECT_GT(caught, 0.9 * moved);
    EXPECT_GT(moved, 200);
}

// One value with five users in one cycle, two per register: three registers.
constexpr const char* kFan = R"(program fan
%0 = input s8.0
%1 = input s8.0
%2 = add s9.0 %0 %1
%3 = add s10.0 %2 %2
%4 = sub s11.0 %2 %2 << 1
%5 = add s11.0 %2 %2 << 1
%6 = add s12.0 %2 %2 << 2
%7 = sub s12.0 %2 %2 << 2
output %3
output %4
output %5
output %6
output %7
)";

TEST(Fanout, RegistersAreCopiedForTheUsersBeyondTheLimit) {
    const auto flat = flat_of(kFan);
    const auto shared = schedule(flat, unit(), {.clock_mhz = 1000});
    const auto copied = schedule(flat, unit(), {.clock_mhz = 1000, .register_fanout = 2});
    ASSERT_TRUE(shared && copied);
    EXPECT_EQ(shared->duplicate_bits, 0);
    EXPECT_EQ(copied->duplicate_bits, 2 * 9);
    EXPECT_EQ(copied->register_bits, shared->register_bits + 18);
    EXPECT_TRUE(verify(flat, unit(), *copied));
    Schedule bad = *copied;
    bad.register_fanout = 1;
    EXPECT_FALSE(verify(flat, unit(), bad));
    bad = *copied;
    bad.duplicate_bits = 9;
    EXPECT_FALSE(verify(flat, unit(), bad));
}

// Nets of 100 ps to one user, 200 ps to five; adders of 1000 ps. With five users on one register a
// stage takes 1200 ps, with at most one on each 1100 ps.
TEST(Fanout, NetsToManyUsersAreSlower) {
    const auto flat = flat_of(kFan);
    Device device = unit();
    device.net_ps = 100;
    device.fanout_growth = {{1, 5}, {1, 2}};
    const auto best_period = [&](int limit) {
        const auto result = schedule(flat, device, {.stages = 9, .register_fanout = limit});
        EXPECT_TRUE(verify(flat, device, *result));
        return 1e6 / result->clock_mhz;
    };
    EXPECT_NEAR(best_period(0), 1200, 1e-6);
    EXPECT_NEAR(best_period(1), 1100, 1e-6);
}

TEST(CriticalPaths, NameTheOperationsOfEachCycle) {
    const auto flat = flat_of(kChain);
    Device device = unit();
    device.net_ps = 50;
    device.register_ps = 100;
    const auto result = schedule(flat, device, {.stages = 3});
    ASSERT_TRUE(result);
    const auto paths = critical_paths(flat, device, *result);
    ASSERT_EQ(paths.size(), 2U);  // three adders in two cycles
    double longest = 0;
    std::size_t steps = 0;
    for (const CriticalPath& path : paths) {
        double time = device.register_ps;
        for (const PathStep& step : path.steps) {
            time += step.net_ps + step.delay_ps;
            EXPECT_NEAR(step.arrival_ps, time, 1e-6);
        }
        EXPECT_NEAR(path.arrival_ps, time, 1e-6);
        longest = std::max(longest, time);
        steps += path.steps.size();
    }
    EXPECT_EQ(steps, 3U);
    EXPECT_NEAR(longest, result->critical_ps, 1e-6);
    EXPECT_NEAR(longest, 100 + 2 * 1050, 1e-6);
}

}  // namespace
}  // namespace gatewright::schedule
