// SPDX-License-Identifier: Apache-2.0
#include "support/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gatewright {
namespace {

TEST(Json, IntegersStayIntegers) {
    const auto json = parse_json("[9223372036854775807, -9223372036854775808, 1.0, 1e3]");
    ASSERT_TRUE(json.has_value());
    const auto& items = json->as_array();
    EXPECT_EQ(items[0].as_integer(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(items[1].as_integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_FALSE(items[2].is_integer());
    EXPECT_EQ(items[3].as_number(), 1000.0);
}

TEST(Json, ReadsTheBareTokensOfKeras) {
    const auto json = parse_json(R"({"a": Infinity, "b": [-Infinity, NaN], "c": "Infinity NaN"})");
    ASSERT_TRUE(json.has_value()) << json.error().message;
    EXPECT_TRUE(std::isinf(json->find("a")->as_number()));
    EXPECT_LT(json->find("b")->as_array()[0].as_number(), 0);
    EXPECT_TRUE(std::isnan(json->find("b")->as_array()[1].as_number()));
    EXPECT_EQ(json->find("c")->as_string(), "Infinity NaN");
}

TEST(Json, TextReadsBack) {
    Json json = Json::object();
    json.set("z", 0.1);
    json.set("a", Json::array_of(std::vector<std::int64_t>{1, -2}));
    json.set("text", "line\nand \"quote\" and \xc3\xa9");
    json.set("none", nullptr);
    json.set("yes", true);
    for (const int indent : {-1, 2}) {
        const auto again = parse_json(json.dump(indent));
        ASSERT_TRUE(again.has_value()) << json.dump(indent);
        EXPECT_TRUE(*again == json);
    }
    EXPECT_EQ(json.as_object()[0].first, "z");  // keys keep their order
}

TEST(Json, RefusesWhatIsNoDocument) {
    for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "{} {}", "nul", "\"open", "[1 2]"}) {
        EXPECT_FALSE(parse_json(bad).has_value()) << bad;
    }
    EXPECT_FALSE(parse_json(std::string(100000, '[')).has_value());
}

TEST(Json, CheckedAccessNamesKeyAndTypes) {
    const auto json = *parse_json(R"({"n": "three"})");
    const auto wrong = json.get_integer("n");
    ASSERT_FALSE(wrong.has_value());
    EXPECT_NE(wrong.error().message.find("'n'"), std::string::npos) << wrong.error().message;
    EXPECT_NE(wrong.error().message.find("string"), std::string::npos) << wrong.error().message;
    EXPECT_FALSE(json.get_integer("missing").has_value());
    EXPECT_EQ(*json.integer_or("missing", 7), 7);
    EXPECT_FALSE(json.integer_or("n", 7).has_value());
}

}  // namespace
}  // namespace gatewright
