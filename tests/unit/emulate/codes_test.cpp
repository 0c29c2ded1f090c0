// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "emulate/engine.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using fixed::Cast;
using tensor::Tensor;

std::vector<dfg::Port> ports_of(const std::vector<Cast>& elements) {
    return {{"x", {static_cast<std::int64_t>(elements.size())}, elements, {}, 0}};
}

Cast cast_of(std::string_view text) {
    return fixed::parse_cast(text).value();
}

TEST(Codes, EveryRoundingModeTreatsTiesAsItsNameSays) {
    const std::vector<double> values{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, -0.25, 0.75};
    const struct {
        const char* type;
        std::vector<std::int64_t> codes;
    } cases[] = {
        {"fixed<8,8,TRN,SAT>", {-3, -2, -1, 0, 1, 2, -1, 0}},
        {"fixed<8,8,TRN_ZERO,SAT>", {-2, -1, 0, 0, 1, 2, 0, 0}},
        {"fixed<8,8,RND,SAT>", {-2, -1, 0, 1, 2, 3, 0, 1}},
        {"fixed<8,8,RND_ZERO,SAT>", {-2, -1, 0, 0, 1, 2, 0, 1}},
        {"fixed<8,8,RND_MIN_INF,SAT>", {-3, -2, -1, 0, 1, 2, 0, 1}},
        {"fixed<8,8,RND_INF,SAT>", {-3, -2, -1, 1, 2, 3, 0, 1}},
        {"fixed<8,8,RND_CONV,SAT>", {-2, -2, 0, 0, 2, 2, 0, 1}},
    };
    for (const auto& one : cases) {
        const auto ports = ports_of(std::vector<Cast>(values.size(), cast_of(one.type)));
        const std::vector<Tensor<double>> x{{{1, 8}, values}};
        const auto codes = to_codes(ports, x);
        ASSERT_TRUE(codes) << codes.error().message;
        EXPECT_EQ(*codes, one.codes) << one.type;
    }
}

TEST(Codes, RandomDoublesGetTheExactCast) {
    Rng rng(testing::test_seed(1));
    for (int i = 0; i < 20000; ++i) {
        Cast cast;
        cast.format = {rng.chance(0.5), static_cast<int>(rng.between(0, 60)),
                       static_cast<int>(rng.between(-70, 70))};
        cast.round = static_cast<fixed::Round>(rng.below(7));
        cast.overflow = static_cast<fixed::Overflow>(rng.below(4));
        const double value = std::ldexp(rng.unit() - 0.5, static_cast<int>(rng.between(-1070, 90)));
        const std::vector<Tensor<double>> x{{{1, 1}, {value}}};
        const auto codes = to_codes(ports_of({cast}), x);
        ASSERT_TRUE(codes);
        EXPECT_EQ(fixed::Integer((*codes)[0]), cast_code(*fixed::Dyadic::from_double(value), cast))
            << value << " " << to_string(cast);
    }
}

TEST(Codes, NotANumberIsAnErrorThatNamesItsPlace) {
    const auto ports = ports_of({cast_of("fixed<8,3>"), cast_of("fixed<8,3>")});
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        const std::vector<Tensor<double>> x{{{2, 2}, {0, 0, 0, bad}}};
        const auto codes = to_codes(ports, x);
        ASSERT_FALSE(codes);
        EXPECT_NE(codes.error().message.find("event 1, element 1"), std::string::npos)
            << codes.error().message;
    }
}

TEST(Codes, WrongShapesAreErrors) {
    const auto ports = ports_of({cast_of("fixed<8,3>"), cast_of("fixed<8,3>")});
    const std::vector<Tensor<double>> narrow{{{2, 3}, {0, 0, 0, 0, 0, 0}}};
    EXPECT_FALSE(to_codes(ports, narrow));
    EXPECT_FALSE(to_codes(ports, {}));
}

TEST(Codes, WidePortsNeedExactCodes) {
    const auto ports = ports_of({cast_of("fixed<100,60>")});
    const std::vector<Tensor<double>> x{{{1, 1}, {0.5}}};
    EXPECT_FALSE(to_codes(ports, x));
    const auto codes = to_exact_codes(ports, x);
    ASSERT_TRUE(codes);
    EXPECT_EQ((*codes)[0], fixed::Integer::power_of_two(39));
}

TEST(Codes, RealsAreCodesScaledByTheFormat) {
    const auto ports = ports_of({cast_of("fixed<8,3>"), cast_of("fixed<8,10>")});
    const std::vector<std::int64_t> codes{3, -5, -128, 127};
    const auto y = to_reals(ports, codes);
    ASSERT_EQ(y.size(), 1U);
    EXPECT_EQ(y[0].shape, (tensor::Shape{2, 2}));
    EXPECT_EQ(y[0].data, (std::vector<double>{0.09375, -20, -4, 508}));
}

}  // namespace
}  // namespace gatewright::emulate
