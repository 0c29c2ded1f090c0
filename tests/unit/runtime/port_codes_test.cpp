// SPDX-License-Identifier: Apache-2.0
//
// Fast conversions against the exact ones of fixed/ (which an independent model in rationals holds
// to the ap_fixed headers): every mode, every kind of double.
#include "runtime/port_codes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "fixed/dyadic.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::runtime {
namespace {

using fixed::Cast;
using fixed::Format;
using fixed::Overflow;
using fixed::Round;

dfg::Port port_of(std::vector<Cast> casts) {
    dfg::Port port;
    port.name = "x";
    port.shape = {static_cast<std::int64_t>(casts.size())};
    port.elements = std::move(casts);
    port.bit_offset.resize(port.elements.size());
    return port;
}

Cast random_cast(Rng& rng, Round round, int widest) {
    const auto width = static_cast<int>(rng.next() % static_cast<std::uint64_t>(widest)) + 1;
    const auto frac = static_cast<int>(rng.next() % 24) - 6;
    const bool saturates = rng.next() % 2 == 0;
    return {
        {rng.next() % 2 == 0, width, frac}, round, saturates ? Overflow::kSat : Overflow::kWrap, 0};
}

// Doubles near the codes' ends, on ties, of any exponent, subnormal.
double any_double(Rng& rng, const Format& format) {
    const double step = std::ldexp(1.0, -format.frac);
    const auto code = static_cast<double>(static_cast<std::int64_t>(rng.next() % 4096) - 2048);
    const double edge = std::ldexp(1.0, format.width - static_cast<int>(rng.next() % 3));
    switch (rng.next() % 6) {
        case 0:
            return (code + 0.5) * step;
        case 1:
            return (code + std::ldexp(1.0, -30)) * step;
        case 2:
            return (edge + code / 2) * step;
        case 3:
            return -(edge + code / 4) * step;
        case 4: {
            const auto value = std::bit_cast<double>(rng.next());
            return std::isfinite(value) ? value : 0.0;
        }
        default:
            return code * std::numeric_limits<double>::denorm_min();
    }
}

template <class Real>
void expect_exact_codes(const std::vector<Cast>& casts, Rng& rng) {
    const RowCasts rows({port_of(casts)});
    std::vector<Real> values;
    for (std::size_t i = 0; i < 8 * casts.size(); ++i) {
        const auto value = static_cast<Real>(any_double(rng, casts[i % casts.size()].format));
        values.push_back(std::isfinite(value) ? value : Real{0});
    }
    std::vector<std::int64_t> codes(values.size());
    ASSERT_EQ(rows.to_codes(std::span<const Real>(values), std::span(codes)), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Cast& cast = casts[i % casts.size()];
        const auto expected = fixed::cast_code(*fixed::Dyadic::from_double(values[i]), cast);
        ASSERT_EQ(fixed::Integer(codes[i]), expected) << to_string(cast) << " " << values[i];
    }
}

TEST(PortCodes, EveryModeEqualsTheExactCast) {
    Rng rng(testing::test_seed(21));
    const Round rounds[] = {Round::kTrn,       Round::kTrnZero, Round::kRnd,    Round::kRndZero,
                            Round::kRndMinInf, Round::kRndInf,  Round::kRndConv};
    for (int turn = 0; turn < 400; ++turn) {
        for (const Round round : rounds) {
            for (const int widest : {8, 31, 62}) {
                std::vector<Cast> casts;
                for (int i = 0; i < 5; ++i) casts.push_back(random_cast(rng, round, widest));
                expect_exact_codes<double>(casts, rng);
                expect_exact_codes<float>(casts, rng);
            }
        }
    }
}

TEST(PortCodes, RareOverflowModesAndMixedRoundingsEqualTheExactCast) {
    Rng rng(testing::test_seed(22));
    const std::vector<Cast> casts = {{{true, 6, 2}, Round::kRnd, Overflow::kSatSym, 0},
                                     {{true, 6, 2}, Round::kTrn, Overflow::kSatZero, 0},
                                     {{true, 6, 2}, Round::kRndConv, Overflow::kWrapSm, 0},
                                     {{true, 6, 2}, Round::kTrn, Overflow::kWrap, 2},
                                     {{false, 0, 0}, Round::kTrn, Overflow::kWrap, 0},
                                     {{true, 8, 3}, Round::kRnd, Overflow::kSat, 0}};
    for (int turn = 0; turn < 500; ++turn) expect_exact_codes<double>(casts, rng);
}

TEST(PortCodes, ElementsWithoutBitsAreZeroBetweenOthers) {
    Rng rng(testing::test_seed(23));
    const Cast none{{false, 0, 0}, Round::kTrn, Overflow::kWrap, 0};
    const Cast some{{true, 8, 3}, Round::kRnd, Overflow::kWrap, 0};
    for (int turn = 0; turn < 200; ++turn) {
        expect_exact_codes<double>({none, some, none}, rng);
        expect_exact_codes<double>({none, {{true, 0, 9}, Round::kRnd, Overflow::kSat, 0}}, rng);
    }
}

TEST(PortCodes, TheFirstValueThatIsNotFiniteIsFound) {
    for (const Overflow overflow : {Overflow::kSat, Overflow::kWrap, Overflow::kSatZero}) {
        const Cast cast{{true, 8, 4}, Round::kTrn, overflow, 0};
        const RowCasts rows({port_of({cast, cast, cast})});
        for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
            std::vector<double> values(12, 0.5);
            values[7] = bad;
            values[9] = bad;
            std::vector<std::int16_t> codes(12);
            EXPECT_EQ(rows.to_codes(std::span<const double>(values), std::span(codes)), 7U);
        }
    }
}

TEST(PortCodes, RealsAreTheNearest) {
    // 2^60 + 1 has 61 bits: a double keeps 53 of them, a float 24.
    const std::int64_t wide = (std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1;
    const RowCasts rows({port_of({{{true, 62, 4}, Round::kTrn, Overflow::kWrap, 0},
                                  {{true, 8, -3}, Round::kTrn, Overflow::kWrap, 0}})});
    const std::vector<std::int64_t> codes = {wide, -5};
    std::vector<double> doubles(2);
    rows.to_reals(std::span<const std::int64_t>(codes), std::span(doubles));
    EXPECT_EQ(doubles[0], 0x1p56 + 0x1p32);
    EXPECT_EQ(doubles[1], -40);
    std::vector<float> floats(2);
    rows.to_reals(std::span<const std::int64_t>(codes), std::span(floats));
    // The half of a float's last place at 2^56 is 2^32: with one more unit it rounds up.
    EXPECT_EQ(floats[0], 0x1p56F + 0x1p33F);
    EXPECT_EQ(floats[1], -40);
}

}  // namespace
}  // namespace gatewright::runtime
