// SPDX-License-Identifier: Apache-2.0
#include "cmvm/ternary.h"

#include <gtest/gtest.h>

#include "cmvm/solve.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Integer;
using fixed::Interval;

const Interval kByte{-128, 127, 0};

TEST(FuseTernary, MakesOneAdderOfThreeTerms) {
    // (x + y) + z of bytes: 9 + 10 cells in two adders, 10 in one.
    const AdderGraph graph{3, {{0, 1, 0, 0, false}, {3, 2, 0, 0, false}}, {{4, 0, false}}};
    const std::vector<Interval> inputs(3, kByte);
    EXPECT_EQ(carry_cells(graph, inputs), 19);
    const AdderGraph fused = fuse_ternary(graph, inputs);
    ASSERT_EQ(fused.nodes.size(), 1U);
    EXPECT_TRUE(fused.nodes[0].is_ternary());
    EXPECT_EQ(carry_cells(fused, inputs), 10);
    EXPECT_EQ(depth(fused), 1);
}

TEST(FuseTernary, LeavesAnAdderThatIsReadTwice) {
    // x + y is an output too.
    const AdderGraph graph{
        3, {{0, 1, 0, 0, false}, {3, 2, 0, 0, false}}, {{4, 0, false}, {3, 0, false}}};
    EXPECT_EQ(fuse_ternary(graph, std::vector<Interval>(3, kByte)).nodes, graph.nodes);
}

TEST(FuseTernary, KeepsAnAddedOperandFirst) {
    // z - 4·(x - y) = z - 4x + 4y.
    const AdderGraph graph{3, {{0, 1, 0, 0, true}, {2, 3, 0, 2, true}}, {{4, 0, false}}};
    const AdderGraph fused = fuse_ternary(graph, std::vector<Interval>(3, kByte));
    ASSERT_EQ(fused.nodes.size(), 1U);
    EXPECT_EQ(evaluate_symbolically(fused), evaluate_symbolically(graph));
}

TEST(FuseTernary, PairsAChainFromItsEnds) {
    // A chain of four adders holds two pairs; a greedy choice of the middle one would leave one.
    AdderGraph graph{5, {}, {}};
    for (std::int32_t k = 0; k < 4; ++k)
        graph.nodes.push_back({k == 0 ? 0 : 4 + k, k + 1, 0, 0, false});
    graph.outputs = {{8, 0, false}};
    EXPECT_EQ(fuse_ternary(graph, std::vector<Interval>(5, kByte)).nodes.size(), 2U);
}

TEST(FuseTernary, KeepsTheMatrixAndSavesCells) {
    Rng rng(testing::test_seed(59));
    for (int round = 0; round < 60; ++round) {
        Matrix m{1 + rng.below(6), 1 + rng.below(6), {}};
        for (std::size_t k = 0; k < m.rows * m.columns; ++k)
            m.entries.push_back(rng.between(-100, 100));
        std::vector<Interval> inputs;
        for (std::size_t i = 0; i < m.rows; ++i)
            inputs.push_back(
                {rng.between(-99, 0), rng.between(1, 99), static_cast<int>(rng.below(4))});
        SolveParams params;
        params.effort = 0;
        const AdderGraph graph = solve(m, inputs, params);
        const AdderGraph fused = fuse_ternary(graph, inputs);
        ASSERT_EQ(evaluate_symbolically(fused), evaluate_symbolically(graph));
        ASSERT_LE(carry_cells(fused, inputs), carry_cells(graph, inputs));
        ASSERT_LE(depth(fused), depth(graph));
        std::size_t adders = 0;
        for (const AdderNode& node : fused.nodes) adders += node.is_ternary() ? 2U : 1U;
        ASSERT_EQ(adders, graph.nodes.size());
    }
}

}  // namespace
}  // namespace gatewright::cmvm
