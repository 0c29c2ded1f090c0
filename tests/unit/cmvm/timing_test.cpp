// SPDX-License-Identifier: Apache-2.0
#include "cmvm/timing.h"

#include <gtest/gtest.h>

#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

const fixed::Interval kByte{-128, 127, 0};

std::vector<fixed::Interval> bytes(const Matrix& m) {
    return std::vector<fixed::Interval>(m.rows, kByte);
}

Matrix random_matrix(std::size_t rows, std::size_t columns, Rng& rng) {
    Matrix m{rows, columns, {}};
    for (std::size_t k = 0; k < rows * columns; ++k)
        m.entries.push_back(rng.chance(0.2) ? 0 : rng.between(-100, 100));
    return m;
}

// Output 0 is x0 + x1 + x2 + x3, where x3 comes at level 2: 1 + max(2, levels of the other three)
// = 3. Output 1 is x0 - x1: 1. Output 2 is 4·x3: no adder.
TEST(Timing, LeastLevelsAreThoseOfTheBestTrees) {
    const Matrix m{4, 3, {1, 1, 0, 1, -1, 0, 1, 0, 0, 1, 0, 4}};
    EXPECT_EQ(least_levels(m, bytes(m)), (std::vector<int>{2, 1, 0}));
    const std::vector<int> arrival = {0, 0, 0, 2};
    EXPECT_EQ(least_levels(m, bytes(m), arrival), (std::vector<int>{3, 1, 2}));
}

TEST(Timing, EveryOutputIsThereByItsDeadline) {
    Rng rng(testing::test_seed(61));
    for (int round = 0; round < 80; ++round) {
        const Matrix m = random_matrix(1 + rng.below(7), 1 + rng.below(7), rng);
        std::vector<int> arrival;
        for (std::size_t i = 0; i < m.rows && round % 2 == 0; ++i)
            arrival.push_back(static_cast<int>(rng.below(5)));
        const std::vector<int> least = least_levels(m, bytes(m), arrival);
        std::vector<int> deadlines;
        for (const int level : least)
            deadlines.push_back(rng.chance(0.2) ? kNoDeadline
                                                : level + static_cast<int>(rng.below(3)));
        SolveParams params;
        params.effort = static_cast<int>(rng.below(2));
        params.seed = static_cast<std::uint64_t>(round);
        SolveStats stats;
        const AdderGraph graph = solve_timed(m, bytes(m), params, {arrival, deadlines}, &stats);
        ASSERT_TRUE(computes(graph, m));
        const std::vector<int> levels = output_levels(graph, arrival);
        for (std::size_t j = 0; j < m.columns; ++j) {
            EXPECT_GE(levels[j], least[j]) << j;
            EXPECT_LE(levels[j], deadlines[j]) << j;
        }
    }
}

// What cannot be met counts as the least level, and equal columns share the earlier deadline.
TEST(Timing, ADeadlineBelowTheLeastLevelGivesTheLeastLevel) {
    const Matrix m{3, 2, {5, 5, 3, 3, 7, 7}};
    const std::vector<int> deadlines = {0, kNoDeadline};
    const AdderGraph graph = solve_timed(m, bytes(m), {}, {{}, deadlines});
    EXPECT_EQ(output_levels(graph), (std::vector<int>{3, 3}));  // 2 + 2 + 2 digits
}

// One output in a hurry costs less than all of them: the others keep their slack.
TEST(Timing, OneEarlyOutputCostsNoMoreThanAllEarly) {
    Rng rng(testing::test_seed(62));
    std::int64_t one = 0;
    std::int64_t all = 0;
    for (int round = 0; round < 10; ++round) {
        const Matrix m = random_matrix(6, 6, rng);
        const std::vector<int> least = least_levels(m, bytes(m));
        std::vector<int> deadlines(m.columns, *std::max_element(least.begin(), least.end()) + 2);
        deadlines[0] = least[0];
        one += cost(solve_timed(m, bytes(m), {}, {{}, deadlines}), bytes(m));
        all += cost(solve_timed(m, bytes(m), {}, {{}, least}), bytes(m));
    }
    EXPECT_LT(one, all);
}

// A column is four times another plus one input; a row is twice another plus one entry. One more
// adder each than without, though written out they would cost many.
TEST(Timing, ScaledDifferencesOfColumnsAndRowsCostOneAdder) {
    Rng rng(testing::test_seed(63));
    SolveParams params;
    params.max_depth = 8;
    params.effort = 2;
    for (int round = 0; round < 5; ++round) {
        Matrix column{6, 1, {}};
        for (int i = 0; i < 6; ++i) column.entries.push_back(2 * rng.between(20, 60) + 1);
        Matrix both{6, 2, {}};
        for (std::size_t i = 0; i < 6; ++i) {
            both.entries.push_back(column.entries[i]);
            both.entries.push_back(4 * column.entries[i] + (i == 0 ? 1 : 0));
        }
        SolveStats one;
        SolveStats two;
        solve(column, bytes(column), params, &one);
        solve(both, bytes(both), params, &two);
        EXPECT_LE(two.adders, one.adders + 1);

        const Matrix row{1, 6, column.entries};
        Matrix rows{2, 6, column.entries};
        for (std::size_t j = 0; j < 6; ++j)
            rows.entries.push_back(2 * column.entries[j] + (j == 0 ? 1 : 0));
        solve(row, bytes(row), params, &one);
        solve(rows, bytes(rows), params, &two);
        EXPECT_LE(two.adders, one.adders + 2);
    }
}

}  // namespace
}  // namespace gatewright::cmvm
