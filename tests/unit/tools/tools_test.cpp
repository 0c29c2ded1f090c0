// SPDX-License-Identifier: Apache-2.0
//
// The real tools on small hand-written Verilog whose answers are known, and on mutations of it that
// each check must catch.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/files.h"
#include "tools/icarus.h"
#include "tools/tool.h"
#include "tools/verilator.h"
#include "tools/yosys.h"
#include "tools/z3.h"

namespace gatewright::tools {
namespace {

// y = 3a + b (a in the low 8 bits) after two clock edges.
std::string pipeline(const std::string& valid_reset = "if (rst) v1 <= 0; else v1 <= in_valid;",
                     const std::string& output_valid = "out_valid <= v1 & ~rst;",
                     const std::string& data = "s <= {2'b0, in[7:0]} + {1'b0, in[7:0], 1'b0};") {
    return "module top(input clk, input rst, input in_valid, input [15:0] in, output reg "
           "out_valid,\n"
           "           output reg [10:0] out);\n"
           "  reg v1; reg [9:0] s; reg [7:0] b;\n"
           "  always @(posedge clk) begin " +
           valid_reset +
           " end\n"
           "  always @(posedge clk) begin " +
           output_valid +
           " end\n"
           "  always @(posedge clk) begin " +
           data +
           " b <= in[15:8]; end\n"
           "  always @(posedge clk) out <= {1'b0, s} + {3'b0, b};\n"
           "endmodule\n";
}

class Verilator : public ::testing::Test {
  protected:
    Result<VerilatorRun> simulate(const std::string& verilog) {
        auto scratch = ScratchDirectory::create();
        const std::string file = scratch->file("top.v");
        EXPECT_TRUE(write_file(file, verilog));
        VerilatorJob job;
        job.top = "top";
        job.files = {file};
        job.in_bits = 16;
        job.out_bits = 11;
        inputs_.clear();
        for (std::uint32_t e = 0; e < kEvents; ++e) inputs_.push_back((e * 40503U) & 0xFFFFU);
        job.inputs = inputs_;
        job.events = kEvents;
        return simulate_verilator(job);
    }
    std::vector<std::uint32_t> inputs_;
    static constexpr std::uint32_t kEvents = 3000;
};

TEST_F(Verilator, MeasuresLatencyAndGivesEveryOutput) {
    const auto run = simulate(pipeline());
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->latency_cycles, 2);
    EXPECT_TRUE(run->timing_ok(kEvents));
    ASSERT_EQ(run->outputs.size(), kEvents);
    for (std::uint32_t e = 0; e < kEvents; ++e) {
        const std::uint32_t a = inputs_[e] & 0xFFU;
        const std::uint32_t b = inputs_[e] >> 8U;
        ASSERT_EQ(run->outputs[e], 3 * a + b) << "event " << e;
    }
}

TEST_F(Verilator, SeesAValidBitThatSurvivesReset) {
    const auto run = simulate(pipeline("v1 <= in_valid;", "out_valid <= v1;"));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(run->valid_after_reset == 0) << "two cycles of reset flush two stages";
    const auto slow = simulate(pipeline("v1 <= in_valid;", "out_valid <= v1 | (out_valid & rst);"));
    ASSERT_TRUE(slow) << slow.error().message;
    EXPECT_GT(slow->valid_after_reset, 0U);
    EXPECT_FALSE(slow->timing_ok(kEvents));
}

TEST_F(Verilator, SeesADesignThatDropsEverySecondEvent) {
    const auto run = simulate(pipeline("if (rst) v1 <= 0; else v1 <= in_valid & ~v1;"));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_FALSE(run->timing_ok(kEvents));
    EXPECT_EQ(run->outputs_seen, kEvents / 2);
}

TEST_F(Verilator, SeesDataThatOnlyWorkWithoutGaps) {
    const auto run =
        simulate(pipeline("if (rst) v1 <= 0; else v1 <= in_valid;", "out_valid <= v1 & ~rst;",
                          "if (v1) s <= {2'b0, in[7:0]} + {1'b0, in[7:0], 1'b0};"));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_GT(run->gap_mismatches, 0U);
    EXPECT_FALSE(run->timing_ok(kEvents));
}

TEST_F(Verilator, ASyntaxErrorIsShown) {
    const auto run = simulate("module top(input clk; endmodule\n");
    ASSERT_FALSE(run);
    EXPECT_NE(run.error().message.find("syntax error"), std::string::npos) << run.error().message;
}

TEST_F(Verilator, LintNamesAnUnusedSignal) {
    auto scratch = ScratchDirectory::create();
    ASSERT_TRUE(write_file(scratch->file("top.v"),
                           "module top(input a, input b, output y); assign y = a; endmodule\n"));
    const auto warnings = lint_verilator("top", {scratch->file("top.v")});
    ASSERT_TRUE(warnings) << warnings.error().message;
    ASSERT_FALSE(warnings->empty());
    EXPECT_NE(warnings->front().find("UNUSED"), std::string::npos) << warnings->front();
}

TEST(Yosys, CountsTheCellsOfAnAdder) {
    auto scratch = ScratchDirectory::create();
    const std::string file = scratch->file("top.v");
    ASSERT_TRUE(
        write_file(file,
                   "module top(input clk, input [15:0] a, input [15:0] b, output reg [16:0] y);\n"
                   "always @(posedge clk) y <= a + b;\nendmodule\n"));
    for (const std::string family : {"xcup", "xc7"}) {
        for (const YosysFlow flow : {YosysFlow::kFast, YosysFlow::kVendor}) {
            const auto report =
                synthesize({"top", {file}, family, flow, std::chrono::seconds(120)});
            ASSERT_TRUE(report) << report.error().message;
            // 16 sum bits, each a LUT in front of its carry cell; the carry out may take one more.
            EXPECT_GE(report->lut, 16);
            EXPECT_LE(report->lut, 17);
            EXPECT_GE(report->carry, 4);
            EXPECT_LE(report->carry, 5);
            EXPECT_EQ(report->ff, 17);
            EXPECT_EQ(report->dsp + report->bram + report->srl + report->muxf, 0);
            EXPECT_GE(report->depth.value_or(0), 2);
            if (flow == YosysFlow::kFast) {
                EXPECT_GT(report->logic_ps.value_or(0), 500);
            }
        }
    }
    const auto ice =
        synthesize({"top", {file}, "ice40", YosysFlow::kFast, std::chrono::seconds(120)});
    ASSERT_TRUE(ice) << ice.error().message;
    EXPECT_EQ(ice->ff, 17);
    EXPECT_GE(ice->lut, 15);
    EXPECT_LE(ice->lut, 18);
    EXPECT_GE(ice->carry, 15);
    const auto ecp =
        synthesize({"top", {file}, "ecp5", YosysFlow::kFast, std::chrono::seconds(120)});
    ASSERT_TRUE(ecp) << ecp.error().message;
    EXPECT_EQ(ecp->ff, 17);
    // Two bits in a carry cell; the carry out may take one more.
    EXPECT_GE(ecp->carry, 8);
    EXPECT_LE(ecp->carry, 9);
    EXPECT_EQ(ecp->lut, 2 * ecp->carry);
    const auto generic =
        synthesize({"top", {file}, "generic", YosysFlow::kFast, std::chrono::seconds(120)});
    ASSERT_TRUE(generic) << generic.error().message;
    EXPECT_EQ(generic->ff, 17);
    EXPECT_GE(generic->lut, 16);
}

TEST(Yosys, NegationHasNoFirstOperandAndIsStillMapped) {
    auto scratch = ScratchDirectory::create();
    const std::string file = scratch->file("top.v");
    ASSERT_TRUE(
        write_file(file,
                   "module top(input clk, input signed [7:0] a, output reg signed [8:0] y);\n"
                   "always @(posedge clk) y <= 9'sd0 - {a[7], a};\nendmodule\n"));
    const auto report =
        synthesize({"top", {file}, "xcup", YosysFlow::kFast, std::chrono::seconds(120)});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ff, 9);
    EXPECT_LE(report->lut, 10);
}

