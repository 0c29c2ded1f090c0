// SPDX-License-Identifier: Apache-2.0
#include "layers/real_function.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

namespace gatewright::layers {
namespace {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;

Cast cast_of(const char* text) {
    return fixed::parse_cast(text).value();
}

RealFunction function_of(std::string_view name) {
    RealFunction f;
    f.kind = parse_function(name).value();
    return f;
}

Integer code_of(std::string_view name, const Dyadic& x, const char* type) {
    return rounded_code(function_of(name), x, cast_of(type));
}

// Codes from mpmath at 6000 bits: make_real_function_cases.py.
TEST(RealFunction, EveryFunctionIsCorrectlyRoundedWhereTheOracleSaysSo) {
    std::ifstream file(GW_SOURCE_DIR "/tests/unit/layers/real_function_cases.txt");
    std::set<std::string> seen;
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name, alpha, x, type, code;
        words >> name >> alpha >> x >> type >> code;
        RealFunction f = function_of(name);
        f.alpha = Dyadic::parse(alpha).value();
        EXPECT_EQ(rounded_code(f, Dyadic::parse(x).value(), cast_of(type.c_str())).to_string(),
                  code)
            << line;
        seen.insert(name);
    }
    for (const FunctionDoc& doc : function_docs())
        EXPECT_TRUE(seen.contains(std::string(doc.name))) << doc.name;
}

TEST(RealFunction, ValuesOnTheGridAreKeptUnderEveryRounding) {
    for (const char* mode :
         {"TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV"}) {
        const std::string type = std::string("fixed<16,8,") + mode + ",SAT>";
        EXPECT_EQ(code_of("sigmoid", 0, type.c_str()), Integer(128));
        EXPECT_EQ(code_of("tanh", 0, type.c_str()), Integer(0));
        EXPECT_EQ(code_of("sqrt", Dyadic(1, -4), type.c_str()), Integer(64));
        EXPECT_EQ(code_of("sqrt", 4, type.c_str()), Integer(512));
        EXPECT_EQ(code_of("reciprocal", 8, type.c_str()), Integer(32));
        EXPECT_EQ(code_of("softsign", 1, type.c_str()), Integer(128));
        EXPECT_EQ(code_of("exp", 0, type.c_str()), Integer(256));
        EXPECT_EQ(code_of("log", 1, type.c_str()), Integer(0));
        EXPECT_EQ(code_of("cos", 0, type.c_str()), Integer(256));
    }
}

TEST(RealFunction, LimitsAreApproachedFromTheirSide) {
    // 1 - 10^-100000 rounds down to the step below 1, and to 1 by rounding to nearest.
    EXPECT_EQ(code_of("tanh", 100000, "fixed<16,8,TRN,SAT>"), Integer(255));
    EXPECT_EQ(code_of("tanh", 100000, "fixed<16,8,RND,SAT>"), Integer(256));
    EXPECT_EQ(code_of("tanh", -100000, "fixed<16,8,TRN,SAT>"), Integer(-256));
    EXPECT_EQ(code_of("tanh", -100000, "fixed<16,8,TRN_ZERO,SAT>"), Integer(-255));
    EXPECT_EQ(code_of("sigmoid", 100000, "ufixed<16,8,TRN,SAT>"), Integer(255));
    EXPECT_EQ(code_of("sigmoid", -100000, "ufixed<16,8,TRN,SAT>"), Integer(0));
    EXPECT_EQ(code_of("silu", -100000, "fixed<16,8,TRN,SAT>"), Integer(-1));
    EXPECT_EQ(code_of("gelu", -1000, "fixed<16,8,TRN,SAT>"), Integer(-1));
    EXPECT_EQ(code_of("gelu", 100, "fixed<16,8,TRN,SAT>"), Integer(25599));
    EXPECT_EQ(code_of("softplus", 100, "fixed<16,8,TRN,SAT>"), Integer(25600));
    EXPECT_EQ(code_of("elu", -100000, "fixed<16,8,TRN,SAT>"), Integer(-256));
    EXPECT_EQ(code_of("elu", -100000, "fixed<16,8,TRN_ZERO,SAT>"), Integer(-255));
    EXPECT_EQ(code_of("erf", 500, "fixed<16,8,TRN,SAT>"), Integer(255));
}

TEST(RealFunction, PolesGiveTheEndsOfTheTypeAndMissingValuesZero) {
    EXPECT_EQ(code_of("reciprocal", 0, "fixed<8,4,RND,WRAP>"), Integer(127));
    EXPECT_EQ(code_of("rsqrt", 0, "ufixed<8,4,RND,WRAP>"), Integer(255));
    EXPECT_EQ(code_of("log", 0, "fixed<8,4,RND,WRAP>"), Integer(-128));
    EXPECT_EQ(code_of("log", -1, "fixed<8,4,RND,WRAP>"), Integer(0));
    EXPECT_EQ(code_of("sqrt", -1, "fixed<8,4,RND,WRAP>"), Integer(0));
    EXPECT_EQ(code_of("exp", 1000000, "fixed<8,4,RND,WRAP>"), Integer(127));
}

TEST(RealFunction, ScalesAndOffsetApplyInsideAndOutside) {
    RealFunction f = function_of("relu6");
    f.input_scale = 2;
    f.input_offset = -1;
    f.output_scale = Dyadic(1, -1);
    EXPECT_EQ(rounded_code(f, 3, cast_of("fixed<16,8>")), Integer(640));  // relu6(5)/2 = 2.5
    EXPECT_DOUBLE_EQ(real_value(f, 3.0), 2.5);
}

TEST(RealFunction, RealValuesAgreeWithTheMathLibrary) {
    EXPECT_DOUBLE_EQ(real_value(function_of("tanh"), 0.7), std::tanh(0.7));
    EXPECT_DOUBLE_EQ(real_value(function_of("erf"), -1.3), std::erf(-1.3));
    EXPECT_DOUBLE_EQ(real_value(function_of("log1p"), 1e-12), std::log1p(1e-12));
    EXPECT_DOUBLE_EQ(real_value(function_of("gelu"), -3.0), -1.5 * std::erfc(3 / std::sqrt(2.0)));
    EXPECT_TRUE(std::isinf(real_value(function_of("reciprocal"), 0)));
    EXPECT_TRUE(std::isnan(real_value(function_of("sqrt"), -1)));
}

TEST(RealFunction, UnknownNamesAreRefusedWithTheKnownOnes) {
    const auto result = parse_function("sigmoyd");
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("sigmoid"), std::string::npos);
}

}  // namespace
}  // namespace gatewright::layers
