// SPDX-License-Identifier: Apache-2.0
//
// --fit as a user asks for it.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/fixture.h"
#include "support/files.h"
#include "support/json.h"

namespace gatewright {
namespace {

constexpr const char* kModel = R"({
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

class Fit : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("deep.json", kModel);
    }
    ProcessOutcome fitted(std::vector<std::string> options) {
        std::vector<std::string> words = {"compile", path("deep.json"), "-o", path("out")};
        words.insert(words.end(), options.begin(), options.end());
        return run(words);
    }
};

TEST_F(Fit, TheDesignKeepsWithinTheBudgetAndIsVerifiedFromItsDirectory) {
    const auto outcome = fitted({"--io", "stream", "--fit", "ii=4,latency=2us", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto report = parse_json(outcome.output);
    ASSERT_TRUE(report.has_value());
    const Json* fit = report->find("fit");
    ASSERT_NE(fit, nullptr);
    EXPECT_EQ(fit->get_string("asked").value(), "latency=2000ns,ii=4");
    const Json* reached = fit->find("reached");
    ASSERT_NE(reached, nullptr);
    EXPECT_EQ(reached->get_integer("latency_cycles").value(),
              report->get_integer("latency_cycles").value());
    EXPECT_LE(report->get_integer("ii").value(), 4);
    EXPECT_EQ(run({"verify", path("out"), "--vectors", "50"}).exit_code, 0);
}

TEST_F(Fit, ABudgetInTheFileIsTheSame) {
    write("fit.toml", "[design]\nfit = \"ii=4\"\n[mapping]\nio = \"stream\"\n");
    const auto outcome = fitted({"--config", path("fit.toml")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("fit        ii=4"), std::string::npos) << outcome.output;
}

TEST_F(Fit, RefusesWhatCannotBe) {
    const auto refused = [&](const std::vector<std::string>& options, const std::string& says) {
        std::vector<std::string> words = {"compile", path("deep.json"), "-o", path("out")};
        words.insert(words.end(), options.begin(), options.end());
        expect_refused(words, says);
    };
    refused({"--fit", "lut=1"}, "lut=1 cannot be met: the smallest found needs ");
    refused({"--fit", "latency=1ns"}, "latency=1.0 ns cannot be met: the smallest found needs ");
    refused({"--fit", "luts=100"}, "known are lut, dsp, bram, latency and ii");
    refused({"--fit", "lut=100", "--reuse", "2"}, "leave --reuse out");
    refused({"--fit", "lut=100", "--latency", "20ns"}, "say a latency as --fit latency=");
}

}  // namespace
}  // namespace gatewright
