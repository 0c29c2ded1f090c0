// SPDX-License-Identifier: Apache-2.0
#include "dfg/builder.h"

#include <gtest/gtest.h>

#include "dfg/affine.h"

namespace gatewright::dfg {
namespace {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Format;
using fixed::Interval;
using fixed::Overflow;
using fixed::Round;

class BuilderTest : public ::testing::Test {
  protected:
    Builder b{"test"};
    ValueId x = b.input({true, 8, 3});
    ValueId y = b.input({true, 8, 3});
};

TEST_F(BuilderTest, GivesTheNarrowestFormats) {
    EXPECT_EQ(b[b.add(x, y)].format, (Format{true, 9, 3}));
    EXPECT_EQ(b[b.mul(x, y)].format, (Format{true, 16, 6}));
    EXPECT_EQ(b[b.max(x, b.constant(0))].format, (Format{false, 7, 3}));
    EXPECT_EQ(b[b.less(x, y)].format, (Format{false, 1, 0}));
    EXPECT_EQ(b[b.constant(Dyadic(5, -3))].format, (Format{false, 3, 3}));
}

TEST_F(BuilderTest, MakesEqualNodesOnce) {
    EXPECT_EQ(b.add(x, y), b.add(y, x));
    EXPECT_EQ(b.constant(Dyadic(5)), b.constant(Dyadic(10, -1)));
    EXPECT_NE(b.add(x, y, 1), b.add(y, x, 1));
    EXPECT_NE(b.sub(x, y), b.sub(y, x));
}

TEST_F(BuilderTest, LeavesOutWhatChangesNothing) {
    EXPECT_EQ(b.add(x, b.constant(0)), x);
    EXPECT_EQ(b.cast(x, Cast{{true, 9, 4}}), x);
    EXPECT_EQ(b.min(x, x), x);
    EXPECT_EQ(b.max(x, b.constant(-100)), x);
    EXPECT_EQ(b.select(b.constant(1), x, y), x);
    EXPECT_TRUE(b[b.sub(x, x)].range.is_constant());
    EXPECT_EQ(b.scaled(x, 0), x);
    EXPECT_EQ(b.less(x, x), b.constant(0));
    EXPECT_EQ(b.less_equal(x, x), b.constant(1));
    EXPECT_EQ(b.equal(x, x), b.constant(1));
}

TEST_F(BuilderTest, DropsModesThatCannotAct) {
    const ValueId narrow = b.cast(x, Cast{{true, 20, 1}, Round::kRnd, Overflow::kSat, 0});
    EXPECT_EQ(b[narrow].overflow, Overflow::kWrap);
    EXPECT_EQ(b[narrow].format, (Format{true, 7, 1}));  // 127/8 rounds up to 16: codes -32 to 32
    const ValueId saturating = b.cast(x, Cast{{true, 4, 3}, Round::kRnd, Overflow::kSat, 0});
    EXPECT_EQ(b[saturating].round, Round::kTrn);
    EXPECT_EQ(b[saturating].overflow, Overflow::kSat);
}

TEST_F(BuilderTest, TakesAKnownRange) {
    const Interval known{-128, 127, 3};
    const ValueId sum = b.add(x, y);
    EXPECT_EQ(b[b.sub(sum, y, 0, &known)].format, (Format{true, 8, 3}));
}

TEST_F(BuilderTest, StoresEqualTablesOnce) {
    const ValueId index = b.input({false, 1, 0});
    const ValueId other = b.input({false, 1, 0});
    b.table(index, "a", {1, 2}, 0);
    b.table(other, "b", {1, 2}, 0);
    b.table(other, "c", {1, 3}, 0);
    EXPECT_EQ(b.program().tables().size(), 2U);
}

TEST_F(BuilderTest, BuildsProgramsThatVerify) {
    b.output(b.cast(b.mul(b.add(x, y, -3), b.scaled(y, 2)), Cast{{true, 6, 2}, Round::kRndConv}));
    EXPECT_TRUE(verify_ranges(std::move(b).finish()).has_value());
}

}  // namespace
}  // namespace gatewright::dfg
