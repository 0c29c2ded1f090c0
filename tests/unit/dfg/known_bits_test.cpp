// SPDX-License-Identifier: Apache-2.0
#include "dfg/known_bits.h"

#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::dfg {
namespace {

using fixed::Integer;

KnownBits of_last(const std::string& text) {
    const auto program = parse_text("program p\n" + text + "output %0\n");
    EXPECT_TRUE(program.has_value()) << (program ? "" : program.error().message);
    return known_bits(*program).back();
}

TEST(KnownBits, EveryCodeOfARandomProgramIsAmongThem) {
    Rng rng(testing::test_seed(41));
    for (int round = 0; round < 1500; ++round) {
        const Program program = testing::random_program(
            rng, {.nodes = 40, .max_width = round % 5 == 0 ? 70 : 8, .wrap_chance = 0.2});
        const auto known = known_bits(program);
        for (const auto& event : testing::random_input_codes(program, 25, rng)) {
            const auto codes = interpret_all(program, event);
            for (std::size_t i = 0; i < codes.size(); ++i) {
                ASSERT_TRUE(known[i].contains(codes[i]))
                    << "%" << i << " = " << codes[i].to_string() << "\n"
                    << to_text(program);
            }
        }
    }
}

TEST(KnownBits, ProductsOfAlignedValuesAreAligned) {
    const KnownBits product = of_last(
        "%0 = input s4.0\n%1 = const u3.0 4\n%2 = mul s7.0 %0 %1\n%3 = const u2.0 2\n"
        "%4 = input s3.0\n%5 = mul s4.0 %4 %3\n%6 = mul s10.0 %2 %5\n");
    EXPECT_EQ(product.low_zeros(), 3);
}

TEST(KnownBits, ASquareHasNoTwo) {
    const KnownBits square = of_last("%0 = input s5.0\n%1 = mul u9.0 %0 %0\n");
    EXPECT_FALSE(square.possible().bit(1));
    EXPECT_TRUE(square.possible().bit(0));
    EXPECT_EQ(square.lo, Integer(0));
    EXPECT_EQ(square.hi, Integer(256));
}

TEST(KnownBits, ChoicesKeepTheBitsThatBothHave) {
    const KnownBits choice = of_last(
        "%0 = input u1.0\n%1 = const u4.0 13\n%2 = const u3.0 5\n%3 = select u4.0 %0 %1 %2\n");
    EXPECT_EQ(choice.ones, Integer(5));
    EXPECT_EQ(choice.unknown, Integer(8));
    EXPECT_EQ(choice.lo, Integer(5));
    EXPECT_EQ(choice.hi, Integer(13));
}

TEST(KnownBits, TheIntervalKnowsThePrefixAndTheAlignmentItsEnds) {
    const KnownBits range = known_range(Integer(9), Integer(14));
    EXPECT_EQ(range.ones, Integer(8));
    EXPECT_EQ(range.unknown, Integer(7));
    const KnownBits aligned = of_last(
        "%0 = input s4.0 [-7, 6]\n%1 = const u2.0 0\n"
        "%2 = concat u6.0 %0 %1\n");
    EXPECT_EQ(aligned.low_zeros(), 2);
    EXPECT_EQ(aligned.hi, Integer(60));
}

TEST(KnownBits, EntriesThatCannotBeLookedUpSayNothing) {
    const KnownBits entry = of_last(
        "table t0 t 1 2 3 4\n%0 = input u1.0\n%1 = const u1.0 0\n"
        "%2 = concat u2.0 %0 %1\n%3 = table u3.0 %2 t0\n");
    EXPECT_EQ(entry.lo, Integer(1));  // the entries 0 and 2: 1 and 3
    EXPECT_EQ(entry.hi, Integer(3));
    EXPECT_TRUE(entry.ones.bit(0));
}

}  // namespace
}  // namespace gatewright::dfg
