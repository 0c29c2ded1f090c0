// SPDX-License-Identifier: Apache-2.0
#include "cmvm/solve.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "cmvm/differences.h"
#include "cmvm/sharing.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Integer;
using fixed::Interval;

const Interval kByte{-128, 127, 0};

Matrix matrix(std::size_t rows, std::size_t columns, std::vector<std::int64_t> entries) {
    return {rows, columns, std::move(entries)};
}

std::vector<Interval> bytes(const Matrix& m) {
    return std::vector<Interval>(m.rows, kByte);
}

// Nonzero digits of the non-adjacent form, one division at a time.
int nonzero_digits(Integer weight) {
    int digits = 0;
    while (!weight.is_zero()) {
        if (weight.bit(0)) {
            weight = weight.bit(1) ? weight + 1 : weight - 1;
            ++digits;
        }
        weight = weight >> 1;
    }
    return digits;
}

// Depth of the shallowest tree of signed digits of the fullest column.
int shallowest(const Matrix& m) {
    int most = 1;
    for (std::size_t j = 0; j < m.columns; ++j) {
        int digits = 0;
        for (std::size_t i = 0; i < m.rows; ++i) digits += nonzero_digits(m.at(i, j));
        most = std::max(most, digits);
    }
    return static_cast<int>(std::bit_width(static_cast<unsigned>(most) - 1U));
}

// Checked here with our own evaluation of the graph on unit vectors, not with computes().
void expect_exact(const Matrix& m, const AdderGraph& graph) {
    ASSERT_EQ(graph.outputs.size(), m.columns);
    for (std::size_t i = 0; i < m.rows; ++i) {
        std::vector<Integer> values(m.rows);
        values[i] = 1;
        for (const AdderNode& node : graph.nodes) {
            ASSERT_TRUE(node.shift_a >= 0 && node.shift_b >= 0);
            const Integer a = values.at(static_cast<std::size_t>(node.a)) << node.shift_a;
            const Integer b = values.at(static_cast<std::size_t>(node.b)) << node.shift_b;
            values.push_back(node.subtract ? a - b : a + b);
        }
        for (std::size_t j = 0; j < m.columns; ++j) {
            const AdderOutput& out = graph.outputs[j];
            Integer y = out.value < 0 ? Integer(0) : values.at(static_cast<std::size_t>(out.value));
            y = y << out.shift;
            ASSERT_EQ(out.negate ? -y : y, Integer(m.at(i, j))) << "row " << i << " column " << j;
        }
    }
}

TEST(SignedDigits, AreTheNonAdjacentForm) {
    Rng rng(testing::test_seed(3));
    for (int round = 0; round < 2000; ++round) {
        const auto weight = static_cast<std::int64_t>(rng.next()) >> rng.below(64);
        std::vector<Digit> digits;
        append_signed_digits(0, weight, digits);
        Integer sum = 0;
        for (std::size_t k = 0; k < digits.size(); ++k) {
            sum += digits[k].negative ? -Integer::power_of_two(digits[k].shift)
                                      : Integer::power_of_two(digits[k].shift);
            if (k > 0) {
                EXPECT_GE(digits[k].shift, digits[k - 1].shift + 2);
            }
        }
        EXPECT_EQ(sum, Integer(weight));
        EXPECT_EQ(signed_digit_count(weight), nonzero_digits(weight));
    }
}

TEST(Solve, IsExactAndWithinItsDepthOnRandomMatrices) {
    Rng rng(testing::test_seed(17));
    for (int round = 0; round < 150; ++round) {
        Matrix m{rng.below(7), rng.below(7), {}};
        const auto shift = 63 - rng.below(24);
        for (std::size_t k = 0; k < m.rows * m.columns; ++k) {
            const auto entry = static_cast<std::int64_t>(rng.next()) >> shift;
            m.entries.push_back(rng.chance(0.3) ? 0 : entry);
        }
        SolveParams params;
        params.depth_slack = static_cast<int>(rng.below(4));
        params.effort = static_cast<int>(rng.below(2));
        SolveStats stats;
        const AdderGraph graph = solve(m, bytes(m), params, &stats);
        expect_exact(m, graph);
        EXPECT_EQ(stats.depth, depth(graph));
        EXPECT_LE(stats.depth, shallowest(m) + params.depth_slack);
        EXPECT_EQ(stats.adders, graph.nodes.size());
    }
}

