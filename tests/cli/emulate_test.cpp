// SPDX-License-Identifier: Apache-2.0
//
// `gatewright emulate` on every kind of file, through pipes, on files of many chunks, and against
// another tool's results.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "cli/fixture.h"
#include "support/json.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

namespace fs = std::filesystem;
using tensor::Tensor;

// y = relu(x·W + b) over fixed<6,4>.
constexpr const char* kTiny = R"({
 "format": "gatewright-model", "version": 1, "name": "tiny",
 "layers": [
  {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4,RND,SAT>"},
  {"name": "fc1", "kind": "dense", "inputs": ["x"], "kernel": [[0.5, -1], [1.5, 2]], "bias": [0.25, -0.5]},
  {"name": "act", "kind": "relu", "inputs": ["fc1"]}
 ],
 "outputs": ["act"]
})";

double quarter_steps(std::size_t i) {
    return static_cast<double>(static_cast<int>(i * 37 % 64) - 32) * 0.25;
}

std::vector<double> formula(const std::vector<double>& x) {
    std::vector<double> y;
    for (std::size_t e = 0; e < x.size(); e += 2) {
        y.push_back(std::max(0.0, 0.5 * x[e] + 1.5 * x[e + 1] + 0.25));
        y.push_back(std::max(0.0, -x[e] + 2 * x[e + 1] - 0.5));
    }
    return y;
}

class EmulateCommand : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("tiny.json", kTiny);
        x_.shape = {1000, 2};
        for (std::size_t i = 0; i < 2000; ++i) x_.data.push_back(quarter_steps(i));
        ASSERT_TRUE(tensor::write_array(path("x.npy"), x_));
        ASSERT_TRUE(tensor::write_array(path("x.csv"), x_));
    }
    [[nodiscard]] ProcessOutcome shell(const std::string& line) const {
        auto outcome = run_process({"/bin/sh", "-c", line});
        EXPECT_TRUE(outcome.has_value());
        return *outcome;
    }
    [[nodiscard]] ProcessOutcome emulate(std::vector<std::string> options) const {
        options.insert(options.begin(), {"emulate", path("tiny.json")});
        return run(options);
    }
    Tensor<double> x_;
};

TEST_F(EmulateCommand, EveryFormatGivesTheFormula) {
    for (const char* name : {"y.npy", "y.csv"}) {
        for (const char* input : {"x.npy", "x.csv"}) {
            const auto outcome = emulate({"--input", path(input), "--output", path(name)});
            ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
            EXPECT_EQ(tensor::read_doubles(path(name))->data, formula(x_.data)) << name;
        }
    }
}

