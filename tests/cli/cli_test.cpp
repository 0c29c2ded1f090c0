// SPDX-License-Identifier: Apache-2.0
//
// The program as a user runs it: the real binary, real files, its exit codes and what it leaves on
// disk.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "cli/fixture.h"
#include "support/files.h"
#include "support/json.h"
#include "support/process.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTiny = R"({
 "format": "gatewright-model", "version": 1, "name": "tiny",
 "layers": [
  {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4,RND,SAT>"},
  {"name": "fc1", "kind": "dense", "inputs": ["x"], "kernel": [[0.5, -1], [1.5, 2]], "bias": [0.25, -0.5]},
  {"name": "act", "kind": "relu", "inputs": ["fc1"]}
 ],
 "outputs": ["act"]
})";

class Cli : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("tiny.json", kTiny);
    }
};

TEST_F(Cli, CompileWritesTheDesignDirectory) {
    const ProcessOutcome outcome = run({"compile", path("tiny.json"), "-o", path("out"), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto report = parse_json(outcome.output);
    ASSERT_TRUE(report) << outcome.output;
    for (const char* field :
         {"name", "source", "part", "clock_mhz", "latency_cycles", "latency_ns", "ii", "stages",
          "ops", "cells", "register_bits", "estimate", "layers", "seconds"}) {
        EXPECT_TRUE(report->contains(field)) << field;
    }
    for (const char* file : {"design.json", "model.json", "dataflow.txt", "report.json",
                             "report.html", "rtl/tiny.v", "sim/run.sh"}) {
        EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
    }
}

TEST_F(Cli, EmulateGivesTheValuesOfTheFormula) {
    // y = relu(x·W + b): (1, 2) -> (0.5 + 3 + 0.25, -1 + 4 - 0.5); (-4, 0) -> (relu(-1.75), 4 -
    // 0.5)
    write("x.csv", "1,2\n-4,0\n");
    const auto outcome =
        run({"emulate", path("tiny.json"), "--input", path("x.csv"), "--output", path("y.npy")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto y = tensor::read_doubles(path("y.npy"));
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->data, (std::vector<double>{3.75, 2.5, 0, 3.5}));
}

TEST_F(Cli, EmulateOfADesignEqualsEmulateOfItsModel) {
    write("x.csv", "1,2\n-4,0\n7.75,-8\n0.25,0.25\n");
    ASSERT_EQ(run({"compile", path("tiny.json"), "-o", path("out")}).exit_code, 0);
    ASSERT_EQ(run({"emulate", path("out"), "--input", path("x.csv"), "--output", path("a.npy")})
                  .exit_code,
              0);
    ASSERT_EQ(
        run({"emulate", path("tiny.json"), "--input", path("x.csv"), "--output", path("b.npy")})
            .exit_code,
        0);
    EXPECT_EQ(tensor::read_doubles(path("a.npy"))->data, tensor::read_doubles(path("b.npy"))->data);
}

TEST_F(Cli, TraceNamesEveryLayer) {
    write("x.csv", "1,2\n");
    const auto outcome = run({"emulate", path("tiny.json"), "--input", path("x.csv"), "--output",
                              path("y.npy"), "--trace"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto fc1 = tensor::read_doubles(path("y.npy.trace/fc1.npy"));
    ASSERT_TRUE(fc1) << fc1.error().message;
    EXPECT_EQ(fc1->data, (std::vector<double>{3.75, 2.5}));
}

TEST_F(Cli, VerifyFindsNoMismatchAndReportsItsEvidence) {
    ASSERT_EQ(run({"compile", path("tiny.json"), "-o", path("out")}).exit_code, 0);
    const auto outcome = run({"verify", path("out"), "--vectors", "500", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto report = read_json_file(path("out/report.json"));
    ASSERT_TRUE(report);
    const Json* verify = report->find("verify");
    ASSERT_NE(verify, nullptr);
    for (const Json& evaluator : verify->find("evaluators")->as_array()) {
        EXPECT_EQ(evaluator.get_integer("mismatches").value(), 0);
        EXPECT_GT(evaluator.get_integer("vectors").value(), 0);
    }
}

TEST_F(Cli, VerifyRefusesRtlThatWasEdited) {
    ASSERT_EQ(run({"compile", path("tiny.json"), "-o", path("out")}).exit_code, 0);
    std::ofstream(folder_ / "out/rtl/tiny.v", std::ios::app) << "// edited\n";
    const auto outcome = run({"verify", path("out"), "--vectors", "10"});
    EXPECT_NE(outcome.exit_code, 0);
    EXPECT_NE(outcome.output.find("rtl/tiny.v"), std::string::npos) << outcome.output;
}

TEST_F(Cli, BadInputIsOneErrorAndLeavesNothing) {
    expect_refused({"compile", path("absent.keras"), "-o", path("out")}, "absent.keras");
    expect_refused({"compile", path("tiny.json"), "-o", path("out"), "--clock", "fast"},
                   "'fast' is no clock");
    expect_refused({"compile", path("tiny.json"), "-o", path("out"), "--part", "abacus"}, "abacus");
    expect_refused({"compile", path("tiny.json"), "-o", path("out"), "--precision", "float"},
                   "'float'");
    expect_refused({"compile", path("tiny.json"), "-o", path("out"), "--latency", "0.01ns"},
                   "latency");
    expect_refused({"verify", path("absent")}, "absent");
    expect_refused({"synth", path("absent")}, "absent");
    expect_refused({"report", path("absent")}, "absent");
    write("x.csv", "1,2,3\n");
    expect_refused(
        {"emulate", path("tiny.json"), "--input", path("x.csv"), "--output", path("y.npy")},
        "x.csv");
    write("nan.csv", "1,nan\n");
    expect_refused(
        {"emulate", path("tiny.json"), "--input", path("nan.csv"), "--output", path("y.npy")},
        "nan");
    write("broken.json", "{\"format\": \"gatewright-model\", ");
    expect_refused({"compile", path("broken.json"), "-o", path("out")}, "broken.json");
}

TEST_F(Cli, ConfigErrorsAreListedTogether) {
    write("c.toml", "[design]\nclok = \"1MHz\"\n[precision.layers.fc1]\nweight = \"fixed<a,b>\"\n");
    const auto outcome =
        run({"compile", path("tiny.json"), "-o", path("out"), "--config", path("c.toml")});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.output.find("clok"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("fixed<a,b>"), std::string::npos) << outcome.output;
}

TEST_F(Cli, AFolderThatIsNotOursIsLeftAlone) {
    fs::create_directories(folder_ / "thesis");
    write("thesis/chapter1.tex", "years of work");
    expect_refused({"compile", path("tiny.json"), "-o", path("thesis")}, "left alone");
    EXPECT_TRUE(fs::exists(folder_ / "thesis/chapter1.tex"));
}

TEST_F(Cli, WrongUsageExitsWithTwo) {
    EXPECT_EQ(run({"compile"}).exit_code, 2);
    EXPECT_EQ(run({"fly"}).exit_code, 2);
    EXPECT_EQ(run({}).exit_code, 2);
}

TEST_F(Cli, VersionLayersAndHelpPrint) {
    EXPECT_EQ(run({"--version"}).output, "gatewright " GW_VERSION_TEXT "\n");
    EXPECT_NE(run({"layers"}).output.find("dense"), std::string::npos);
    EXPECT_EQ(run({"--help"}).exit_code, 0);
    ASSERT_TRUE(parse_json(run({"layers", "--json"}).output));
}

TEST_F(Cli, OutputFolderThatCannotBeWrittenIsOneError) {
    if (::geteuid() == 0) {
        expect_refused({"compile", path("tiny.json"), "-o", "/proc/gatewright/out"},
                       "/proc/gatewright");
    } else {
        ::chmod(folder_.c_str(), 0555);
        expect_refused({"compile", path("tiny.json"), "-o", path("out")}, "cannot be");
        ::chmod(folder_.c_str(), 0755);
    }
}

// A limit on the file size gives the same failing writes as a full disk.
TEST_F(Cli, WritesThatFailAreOneErrorAndLeaveNothing) {
    const auto before = left_behind();
    const std::string command = std::string("ulimit -f 2; exec ") + GW_BINARY + " compile " +
                                path("tiny.json") + " -o " + path("out");
    const auto outcome = run_process({"sh", "-c", command});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->exit_code, 1) << outcome->output;
    EXPECT_NE(outcome->output.find("cannot be written"), std::string::npos) << outcome->output;
    EXPECT_EQ(left_behind(), before);
}

TEST_F(Cli, AnInterruptedRunLeavesNothingHalfWritten) {
    const auto before = left_behind();
    for (const char* delay : {"0.01", "0.02", "0.04", "0.08", "0.16"}) {
        const auto outcome =
            run_process({"timeout", "-s", "INT", delay, GW_BINARY, "compile",
                         GW_SOURCE_DIR "/models/jets/jets.keras", "-o", path("out")});
        ASSERT_TRUE(outcome);
        // The signal may come after the last rename: then the design is there, and whole.
        if (fs::exists(folder_ / "out")) {
            for (const char* file :
                 {"design.json", "model.json", "dataflow.txt", "report.json", "report.html"}) {
                EXPECT_TRUE(fs::exists(folder_ / "out" / file))
                    << file << " after " << delay << " s";
            }
            fs::remove_all(folder_ / "out");
        }
        EXPECT_EQ(left_behind(), before) << "after " << delay << " s";
    }
}

TEST_F(Cli, AnOutputThatNeverChangesIsAWarning) {
    write("dead.json", R"({"format": "gatewright-model", "version": 1, "layers": [
        {"name": "x", "kind": "input", "shape": [1], "type": "fixed<4,0>"},
        {"name": "lost", "kind": "quantize", "type": "ufixed<4,8,TRN,SAT>"}]})");
    const auto outcome = run({"compile", path("dead.json"), "-o", path("out")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("'lost' is the same for every input"), std::string::npos)
        << outcome.output;
    EXPECT_EQ(run({"verify", path("out"), "--vectors", "50"}).exit_code, 0);
}

TEST_F(Cli, LatencyBudgetGivesTheClock) {
    const auto outcome =
        run({"compile", path("tiny.json"), "-o", path("out"), "--latency", "40ns", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_LE(parse_json(outcome.output)->get_number("latency_ns").value(), 40.0 + 1e-6);
}

}  // namespace
}  // namespace gatewright