TEST(Solve, KeepsAnAbsoluteDepthUnderAnyArrivals) {
    Rng rng(testing::test_seed(19));
    for (int round = 0; round < 60; ++round) {
        Matrix m{1 + rng.below(5), 1 + rng.below(5), {}};
        for (std::size_t k = 0; k < m.rows * m.columns; ++k) {
            m.entries.push_back(rng.chance(0.2) ? 0 : rng.between(-200, 200));
        }
        std::vector<int> arrival;
        for (std::size_t i = 0; i < m.rows; ++i) {
            arrival.push_back(static_cast<int>(rng.below(rng.chance(0.1) ? 100 : 4)));
        }
        SolveParams params;
        params.max_depth = 0;  // counts as the least there is
        params.effort = static_cast<int>(rng.below(2));
        SolveStats least;
        expect_exact(m, solve(m, bytes(m), params, &least, arrival));
        params.max_depth = least.depth + static_cast<int>(rng.below(3));
        SolveStats stats;
        const AdderGraph graph = solve(m, bytes(m), params, &stats, arrival);
        expect_exact(m, graph);
        EXPECT_LE(depth(graph, arrival), *params.max_depth);
        EXPECT_EQ(stats.depth, depth(graph, arrival));
    }
}

TEST(Solve, TakesTheLargestEntries) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const Matrix m = matrix(2, 3, {kLow, kHigh, 1, kHigh, kLow, kHigh});
    expect_exact(m, solve(m, bytes(m)));
}

TEST(Solve, TakesInputsOfAnyWidth) {
    const Matrix m = matrix(3, 2, {3, -5, 7, 11, 45, 1});
    std::vector<Interval> wide;
    for (const int bits : {8, 900, 3000}) {
        wide.push_back({-Integer::power_of_two(bits), Integer::power_of_two(bits), bits / 2});
    }
    SolveStats stats;
    expect_exact(m, solve(m, wide, {}, &stats));
    EXPECT_LE(stats.depth, shallowest(m) + 1);
}

TEST(Solve, NeedsNoAdderForCopiesNegationsShiftsAndZeros) {
    const Matrix m = matrix(1, 5, {0, 1, -1, 4, -32});
    EXPECT_TRUE(solve(m, bytes(m)).nodes.empty());
    // 3x + 5y: two digits each, three adders; the other columns are ±2^k of it.
    const Matrix copies = matrix(2, 4, {3, -3, 6, -24, 5, -5, 10, -40});
    const AdderGraph graph = solve(copies, bytes(copies));
    expect_exact(copies, graph);
    EXPECT_EQ(graph.nodes.size(), 3U);
}

TEST(Solve, FindsKnownSmallOptima) {
    // 165 = 5 · 33: 5 = 4 + 1, then 5·32 + 5; its four digits alone would take three adders.
    const Matrix product = matrix(1, 1, {165});
    EXPECT_EQ(solve(product, bytes(product)).nodes.size(), 2U);
    // x + y and x + y + z share an adder.
    const Matrix shared = matrix(3, 2, {1, 1, 1, 1, 0, 1});
    EXPECT_EQ(solve(shared, bytes(shared)).nodes.size(), 2U);
}

