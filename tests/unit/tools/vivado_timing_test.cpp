// SPDX-License-Identifier: Apache-2.0
#include "tools/vivado_timing.h"

#include <gtest/gtest.h>

#include "support/vivado_report.h"

namespace gatewright::tools {
namespace {

using testing::kVivadoReport;

std::string replaced(const std::string& what, const std::string& by) {
    std::string text(kVivadoReport);
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

TEST(VivadoTiming, SetupPathsAreReadAndHoldPathsPassedOver) {
    const auto timing = read_vivado_timing(kVivadoReport);
    ASSERT_TRUE(timing) << timing.error().message;
    EXPECT_EQ(timing->device, "xcvu9p-flga2104");
    EXPECT_EQ(timing->speed, "-2");
    EXPECT_EQ(timing->worst_slack_ps, -125);
    EXPECT_EQ(timing->total_negative_slack_ps, -250);
    ASSERT_EQ(timing->paths.size(), 2U);
    const VivadoPath& adder = timing->paths[0];
    EXPECT_EQ(adder.source, "a_reg[0]/C");
    EXPECT_EQ(adder.destination, "s_reg[15]/D");
    EXPECT_EQ(adder.group, "clk");
    EXPECT_DOUBLE_EQ(adder.slack_ps, -125);
    EXPECT_DOUBLE_EQ(adder.requirement_ps, 1000);
    EXPECT_DOUBLE_EQ(adder.data_delay_ps, 960);
    EXPECT_EQ(adder.logic_levels, 3);
    EXPECT_EQ(adder.setup_ps, -25);
    EXPECT_EQ(adder.uncertainty_ps, 35);
}

TEST(VivadoTiming, TheDataPathsArcsAreKeptWithPinsAndFanout) {
    const auto timing = read_vivado_timing(kVivadoReport);
    ASSERT_TRUE(timing);
    const std::vector<VivadoArc>& arcs = timing->paths[0].arcs;
    ASSERT_EQ(arcs.size(), 10U);  // the clock's net before the register is not one of them
    EXPECT_EQ(arcs[0].cell, "FDRE");
    EXPECT_EQ(arcs[0].from_pin, "C");
    EXPECT_EQ(arcs[0].to_pin, "Q");
    EXPECT_DOUBLE_EQ(arcs[0].ps, 80);
    EXPECT_EQ(arcs[1].cell, "net");
    EXPECT_EQ(arcs[1].fanout, 3);
    EXPECT_DOUBLE_EQ(arcs[1].ps, 300);
    EXPECT_EQ(arcs[4].cell, "CARRY8");
    EXPECT_EQ(arcs[4].from_pin, "S[0]");
    EXPECT_EQ(arcs[4].to_pin, "CO[7]");
    // Rows with the delay on the same line, without a location.
    EXPECT_EQ(timing->paths[1].arcs.size(), 6U);
    EXPECT_EQ(timing->paths[1].arcs[3].fanout, 64);
    EXPECT_FALSE(timing->paths[1].setup_ps);
}

TEST(VivadoTiming, ARowThatMakesNoSenseIsAnErrorWithItsLine) {
    const std::vector<std::pair<std::string, std::string>> damages = {
        {"-0.125ns", "fast"},           {"0.960ns", "0.9.60ns"},
        {"(fo=3,", "(fo=x,"},           {"net (fo=3, routed)", "net fo=3"},
        {"0.150     0.675 r", "nan r"}, {"uncertainty           -0.035", "uncertainty  -0,035"},
    };
    for (const auto& [what, by] : damages) {
        const auto timing = read_vivado_timing(replaced(what, by));
        ASSERT_FALSE(timing) << what;
        EXPECT_NE(timing.error().message.find("line "), std::string::npos)
            << timing.error().message;
    }
}

TEST(VivadoTiming, ATextWithoutPathsSaysWhatWasExpected) {
    for (const char* text : {"", "Vivado utilization report\n", "| Device : x\n"}) {
        const auto timing = read_vivado_timing(text);
        ASSERT_FALSE(timing);
        EXPECT_NE(timing.error().message.find("report_timing"), std::string::npos);
    }
}

TEST(VivadoTiming, TheUtilizationReportsLutsAreRead) {
    EXPECT_EQ(read_vivado_luts(testing::kVivadoUtilization).value_or(-1), 5021);
    EXPECT_EQ(read_vivado_luts("| Slice LUTs | 45 | 0 |\n").value_or(-1), 45);
    EXPECT_FALSE(read_vivado_luts(kVivadoReport));
    EXPECT_FALSE(read_vivado_luts("| Slice LUTs | many | 0 |\n"));
}

}  // namespace
}  // namespace gatewright::tools
