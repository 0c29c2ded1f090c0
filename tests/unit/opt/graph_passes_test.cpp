// SPDX-License-Identifier: Apache-2.0
#include "opt/graph_passes.h"

#include <gtest/gtest.h>

#include "layers/affine.h"
#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/quantize.h"
#include "layers/relu.h"
#include "support/seed.h"

namespace gatewright::opt {
namespace {

using fixed::Dyadic;
using layers::Affine;
using layers::Dense;
using layers::Quantize;
using layers::Relu;
using model::Graph;
using model::Values;

constexpr fixed::Cast kType{{true, 8, 3}, fixed::Round::kRnd, fixed::Overflow::kSat, 0};

LayerId add_input(Graph& graph, std::int64_t size) {
    layers::Input input;
    input.shape = {size};
    input.type = {kType};
    return graph.add("x", "", std::move(input), {});
}

Dense dense_2x2(int a, int b, int c, int d) {
    Dense dense;
    dense.kernel = Values({2, 2});
    dense.kernel.data = {Dyadic(a), Dyadic(b), Dyadic(c), Dyadic(d)};
    return dense;
}

// The output's exact values for x = (3/8, -5/8).
std::vector<Dyadic> evaluate(const Graph& graph) {
    Values x({2});
    x.data = {Dyadic(3, -3), Dyadic(-5, -3)};
    const auto values = evaluate_reference(graph, std::vector<Values>{x});
    return values[graph.outputs()[0].index()].data;
}

TEST(Fuse, MovesPowerOfTwoScalesIntoTheWeights) {
    Graph graph;
    const LayerId dense = graph.add("d", "", dense_2x2(3, 5, -1, 7), {add_input(graph, 2)});
    Affine affine;
    affine.scale = {Dyadic(1, -1), Dyadic(-1, 2)};
    affine.offset = {Dyadic(1), Dyadic(3)};
    graph.add_output(graph.add("bn", "", affine, {dense}));
    FuseStats stats;
    const Graph after = fuse(graph, &stats);
    EXPECT_EQ(stats.dense_affine, 1U);
    ASSERT_EQ(after.size(), 2U);
    EXPECT_EQ(after[after.outputs()[0]].name, "bn");
    EXPECT_EQ(evaluate(after), evaluate(graph));
    // By hand: (9/8 + 5/8)/2 + 1 = 15/8 and -(15/8 - 35/8)·4 + 3 = 13.
    EXPECT_EQ(evaluate(after), (std::vector<Dyadic>{Dyadic(15, -3), Dyadic(13)}));
}

TEST(Fuse, MovesTheScalesOfChannelsIntoAConvolution) {
    Graph graph;
    layers::Input input;
    input.shape = {2, 1};
    input.type = {kType};
    layers::Conv conv;
    conv.kernel = Values({1, 1, 2}, {Dyadic(3), Dyadic(5)});
    const LayerId x = graph.add("x", "", std::move(input), {});
    const LayerId convolved = graph.add("c", "", std::move(conv), {x});
    Affine affine;
    affine.scale = {Dyadic(1, -1), Dyadic(4)};
    affine.offset = {Dyadic(0), Dyadic(1)};
    graph.add_output(graph.add("bn", "", affine, {convolved}));
    FuseStats stats;
    const Graph after = fuse(graph, &stats);
    EXPECT_EQ(stats.dense_affine, 1U);
    ASSERT_EQ(after.size(), 2U);
    const std::vector<Values> event{Values({2, 1}, {Dyadic(1), Dyadic(-2)})};
    const std::vector<Dyadic> by_hand{Dyadic(3, -1), Dyadic(21), Dyadic(-3), Dyadic(-39)};
    EXPECT_EQ(evaluate_reference(after, event)[after.outputs()[0].index()].data, by_hand);
    EXPECT_EQ(evaluate_reference(graph, event)[graph.outputs()[0].index()].data, by_hand);
}

TEST(Fuse, LeavesAScaleThatWouldCostMoreDigits) {
    // Weights 7 and 7: two digits each. 7 · 11 = 77 has four, and there are two rows to one scale.
    Graph graph;
    const LayerId dense = graph.add("d", "", dense_2x2(7, 7, 7, 7), {add_input(graph, 2)});
    Affine affine;
    affine.scale = {Dyadic(11)};
    graph.add_output(graph.add("a", "", affine, {dense}));
    FuseStats stats;
    EXPECT_EQ(fuse(graph, &stats).size(), 3U);
    EXPECT_EQ(stats.dense_affine, 0U);
}

TEST(Fuse, LeavesADenseLayerThatAnotherReads) {
    Graph graph;
    const LayerId dense = graph.add("d", "", dense_2x2(1, 2, 3, 4), {add_input(graph, 2)});
    Affine affine;
    affine.scale = {Dyadic(2)};
    graph.add_output(graph.add("a", "", affine, {dense}));
    graph.add_output(graph.add("r", "", Relu{}, {dense}));
    EXPECT_EQ(fuse(graph).size(), 4U);
}

TEST(Fuse, MergesAffinesAndDropsIdentities) {
    Graph graph;
    Affine doubled;
    doubled.scale = {Dyadic(2)};
    Affine shifted;
    shifted.offset = {Dyadic(1), Dyadic(-1)};
    LayerId at = graph.add("a", "", doubled, {add_input(graph, 2)});
    at = graph.add("b", "", shifted, {at});
    at = graph.add("same", "", Affine{}, {at});
    Quantize quantize;
    quantize.type = {kType};
    at = graph.add("q", "", quantize, {at});
    at = graph.add("q_again", "", quantize, {at});
    at = graph.add("r", "", Relu{}, {at});
    at = graph.add("r_again", "", Relu{}, {at});
    graph.add_output(graph.add("end", "", doubled, {at}));
    FuseStats stats;
    const Graph after = fuse(graph, &stats);
    EXPECT_EQ(stats.affine_affine, 1U);
    EXPECT_EQ(stats.identities, 3U);
    EXPECT_EQ(after.size(), 5U);
    EXPECT_EQ(evaluate(after), evaluate(graph));
}

TEST(Fuse, KeepsValuesOfRandomChains) {
    Rng rng(testing::test_seed(5));
    const auto number = [&] { return Dyadic(static_cast<int>(rng.between(-9, 9)), -2); };
    for (int round = 0; round < 200; ++round) {
        Graph graph;
        LayerId at = add_input(graph, 2);
        for (int layer = 0; layer < 6; ++layer) {
            Affine affine;
            for (std::uint64_t i = rng.below(3); i > 0; --i) affine.scale.push_back(number());
            for (std::uint64_t i = rng.below(3); i > 0; --i) affine.offset.push_back(number());
            Dense dense = dense_2x2(0, 0, 0, 0);
            for (Dyadic& weight : dense.kernel.data) weight = number();
            if (rng.chance(0.5)) dense.bias = {number(), number()};
            at = rng.chance(0.5) ? graph.add("l", "", affine, {at})
                                 : graph.add("l", "", dense, {at});
        }
        graph.add_output(at);
        ASSERT_EQ(evaluate(fuse(graph)), evaluate(graph));
    }
}

}  // namespace
}  // namespace gatewright::opt
