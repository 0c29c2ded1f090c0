// SPDX-License-Identifier: Apache-2.0
//
// Clock, stages and registers as a user asks for them.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/fixture.h"
#include "support/files.h"
#include "support/json.h"

namespace gatewright {
namespace {

namespace fs = std::filesystem;

// Three layers of sums, so that there is something to cut into stages.
constexpr const char* kDeep = R"({
 "format": "gatewright-model", "version": 1, "name": "deep",
 "layers": [
  {"name": "x", "kind": "input", "shape": [3], "type": "fixed<8,4,RND,SAT>"},
  {"name": "first", "kind": "dense", "inputs": ["x"],
   "kernel": [[0.75, -1.25], [1.5, 2.75], [0.625, 1]]},
  {"name": "act", "kind": "relu", "inputs": ["first"]},
  {"name": "second", "kind": "dense", "inputs": ["act"], "kernel": [[1.375], [-0.875]]}
 ],
 "outputs": ["second"]
})";

class Timing : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("deep.json", kDeep);
    }
    Json compiled(std::vector<std::string> options) {
        std::vector<std::string> words = {"compile", path("deep.json"), "-o", path("out"),
                                          "--json"};
        words.insert(words.end(), options.begin(), options.end());
        const auto outcome = run(words);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        auto report = parse_json(outcome.output);
        return report ? std::move(*report) : Json::object();
    }
    void expect_refused(const std::vector<std::string>& options, const std::string& reason) {
        std::vector<std::string> words = {"compile", path("deep.json"), "-o", path("out")};
        words.insert(words.end(), options.begin(), options.end());
        const auto outcome = run(words);
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_NE(outcome.output.find(reason), std::string::npos) << outcome.output;
    }
};

double figure(const Json& report, const char* key) {
    return report.get_number(key).value_or(-1);
}

TEST_F(Timing, StagesAreExactlyAsManyAsAskedFor) {
    double clock = 0;
    for (const char* stages : {"2", "3", "5", "40"}) {
        const Json report = compiled({"--stages", stages});
        EXPECT_EQ(figure(report, "latency_cycles"), std::stoi(stages));
        EXPECT_GE(figure(report, "clock_mhz"), clock);
        clock = figure(report, "clock_mhz");
        EXPECT_TRUE(report.bool_or("fewest_registers", false).value());
    }
    expect_refused({"--stages", "1"}, "registers at inputs and outputs");
    expect_refused({"--stages", "2", "--clock", "700MHz"}, "2 stages at 700 MHz");
}

TEST_F(Timing, RegistersAtThePortsAreLeftOutWhenAsked) {
    const double both = figure(compiled({"--stages", "4"}), "register_bits");
    const Json bare = compiled({"--stages", "0", "--no-input-register", "--no-output-register"});
    EXPECT_EQ(figure(bare, "register_bits"), 0);
    EXPECT_GT(both, 0);
    EXPECT_EQ(run({"verify", path("out"), "--vectors", "50"}).exit_code, 0);
    write("c.toml", "[design]\nstages = 1\noutput_register = false\nregister_fanout = 1\n");
    const Json from_file = compiled({"--config", path("c.toml")});
    EXPECT_EQ(figure(from_file, "latency_cycles"), 1);
    EXPECT_GE(figure(from_file, "register_bits"), 24);  // three inputs of 8 bits
}

TEST_F(Timing, AClockAboveTheClockNetworkIsRefused) {
    expect_refused({"--clock", "800MHz"}, "limited to 775 MHz");
}

TEST_F(Timing, ExploreShowsEveryUsefulNumberOfStages) {
    const Json report = compiled({"--explore", "--clock", "300MHz"});
    const Json* points = report.find("explore");
    ASSERT_NE(points, nullptr);
    double clock = 0;
    int designs = 0;
    for (const Json& point : points->as_array()) {
        if (point.bool_or("is_design", false).value()) {
            ++designs;
            EXPECT_EQ(figure(point, "clock_mhz"), figure(report, "clock_mhz"));
            EXPECT_EQ(figure(point, "register_bits"), figure(report, "register_bits"));
            continue;
        }
        EXPECT_GT(figure(point, "clock_mhz"), clock);
        clock = figure(point, "clock_mhz");
        const std::string stages = std::to_string(static_cast<int>(figure(point, "stages")));
        const Json alone = compiled({"--stages", stages});
        EXPECT_EQ(figure(alone, "clock_mhz"), clock);
        EXPECT_EQ(figure(alone, "register_bits"), figure(point, "register_bits"));
    }
    EXPECT_EQ(designs, 1);
    EXPECT_GT(points->as_array().size(), 3U);
}

TEST_F(Timing, ExploreAloneWritesNothingAndWithAFolderEveryDesign) {
    const auto outcome = run({"compile", path("deep.json"), "--explore"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("clock MHz"), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(folder_ / "out"));
    EXPECT_EQ(run({"compile", path("deep.json")}).exit_code, 1);
    ASSERT_EQ(
        run({"compile", path("deep.json"), "--explore", "--explore-output", path("all")}).exit_code,
        0);
    EXPECT_TRUE(fs::exists(folder_ / "all/stages_2/design.json"));
    EXPECT_TRUE(fs::exists(folder_ / "all/stages_3/design.json"));
}

TEST_F(Timing, TheCriticalPathNamesTheUsersLayers) {
    const Json report = compiled({"--stages", "2"});
    const Json* paths = report.find("critical_path");
    ASSERT_NE(paths, nullptr);
    std::string layers;
    for (const Json& path : paths->as_array()) {
        for (const Json& step : path.find("steps")->as_array())
            layers += step.get_string("layer").value() + " ";
    }
    EXPECT_NE(layers.find("first"), std::string::npos) << layers;
    EXPECT_NE(layers.find("second"), std::string::npos) << layers;
    const auto page = read_file(path("out/report.html"));
    ASSERT_TRUE(page);
    EXPECT_NE(page->find("Critical path"), std::string::npos);
}

}  // namespace
}  // namespace gatewright
