// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>

#include "fixed/dyadic.h"
#include "fixed/integer.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::fixed {
namespace {

using Oracle = boost::multiprecision::cpp_int;

// Random numbers of 0 to 140 bits, many at the edges of int64.
Oracle random_oracle(Rng& rng) {
    Oracle value = Oracle(rng.next()) << rng.below(77);
    value >>= rng.below(140);
    if (rng.chance(0.3)) value = (Oracle(1) << rng.below(130)) + rng.between(-1, 1);
    return rng.chance(0.5) ? Oracle(-value) : value;
}

Integer integer_of(const Oracle& value) {
    return *Integer::parse(value.str());
}

Oracle floor_shift(const Oracle& value, unsigned bits) {
    const Oracle unit = Oracle(1) << bits;
    Oracle quotient = value / unit;
    if (value < 0 && quotient * unit != value) quotient -= 1;
    return quotient;
}

TEST(Integer, AgreesWithBoostOnRandomNumbers) {
    Rng rng(testing::test_seed(1));
    for (int round = 0; round < 20000; ++round) {
        const Oracle a = random_oracle(rng);
        const Oracle b = random_oracle(rng);
        const Integer x = integer_of(a);
        const Integer y = integer_of(b);
        ASSERT_EQ(x.to_string(), a.str());
        ASSERT_EQ((x + y).to_string(), Oracle(a + b).str());
        ASSERT_EQ((x - y).to_string(), Oracle(a - b).str());
        ASSERT_EQ((x * y).to_string(), Oracle(a * b).str());
        ASSERT_EQ((-x).to_string(), Oracle(-a).str());
        ASSERT_EQ(x < y, a < b);
        ASSERT_EQ(x == y, a == b);
        const auto bits = static_cast<int>(rng.below(90));
        ASSERT_EQ((x << bits).to_string(), Oracle(a * (Oracle(1) << bits)).str());
        const Oracle shifted = floor_shift(a, static_cast<unsigned>(bits));
        ASSERT_EQ((x >> bits).to_string(), shifted.str());
        ASSERT_EQ(x.low_bits(bits).to_string(), Oracle(a - shifted * (Oracle(1) << bits)).str());
        ASSERT_EQ(x.bit(bits), Oracle(shifted % 2) != 0);
    }
}

TEST(Integer, FloorDivisionRoundsTowardMinusInfinity) {
    EXPECT_EQ(Integer::floor_divide(7, 2), Integer(3));
    EXPECT_EQ(Integer::floor_divide(-7, 2), Integer(-4));
    EXPECT_EQ(Integer::floor_divide(7, -2), Integer(-4));
    EXPECT_EQ(Integer::floor_divide(-8, 2), Integer(-4));
}

TEST(Integer, BitwiseOpsSeeInfiniteTwosComplement) {
    const Integer minus_one = -1;
    const Integer big = Integer::power_of_two(80);
    EXPECT_EQ(minus_one & big, big);
    EXPECT_EQ((-big | big), -big);
    EXPECT_EQ((minus_one ^ big), -big - 1);
    EXPECT_EQ((Integer(-4) & Integer(6)), Integer(4));
}

TEST(Integer, MagnitudeBitsAreThoseWithoutTheSign) {
    EXPECT_EQ(Integer(0).magnitude_bits(), 0);
    EXPECT_EQ(Integer(-1).magnitude_bits(), 0);
    EXPECT_EQ(Integer(1).magnitude_bits(), 1);
    EXPECT_EQ(Integer(-128).magnitude_bits(), 7);
    EXPECT_EQ(Integer(128).magnitude_bits(), 8);
    EXPECT_EQ(Integer::power_of_two(100).magnitude_bits(), 101);
    EXPECT_EQ((-Integer::power_of_two(100)).magnitude_bits(), 100);
}

TEST(Integer, ParseTakesDecimalDigitsOnly) {
    EXPECT_EQ(Integer::parse("-12"), Integer(-12));
    for (const char* bad : {"", "-", "+1", "1x", " 1", "0x1", "--1", "1 "}) {
        EXPECT_FALSE(Integer::parse(bad).has_value()) << bad;
    }
}

TEST(Dyadic, IsNormalAndExact) {
    EXPECT_EQ(Dyadic(12, -2), Dyadic(3));
    EXPECT_EQ(Dyadic(0, 17), Dyadic(0));
    EXPECT_EQ(Dyadic::from_double(0.1)->to_double(), 0.1);
    EXPECT_EQ(*Dyadic::from_double(0.625), Dyadic(5, -3));
    EXPECT_FALSE(Dyadic::from_double(std::nan("")).has_value());
    EXPECT_EQ(Dyadic(1, -3) + Dyadic(3, -1), Dyadic(13, -3));
    EXPECT_EQ(Dyadic(3, -2) * Dyadic(-5, 1), Dyadic(-15, -1));
    EXPECT_LT(Dyadic(-1), Dyadic(1, -100));
    EXPECT_LT(Dyadic(7, -3), Dyadic(1));
    EXPECT_EQ(Dyadic(5, -3).code_at(4), Integer(10));
}

TEST(Dyadic, TextReadsBack) {
    Rng rng(testing::test_seed(2));
    for (int i = 0; i < 500; ++i) {
        const Dyadic value(static_cast<std::int64_t>(rng.next()),
                           static_cast<int>(rng.between(-90, 90)));
        EXPECT_EQ(Dyadic::parse(value.to_string()), value);
    }
    EXPECT_FALSE(Dyadic::parse("1*2^-2147483648").has_value());
}

}  // namespace
}  // namespace gatewright::fixed
