// SPDX-License-Identifier: Apache-2.0
//
// Division by constants with one rounding: against the table of ap_fixed's modes, and against the
// definition of each mode in plain integers, over whole ranges of operands.
#include "layers/quotient.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "dfg/interpreter.h"

namespace gatewright::layers {
namespace {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;
using fixed::Overflow;
using fixed::Round;

constexpr Round kModes[] = {Round::kTrn,       Round::kTrnZero, Round::kRnd,    Round::kRndZero,
                            Round::kRndMinInf, Round::kRndInf,  Round::kRndConv};

Cast integer_cast(Round round) {
    return {{true, 20, 0}, round, Overflow::kSat, 0};
}

/// n / d by the definition: the nearest integer and its tie rule, or the next one in a direction.
std::int64_t by_definition(std::int64_t n, std::int64_t d, Round round) {
    std::int64_t down = n / d - (n % d < 0 ? 1 : 0);
    if (n % d == 0) return n / d;
    if (round == Round::kTrn) return down;
    if (round == Round::kTrnZero) return n / d;
    const std::int64_t to_down = n - down * d;
    const std::int64_t to_up = (down + 1) * d - n;
    if (to_down != to_up) return to_down < to_up ? down : down + 1;
    switch (round) {
        case Round::kRnd:
            return down + 1;
        case Round::kRndMinInf:
            return down;
        case Round::kRndZero:
            return std::abs(down) < std::abs(down + 1) ? down : down + 1;
        case Round::kRndInf:
            return std::abs(down) > std::abs(down + 1) ? down : down + 1;
        default:
            return down % 2 == 0 ? down : down + 1;
    }
}

/// The dataflow of x · ratio for every integer x in [lo, hi].
std::vector<std::int64_t> emitted(std::int64_t lo, std::int64_t hi, const Ratio& ratio,
                                  const Cast& cast) {
    cmvm::Cache cache;
    dfg::Builder builder("quotient");
    const Interval range{lo, hi, 0};
    const dfg::ValueId x = builder.input(format_of(range), range);
    model::Lowering lowering{builder, {}, cache};
    const dfg::ValueId y = emit_quotient(lowering, x, ratio, cast);
    const int frac = builder[y].format.frac;
    builder.output(y);
    const dfg::Program program = std::move(builder).finish();
    std::vector<std::int64_t> out;
    for (std::int64_t code = lo; code <= hi; ++code) {
        const std::vector<Integer> in{code};
        const Dyadic value(dfg::interpret(program, in)[0], -frac);
        out.push_back(value.code_at(0).to_int64().value());
    }
    return out;
}

TEST(Quotient, ModesAreThoseOfApFixed) {
    // 15/6 = 2.5 and -2.5: the examples of every mode in docs/semantics.md.
    const std::int64_t positive[] = {2, 2, 3, 2, 2, 3, 2};
    const std::int64_t negative[] = {-3, -2, -2, -2, -3, -3, -2};
    for (std::size_t m = 0; m < std::size(kModes); ++m) {
        const Cast cast = integer_cast(kModes[m]);
        EXPECT_EQ(quotient_value(15, {1, 6}, cast), Dyadic(static_cast<int>(positive[m])));
        EXPECT_EQ(quotient_value(-15, {1, 6}, cast), Dyadic(static_cast<int>(negative[m])));
    }
}

TEST(Quotient, ValueAndDataflowFollowTheDefinitionForEveryOperand) {
    for (std::int64_t divisor = 1; divisor <= 18; ++divisor) {
        for (const Round round : kModes) {
            const Cast cast = integer_cast(round);
            const auto got = emitted(-70, 70, {1, divisor}, cast);
            for (std::int64_t x = -70; x <= 70; ++x) {
                const std::int64_t expected = by_definition(x, divisor, round);
                ASSERT_EQ(quotient_value(static_cast<int>(x), {1, divisor}, cast),
                          Dyadic(static_cast<int>(expected)))
                    << x << " / " << divisor << " " << to_string(round);
                ASSERT_EQ(got[static_cast<std::size_t>(x + 70)], expected)
                    << x << " / " << divisor << " " << to_string(round);
            }
        }
    }
}

// A quotient that is a constant may be even and then stands in units of 2 or more.
TEST(Quotient, ConstantOperandsFollowTheDefinition) {
    for (std::int64_t n = -40; n <= 40; ++n) {
        for (const std::int64_t d : {2, 3, 6, 10, 12}) {
            for (const Round round : kModes) {
                const auto codes = emitted(n, n, {1, d}, integer_cast(round));
                ASSERT_EQ(codes, std::vector<std::int64_t>{by_definition(n, d, round)})
                    << n << " / " << d;
            }
        }
    }
}

TEST(Quotient, ScaledQuotientsOfOneSidedRanges) {
    // (x · -7/4) / 9 on the grid of eighths: -14·x/9 eighths.
    for (const Round round : kModes) {
        const Cast cast{{true, 20, 3}, round, Overflow::kSat, 0};
        for (const auto& [lo, hi] : {std::pair{0, 200}, std::pair{-200, -1}, std::pair{-3, 250}}) {
            cmvm::Cache cache;
            dfg::Builder builder("quotient");
            const Interval range{lo, hi, 0};
            const dfg::ValueId x = builder.input(format_of(range), range);
            model::Lowering lowering{builder, {}, cache};
            const Ratio ratio{Dyadic(-7, -2), 9};
            const dfg::ValueId y = emit_quotient(lowering, x, ratio, cast);
            const int frac = builder[y].format.frac;
            builder.output(y);
            const dfg::Program program = std::move(builder).finish();
            const Interval bounds = quotient_range(range, ratio, cast);
            for (int code = lo; code <= hi; ++code) {
                const Dyadic expected(by_definition(-14 * code, 9, round), -3);
                EXPECT_EQ(quotient_value(code, ratio, cast), expected);
                const std::vector<Integer> in{code};
                ASSERT_EQ(Dyadic(dfg::interpret(program, in)[0], -frac), expected) << code;
                EXPECT_TRUE(bounds.contains(expected));
            }
        }
    }
}

TEST(Quotient, ExactRatiosAreFactors) {
    EXPECT_EQ(exact_factor({1, 8}), Dyadic(1, -3));
    EXPECT_EQ(exact_factor({Dyadic(9 * 57, -9), 9}), Dyadic(57, -9));  // QKeras: n · (57 / 512)
    EXPECT_EQ(exact_factor({Dyadic(-3), 12}), Dyadic(-1, -2));
    EXPECT_EQ(exact_factor({1, 9}), std::nullopt);
}

TEST(Quotient, AMeanOfNineBytesTakesFewAdders) {
    cmvm::Cache cache;
    dfg::Builder builder("quotient");
    const Interval range{0, 9 * 255, 0};
    const dfg::ValueId x = builder.input(format_of(range), range);
    model::Lowering lowering{builder, {}, cache};
    builder.output(
        emit_quotient(lowering, x, {1, 9}, {{false, 8, 0}, Round::kRnd, Overflow::kSat}));
    const dfg::Program program = std::move(builder).finish();
    int adders = 0;
    for (const dfg::Node& node : program.nodes()) {
        EXPECT_NE(node.op, dfg::Op::kMul);
        adders += node.op == dfg::Op::kAdd || node.op == dfg::Op::kSub ? 1 : 0;
    }
    // x · 0b1110001110010.. by repeated patterns, and one for the half.
    EXPECT_LE(adders, 5);
}

}  // namespace
}  // namespace gatewright::layers