TEST_F(EmulateCommand, Hdf5GoesInAndOut) {
    ASSERT_EQ(emulate({"--input", path("x.npy"), "--output", path("y.h5")}).exit_code, 0);
    // The result's [1000, 2] fits the same model's input (rounded to quarters, at most 7.75).
    const auto outcome = emulate({"--input", path("y.h5"), "--output", path("z.npy")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    ASSERT_EQ(emulate({"--input", path("y.h5:/data"), "--output", path("w.npy")}).exit_code, 0);
    std::vector<double> clipped = formula(x_.data);
    for (double& value : clipped) value = std::min(std::floor(value * 4 + 0.5) / 4, 7.75);
    EXPECT_EQ(tensor::read_doubles(path("z.npy"))->data, formula(clipped));
    EXPECT_EQ(tensor::read_doubles(path("w.npy"))->data, formula(clipped));
    EXPECT_EQ(emulate({"--input", path("y.h5:/nothing"), "--output", path("v.npy")}).exit_code, 1);
}

TEST_F(EmulateCommand, RawCodesAreTheBitsOnTheWires) {
    // Codes of the input have 2 fraction bits.
    const std::string codes("\x04\x00\x08\x00\xf0\xff\x00\x00", 8);  // (1, 2), (-4, 0)
    write("x.raw", codes);
    const auto outcome = emulate({"--input", path("x.raw"), "--output", path("y.npy"), "--raw",
                                  "--raw-type", "int16", "--trace"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto y = tensor::read_integers(path("y.npy"));
    ASSERT_TRUE(y);
    const auto fraction = tensor::read_integers(path("y.npy.trace/act.npy"));
    ASSERT_TRUE(fraction) << "the trace is in codes too";
    EXPECT_EQ(y->data, fraction->data);
    // 3.75, 2.5, 0, 3.5 in steps of one power of two per element.
    EXPECT_EQ(y->data[2], 0);
    EXPECT_EQ(y->data[1] * 7, y->data[3] * 5);
    write("wide.csv", "1,99\n");
    expect_refused({"emulate", path("tiny.json"), "--input", path("wide.csv"), "--output",
                    path("n.npy"), "--raw"},
                   "event 0, element 1: code 99 does not fit");
}

TEST_F(EmulateCommand, StandardInputAndOutputArePipes) {
    const std::string command =
        std::string(GW_BINARY) + " emulate " + path("tiny.json") + " --input - --output - ";
    const auto text = shell("printf '1,2\\n-4,0\\n' | " + command);
    ASSERT_EQ(text.exit_code, 0) << text.output;
    EXPECT_EQ(text.output, "3.75,2.5\n0,3.5\n");
    const auto npy =
        shell("cat " + path("x.npy") + " | " + command + "--format npy > " + path("y.npy"));
    ASSERT_EQ(npy.exit_code, 0) << npy.output;
    EXPECT_EQ(tensor::read_doubles(path("y.npy"))->data, formula(x_.data));
}

TEST_F(EmulateCommand, MemoryDoesNotGrowWithTheFile) {
    // 100 MB of events under a limit that would not hold their codes (400 MB of int64 and doubles).
    constexpr std::size_t kEvents = 6'250'000;
    {
        Tensor<double> many({static_cast<std::int64_t>(kEvents), 2});
        for (std::size_t i = 0; i < many.size(); ++i) many[i] = quarter_steps(i);
        ASSERT_TRUE(tensor::write_array(path("many.npy"), many));
    }
    const auto outcome =
        shell("/bin/cat " + path("many.npy") + " | ( ulimit -v 400000; " + GW_BINARY + " emulate " +
              path("tiny.json") + " --input - --output " + path("y.npy") + ")");
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto y = tensor::read_doubles(path("y.npy"));
    ASSERT_TRUE(y);
    ASSERT_EQ(y->shape, (tensor::Shape{static_cast<std::int64_t>(kEvents), 2}));
    const std::vector<double> start(x_.data.begin(), x_.data.begin() + 128);
    const std::vector<double> expected = formula(start);
    for (std::size_t i = 0; i < y->size(); ++i) ASSERT_EQ((*y)[i], expected[i % 128]) << i;
}

TEST_F(EmulateCommand, FirstDifferenceNamesEventAndElement) {
    ASSERT_EQ(emulate({"--input", path("x.npy"), "--output", path("y.npy")}).exit_code, 0);
    const auto equal = emulate({"--input", path("x.npy"), "--first-difference", path("y.npy")});
    EXPECT_EQ(equal.exit_code, 0) << equal.output;
    EXPECT_NE(equal.output.find("equal in all 1000 events"), std::string::npos) << equal.output;
    Tensor<double> y = *tensor::read_doubles(path("y.npy"));
    y[2 * 417 + 1] += 0.25;
    y[2 * 900] += 1;
    ASSERT_TRUE(tensor::write_array(path("other.npy"), y));
    const auto different =
        emulate({"--input", path("x.npy"), "--first-difference", path("other.npy"), "--json"});
    EXPECT_EQ(different.exit_code, 1);
    const auto json = parse_json(different.output);
    ASSERT_TRUE(json) << different.output;
    EXPECT_EQ(json->find("first_difference")->get_integer("event").value(), 417);
    EXPECT_EQ(json->find("first_difference")->get_integer("element").value(), 1);
}

TEST_F(EmulateCommand, FirstDifferenceNamesTheLayer) {
    ASSERT_EQ(emulate({"--input", path("x.npy"), "--output", path("y.npy"), "--trace"}).exit_code,
              0);
    const std::string trace = path("y.npy.trace");
    const auto equal = emulate({"--input", path("x.npy"), "--first-difference", trace});
    EXPECT_EQ(equal.exit_code, 0) << equal.output;
    for (const char* layer : {"act", "fc1"}) {
        Tensor<double> values = *tensor::read_doubles(trace + "/" + layer + ".npy");
        values[2 * 7] += 0.5;
        ASSERT_TRUE(tensor::write_array(trace + "/" + layer + ".npy", values));
        const auto outcome = emulate({"--input", path("x.npy"), "--first-difference", trace});
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_NE(outcome.output.find("layer '" + std::string(layer) + "', event 7, element 0"),
                  std::string::npos)
            << outcome.output;
    }
}

TEST_F(EmulateCommand, WrongFilesAreOneErrorAndLeaveNothing) {
    write("bad.csv", "1,2\n3,nan\n");
    const std::string json = path("tiny.json");
    const std::string out = path("o.npy");
    expect_refused({"emulate", json, "--input", path("bad.csv"), "--output", out}, "line 2");
    expect_refused({"emulate", json, "--input", path("none.npy"), "--output", out}, "none.npy");
    expect_refused({"emulate", json, "--input", path("x.npy"), "--output", path("o.doc")},
                   "must end in .npy, .csv, .h5 or .raw");
    expect_refused({"emulate", json, "--input", path("x.npy")}, "--output");
    expect_refused(
        {"emulate", json, "--input", path("x.npy"), "--first-difference", path("missing.npy")},
        "missing.npy");
    fs::create_directory(path("empty"));
    expect_refused({"emulate", json, "--input", path("x.npy"), "--first-difference", path("empty")},
                   "has no <layer>.npy");
}

}  // namespace
}  // namespace gatewright
