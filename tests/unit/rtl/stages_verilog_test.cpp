// SPDX-License-Identifier: Apache-2.0
//
// The printed Verilog of staged designs: silent in lint, right under Icarus and Verilator with gaps
// and back-pressure, and the testbench notices what is wrong.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "random_design.h"
#include "staged_networks.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using arch::Io;
using arch::WeightStore;
using testing::mapping_of;
using testing::run_in;
using testing::staged_case;
using testing::StagedCase;
using testing::TemporaryDirectory;

std::vector<StagedVector> vectors_of(const StagedCase& c, std::size_t events, Rng& rng) {
    std::vector<StagedVector> vectors;
    for (auto& in : testing::staged_events(c.design, events, rng)) {
        auto out = arch::evaluate(c.design, in);
        vectors.push_back({std::move(in), std::move(out)});
    }
    return vectors;
}

void write_all(const TemporaryDirectory& directory, const std::vector<File>& files) {
    for (const File& file : files) directory.write(file.path, file.content);
}

ProcessOutcome run_bench(const StagedCase& c, const std::vector<StagedVector>& vectors,
                         const std::string& simulator) {
    const TemporaryDirectory directory;
    write_all(directory, staged_files(c.design, c.netlist));
    write_all(directory, staged_testbench_files(c.design, c.netlist, vectors));
    return run_in(directory.path(), {"sh", "sim/run.sh", simulator});
}

void expect_silent(const StagedCase& c) {
    const TemporaryDirectory directory;
    write_all(directory, staged_files(c.design, c.netlist));
    std::vector<std::string> files;
    for (const std::string& name : module_files(c.netlist.netlist)) {
        files.push_back("rtl/" + name + ".v");
    }
    std::vector<std::string> tops{"axis"};
    if (c.netlist.is_loadable()) tops = {"axis", "apb", "axi_lite"};
    for (const std::string& suffix : tops) {
        const std::string top = c.netlist.netlist.name + "_" + suffix;
        std::vector<std::string> all{"rtl/" + top + ".v"};
        if (suffix == "axis") all.insert(all.end(), files.begin(), files.end());
        for (std::vector<std::string> command :
             {std::vector<std::string>{"verilator", "--lint-only", "-Wall", "--top-module", top},
              std::vector<std::string>{"iverilog", "-g2001", "-Wall", "-s", top, "-o",
                                       "/dev/null"}}) {
            command.insert(command.end(), all.begin(), all.end());
            const ProcessOutcome outcome = run_in(directory.path(), command);
            EXPECT_TRUE(outcome.ok()) << outcome.output;
            EXPECT_EQ(outcome.output, "");
        }
    }
}

void expect_pass(const StagedCase& c, const std::string& simulator, Rng& rng) {
    const auto outcome = run_bench(c, vectors_of(c, 10, rng), simulator);
    EXPECT_TRUE(outcome.ok()) << outcome.output;
    EXPECT_EQ(outcome.output.rfind("PASS: 10 events", 0), 0U) << outcome.output;
}

TEST(StagedVerilog, LintIsSilentAndIcarusAgrees) {
    Rng rng(gatewright::testing::test_seed(95));
    for (const std::int64_t reuse : {1, 6}) {
        for (const WeightStore store : {WeightStore::kConstant, WeightStore::kLoadable}) {
            const StagedCase c =
                staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, reuse, store));
            expect_silent(c);
            expect_pass(c, "iverilog", rng);
        }
    }
    const StagedCase two_outputs = staged_case(testing::branches(rng), mapping_of(Io::kStream, 1));
    expect_silent(two_outputs);
    expect_pass(two_outputs, "iverilog", rng);
    expect_pass(staged_case(testing::one_dense(rng, 12, 8, 5), mapping_of(Io::kParallel, 8)),
                "iverilog", rng);
}

TEST(StagedVerilog, VerilatorAgrees) {
    Rng rng(gatewright::testing::test_seed(96));
    expect_pass(staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, 3)), "verilator", rng);
}

TEST(StagedVerilog, TheTestbenchNoticesAWrongWordAndAWrongLatency) {
    Rng rng(gatewright::testing::test_seed(97));
    StagedCase c = staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, 2));
    auto vectors = vectors_of(c, 4, rng);
    vectors[3].out[1] = vectors[3].out[1] ^ fixed::Integer(1);
    const auto wrong = run_bench(c, vectors, "iverilog");
    EXPECT_FALSE(wrong.ok());
    EXPECT_NE(wrong.output.find("FAIL: 1 mismatches"), std::string::npos) << wrong.output;
    vectors[3].out[1] = vectors[3].out[1] ^ fixed::Integer(1);
    ++c.netlist.netlist.latency_cycles;
    EXPECT_FALSE(run_bench(c, vectors, "iverilog").ok());
}

}  // namespace
}  // namespace gatewright::rtl
