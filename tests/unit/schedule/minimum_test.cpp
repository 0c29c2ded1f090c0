// SPDX-License-Identifier: Apache-2.0
//
// The exact register minimisation against exhaustive search: every assignment of cycles to the
// operations of a small program is tried.
#include <gtest/gtest.h>

#include <limits>

#include "schedule/problem.h"
#include "schedule/tension.h"
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

// Fewest register bits over all schedules of the period and latency, by trying them all.
class Exhaustive {
  public:
    Exhaustive(const Problem& problem, double period_ps, std::int32_t latency)
        : problem_(problem), period_ps_(period_ps), latency_(latency), cycles_(problem.size(), 0) {}

    std::int64_t best() {
        place(0);
        return best_;
    }
    /// How many assignments there are to try, at most.
    [[nodiscard]] double size() const {
        double size = 1;
        for (std::size_t i = 0; i < problem_.size(); ++i) {
            if (problem_.live[i] && !problem_.is_input[i])
                size *= latency_ - problem_.output_registers - problem_.input_cycle + 1;
        }
        return size;
    }

  private:
    void place(std::size_t node) {
        while (node < problem_.size() && (!problem_.live[node] || problem_.is_input[node])) {
            if (problem_.is_input[node]) cycles_[node] = problem_.input_cycle;
            ++node;
        }
        if (node == problem_.size()) {
            const auto arrival = arrivals(problem_, cycles_);
            for (const double time : arrival)
                if (time > period_ps_ + 1e-6) return;
            best_ = std::min(best_, count_register_bits(problem_, cycles_, latency_));
            return;
        }
        std::int32_t first = problem_.input_cycle;
        for (const std::uint32_t operand : problem_.operands_of(node))
            first = std::max(first, cycles_[operand]);
        for (std::int32_t c = first; c <= latency_ - problem_.output_registers; ++c) {
            cycles_[node] = c;
            place(node + 1);
        }
    }

    const Problem& problem_;
    const double period_ps_;
    const std::int32_t latency_;
    Cycles cycles_;
    std::int64_t best_ = std::numeric_limits<std::int64_t>::max();
};

TEST(Minimum, EqualsExhaustiveSearchOnSmallPrograms) {
    Rng rng(testing::test_seed(31));
    int compared = 0;
    int better_than_local = 0;
    while (compared < 250) {
        const auto flat = flat_of(
            testing::random_program(rng, {.inputs = 3, .nodes = 11, .outputs = 2, .max_width = 9}));
        Device device = rng.chance(0.5) ? *find_device("unit") : *find_device("vu13p");
        if (rng.chance(0.5)) device.fanout_growth = {{1, 4}, {1, 2}};
        ScheduleParams params;
        params.register_inputs = rng.chance(0.7);
        params.register_outputs = rng.chance(0.7);
        params.stages = static_cast<int>(rng.between(2, 5));
        ScheduleStats stats;
        const auto result = schedule(flat, device, params, &stats);
        ASSERT_TRUE(result) << result.error().message;
        const Problem problem =
            make_problem(flat.program, loaded_device(flat.program, device), params);
        Exhaustive all(problem, 1e6 / result->clock_mhz, result->latency_cycles);
        if (all.size() > 20000 || all.size() < 2) continue;
        ++compared;
        EXPECT_TRUE(result->fewest_registers);
        EXPECT_EQ(result->register_bits, all.best());
        EXPECT_LE(result->register_bits, stats.register_bits_local);
        better_than_local += result->register_bits < stats.register_bits_local ? 1 : 0;
        EXPECT_TRUE(verify(flat, device, *result));
    }
    RecordProperty("better_than_local", better_than_local);
}

// Without output register and with one cycle less, no schedule may exist: fewest stages means that
// the next shorter latency has none at all.
TEST(Minimum, NoScheduleExistsWithOneStageLess) {
    Rng rng(testing::test_seed(32));
    for (int compared = 0; compared < 100;) {
        const auto flat = flat_of(
            testing::random_program(rng, {.inputs = 3, .nodes = 12, .outputs = 2, .max_width = 9}));
        const Device device = *find_device("unit");
        ScheduleParams params;
        params.clock_mhz = 1e6 / static_cast<double>(rng.between(1, 3) * 1000);
        const auto result = schedule(flat, device, params);
        ASSERT_TRUE(result) << result.error().message;
        if (result->latency_cycles <= 2) continue;
        const Problem problem =
            make_problem(flat.program, loaded_device(flat.program, device), params);
        Exhaustive all(problem, 1e6 / result->clock_mhz, result->latency_cycles - 1);
        if (all.size() > 50000) continue;
        ++compared;
        EXPECT_EQ(all.best(), std::numeric_limits<std::int64_t>::max());
    }
}

TEST(Minimum, StopsAnywhereWithAScheduleNoWorseThanItsStart) {
    Rng rng(testing::test_seed(33));
    for (int trial = 0; trial < 30; ++trial) {
        const auto flat = flat_of(testing::random_program(rng, {.nodes = 120, .max_width = 20}));
        const Device device = *find_device("vu13p");
        std::int64_t before = std::numeric_limits<std::int64_t>::max();
        for (const std::int64_t steps : {0, 1, 2, 4, 1000}) {
            ScheduleParams params;
            params.stages = 12;
            params.sweeps = 0;
            params.minimum_steps = steps;
            const auto result = schedule(flat, device, params);
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_LE(result->register_bits, before);
            EXPECT_TRUE(verify(flat, device, *result));
            before = result->register_bits;
        }
    }
}

// a -> b at least 2 apart, weight 3 on a and -3 on b: they move together until b is held by c.
TEST(Tension, TheFlowProvesThePotentials) {
    Tension tension({0, 0, 5, 9});
    tension.add_weight(1, 3);
    tension.add_weight(2, -3);
    tension.add_arc({1, 2, 2});
    tension.add_arc({2, 3, 1});
    tension.add_arc({3, 0, -9});
    const auto free = [](const std::vector<std::int32_t>&) { return std::vector<Tension::Arc>{}; };
    const auto outcome = tension.solve(free, 100);
    EXPECT_TRUE(outcome.is_optimal);
    EXPECT_EQ(tension.potential()[2] - tension.potential()[1], 2);
    EXPECT_EQ(tension.flow_cost(), 6);
}

TEST(Tension, AConstraintFoundOnTheWayIsKept) {
    Tension tension({0, 0, 9});
    tension.add_weight(1, 1);
    tension.add_weight(2, -1);
    tension.add_arc({1, 2, 0});
    const auto at_least_four = [](const std::vector<std::int32_t>& p) {
        std::vector<Tension::Arc> broken;
        if (p[2] - p[1] < 4) broken.push_back({1, 2, 4});
        return broken;
    };
    EXPECT_TRUE(tension.solve(at_least_four, 100).is_optimal);
    EXPECT_EQ(tension.potential()[2] - tension.potential()[1], 4);
    EXPECT_EQ(tension.flow_cost(), 4);
}

}  // namespace
}  // namespace gatewright::schedule