TEST(Yosys, DelayLinesBecomeShiftRegisters) {
    auto scratch = ScratchDirectory::create();
    const std::string file = scratch->file("top.v");
    ASSERT_TRUE(
        write_file(file,
                   "module top(input clk, input a, output reg y);\nreg [6:0] d;\n"
                   "always @(posedge clk) begin d <= {d[5:0], a}; y <= d[6]; end\nendmodule\n"));
    const auto report =
        synthesize({"top", {file}, "xcup", YosysFlow::kFast, std::chrono::seconds(120)});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->srl, 1);
}

TEST(Yosys, AnUnknownFamilyListsTheKnownOnes) {
    const auto report = synthesize({"top", {}, "xcz", YosysFlow::kFast, std::chrono::seconds(10)});
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().message.find("ice40"), std::string::npos);
}

TEST(Z3, ProvesAndRefutes) {
    const std::string head = "(set-logic QF_BV)(declare-const x (_ BitVec 8))";
    const auto proven =
        run_z3(head + "(assert (not (= (bvmul x #x03) (bvadd x (bvmul x #x02)))))(check-sat)",
               std::chrono::seconds(10));
    ASSERT_TRUE(proven) << proven.error().message;
    EXPECT_EQ(proven->verdict, Verdict::kUnsat);
    const auto refuted =
        run_z3(head + "(assert (not (= (bvmul x #x03) x)))(check-sat)(get-value (x))",
               std::chrono::seconds(10));
    ASSERT_TRUE(refuted) << refuted.error().message;
    EXPECT_EQ(refuted->verdict, Verdict::kSat);
    EXPECT_FALSE(run_z3("(assert nonsense)(check-sat)", std::chrono::seconds(10)));
}

