// SPDX-License-Identifier: Apache-2.0
//
// Additions absorbed into three-input adders: the netlist still computes the program, cycle by
// cycle; both forms of the Verilog module are the same function; and Yosys needs fewer LUTs.
#include "rtl/three_input_adder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "dfg/builder.h"
#include "dfg/text.h"
#include "random_design.h"
#include "rtl/simulate.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using dfg::ValueId;
using testing::random_design_of;
using testing::random_events;
using testing::TemporaryDirectory;

// Sums and differences of shifted values, most of them read once.
dfg::Program random_sums(Rng& rng, int sums) {
    dfg::Builder builder("sums");
    std::vector<ValueId> open;
    for (int i = 0; i < sums / 2 + 2; ++i) {
        open.push_back(builder.input({rng.chance(0.5), static_cast<int>(rng.between(1, 9)),
                                      static_cast<int>(rng.between(-2, 4))}));
    }
    const auto take = [&] {
        const std::size_t at = rng.below(open.size());
        const ValueId value = open[at];
        if (rng.chance(0.85) && open.size() > 2)
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        return value;
    };
    for (int i = 0; i < sums; ++i) {
        const ValueId a = take();
        const ValueId b = take();
        const int shift = static_cast<int>(rng.between(-3, 3));
        open.push_back(rng.chance(0.5) ? builder.add(a, b, shift) : builder.sub(a, b, shift));
    }
    for (const ValueId value : open) builder.output(value);
    return builder.program();
}

TEST(ThreeInputAdder, NetlistEqualsDataflowOnRandomSums) {
    Rng rng(gatewright::testing::test_seed(41));
    std::int64_t absorbed = 0;
    for (int trial = 0; trial < 200; ++trial) {
        const auto d = random_design_of(random_sums(rng, 20), rng,
                                        {.kernels = 1 + rng.below(4),
                                         .ternary_adders = schedule::TernaryAdders::kWhereTheyPay});
        const std::string text = dfg::to_text(d.flat.program);
        const Status valid = schedule::verify(d.flat, d.device, d.schedule);
        ASSERT_TRUE(valid) << valid.error().message << "\n" << text;
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const NetlistStats stats = statistics(netlist);
        EXPECT_EQ(stats.register_bits, d.schedule.register_bits) << text;
        std::int64_t own = 0;
        for (const bool is : d.schedule.absorbed) own += is ? 1 : 0;
        EXPECT_EQ(stats.ternary_adders, own) << text;
        absorbed += own;
        const auto events = random_events(d, 30, rng);
        ASSERT_EQ(simulate(netlist, events.in), events.out) << text;
    }
    EXPECT_GT(absorbed, 200);
}

void write_verilog(const TemporaryDirectory& directory, const Netlist& netlist) {
    for (const File& file : verilog_files(netlist)) directory.write(file.path, file.content);
}

TEST(ThreeInputAdder, TestbenchPassesUnderIcarusAndVerilator) {
    Rng rng(gatewright::testing::test_seed(42));
    for (const char* simulator : {"iverilog", "verilator"}) {
        auto d = random_design_of(random_sums(rng, 60), rng);
        d.device = *schedule::find_device("xcvu13p");
        d.schedule = *schedule::schedule(
            d.flat, d.device, {.ternary_adders = schedule::TernaryAdders::kWhereTheyPay});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        ASSERT_GT(statistics(netlist).ternary_adders, 3);
        const TemporaryDirectory directory;
        write_verilog(directory, netlist);
        const auto events = random_events(d, 100, rng);
        std::vector<Vector> vectors;
        for (std::size_t e = 0; e < events.in.size(); ++e) {
            vectors.push_back(
                {pack(netlist.inputs, events.in[e]), pack(netlist.outputs, events.out[e])});
        }
        for (const File& file : testbench_files(netlist, vectors))
            directory.write(file.path, file.content);
        const auto outcome = testing::run_in(directory.path(), {"sh", "sim/run.sh", simulator});
        EXPECT_TRUE(outcome.ok()) << outcome.output;
    }
}

// By SAT, for every value of the operands.
TEST(ThreeInputAdder, CellsAndBehaviourAreOneFunction) {
    Netlist netlist;
    netlist.name = "d";
    const TemporaryDirectory directory;
    directory.write("add3.v", three_input_adder(netlist).content);
    std::string script;
    for (const int width : {1, 2, 4, 7, 9}) {
        for (const auto& [b, c] : {std::pair(0, 0), std::pair(0, 1), std::pair(1, 1)}) {
            const auto read = [&, b = b, c = c](const char* define, const char* name) {
                script += fmt::format(
                    "read_verilog {} add3.v\nchparam -set WIDTH {} -set MINUS_B {} -set MINUS_C {} "
                    "d_add3\nhierarchy -top d_add3\nproc\nflatten\nopt_clean\nrename -top {}\n"
                    "design -stash {}\ndesign -reset\n",
                    define, width, b, c, name, name);
            };
            read("", "gold");
            script += "read_verilog +/xilinx/cells_sim.v\n";
            read("-D GATEWRIGHT_LUT6_2", "gate");
            script +=
                "design -copy-from gold -as gold gold\ndesign -copy-from gate -as gate gate\n"
                "miter -equiv -make_assert -flatten gold gate miter\n"
                "sat -verify -prove-asserts miter\ndesign -reset\n";
        }
    }
    directory.write("prove.ys", script);
    const auto outcome = testing::run_in(directory.path(), {"yosys", "-q", "-s", "prove.ys"});
    EXPECT_TRUE(outcome.ok()) << outcome.output;
}

// The lines "     LUT3     17" of Yosys' stat.
std::int64_t luts_in(const std::string& path) {
    std::ifstream stat(path);
    std::int64_t luts = 0;
    for (std::string line; std::getline(stat, line);) {
        std::istringstream words(line);
        std::string type;
        std::int64_t number = 0;
        if (words >> type >> number && type.rfind("LUT", 0) == 0) luts += number;
    }
    return luts;
}

TEST(ThreeInputAdder, YosysNeedsFewerLutsThanForTwoOperandAdders) {
    dfg::Builder builder("sum");
    std::vector<ValueId> x;
    for (int i = 0; i < 3; ++i) x.push_back(builder.input({true, 8, 0}));
    builder.output(builder.sub(builder.add(x[0], x[1]), x[2]));
    Rng rng(1);
    auto d = random_design_of(builder.program(), rng, {.kernels = 1});
    d.device = *schedule::find_device("xcvu13p");
    std::vector<std::int64_t> luts;
    for (const auto mode :
         {schedule::TernaryAdders::kNever, schedule::TernaryAdders::kWhereTheyPay}) {
        d.schedule = *schedule::schedule(d.flat, d.device, {.ternary_adders = mode});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const TemporaryDirectory directory;
        write_verilog(directory, netlist);
        for (const File& file : synthesis_files(netlist, d.device, 200))
            directory.write(file.path, file.content);
        const auto outcome =
            testing::run_in(directory.path(), {"yosys", "-q", "-s", "synth/synth.ys"});
        ASSERT_TRUE(outcome.ok()) << outcome.output;
        luts.push_back(luts_in(directory.path() + "/synth/yosys.stat"));
    }
    EXPECT_EQ(luts[1], 10);  // a LUT for each bit of the result
    EXPECT_GE(luts[0], 16);
}

}  // namespace
}  // namespace gatewright::rtl
