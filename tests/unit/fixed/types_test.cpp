// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fixed/format.h"
#include "fixed/interval.h"

namespace gatewright::fixed {
namespace {

TEST(ParseCast, ReadsEverySpelling) {
    const auto is = [](std::string_view text, const Cast& expected) {
        const auto cast = parse_cast(text);
        ASSERT_TRUE(cast.has_value()) << cast.error().message;
        EXPECT_EQ(*cast, expected) << text;
        EXPECT_EQ(*parse_cast(to_string(*cast)), expected) << to_string(*cast);
    };
    is("fixed<16,6>", {{true, 16, 10}});
    is("ap_fixed< 16 , 6 >", {{true, 16, 10}});
    is("ap_ufixed<8,0,AP_RND,AP_SAT>", {{false, 8, 8}, Round::kRnd, Overflow::kSat, 0});
    is("ufixed<4,6,trn_zero>", {{false, 4, -2}, Round::kTrnZero});
    is("fixed<8,3,RND_CONV,SAT_SYM>", {{true, 8, 5}, Round::kRndConv, Overflow::kSatSym, 0});
    is("fixed<8,3,TRN,WRAP,2>", {{true, 8, 5}, Round::kTrn, Overflow::kWrap, 2});
    is("ap_fixed<15,12,AP_RND,AP_SAT,AP_SAT>", {{true, 15, 3}, Round::kRnd, Overflow::kSat, 0});
    is("int<8>", {{true, 8, 0}});
    is("ap_uint<3>", {{false, 3, 0}});
    is("fixed<4,-3>", {{true, 4, 7}});
    is("s8.3", {{true, 8, 3}});
    is("u4.-1", {{false, 4, -1}});
}

TEST(ParseCast, RefusesWhatIsNoType) {
    for (const char* bad : {"", "fixed", "fixed<>", "fixed<8>", "fixed<8,3", "fixed<8,3,UP>",
                            "fixed<8,3,RND,CLIP>", "fixed<8,3,RND,SAT,9>", "fixed<-1,0>",
                            "fixed<5000,0>", "ufixed<8,3,TRN,WRAP_SM>", "fixed<8,3,TRN,WRAP_SM,2>",
                            "float", "s8", "u8.-2147483648", "fixed<8,-2147483648>", "int<8,3>"}) {
        const auto cast = parse_cast(bad);
        EXPECT_FALSE(cast.has_value()) << bad;
    }
    EXPECT_NE(parse_cast("fixed<8,3,UP>").error().message.find("RND_CONV"), std::string::npos);
}

TEST(Format, KnowsItsCodes) {
    EXPECT_EQ((Format{true, 4, 0}.min_code()), Integer(-8));
    EXPECT_EQ((Format{true, 4, 0}.max_code()), Integer(7));
    EXPECT_EQ((Format{false, 4, 0}.max_code()), Integer(15));
    EXPECT_EQ((Format{true, 1, 0}.min_code()), Integer(-1));
    EXPECT_EQ((Format{true, 0, 0}.max_code()), Integer(0));
    EXPECT_EQ((Format{true, 4, 0}.wrap(9)), Integer(-7));
    EXPECT_EQ((Format{false, 4, 0}.wrap(-1)), Integer(15));
}

TEST(FormatOf, IsTheNarrowest) {
    EXPECT_EQ(format_of({0, 0, 3}), (Format{false, 0, 3}));
    EXPECT_EQ(format_of({0, 8, 0}), (Format{false, 4, 0}));
    EXPECT_EQ(format_of({-8, 7, 0}), (Format{true, 4, 0}));
    EXPECT_EQ(format_of({-8, 8, 0}), (Format{true, 5, 0}));
    EXPECT_EQ(format_of({-1, 0, 0}), (Format{true, 1, 0}));
}

// Every interval of small codes against every pair of members.
TEST(Interval, ArithmeticIsTheSmallestSoundHull) {
    for (int lo_a = -3; lo_a <= 3; ++lo_a) {
        for (int hi_a = lo_a; hi_a <= 3; ++hi_a) {
            for (int lo_b = -3; lo_b <= 3; ++lo_b) {
                for (int hi_b = lo_b; hi_b <= 3; ++hi_b) {
                    const Interval a{lo_a, hi_a, 1};
                    const Interval b{lo_b, hi_b, 0};
                    int sum_lo = 1000, sum_hi = -1000, product_lo = 1000, product_hi = -1000;
                    for (int x = lo_a; x <= hi_a; ++x) {
                        for (int y = lo_b; y <= hi_b; ++y) {
                            sum_lo = std::min(sum_lo, x + 2 * y);
                            sum_hi = std::max(sum_hi, x + 2 * y);
                            product_lo = std::min(product_lo, x * y);
                            product_hi = std::max(product_hi, x * y);
                        }
                    }
                    ASSERT_EQ(a + b, (Interval{sum_lo, sum_hi, 1}));
                    ASSERT_EQ(a * b, (Interval{product_lo, product_hi, 1}));
                    ASSERT_EQ(a - -b, a + b);
                }
            }
        }
    }
}

TEST(Interval, CastHoldsEveryResult) {
    for (int width = 0; width <= 3; ++width) {
        for (int mode = 0; mode < 35; ++mode) {
            const Cast cast{
                {true, width, 0}, static_cast<Round>(mode % 7), static_cast<Overflow>(mode / 7), 0};
            for (int lo = -20; lo <= 20; ++lo) {
                for (int hi = lo; hi <= 20; ++hi) {
                    const Interval out = fixed::cast(Interval{lo, hi, 1}, cast);
                    ASSERT_TRUE(Interval::of(cast.format).contains(out)) << to_string(out);
                    bool overflows = false;
                    for (int code = lo; code <= hi; ++code) {
                        const Dyadic value(code, -1);
                        ASSERT_TRUE(out.contains(cast_value(value, cast)))
                            << to_string(out) << " " << code << " " << to_string(cast);
                        const Integer rounded = round_code(code, 1, cast.round);
                        overflows = overflows || overflow_code(rounded, cast) != rounded;
                    }
                    ASSERT_TRUE(!overflows || can_overflow({lo, hi, 1}, cast));
                }
            }
        }
    }
}

}  // namespace
}  // namespace gatewright::fixed
