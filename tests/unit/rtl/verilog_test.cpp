// SPDX-License-Identifier: Apache-2.0
//
// The emitted files in the tools an engineer has: Verilator and Icarus accept them without a word,
// the testbench passes (and fails when it should), Yosys maps them, the AXI wrapper loses nothing.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "dfg/text.h"
#include "random_design.h"
#include "rtl/axis.h"
#include "rtl/emit.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using testing::random_design;
using testing::random_events;
using testing::RandomDesign;
using testing::run_in;
using testing::TemporaryDirectory;

std::vector<Vector> packed(const Netlist& netlist, const testing::Events& events) {
    std::vector<Vector> vectors;
    for (std::size_t e = 0; e < events.in.size(); ++e) {
        vectors.push_back(
            {pack(netlist.inputs, events.in[e]), pack(netlist.outputs, events.out[e])});
    }
    return vectors;
}

void write_all(const TemporaryDirectory& directory, const std::vector<File>& files) {
    for (const File& file : files) directory.write(file.path, file.content);
}

std::vector<std::string> sources(const Netlist& netlist) {
    std::vector<std::string> paths;
    for (const Module& module : netlist.modules) paths.push_back("rtl/" + module.name + ".v");
    return paths;
}

void expect_silent(const TemporaryDirectory& directory, std::vector<std::string> command,
                   const std::vector<std::string>& files) {
    command.insert(command.end(), files.begin(), files.end());
    const ProcessOutcome outcome = run_in(directory.path(), command);
    EXPECT_TRUE(outcome.ok()) << outcome.output;
    EXPECT_EQ(outcome.output, "");
}

void expect_clean(const RandomDesign& d) {
    const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
    const TemporaryDirectory directory;
    write_all(directory, verilog_files(netlist));
    std::vector<std::string> files = sources(netlist);
    files.push_back("rtl/" + netlist.name + "_axis.v");
    const std::string top = netlist.name + "_axis";
    expect_silent(directory, {"verilator", "--lint-only", "-Wall", "--top-module", top}, files);
    expect_silent(directory, {"iverilog", "-g2005", "-Wall", "-s", top, "-o", "/dev/null"}, files);
    expect_silent(directory, {"iverilog", "-g2001", "-Wall", "-s", top, "-o", "/dev/null"}, files);
}

ProcessOutcome run_bench(const Netlist& netlist, const std::vector<Vector>& vectors,
                         const std::string& simulator) {
    const TemporaryDirectory directory;
    write_all(directory, verilog_files(netlist));
    write_all(directory, testbench_files(netlist, vectors));
    return run_in(directory.path(), {"sh", "sim/run.sh", simulator});
}

TEST(Verilog, VerilatorAndIcarusAcceptItSilently) {
    Rng rng(gatewright::testing::test_seed(31));
    for (int trial = 0; trial < 12 && !HasFailure(); ++trial) {
        expect_clean(
            random_design(rng, {.program = {.nodes = 60, .max_width = trial % 4 == 0 ? 300 : 16}}));
    }
}

TEST(Testbench, PassesUnderIcarusOnRandomPrograms) {
    Rng rng(gatewright::testing::test_seed(32));
    for (int trial = 0; trial < 25 && !HasFailure(); ++trial) {
        const auto d =
            random_design(rng, {.program = {.nodes = 60, .max_width = trial % 5 == 0 ? 200 : 16},
                                .kernels = 1 + rng.below(4)});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const auto outcome =
            run_bench(netlist, packed(netlist, random_events(d, 60, rng)), "iverilog");
        EXPECT_TRUE(outcome.ok()) << outcome.output << dfg::to_text(d.flat.program);
        EXPECT_EQ(outcome.output.rfind("PASS: 60 events", 0), 0U) << outcome.output;
    }
}

TEST(Testbench, PassesUnderVerilator) {
    Rng rng(gatewright::testing::test_seed(33));
    const auto d = random_design(rng, {.program = {.nodes = 80, .max_width = 70}});
    const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
    const auto outcome =
        run_bench(netlist, packed(netlist, random_events(d, 200, rng)), "verilator");
    EXPECT_TRUE(outcome.ok()) << outcome.output;
    EXPECT_NE(outcome.output.find("PASS: 200 events"), std::string::npos) << outcome.output;
}

TEST(Testbench, FailsOnOneWrongBitAndOnAWrongLatency) {
    Rng rng(gatewright::testing::test_seed(34));
    const auto d = random_design(rng, {.registered = 1});
    Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
    auto vectors = packed(netlist, random_events(d, 50, rng));
    vectors[17].out = vectors[17].out ^ fixed::Integer(1);
    const auto wrong_bit = run_bench(netlist, vectors, "iverilog");
    EXPECT_FALSE(wrong_bit.ok());
    EXPECT_NE(wrong_bit.output.find("FAIL: 50 of 50 events, 1 mismatches"), std::string::npos)
        << wrong_bit.output;
    vectors[17].out = vectors[17].out ^ fixed::Integer(1);
    ++netlist.latency_cycles;
    EXPECT_FALSE(run_bench(netlist, vectors, "iverilog").ok());
}

TEST(Synthesis, YosysMapsEveryOpAndWritesItsCounts) {
    const std::uint64_t seed = gatewright::testing::test_seed(35);
    for (const char* part : {"xcvu13p", "ice40hx8k", "lfe5u-85f"}) {
        Rng rng(seed);  // the same design on every part
        const auto d = random_design(rng, {.program = {.nodes = 60}});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const TemporaryDirectory directory;
        write_all(directory, verilog_files(netlist));
        write_all(directory, synthesis_files(netlist, *schedule::find_device(part), 200));
        const auto outcome = run_in(directory.path(), {"yosys", "-q", "-s", "synth/synth.ys"});
        ASSERT_TRUE(outcome.ok()) << outcome.output;
        std::ifstream stat(directory.path() + "/synth/yosys.stat");
        std::stringstream text;
        text << stat.rdbuf();
        EXPECT_NE(text.str().find("LUT"), std::string::npos) << part << text.str();
        EXPECT_EQ(text.str().find("$"), std::string::npos) << "left unmapped: " << text.str();
    }
}

}  // namespace
}  // namespace gatewright::rtl
