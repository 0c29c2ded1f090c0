// SPDX-License-Identifier: Apache-2.0
//
// The page is checked for what a person needs to find on it, for being one closed file, and for
// standing up to hostile and incomplete reports. How it looks is checked by eye in a browser
// (docs/report.md).
#include "report/html.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#include "report/html_text.h"

namespace gatewright::report {
namespace {

Json sample() {
    auto report =
        read_json_file(std::string(GW_SOURCE_DIR) + "/tests/unit/report/sample_report.json");
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : Json();
}

bool has(const std::string& page, std::string_view text) {
    return page.find(text) != std::string::npos;
}

// Every element that is opened is closed, in order; void elements aside.
std::string first_unbalanced_tag(const std::string& page) {
    static const std::regex kTag("<(/?)([a-zA-Z0-9]+)((?:\"[^\"]*\"|[^\">])*?)(/?)>");
    std::vector<std::string> open;
    for (std::sregex_iterator it(page.begin(), page.end(), kTag), end; it != end; ++it) {
        const std::string name = (*it)[2];
        if (name == "meta" || (*it)[4] == "/") continue;
        if ((*it)[1] != "/") {
            open.push_back(name);
        } else if (open.empty() || open.back() != name) {
            return "/" + name;
        } else {
            open.pop_back();
        }
    }
    return open.empty() ? "" : open.back();
}

TEST(Html, TheSampleShowsItsHeadlineNumbersAndEveryLayer) {
    const std::string page = to_html(sample());
    if (const char* path = std::getenv("GW_SAMPLE_HTML")) std::ofstream(path) << page;
    for (const char* text : {"44.44", "12\u202f015", "8211", "102\u202f054", "0 mismatches",
                             "dense_32b", "xcvu13p-2", "Keras 3 (HGQ2)", "gatewright synth jets",
                             "AUC", "402", "0 to 8 bits, frac 1 to 5", "16 → 64", "75.11"}) {
        EXPECT_TRUE(has(page, text)) << text;
    }
}

TEST(Html, ThePageIsOneFileWithoutScriptsOrOutsideReferences) {
    const std::string page = to_html(sample());
    EXPECT_FALSE(has(page, "<script"));
    EXPECT_FALSE(has(page, "url("));
    EXPECT_FALSE(std::regex_search(page, std::regex("(src|href)=\"(?!#)")));
    EXPECT_EQ(first_unbalanced_tag(page), "");
    EXPECT_LT(page.size(), 200000U);
}

TEST(Html, AHostileNameStaysText) {
    const std::string hostile = "</title><script>alert(1)</script>\" onload='x' &amp;\x01";
    Json report = sample();
    report.set("name", hostile);
    const auto poison = [&](auto&& self, Json& value) -> void {
        if (value.is_string()) {
            value = Json(hostile);
        } else if (value.is_array()) {
            for (Json& item : value.as_array()) self(self, item);
        } else if (value.is_object()) {
            for (auto& [key, item] : value.as_object()) self(self, item);
        }
    };
    poison(poison, report);
    Json seconds = Json::object();
    seconds.set(hostile, 1.0);
    report.set("seconds", std::move(seconds));
    const std::string page = to_html(report);
    EXPECT_FALSE(has(page, "<script"));
    EXPECT_FALSE(has(page, "' onload") || has(page, "\" onload") || has(page, "onload='"));
    EXPECT_FALSE(has(page, "\x01"));
    EXPECT_TRUE(has(page, "&lt;script&gt;"));
    EXPECT_EQ(first_unbalanced_tag(page), "");
}

TEST(Html, AnEmptyReportIsStillAPage) {
    for (const Json& report : {Json(), Json::object(), Json("text"), Json::array()}) {
        const std::string page = to_html(report);
        EXPECT_TRUE(has(page, "Nothing has been verified yet"));
        EXPECT_EQ(first_unbalanced_tag(page), "");
    }
}

// Every member of the report in turn replaced by a value of another type, or by a number out of
// reason.
TEST(Html, WrongTypesAndNumbersLeaveTheirPartOut) {
    const Json wrong[] = {Json(),
                          Json("x"),
                          Json(-1e300),
                          Json(std::numeric_limits<double>::infinity()),
                          Json(std::numeric_limits<double>::quiet_NaN()),
                          Json(std::int64_t{1} << 62),
                          Json::array(),
                          Json::object()};
    const auto visit = [&](auto&& self, Json& root, Json& value, int depth) -> void {
        const Json kept = value;
        for (const Json& other : wrong) {
            value = other;
            ASSERT_EQ(first_unbalanced_tag(to_html(root)), "");
        }
        value = kept;
        if (depth == 0) return;
        if (value.is_object()) {
            for (auto& [key, item] : value.as_object()) self(self, root, item, depth - 1);
        } else if (value.is_array() && !value.as_array().empty()) {
            self(self, root, value.as_array().front(), depth - 1);
        }
    };
    Json report = sample();
    Json& roc = *report.find("metrics")->find("roc");
    roc.as_array().resize(1);  // the long lists cost time and add no case
    for (const char* key : {"fpr", "tpr"}) roc.as_array()[0].find(key)->as_array().resize(4);
    visit(visit, report, report, 3);
}

TEST(Html, AMismatchIsShownAsBad) {
    Json report = sample();
    report.find("verify")->find("evaluators")->as_array()[2].set("mismatches", 3);
    const std::string page = to_html(report);
    EXPECT_TRUE(has(page, "class=\"bad\""));
    EXPECT_TRUE(has(page, "3 mismatches"));
}

TEST(Html, WrongTimingOrADisprovenLayerIsShownAsBad) {
    Json report = sample();
    report.find("verify")->set("passed", false);
    EXPECT_TRUE(has(to_html(report), "Verification failed"));
}

Json staged_report() {
    return *parse_json(R"({"name": "s", "stage_rows": [
      {"name": "<b>conv", "description": "a \"window\"", "words": 30, "word_bits": 12,
       "busy_cycles": 4321, "latency": 7, "reuse": 6, "multipliers": 9, "lut": 55,
       "bottleneck": true},
      {"name": "pool", "words": 6, "word_bits": 8, "busy_cycles": 30, "latency": 2, "lut": 5}],
      "ports": [{"name": "x", "direction": "in", "words": 30, "bits": 10}],
      "fifos": [{"stream": "x", "reader": "pool", "depth": 77, "peak": 76, "bits": 770}]})");
}

