// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sum_tree.h"

#include <gtest/gtest.h>

#include "cmvm/digits.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

const fixed::Interval kByte{-128, 127, 0};

Construction bytes(std::size_t count) {
    return Construction(std::vector<fixed::Interval>(count, kByte), {});
}

TEST(SumTree, AddsFromTheLowShiftsUpWhileLevelsLast) {
    const Sum sum{{{0, 0, false}, {1, 1, false}, {2, 2, false}, {3, 3, false}}, 3};
    // A chain: each adder has a byte's 8 bits and one more, the rest passes through.
    Construction chain = bytes(4);
    add_up(chain, sum);
    EXPECT_EQ(chain.cells(), 27);
    // Two levels force a balanced tree: 9 + 9, and bits 2 to 11 of the s12 result.
    Construction balanced = bytes(4);
    add_up(balanced, {sum.digits, 2});
    EXPECT_EQ(balanced.cells(), 28);
}

TEST(SumTree, SubtractsTheOperandThatStartsHigher) {
    const std::vector<Digit> digits{{0, 0, true}, {1, 4, false}};
    // -x + 16·y: 16·y - x carries from bit 0, all 13 of s13.
    Construction given = bytes(2);
    EXPECT_FALSE(add_up(given, {digits, 1}).negate);
    EXPECT_EQ(given.cells(), 13);
    // x - 16·y starts at bit 4; its reader takes it negated.
    Construction either = bytes(2);
    EXPECT_TRUE(add_up(either, {digits, 1, SumSign::kEither}).negate);
    EXPECT_EQ(either.cells(), 9);
}

TEST(SumTree, AnAllNegativeSumIsNegatedOnce) {
    Construction construction = bytes(3);
    const AdderOutput out = add_up(construction, {{{0, 0, true}, {1, 0, true}, {2, 0, true}}, 2});
    EXPECT_TRUE(out.negate);
    EXPECT_EQ(construction.graph.nodes.size(), 2U);
}

TEST(SumTree, LeastDepthIsKraftsBound) {
    Construction construction(std::vector<fixed::Interval>(3, kByte), std::vector<int>{0, 2, 3});
    EXPECT_EQ(least_depth(construction, {{0, 0, false}}), 0);
    EXPECT_EQ(least_depth(construction, {{0, 0, false}, {0, 2, false}, {0, 4, false}}), 2);
    EXPECT_EQ(least_depth(construction, {{0, 0, false}, {1, 0, false}}), 3);
    EXPECT_EQ(least_depth(construction, {{0, 0, false}, {1, 0, false}, {2, 0, false}}), 4);
}

TEST(SumTree, EverySumThatFitsIsAddedUpInTime) {
    Rng rng(testing::test_seed(51));
    for (int round = 0; round < 300; ++round) {
        const std::size_t inputs = 1 + rng.below(6);
        std::vector<int> arrival;
        for (std::size_t i = 0; i < inputs; ++i) arrival.push_back(static_cast<int>(rng.below(6)));
        Construction construction(std::vector<fixed::Interval>(inputs, kByte), arrival);
        Sum sum;
        std::vector<std::int64_t> weights;
        for (std::size_t i = 0; i < inputs; ++i) {
            weights.push_back(static_cast<std::int64_t>(rng.next()) >> (34 + rng.below(30)));
            append_signed_digits(static_cast<std::int32_t>(i), weights.back(), sum.digits);
        }
        if (sum.digits.empty()) continue;
        recode(sum.digits, rng.unit(), rng);
        sum.depth_limit = least_depth(construction, sum.digits) + static_cast<int>(rng.below(3));
        const AdderOutput out = add_up(construction, sum);
        construction.graph.outputs = {out};
        EXPECT_TRUE(computes(construction.graph, {inputs, 1, weights})) << "round " << round;
        EXPECT_LE(depth(construction.graph, arrival), sum.depth_limit) << "round " << round;
        EXPECT_EQ(construction.graph.nodes.size(), sum.digits.size() - 1);
    }
}

TEST(SumTree, LongSumsFitTooWithNoLevelToSpare) {
    Rng rng(testing::test_seed(53));
    for (const int count : {100, 256, 300}) {
        Construction construction = bytes(static_cast<std::size_t>(count));
        Sum sum;
        for (int i = 0; i < count; ++i) {
            sum.digits.push_back({i, static_cast<std::int32_t>(rng.below(12)), rng.chance(0.5)});
        }
        sum.depth_limit = least_depth(construction, sum.digits);
        construction.graph.outputs = {add_up(construction, sum)};
        EXPECT_LE(depth(construction.graph), sum.depth_limit);
    }
}

TEST(Construction, CountsWhatTheExactCountersCount) {
    Rng rng(testing::test_seed(57));
    for (int round = 0; round < 200; ++round) {
        std::vector<fixed::Interval> ranges;
        for (int i = 0; i < 4; ++i) {
            const std::int64_t low = rng.between(-200, 100);
            ranges.push_back({low, low + rng.between(1, 300), static_cast<int>(rng.below(4))});
        }
        Construction construction(ranges, {});
        bool is_zero = false;
        for (int k = 0; k < 8; ++k) {
            const auto pick = [&] {
                return static_cast<std::int32_t>(
                    rng.below(static_cast<std::uint64_t>(construction.size())));
            };
            const AdderNode node{pick(), pick(), static_cast<int>(rng.below(4)),
                                 static_cast<int>(rng.below(4)), rng.chance(0.5)};
            construction.append(node);
            is_zero = is_zero || linear_forms(construction.graph).back().empty();
        }
        if (is_zero) continue;  // nobody makes a zero
        EXPECT_EQ(construction.cells(), carry_cells(construction.graph, ranges)) << round;
        const std::int32_t last = construction.size() - 1;
        construction.graph.outputs = {{last, 0, true}};
        EXPECT_EQ(construction.negation_cells(last), negation_cells(construction.graph, ranges));
    }
}

TEST(Digits, RecodingKeepsTheValueAndTheCount) {
    Rng rng(testing::test_seed(59));
    for (int round = 0; round < 500; ++round) {
        const std::int64_t weight = static_cast<std::int64_t>(rng.next()) >> (20 + rng.below(40));
        std::vector<Digit> digits;
        append_signed_digits(0, weight, digits);
        recode(digits, rng.unit(), rng);
        std::int64_t sum = 0;
        for (const Digit& digit : digits) {
            sum += (digit.negative ? -1 : 1) * (std::int64_t{1} << digit.shift);
        }
        EXPECT_EQ(sum, weight);
        EXPECT_EQ(static_cast<int>(digits.size()), signed_digit_count(weight));
    }
    // 3 = 4 - 1 becomes 2 + 1.
    std::vector<Digit> three;
    append_signed_digits(0, 3, three);
    recode(three, 1, rng);
    EXPECT_EQ(three, (std::vector<Digit>{{0, 0, false}, {0, 1, false}}));
}

}  // namespace
}  // namespace gatewright::cmvm
