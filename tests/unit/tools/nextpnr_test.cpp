// SPDX-License-Identifier: Apache-2.0
//
// The reader on a hand-written report and on one of nextpnr-ecp5 as it came, and the real router on
// adders whose order by speed is known.
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

// ecp5_report.json: 8-bit a - b between registers on LFE5U-85F, nextpnr-ecp5 0.11.1, seed 1. The
// file's own figures: 525 ps to Q, a net of 1082 ps, 447 ps into the chain, three pairs of bits at
// 71 ps, 443 ps out of it, 130 ps to the register.
TEST(Nextpnr, AReportOfTheEcp5RouterIsRead) {
    const auto text = read_file(GW_SOURCE_DIR "/tests/unit/tools/ecp5_report.json");
    ASSERT_TRUE(text) << text.error().message;
    PlaceReport report;
    const Status status = read_nextpnr_report(*text, report);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_NEAR(report.clock_mhz.value_or(0), 352.1127, 1e-3);
    double ps = 0;
    for (const PlaceArc& arc : report.critical_path) ps += arc.ps;
    EXPECT_NEAR(ps, 525 + 1082 + 447 + 3 * 71 + 443 + 130, 1e-2);
    EXPECT_NEAR(ps, 1e6 / *report.clock_mhz, 1);
    ASSERT_GE(report.critical_path.size(), 3U);
    EXPECT_EQ(report.critical_path[2].type, "logic");
    EXPECT_EQ(report.critical_path[2].from_port, "A");
    EXPECT_EQ(report.critical_path[2].to_port, "FCO");
    EXPECT_FALSE(report.limited_by_wrapper);
    EXPECT_EQ(report.cells, 39);
    EXPECT_EQ(report.cells_available, 83640);
}

TEST(Nextpnr, ARouterThatIsMissingSaysHowItIsInstalled) {
    const Tool missing{"no-such-router", "a-python-package", "--version", PackageSource::kPyPi};
    const auto of_python = version(missing);
    ASSERT_FALSE(of_python);
    EXPECT_NE(of_python.error().message.find("pip install a-python-package"), std::string::npos)
        << of_python.error().message;
    const auto of_debian = version({"no-such-router", "a-package", "--version"});
    ASSERT_FALSE(of_debian);
    EXPECT_NE(of_debian.error().message.find("apt-get install a-package"), std::string::npos);
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