TEST(Html, StagesPortsAndFifosAreShownWithTheSlowestStageMarked) {
    const std::string page = to_html(staged_report());
    for (const char* text : {"&lt;b&gt;conv", "4321", "reuse 6 · sets the pace", "Multipliers",
                             "77", "Table of ports", "Table of FIFOs"}) {
        EXPECT_TRUE(has(page, text)) << text;
    }
    EXPECT_FALSE(has(page, "<b>conv"));
    EXPECT_FALSE(has(page, "DSP</th>"));  // no stage has one
    EXPECT_EQ(first_unbalanced_tag(page), "");
    EXPECT_FALSE(has(to_html(sample()), "id=\"stages\""));
}

TEST(Html, StageRowsOfWrongTypesLeaveTheirPartsOut) {
    Json report = staged_report();
    report.set("stage_rows", *parse_json(R"([3, null, {"name": 7, "words": "x", "lut": []}])"));
    report.set("fifos", "none").set("ports", *parse_json("[[]]"));
    const std::string page = to_html(report);
    EXPECT_EQ(first_unbalanced_tag(page), "");
    EXPECT_FALSE(has(page, "Table of FIFOs"));
}

TEST(HtmlText, NumbersReadWell) {
    EXPECT_EQ(grouped(1234.0), "1234");
    EXPECT_EQ(grouped(12345.0), "12\u202f345");
    EXPECT_EQ(grouped(-0.2), "0");
    EXPECT_EQ(grouped(std::nullopt), "–");
    EXPECT_EQ(significant(44.4444, 4), "44.44");
    EXPECT_EQ(significant(360, 4), "360");
    EXPECT_EQ(significant(99.999, 3), "100");
    EXPECT_EQ(duration(0.0412), "41.2 ms");
    EXPECT_EQ(shortened("Gewächshaus", 6), "Gewäch…");
    EXPECT_EQ(shortened("kurz", 4), "kurz");
}

}  // namespace
}  // namespace gatewright::report
