// SPDX-License-Identifier: Apache-2.0
#include "dfg/text.h"

#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::dfg {
namespace {

TEST(Text, RandomProgramsReadBackTheSame) {
    Rng rng(testing::test_seed(4));
    for (int round = 0; round < 300; ++round) {
        const Program program =
            testing::random_program(rng, {.max_width = round % 4 == 0 ? 70 : 14});
        const auto valid = verify_ranges(program);
        ASSERT_TRUE(valid.has_value()) << valid.error().message;
        const std::string text = to_text(program);
        const auto again = parse_text(text);
        ASSERT_TRUE(again.has_value()) << again.error().message << "\n" << text;
        EXPECT_EQ(to_text(*again), text);
        for (const auto& event : testing::random_input_codes(program, 8, rng)) {
            EXPECT_EQ(interpret(*again, event), interpret(program, event));
        }
    }
}

TEST(RandomProgram, EveryNodeStaysWithinItsRange) {
    Rng rng(testing::test_seed(6));
    for (int round = 0; round < 200; ++round) {
        const Program program = testing::random_program(rng);
        for (const auto& event : testing::random_input_codes(program, 20, rng)) {
            const auto codes = interpret_all(program, event);
            for (std::size_t i = 0; i < codes.size(); ++i) {
                const fixed::Interval& range = program.nodes()[i].range;
                ASSERT_TRUE(range.lo <= codes[i] && codes[i] <= range.hi) << i << "\n"
                                                                          << to_text(program);
            }
        }
    }
}

TEST(Text, ErrorsNameTheLineAndTheFault) {
    const auto expect_error = [](std::string_view text, std::string_view part) {
        const auto program = parse_text(text);
        ASSERT_FALSE(program.has_value()) << text;
        EXPECT_NE(program.error().message.find(part), std::string::npos) << program.error().message;
    };
    expect_error("%0 = input s8.0\n%1 = frob s8.0 %0\n", "line 2: unknown op 'frob'");
    expect_error("%1 = input s8.0\n", "line 1");
    expect_error("%0 = input q8\n", "line 1");
    expect_error("%0 = add s8.0 %0 %0\n", "operand 1");
    expect_error("%0 = input s8.0\n%1 = add s8.1 %0 %0\n", "fraction bits");
    expect_error("%0 = const u3.0 9\noutput %0\n", "does not fit");
    expect_error("%0 = input s8.0\n%1 = table u1.0 %0 t0\n", "line 2: unknown or empty table");
    expect_error("table t0 f 1 2\n%0 = input u2.0\n%1 = table u2.0 %0 t0\n", "2^2");
    expect_error("%0 = input s8.0\noutput %3\n", "line 2");
    expect_error("hello\n", "starts no statement");
    expect_error("%0 = input s8.0 extra\n", "unexpected text");
    expect_error("%0 = input u4.0\n%1 = cast u4.0 TRN WRAP_SM %0\n", "WRAP_SM");
}

TEST(VerifyRanges, RejectsAClaimThatCannotBeProven) {
    EXPECT_FALSE(
        parse_text("%0 = input s8.0\n%1 = add s9.0 [0, 10] %0 %0\noutput %1\n").has_value());
    // Twice the same input is even, but its ends are not nearer.
    EXPECT_TRUE(
        parse_text("%0 = input s8.0\n%1 = add s9.0 [-256, 254] %0 %0\noutput %1\n").has_value());
}

TEST(StoredText, StructureIsCheckedAndClaimsAreBelieved) {
    constexpr std::string_view narrow =
        "%0 = input s8.0\n%1 = add s9.0 [-256, 100] %0 %0\noutput %1\n";
    EXPECT_FALSE(parse_text(narrow));
    EXPECT_TRUE(parse_stored_text(narrow));
    const auto wrong = parse_stored_text("%0 = input s8.0\n%1 = less s9.0 %0 %0\noutput %1\n");
    EXPECT_FALSE(wrong);  // a comparison has one bit
}

TEST(VerifyRanges, AcceptsWhatTheLinearFormProves) {
    // (x + y) - y = x, and x - x·2^1 = -x.
    EXPECT_TRUE(parse_text("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n"
                           "%3 = sub s8.0 [-128, 127] %2 %1\noutput %3\n")
                    .has_value());
    EXPECT_TRUE(parse_text("%0 = input s8.0\n%1 = sub s9.0 [-127, 128] %0 %0 << 1\noutput %1\n")
                    .has_value());
    EXPECT_FALSE(parse_text("%0 = input s8.0\n%1 = sub s9.0 [-127, 127] %0 %0 << 1\noutput %1\n")
                     .has_value());
}

TEST(AffineRanges, ProductsStartAfresh) {
    const auto program =
        parse_text("%0 = input s4.0\n%1 = mul s8.0 %0 %0\n%2 = sub s9.0 %1 %1\noutput %2\n");
    ASSERT_TRUE(program.has_value()) << program.error().message;
    const auto ranges = affine_ranges(*program);
    EXPECT_EQ(ranges[1].lo, fixed::Integer(0));  // a square
    EXPECT_EQ(ranges[1].hi, fixed::Integer(64));
    EXPECT_TRUE(ranges[2].is_constant());
}

TEST(AffineRanges, CoarseGridsStayCoarse) {
    // A zero offset must not refine a sum on a grid of 4.
    const auto program =
        parse_text("%0 = input s4.-2\n%1 = sub s5.-2 [-7, 8] %0 %0 << 1\noutput %1\n");
    EXPECT_TRUE(program.has_value()) << program.error().message;
}

}  // namespace
}  // namespace gatewright::dfg
