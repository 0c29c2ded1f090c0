// SPDX-License-Identifier: Apache-2.0
#include "cmvm/tiny_exact.h"

#include <gtest/gtest.h>

#include "cmvm/single_constants.h"
#include "cmvm/solve.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

const Interval kByte{-128, 127, 0};
constexpr std::int64_t kAnyCost = 1 << 20;

AdderGraph plain(const Matrix& matrix, std::span<const Interval> inputs) {
    SolveParams params;
    params.effort = 0;
    return solve(matrix, inputs, params);
}

TEST(SolveTiny, ProvesTheTableOfSingleConstants) {
    const std::vector<Interval> inputs{kByte};
    const InputGrid grid = *InputGrid::make(inputs);
    for (std::int64_t constant = 3; constant < 128; constant += 2) {
        const AdderGraph graph = plain({1, 1, {constant}}, inputs);
        const std::size_t adders = SingleConstants::table().chain(constant).size();
        TinyStats stats;
        const auto fewer =
            solve_tiny(graph, grid, {9, adders - 1, kAnyCost, 10'000'000, {}}, &stats);
        EXPECT_TRUE(stats.complete);
        EXPECT_FALSE(fewer.has_value()) << constant;
        const auto found = solve_tiny(graph, grid, {9, adders, kAnyCost, 10'000'000, {}});
        ASSERT_TRUE(found.has_value()) << constant;
        EXPECT_TRUE(computes(*found, {1, 1, {constant}}));
    }
}

TEST(SolveTiny, KeepsTheMatrixTheDepthAndThePrice) {
    Rng rng(testing::test_seed(61));
    int found = 0;
    for (int round = 0; round < 200; ++round) {
        Matrix m{1 + rng.below(3), 1 + rng.below(2), {}};
        for (std::size_t k = 0; k < m.rows * m.columns; ++k)
            m.entries.push_back(rng.between(-12, 12));
        std::vector<Interval> inputs;
        std::vector<int> arrival;
        for (std::size_t i = 0; i < m.rows; ++i) {
            inputs.push_back(
                {rng.between(-99, 20), rng.between(21, 99), static_cast<int>(rng.below(4))});
            arrival.push_back(static_cast<int>(rng.below(3)));
        }
        SolveParams params;
        params.effort = 0;
        const AdderGraph graph = solve(m, inputs, params, nullptr, arrival);
        const std::int64_t price = cost(graph, inputs);
        const int limit = depth(graph, arrival);
        const InputGrid grid = *InputGrid::make(inputs);
        const auto better =
            solve_tiny(graph, grid, {limit, graph.nodes.size(), price, 20'000, arrival});
        if (!better) continue;
        ++found;
        ASSERT_TRUE(computes(*better, m));
        ASSERT_LT(cost(*better, inputs), price);
        ASSERT_LE(depth(*better, arrival), limit);
    }
    EXPECT_GT(found, 20);
}

TEST(SolveTiny, FindsWhatNoSharedDigitsLeadTo) {
    // 7x + 7y and 7x + 8y + z: the second is the first plus (y + z): four adders. The digits of
    // both are (8 - 1)x + (8 - 1)y and (8 - 1)x + 8y + z.
    const Matrix m{3, 2, {7, 7, 7, 8, 0, 1}};
    const std::vector<Interval> inputs(3, kByte);
    const InputGrid grid = *InputGrid::make(inputs);
    const auto found = solve_tiny(plain(m, inputs), grid, {9, 4, kAnyCost, 50'000'000, {}});
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(computes(*found, m));
    EXPECT_EQ(found->nodes.size(), 4U);
}

TEST(SolveTiny, RefusesLargeProblems) {
    const std::vector<Interval> inputs(5, kByte);
    const InputGrid grid = *InputGrid::make(inputs);
    const Matrix m{5, 1, {1, 1, 1, 1, 1}};
    EXPECT_FALSE(solve_tiny(plain(m, inputs), grid, {9, 4, kAnyCost, 100, {}}).has_value());
}

}  // namespace
}  // namespace gatewright::cmvm