TEST(Solve, NeedsNoNegationWhereAPositiveTermExists) {
    Rng rng(testing::test_seed(23));
    for (int round = 0; round < 30; ++round) {
        Matrix m{4, 4, {}};
        for (int k = 0; k < 16; ++k) m.entries.push_back(rng.between(-9, 9));
        for (std::size_t j = 0; j < 4; ++j) m.entries[j] = 1;  // first row
        SolveStats stats;
        solve(m, bytes(m), {}, &stats);
        EXPECT_LE(stats.negations, 1U);
    }
}

TEST(Solve, IsDeterministic) {
    Rng rng(testing::test_seed(29));
    Matrix m{12, 12, {}};
    for (int k = 0; k < 144; ++k) m.entries.push_back(rng.between(-128, 127));
    const AdderGraph first = solve(m, bytes(m));
    const AdderGraph second = solve(m, bytes(m));
    EXPECT_EQ(first.nodes, second.nodes);
    EXPECT_EQ(first.outputs, second.outputs);
}

TEST(Solve, SharingBeatsPlainTrees) {
    Rng rng(testing::test_seed(31));
    Matrix m{16, 16, {}};
    for (int k = 0; k < 256; ++k) m.entries.push_back(rng.between(-128, 127));
    SolveStats plain;
    SolveStats shared;
    SolveParams params;
    params.depth_slack = 0;
    solve(m, bytes(m), params, &shared);
    params.effort = 0;
    solve(m, bytes(m), params, &plain);
    EXPECT_LT(static_cast<double>(shared.adders), 0.6 * static_cast<double>(plain.adders));
}

TEST(Computes, NoticesAWrongGraph) {
    const Matrix m = matrix(2, 1, {3, 5});
    AdderGraph graph = solve(m, bytes(m));
    EXPECT_TRUE(computes(graph, m));
    graph.nodes[0].subtract = !graph.nodes[0].subtract;
    EXPECT_FALSE(computes(graph, m));
}

TEST(CarryCells, CountCarriesNotPassedBits) {
    // x + 16·y of bytes: bits 0-3 pass through; result s13 (-2176 .. 2159): bits 4 to 12.
    AdderGraph graph{2, {{0, 1, 0, 4, false}}, {{2, 0, false}}};
    EXPECT_EQ(carry_cells(graph, std::vector<Interval>{kByte, kByte}), 9);
    // x - y: all of s9.
    graph.nodes[0] = {0, 1, 0, 0, true};
    EXPECT_EQ(carry_cells(graph, std::vector<Interval>{kByte, kByte}), 9);
    // A negation at the output is counted apart: 9 bits of y - x.
    graph.outputs[0].negate = true;
    EXPECT_EQ(carry_cells(graph, std::vector<Interval>{kByte, kByte}), 9);
    EXPECT_EQ(negation_cells(graph, std::vector<Interval>{kByte, kByte}), 9);
    // 16·x - y: the low bits of -y carry into x; s13 (-2175 .. 2160).
    graph.nodes[0] = {0, 1, 4, 0, true};
    EXPECT_EQ(carry_cells(graph, std::vector<Interval>{kByte, kByte}), 13);
    // x + 4·y + 16·z: meets at bit 2; s13 (-2688 .. 2667).
    const AdderGraph ternary{3, {{0, 1, 0, 2, false, 2, 4, false}}, {{3, 0, false}}};
    EXPECT_EQ(carry_cells(ternary, std::vector<Interval>{kByte, kByte, kByte}), 11);
    EXPECT_EQ(depth(ternary, std::vector<int>{0, 2, 1}), 3);
}

TEST(DistinctColumns, MergeSignsAndPowersOfTwo) {
    const DistinctColumns columns = distinct_columns({{1, 2}, {-4, -8}, {0, 0}, {1, 3}});
    EXPECT_EQ(columns.distinct.size(), 2U);
    EXPECT_EQ(columns.origins[1].source, 0);
    EXPECT_EQ(columns.origins[1].shift, 2);
    EXPECT_TRUE(columns.origins[1].negative);
    EXPECT_EQ(columns.origins[2].source, -1);
}

}  // namespace
}  // namespace gatewright::cmvm
