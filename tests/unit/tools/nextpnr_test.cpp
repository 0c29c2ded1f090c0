// SPDX-License-Identifier: Apache-2.0
//
// The reader on a hand-written report, and the real router on adders whose order by speed is known.
#include "tools/nextpnr.h"

#include <gtest/gtest.h>

#include "support/files.h"

namespace gatewright::tools {
namespace {

// Two registers with a chain of `adders` 16-bit additions between them.
std::string adders_in_series(int adders) {
    std::string text =
        "module top(input clk, input rst, input in_valid, input [31:0] in, output reg out_valid,\n"
        "           output reg [15:0] out);\n  reg [31:0] held;\n";
    for (int i = 0; i < adders; ++i) {
        text += "  (* keep *) wire [15:0] s" + std::to_string(i) + " = " +
                (i == 0 ? std::string("held[15:0]")
                        : "{s" + std::to_string(i - 1) + "[7:0], s" + std::to_string(i - 1) +
                              "[15:8]}") +
                " + held[31:16];\n";
    }
    return text + "  always @(posedge clk) begin held <= in; out <= s" +
           std::to_string(adders - 1) + "; out_valid <= in_valid & ~rst; end\nendmodule\n";
}

Result<PlaceReport> place(const std::string& verilog, const std::string& part) {
    const auto scratch = ScratchDirectory::create();
    const std::string file = scratch->file("top.v");
    EXPECT_TRUE(write_file(file, verilog));
    PlaceJob job;
    job.top = "top";
    job.files = {file};
    job.in_bits = 32;
    job.out_bits = 16;
    job.vendor_part = part;
    return place_and_route(job);
}

constexpr const char* kReport = R"({"fmax": {"clk": {"achieved": 200.0, "constraint": 100}},
  "critical_paths": [
    {"from": "<async>", "to": "posedge clk", "path": [
      {"type": "routing", "delay": 9.0, "net": "design.x", "from": {"port": "O"}, "to": {"port": "I"}}]},
    {"from": "posedge clk", "to": "posedge clk", "path": [
      {"type": "clk-to-q", "delay": 0.5, "from": {"port": "CLK"}, "to": {"port": "O"}},
      {"type": "routing", "delay": 3.5, "net": "wrapper_in[1]", "from": {"port": "O"}, "to": {"port": "I0"}},
      {"type": "setup", "delay": 1.0, "from": {"port": "I0"}, "to": {"port": "CLK"}}]}],
  "utilization": {"ICESTORM_LC": {"used": 12, "available": 7680}}})";

TEST(Nextpnr, TheReportsPathBetweenRegistersIsRead) {
    PlaceReport report;
    ASSERT_TRUE(read_nextpnr_report(kReport, report));
    EXPECT_EQ(report.clock_mhz, 200.0);
    ASSERT_EQ(report.critical_path.size(), 3U);
    EXPECT_NEAR(report.critical_path[1].ps, 3500, 1e-9);
    EXPECT_TRUE(report.limited_by_wrapper);
    EXPECT_EQ(report.cells, 12);
    EXPECT_EQ(report.cells_available, 7680);
}

TEST(Nextpnr, APathThroughTheDesignIsNotTheWrappers) {
    std::string text = kReport;
    const std::string net = "wrapper_in[1]";
    text.replace(text.find(net), net.size(), "design.s[1]");
    PlaceReport report;
    ASSERT_TRUE(read_nextpnr_report(text, report));
    EXPECT_FALSE(report.limited_by_wrapper);
}

TEST(Nextpnr, ADamagedReportIsAnErrorThatNamesTheKey) {
    for (const char* key : {"\"fmax\"", "\"critical_paths\"", "\"utilization\"", "\"delay\"",
                            "\"achieved\"", "\"used\""}) {
        std::string text = kReport;
        const std::string name = std::string(key).substr(1, std::string(key).size() - 2);
        text.replace(text.rfind(key), std::string(key).size(), "\"other\"");
        PlaceReport report;
        const Status status = read_nextpnr_report(text, report);
        ASSERT_FALSE(status) << key;
        EXPECT_NE(status.error().message.find(name), std::string::npos) << status.error().message;
    }
}

TEST(Nextpnr, APartNoOpenRouterKnowsIsRefused) {
    const auto report = place(adders_in_series(1), "xcvu13p-flga2577-2-e");
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().message.find("ice40hx8k"), std::string::npos);
}

TEST(Nextpnr, TwoAddersInSeriesAreSlowerThanOne) {
    const auto one = place(adders_in_series(1), "ice40hx8k-ct256");
    const auto two = place(adders_in_series(2), "ice40hx8k-ct256");
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_TRUE(two) << two.error().message;
    ASSERT_TRUE(one->clock_mhz && two->clock_mhz);
    EXPECT_FALSE(one->limited_by_wrapper);
    // One adder: 0.54 ns from the clock, a net, 16 carries of 0.126 ns, the last LUT.
    EXPECT_GT(*one->clock_mhz, 120);
    EXPECT_LT(*one->clock_mhz, 1000 / (0.54 + 16 * 0.126));
    EXPECT_LT(*two->clock_mhz, 0.9 * *one->clock_mhz);
    // 32 + 16 registers of the design and 70 of the wrapper; adders take their registers' cells.
    EXPECT_GE(one->cells, 32 + 16 + one->wrapper_registers - 4);
    EXPECT_LT(one->cells, 200);
}

TEST(Nextpnr, TheSameSeedGivesTheSameClock) {
    const auto first = place(adders_in_series(1), "ice40hx8k-ct256");
    const auto second = place(adders_in_series(1), "ice40hx8k-ct256");
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->clock_mhz, second->clock_mhz);
}

TEST(Nextpnr, ADesignThatDoesNotFitSaysSo) {
    const auto report = place(adders_in_series(1), "ice40hx1k-tq144");
    ASSERT_TRUE(report) << report.error().message;
    const std::string big =
        "module top(input clk, input rst, input in_valid, input [31:0] in, output reg out_valid,\n"
        "           output reg [15:0] out);\n  reg [3199:0] held;\n"
        "  always @(posedge clk) begin held <= {held[3167:0], in}; out <= held[3199:3184];\n"
        "    out_valid <= in_valid; end\nendmodule\n";
    const auto too_big = place(big, "ice40hx1k-tq144");
    ASSERT_FALSE(too_big);
    EXPECT_NE(too_big.error().message.find("does not fit"), std::string::npos)
        << too_big.error().message;
}

}  // namespace
}  // namespace gatewright::tools
