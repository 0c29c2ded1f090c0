// SPDX-License-Identifier: Apache-2.0
//
// Streams, reuse and loadable weights as a user asks for them.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/fixture.h"
#include "support/files.h"
#include "support/json.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

// 4x3x1 -> conv 2x2, relu -> dense.
constexpr const char* kCnn = R"({
 "format": "gatewright-model", "version": 1, "name": "cnn",
 "layers": [
  {"name": "x", "kind": "input", "shape": [4, 3, 1], "type": "fixed<5,4,RND,SAT>"},
  {"name": "conv", "kind": "conv", "inputs": ["x"],
   "kernel": [[[[1, 2]], [[-1, 0.5]]], [[[3, -2]], [[1, 1]]]], "bias": [0.5, -1]},
  {"name": "act", "kind": "relu", "inputs": ["conv"]},
  {"name": "flat", "kind": "reshape", "inputs": ["act"], "shape": [12]},
  {"name": "out", "kind": "dense", "inputs": ["flat"],
   "kernel": [[1],[2],[-1],[3],[1],[1],[-2],[1],[1],[0.5],[1],[-1]]}
 ],
 "outputs": ["out"]
})";

// The same in plain loops.
double formula(const double* x) {
    constexpr double kDense[] = {1, 2, -1, 3, 1, 1, -2, 1, 1, 0.5, 1, -1};
    double y = 0;
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 2; ++column) {
            const double* at = x + row * 3 + column;
            const double a = 0.5 + at[0] - at[1] + 3 * at[3] + at[4];
            const double b = -1 + 2 * at[0] + 0.5 * at[1] - 2 * at[3] + at[4];
            const int place = 2 * (row * 2 + column);
            y += kDense[place] * std::max(0.0, a) + kDense[place + 1] * std::max(0.0, b);
        }
    }
    return y;
}

class Stages : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("cnn.json", kCnn);
    }
    Json compiled(const std::vector<std::string>& options) {
        std::vector<std::string> words = {"compile", path("cnn.json"), "-o", path("out"), "--json"};
        words.insert(words.end(), options.begin(), options.end());
        const auto outcome = run(words);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        auto report = parse_json(outcome.output);
        return report ? std::move(*report) : Json::object();
    }
    void expect_refused_compile(const std::vector<std::string>& options, const std::string& says) {
        std::vector<std::string> words = {"compile", path("cnn.json"), "-o", path("none")};
        words.insert(words.end(), options.begin(), options.end());
        expect_refused(words, says);
    }
    void expect_formula() {
        tensor::Tensor<double> x;
        x.shape = {300, 4, 3, 1};
        for (std::size_t i = 0; i < 3600; ++i)
            x.data.push_back(static_cast<double>(static_cast<int>(i * 37 % 32) - 16) * 0.5);
        ASSERT_TRUE(tensor::write_array(path("x.npy"), x));
        const auto outcome =
            run({"emulate", path("out"), "--input", path("x.npy"), "--output", path("y.npy")});
        ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
        const auto y = tensor::read_doubles(path("y.npy"));
        ASSERT_TRUE(y);
        ASSERT_EQ(y->data.size(), 300U);
        for (std::size_t e = 0; e < 300; ++e)
            ASSERT_EQ(y->data[e], formula(x.data.data() + 12 * e)) << "event " << e;
    }
};

double figure(const Json& report, const char* key) {
    return report.get_number(key).value_or(-1);
}

TEST_F(Stages, EveryMappingComputesTheFormula) {
    const std::vector<std::vector<std::string>> mappings = {
        {"--io", "stream"},
        {"--reuse", "4"},
        {"--io", "stream", "--reuse", "5", "--round-reuse"},
        {"--io", "stream", "--loadable-weights"},
        {"--reuse", "4", "--multipliers", "dsp"},
    };
    for (const auto& options : mappings) {
        compiled(options);
        expect_formula();
    }
}

TEST_F(Stages, AStreamedImageTakesOneCyclePerPixel) {
    const Json report = compiled({"--io", "stream"});
    EXPECT_EQ(figure(report, "ii"), 12);
    EXPECT_EQ(report.get_array("stage_rows").value()->size(), 2U);
    const Json& port = report.get_array("ports").value()->front();
    EXPECT_EQ(figure(port, "words"), 12);
    EXPECT_EQ(figure(port, "bits"), 5);
    // The convolution's first window is complete with pixel 4, which is popped in cycle 5.
    EXPECT_EQ(figure(report.get_array("timeline").value()->front(), "first_cycle"), 5);
    const auto page = read_file(path("out/report.html"));
    ASSERT_TRUE(page);
    EXPECT_NE(page->find("sets the pace"), std::string::npos);
    EXPECT_NE(page->find("Table of FIFOs"), std::string::npos);
    EXPECT_EQ(page->find("Critical path"), std::string::npos);
    const auto summary = run({"report", path("out")});
    EXPECT_NE(summary.output.find("pace set by conv"), std::string::npos) << summary.output;
}

TEST_F(Stages, AStreamedDesignIsVerifiedWithAllEvaluators) {
    compiled({"--io", "stream", "--reuse", "2"});
    const auto outcome = run({"verify", path("out"), "--vectors", "30"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    for (const char* evaluator : {"reference", "emulator", "plan", "netlist", "verilator"})
        EXPECT_NE(outcome.output.find(evaluator), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("measured"), std::string::npos) << outcome.output;
}

TEST_F(Stages, LoadableWeightsComeWithTheirRegisterMap) {
    compiled({"--loadable-weights"});
    for (const char* name : {"registers.md", "registers.json", "registers.h"})
        EXPECT_TRUE(std::filesystem::exists(folder_ / "out" / name)) << name;
    compiled({"--io", "stream"});
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out/registers.md"));
}

TEST_F(Stages, TheTomlFileMapsPerLayer) {
    write("m.toml", "[mapping]\nio = \"stream\"\n[mapping.layers.out]\nreuse = 6\n");
    const Json report = compiled({"--config", path("m.toml")});
    const Json::Array& rows = *report.get_array("stage_rows").value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(figure(rows[0], "reuse"), 1);
    EXPECT_EQ(figure(rows[1], "reuse"), 6);
    expect_formula();
}

TEST_F(Stages, WrongUseIsRefusedWithWhatToDo) {
    expect_refused_compile({"--reuse", "5"},
                           "layer 'conv': reuse factor 5 does not divide its 4 x 2 = 8 products; "
                           "the nearest that do: 4 and 8");
    expect_refused_compile({"--io", "stream", "--explore"}, "--explore is for unrolled designs");
    write("m.toml", "[mapping]\niox = \"stream\"\n");
    expect_refused_compile({"--config", path("m.toml")}, "line 2: mapping.iox: unknown key");
    write("n.toml", "[mapping.layers.cnov]\nreuse = 2\n");
    expect_refused_compile({"--config", path("n.toml")}, "names layer 'cnov'");
    compiled({"--io", "stream"});
    expect_refused({"place", path("out")}, "is a design of stages");
}

}  // namespace
}  // namespace gatewright
