// SPDX-License-Identifier: Apache-2.0
#include "cmvm/resynthesis.h"

#include <gtest/gtest.h>

#include "cmvm/orientation.h"
#include "cmvm/solve.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

const Interval kByte{-128, 127, 0};

AdderGraph plain_trees(const Matrix& matrix, std::span<const Interval> inputs,
                       std::span<const int> arrival = {}) {
    SolveParams params;
    params.effort = 0;
    return solve(matrix, inputs, params, nullptr, arrival);
}

TEST(Resynthesis, KeepsANetworkConsistentAndItsOwnCount) {
    Rng rng(testing::test_seed(67));
    for (int round = 0; round < 40; ++round) {
        Matrix m{1 + rng.below(6), 1 + rng.below(6), {}};
        for (std::size_t k = 0; k < m.rows * m.columns; ++k)
            m.entries.push_back(rng.chance(0.2) ? 0 : rng.between(-300, 300));
        std::vector<Interval> inputs;
        std::vector<int> arrival;
        for (std::size_t i = 0; i < m.rows; ++i) {
            inputs.push_back(
                {rng.between(-99, 20), rng.between(21, 99), static_cast<int>(rng.below(4))});
            arrival.push_back(static_cast<int>(rng.below(3)));
        }
        const AdderGraph graph = plain_trees(m, inputs, arrival);
        const InputGrid grid = *InputGrid::make(inputs);
        auto network = SumNetwork::make(graph, grid, arrival, depth(graph, arrival) + 1);
        ASSERT_TRUE(network.has_value());
        ASSERT_TRUE(network->is_consistent());
        const ResynthesisStats stats = resynthesise(*network, {200'000, 16, rng.next()});
        ASSERT_TRUE(network->is_consistent());
        EXPECT_LE(stats.after, stats.before);
        EXPECT_LE(stats.accepted, stats.steps);
        const AdderGraph result = network->graph(8);
        ASSERT_TRUE(computes(result, m));
        // The search weighs long sums a little too high, never too low.
        EXPECT_LE(cost(result, inputs), stats.after);
    }
}

TEST(Resynthesis, ReachesTheKnownOptimumOfASharedSum) {
    // Three outputs that share 5·(x + y): plain trees take 4 + 5 + 5 adders; 5·(x + y) takes two,
    // each further output one.
    const Matrix m{3, 3, {5, 5, 5, 5, 5, 5, 0, 1, -1}};
    const std::vector<Interval> inputs(3, kByte);
    const AdderGraph graph = plain_trees(m, inputs);
    const InputGrid grid = *InputGrid::make(inputs);
    auto network = SumNetwork::make(graph, grid, {}, 3);
    ASSERT_TRUE(network.has_value());
    resynthesise(*network, {200'000, 16, 1});
    EXPECT_EQ(network->graph(8).nodes.size(), 4U);
}

TEST(SumNetwork, NoticesATermThatIsLost) {
    const Matrix m{2, 1, {3, 5}};
    const std::vector<Interval> inputs(2, kByte);
    const InputGrid grid = *InputGrid::make(inputs);
    auto network = SumNetwork::make(plain_trees(m, inputs), grid, {}, 3);
    ASSERT_TRUE(network.has_value());
    ASSERT_TRUE(network->is_consistent());
    const std::int32_t row = network->inputs();
    std::vector<Digit> terms = (*network)[row].terms;
    terms.pop_back();
    network->set_terms(row, terms);
    EXPECT_FALSE(network->is_consistent());
}

TEST(SumNetwork, RefusesGraphsThatAreTooDeep) {
    const Matrix m{1, 1, {0b10101}};
    const std::vector<Interval> inputs(1, kByte);
    const InputGrid grid = *InputGrid::make(inputs);
    const AdderGraph graph = plain_trees(m, inputs);
    EXPECT_FALSE(SumNetwork::make(graph, grid, {}, 1).has_value());
    EXPECT_TRUE(SumNetwork::make(graph, grid, {}, 2).has_value());
}

TEST(Orientation, TurnsAValueThatItsReadersWantNegated) {
    // u = 16·y - x, read as -u by both outputs -u and z - u: kept as x - 16·y it costs 4 cells
    // less, and the negation goes.
    const AdderGraph graph{
        3, {{1, 0, 4, 0, true}, {2, 3, 0, 0, true}}, {{3, 0, true}, {4, 0, false}}};
    const std::vector<Interval> inputs(3, kByte);
    const InputGrid grid = *InputGrid::make(inputs);
    auto network = SumNetwork::make(graph, grid, {}, 2);
    ASSERT_TRUE(network.has_value());
    SumTrees trees(grid);
    const std::int64_t before = cost(graph, inputs);
    const std::int64_t saved = orient(*network, trees);
    const AdderGraph turned = network->graph(8);
    EXPECT_EQ(negation_cells(turned, inputs), 0);
    EXPECT_GE(saved, 4 + 13);
    EXPECT_EQ(cost(turned, inputs), before - saved);
    EXPECT_EQ(evaluate_symbolically(turned), evaluate_symbolically(graph));
}

}  // namespace
}  // namespace gatewright::cmvm
