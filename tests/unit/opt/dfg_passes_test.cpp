// SPDX-License-Identifier: Apache-2.0
#include "opt/dfg_passes.h"

#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/builder.h"
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::opt {
namespace {

using dfg::parse_text;
using dfg::Program;
using dfg::to_text;

Program parsed(std::string_view text) {
    auto program = parse_text(text);
    EXPECT_TRUE(program.has_value()) << (program ? "" : program.error().message);
    return program ? std::move(*program) : Program{};
}

void expect_same_function(const Program& before, const Program& after, Rng& rng) {
    ASSERT_EQ(before.inputs().size(), after.inputs().size());
    ASSERT_EQ(before.outputs().size(), after.outputs().size());
    for (std::size_t i = 0; i < before.outputs().size(); ++i) {
        ASSERT_EQ(before[before.outputs()[i]].format, after[after.outputs()[i]].format);
    }
    for (const auto& event : testing::random_input_codes(before, 40, rng)) {
        ASSERT_EQ(interpret(before, event), interpret(after, event)) << to_text(before) << "\n->\n"
                                                                     << to_text(after);
    }
}

TEST(Simplify, KeepsTheFunctionOfRandomPrograms) {
    Rng rng(testing::test_seed(11));
    for (int round = 0; round < 1500; ++round) {
        const Program before =
            testing::random_program(rng, {.nodes = static_cast<std::size_t>(rng.between(1, 40)),
                                          .max_width = round % 5 == 0 ? 50 : 12,
                                          .wrap_chance = round % 3 == 0 ? 0.0 : 0.2});
        SimplifyStats stats;
        const Program after = simplify(before, {}, &stats);
        const auto valid = verify_ranges(after);
        ASSERT_TRUE(valid.has_value()) << valid.error().message << "\n"
                                       << to_text(before) << "\n->\n"
                                       << to_text(after);
        EXPECT_LE(stats.nodes_after, stats.nodes_before);
        expect_same_function(before, after, rng);
    }
}

TEST(Simplify, RemovesWhatNoOutputReadsButKeepsInputs) {
    const Program after =
        simplify(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n%3 = mul s16.0 %0 "
                        "%0\noutput %2\n"));
    EXPECT_EQ(after.size(), 3U);
    EXPECT_EQ(after.inputs().size(), 2U);
}

TEST(Simplify, FoldsConstants) {
    const Program after =
        simplify(parsed("%0 = const u2.0 3\n%1 = const u3.0 5\n%2 = mul u4.0 %0 %1\noutput %2\n"));
    ASSERT_EQ(after.size(), 1U);
    EXPECT_EQ(after.nodes()[0].range.lo, fixed::Integer(15));
}

TEST(Simplify, SharesEqualNodes) {
    const Program after =
        simplify(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n%3 = add s9.0 %1 "
                        "%0\noutput %2 %3\n"));
    EXPECT_EQ(after.size(), 3U);
}

TEST(Simplify, NarrowsByTheLinearForm) {
    // (x + y) - y is x: its exact range fits 8 bits where interval arithmetic gives 10.
    const Program after = simplify(
        parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n%3 = sub s10.0 %2 %1\n"
               "%4 = cast s8.0 TRN SAT %3\noutput %4\n"));
    EXPECT_EQ(after.size(), 4U) << to_text(after);  // no saturation is left
}

TEST(Simplify, TurnsPowerOfTwoProductsIntoMovedPoints) {
    const Program after =
        simplify(parsed("%0 = input s8.0\n%1 = const u1.-3 1\n%2 = mul s8.-3 %0 %1\noutput %2\n"));
    ASSERT_EQ(after.size(), 2U);
    EXPECT_EQ(after.nodes()[1].op, dfg::Op::kSlice);
}

TEST(Simplify, MergesTruncationsButNotAcrossARounding) {
    const Program truncated = simplify(parsed(
        "%0 = input s8.4\n%1 = cast s6.2 TRN WRAP %0\n%2 = cast s4.0 TRN WRAP %1\noutput %2\n"));
    EXPECT_EQ(truncated.size(), 2U);
    const Program rounded = simplify(parsed(
        "%0 = input s8.4\n%1 = cast s7.2 RND WRAP %0\n%2 = cast s5.0 TRN WRAP %1\noutput %2\n"));
    EXPECT_EQ(rounded.size(), 3U);
}

}  // namespace
}  // namespace gatewright::opt