TEST(Z3, PassingTheTimeLimitIsUnknown) {
    const auto hard = run_z3(
        "(set-logic QF_BV)(declare-const x (_ BitVec 64))(declare-const y (_ BitVec 64))"
        "(assert (and (= (bvmul x y) #x7fffffffffffffe7) (bvugt x #x0000000000000001) (bvugt y "
        "#x0000000000000001)"
        "(bvult x #x0000000100000000) (bvult y #x0000000100000000)))(check-sat)",
        std::chrono::seconds(1));
    ASSERT_TRUE(hard) << hard.error().message;
    EXPECT_EQ(hard->verdict, Verdict::kUnknown);
}

TEST(Icarus, ATestbenchPassesOrFailsByWhatItPrints) {
    auto scratch = ScratchDirectory::create();
    const std::string file = scratch->file("tb.v");
    for (const auto& [text, passes] :
         {std::pair{"PASS 1 event", true}, {"FAIL event 0", false}, {"nothing", false}}) {
        ASSERT_TRUE(write_file(file, std::string("module tb; initial begin $display(\"") + text +
                                         "\"); $finish; end endmodule\n"));
        const auto run = simulate_icarus({"tb", {file}, scratch->path(), std::chrono::seconds(60)});
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(run->passed, passes) << text;
    }
}

TEST(Tool, AMissingProgramNamesItsPackage) {
    const auto run = run_tool({"no-such-tool", "its-package", "-V"}, {}, {});
    ASSERT_FALSE(run);
    EXPECT_NE(run.error().message.find("apt-get install its-package"), std::string::npos);
}

TEST(Tool, AScratchDirectoryIsRemoved) {
    std::string path;
    {
        const auto scratch = ScratchDirectory::create();
        path = scratch->path();
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace gatewright::tools
