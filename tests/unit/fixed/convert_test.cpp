// SPDX-License-Identifier: Apache-2.0
//
// Conversions held, exhaustively on small widths, against a model written from the published tables
// of ap_fixed's modes: quotient and remainder for rounding, reflection and bit strings for
// overflow.
#include "fixed/convert.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "fixed/dyadic.h"

namespace gatewright::fixed {
namespace {

constexpr std::array kRounds = {Round::kTrn,       Round::kTrnZero, Round::kRnd,    Round::kRndZero,
                                Round::kRndMinInf, Round::kRndInf,  Round::kRndConv};

std::int64_t floor_mod(std::int64_t a, std::int64_t m) {
    return ((a % m) + m) % m;
}

// code / 2^drop rounded: q below, r the discarded rest, h half an output lsb.
std::int64_t model_round(std::int64_t code, int drop, Round mode) {
    if (drop <= 0) return code * (std::int64_t{1} << -drop);
    const std::int64_t unit = std::int64_t{1} << drop;
    const std::int64_t r = floor_mod(code, unit);
    const std::int64_t q = (code - r) / unit;
    const std::int64_t twice = 2 * r;
    const bool negative = code < 0;
    const bool nearest_up = twice > unit;
    const bool tie = twice == unit;
    switch (mode) {
        case Round::kTrn:
            return q;
        case Round::kTrnZero:
            return negative && r != 0 ? q + 1 : q;
        case Round::kRnd:
            return nearest_up || tie ? q + 1 : q;
        case Round::kRndZero:
            return nearest_up || (tie && negative) ? q + 1 : q;
        case Round::kRndMinInf:
            return nearest_up ? q + 1 : q;
        case Round::kRndInf:
            return nearest_up || (tie && !negative) ? q + 1 : q;
        case Round::kRndConv:
            return nearest_up || (tie && q % 2 != 0) ? q + 1 : q;
    }
    return 0;
}

// Values on a line that turns back at both ends of [0, size).
std::int64_t reflected(std::int64_t v, std::int64_t size) {
    const std::int64_t p = floor_mod(v, 2 * size);
    return p < size ? p : 2 * size - 1 - p;
}

// AP_WRAP with saturation bits, from the bit string: sign, its complement n - 1 times, the low
// bits.
std::int64_t model_saturation_bits(std::int64_t v, const Cast& cast) {
    const int width = cast.format.width;
    const int n = cast.saturation_bits;
    std::int64_t out = 0;
    for (int i = 0; i < width; ++i) {
        const bool forced = i >= width - n;
        const bool is_sign = cast.format.is_signed && i == width - 1;
        bool one = (floor_mod(v, std::int64_t{1} << width) >> i & 1) != 0;
        if (forced) one = !cast.format.is_signed || (is_sign ? v < 0 : v >= 0);
        const std::int64_t weight = std::int64_t{1} << i;
        if (one) out += is_sign ? -weight : weight;
    }
    return out;
}

std::int64_t model_overflow(std::int64_t v, const Cast& cast) {
    const int width = cast.format.width;
    if (width == 0) return 0;
    const std::int64_t size = std::int64_t{1} << width;
    const std::int64_t lo = cast.format.is_signed ? -size / 2 : 0;
    const std::int64_t hi = lo + size - 1;
    const bool inside = lo <= v && v <= hi;
    switch (cast.overflow) {
        case Overflow::kWrap:
            if (inside) return v;
            if (cast.saturation_bits > 0) return model_saturation_bits(v, cast);
            return lo + floor_mod(v - lo, size);
        case Overflow::kSat:
            return v < lo ? lo : v > hi ? hi : v;
        case Overflow::kSatZero:
            return inside ? v : 0;
        case Overflow::kSatSym: {
            const std::int64_t bottom = cast.format.is_signed ? -hi : 0;
            return v < bottom ? bottom : v > hi ? hi : v;
        }
        case Overflow::kWrapSm:
            if (cast.saturation_bits == 0) return lo + reflected(v - lo, size);
            return v >= 0 ? reflected(v, size / 2) : -1 - reflected(-1 - v, size / 2);
    }
    return 0;
}

std::vector<Cast> casts_of(const Format& format) {
    std::vector<Cast> out;
    for (const Round round : kRounds) {
        for (const Overflow overflow : {Overflow::kSat, Overflow::kSatZero, Overflow::kSatSym}) {
            out.push_back({format, round, overflow, 0});
        }
        for (int n = 0; n <= format.width; ++n) {
            out.push_back({format, round, Overflow::kWrap, n});
            if (format.is_signed && n <= 1) out.push_back({format, round, Overflow::kWrapSm, n});
        }
    }
    return out;
}

TEST(Convert, EqualsTheModelOfTheTablesExhaustively) {
    for (int width = 0; width <= 4; ++width) {
        for (const bool is_signed : {false, true}) {
            for (const int frac : {-1, 0, 2}) {
                for (const Cast& cast : casts_of({is_signed, width, frac})) {
                    for (std::int64_t code = -140; code <= 140; ++code) {
                        const std::int64_t rounded = model_round(code, 2 - frac, cast.round);
                        ASSERT_EQ(convert(code, 2, cast), Integer(model_overflow(rounded, cast)))
                            << code << "/4 to " << to_string(cast);
                    }
                }
            }
        }
    }
}

// What the public headers themselves compute; the file says how it was made.
TEST(Convert, EqualsThePublicHeaders) {
    std::ifstream file(GW_SOURCE_DIR "/tests/unit/fixed/ap_fixed_golden.txt");
    std::string line;
    std::size_t lines = 0;
    while (std::getline(file, line)) {
        if (line.starts_with('#')) continue;
        std::istringstream words(line);
        std::string type;
        words >> type;
        const auto cast = parse_cast(type);
        ASSERT_TRUE(cast.has_value()) << type;
        // One signed bit has no symmetric range but {0}; the headers give -1 there (next test).
        const bool one_bit = cast->format == Format{true, 1, 2};
        const bool deviates = one_bit && cast->overflow == Overflow::kSatSym;
        for (int code = -40; code <= 40 && !deviates; ++code) {
            std::int64_t expected = 0;
            ASSERT_TRUE(words >> expected) << line;
            ASSERT_EQ(convert(code, 2, *cast), Integer(expected)) << code << "/4 to " << type;
        }
        ++lines;
    }
    EXPECT_EQ(lines, 84U);
}

TEST(Convert, OneSignedBitSaturatedSymmetricallyIsZero) {
    const Cast cast{{true, 1, 0}, Round::kTrn, Overflow::kSatSym, 0};
    for (int code = -3; code <= 3; ++code) EXPECT_EQ(convert(code, 0, cast), Integer(0));
}

// arithmetic of ap_fixed<4,4>, worked by hand: N=1: 8 -> 0, -9 -> -1; N=2: 8 -> 4, -9 -> -5.
TEST(Convert, SaturationBitsAsPublished) {
    const Format s4{true, 4, 0};
    const auto wrapped = [&](int v, int n) {
        return *convert(v, 0, {s4, Round::kTrn, Overflow::kWrap, n}).to_int64();
    };
    EXPECT_EQ(wrapped(8, 1), 0);
    EXPECT_EQ(wrapped(-9, 1), -1);
    EXPECT_EQ(wrapped(8, 2), 4);
    EXPECT_EQ(wrapped(-9, 2), -5);
}

// -2.5 and 2.5 to integers in every mode, as published.
TEST(Convert, TiesAsPublished) {
    const std::array<std::pair<int, int>, 7> expected = {
        {{-3, 2}, {-2, 2}, {-2, 3}, {-2, 2}, {-3, 2}, {-3, 3}, {-2, 2}}};
    for (std::size_t i = 0; i < kRounds.size(); ++i) {
        const Cast cast{{true, 8, 0}, kRounds[i], Overflow::kSat, 0};
        EXPECT_EQ(convert(-5, 1, cast), Integer(expected[i].first)) << to_string(kRounds[i]);
        EXPECT_EQ(convert(5, 1, cast), Integer(expected[i].second)) << to_string(kRounds[i]);
    }
}

TEST(Convert, HoldsForCodesBeyond64Bits) {
    const Integer big = Integer::power_of_two(100) + 5;
    EXPECT_EQ(convert(big, 1, {{true, 8, 0}, Round::kRnd, Overflow::kWrap, 0}), Integer(3));
    EXPECT_EQ(convert(-big, 1, {{true, 8, 0}, Round::kTrn, Overflow::kSat, 0}), Integer(-128));
}

TEST(CastValue, IsTheCodeOnItsGrid) {
    const Cast cast{{true, 6, 2}, Round::kRndConv, Overflow::kSat, 0};
    EXPECT_EQ(cast_value(Dyadic(11, -3), cast), Dyadic(6, -2));  // 1.375 ties to 1.5
    EXPECT_EQ(cast_value(Dyadic(1000), cast), Dyadic(31, -2));
}

}  // namespace
}  // namespace gatewright::fixed
