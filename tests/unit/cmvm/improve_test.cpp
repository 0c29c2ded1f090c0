// SPDX-License-Identifier: Apache-2.0
#include "cmvm/improve.h"

#include <gtest/gtest.h>

#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Integer;
using fixed::Interval;

const Interval kByte{-128, 127, 0};

struct Case {
    Matrix matrix;
    std::vector<Interval> inputs;
    std::vector<int> arrival;
};

Case random_case(Rng& rng) {
    Case c{{1 + rng.below(7), 1 + rng.below(7), {}}, {}, {}};
    const std::int64_t most = std::int64_t{1} << rng.below(14);
    const double zeros = rng.unit() * 0.7;
    for (std::size_t k = 0; k < c.matrix.rows * c.matrix.columns; ++k)
        c.matrix.entries.push_back(rng.chance(zeros) ? 0 : rng.between(-most, most - 1));
    for (std::size_t i = 0; i < c.matrix.rows; ++i) {
        const std::int64_t lo = rng.between(-200, 100);
        c.inputs.push_back({lo, lo + rng.between(0, 300), static_cast<int>(rng.between(-4, 6))});
        c.arrival.push_back(static_cast<int>(rng.below(3)));
    }
    return c;
}

// By evaluation on unit vectors, not by computes().
bool is_exact(const Matrix& m, const AdderGraph& graph) {
    if (graph.outputs.size() != m.columns) return false;
    for (std::size_t i = 0; i < m.rows; ++i) {
        std::vector<Integer> values(m.rows);
        values[i] = 1;
        for (const AdderNode& node : graph.nodes) {
            const Integer a = values.at(static_cast<std::size_t>(node.a)) << node.shift_a;
            const Integer b = values.at(static_cast<std::size_t>(node.b)) << node.shift_b;
            values.push_back(node.subtract ? a - b : a + b);
        }
        for (std::size_t j = 0; j < m.columns; ++j) {
            const AdderOutput& out = graph.outputs[j];
            Integer y = out.value < 0 ? Integer(0) : values.at(static_cast<std::size_t>(out.value));
            y = y << out.shift;
            if ((out.negate ? -y : y) != Integer(m.at(i, j))) return false;
        }
    }
    return true;
}

TEST(Improve, KeepsTheMatrixAndTheDepthAndNeverCostsMore) {
    Rng rng(testing::test_seed(41));
    for (int round = 0; round < 40; ++round) {
        const Case c = random_case(rng);
        SolveParams params;
        params.depth_slack = static_cast<int>(rng.below(4));
        params.effort = 0;
        const AdderGraph plain = solve(c.matrix, c.inputs, params, nullptr, c.arrival);
        const int limit = depth(plain, c.arrival) + static_cast<int>(rng.below(3));
        ImproveParams how{limit, 1, rng.next(), TernaryAdders::kForbid, c.arrival};
        const AdderGraph better = improve(plain, c.inputs, how);
        ASSERT_TRUE(is_exact(c.matrix, better)) << "round " << round;
        ASSERT_LE(depth(better, c.arrival), limit) << "round " << round;
        ASSERT_LE(cost(better, c.inputs), cost(plain, c.inputs)) << "round " << round;
    }
}

TEST(Improve, SharesWhatPlainTreesRepeat) {
    // Both outputs are 45·(x + y) up to a shift of x: 45 = 5 · 9 takes two adders.
    const Matrix m{2, 1, {45, 45}};
    const std::vector<Interval> inputs(2, kByte);
    SolveParams params;
    params.effort = 0;
    const AdderGraph plain = solve(m, inputs, params);
    EXPECT_EQ(plain.nodes.size(), 7U);
    EXPECT_EQ(improve(plain, inputs, {4, 1, 1, TernaryAdders::kForbid, {}}).nodes.size(), 3U);
}

TEST(Improve, TakesEqualValuesOnce) {
    // x + y twice, once doubled and negated: -(2x + 2y) = -2·(x + y).
    AdderGraph graph{2, {{0, 1, 0, 0, false}, {0, 1, 1, 1, false}}, {{2, 0, false}, {3, 0, true}}};
    const std::vector<Interval> inputs(2, kByte);
    EXPECT_EQ(improve(graph, inputs, {1, 0, 1, TernaryAdders::kForbid, {}}).nodes.size(), 1U);
}

TEST(Improve, SubtractsTheOperandThatBeginsHigher) {
    // x - 16·y: 4 bits pass through, the result is s13, so 9 cells. As -(16·y - x) the subtrahend
    // begins at bit 0: 13 cells, and 13 or more for the negation.
    AdderGraph graph{2, {{1, 0, 4, 0, true}}, {{2, 0, true}}};
    const std::vector<Interval> inputs(2, kByte);
    EXPECT_GE(cost(graph, inputs), 26);
    EXPECT_EQ(cost(improve(graph, inputs, {1, 0, 1, TernaryAdders::kForbid, {}}), inputs), 9);
}

TEST(Improve, IsDeterministicForASeed) {
    Rng rng(testing::test_seed(43));
    Matrix m{8, 8, {}};
    for (int k = 0; k < 64; ++k) m.entries.push_back(rng.between(-128, 127));
    const std::vector<Interval> inputs(8, kByte);
    const AdderGraph graph = solve(m, inputs);
    const ImproveParams params{depth(graph), 1, 7, TernaryAdders::kForbid, {}};
    const AdderGraph first = improve(graph, inputs, params);
    const AdderGraph second = improve(graph, inputs, params);
    EXPECT_EQ(first.nodes, second.nodes);
    EXPECT_EQ(first.outputs, second.outputs);
}

TEST(Improve, ReturnsWhatItCannotWeighAsItWas) {
    const Matrix m{1, 1, {std::int64_t{1} << 62 | 5}};
    const std::vector<Interval> inputs(1, kByte);
    const AdderGraph graph = solve(m, inputs);
    const AdderGraph same = improve(graph, inputs, {9, 1, 1, TernaryAdders::kForbid, {}});
    EXPECT_EQ(same.nodes, graph.nodes);
}

}  // namespace
}  // namespace gatewright::cmvm
