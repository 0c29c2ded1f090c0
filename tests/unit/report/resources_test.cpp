// SPDX-License-Identifier: Apache-2.0
//
// Costs by hand from the definition of cells, and LUT counts as Yosys 0.23 measured them on single
// operations (synth_xilinx -family xcup -nodsp -nowidelut; the table is in docs/report.md).
#include "report/resources.h"

#include <gtest/gtest.h>

#include "dfg/text.h"
#include "opt/table_cost.h"

namespace gatewright::report {
namespace {

// The cost of the last node of a program in text form.
NodeCost cost_of(const std::string& text) {
    const auto program = dfg::parse_text("program p\n" + text);
    EXPECT_TRUE(program) << program.error().message;
    return program ? node_cost(*program, program->nodes().back()) : NodeCost{};
}

TEST(Cells, PassThroughBitsBelowTheOverlapAreFree) {
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n").cells, 9);
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = input s8.0\n%2 = add s12.0 %0 %1 << 3\n").cells, 9);
    // a - b·2^3: the low bits of a pass; a·2^3 - b: none does.
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = input s8.0\n%2 = sub s12.0 %0 %1 << 3\n").cells, 9);
    EXPECT_EQ(cost_of("%0 = input s8.-3\n%1 = input s8.0\n%2 = sub s12.0 %0 %1\n").cells, 12);
}

TEST(Luts, OfAddersAreThosePositionsWhereBothOperandsBringABit) {
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n").lut, 8);
    EXPECT_EQ(cost_of("%0 = input u12.0\n%1 = input u12.0\n%2 = add u13.0 %0 %1\n").lut, 12);
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = input s8.0\n%2 = sub s12.0 %0 %1 << 3\n").lut, 8);
    EXPECT_EQ(cost_of("%0 = input s12.-3\n%1 = input s12.0\n%2 = sub s16.0 %0 %1\n").lut, 12);
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = const u6.0 37\n%2 = add s9.0 %0 %1\n").lut, 0);
}

TEST(Luts, OfOtherOperationsAreWithinOneSixthOfYosys) {
    const auto near = [](const std::string& text, double yosys) {
        EXPECT_NEAR(static_cast<double>(cost_of(text).lut), yosys, std::max(1.0, yosys / 6))
            << text;
    };
    const std::string two = "%0 = input s12.0\n%1 = input s12.0\n";
    near("%0 = input s8.0\n%1 = const u0.0 0\n%2 = max u7.0 %0 %1\n", 7);
    near(two + "%2 = max s12.0 %0 %1\n", 20);
    near(two + "%2 = lt u1.0 %0 %1\n", 8);
    near(two + "%2 = eq u1.0 %0 %1\n", 6);
    near(two + "%2 = mul s24.0 %0 %1\n", 314);
    near("%0 = input s8.0\n%1 = input s4.0\n%2 = mul s12.0 %0 %1\n", 47);
    near("%0 = input u1.0\n%1 = input s8.0\n%2 = input s8.0\n%3 = select s8.0 %0 %1 %2\n", 8);
    near("%0 = input s11.0\n%1 = cast s8.0 TRN SAT %0\n", 7);
    near("%0 = input u11.0\n%1 = cast u8.0 TRN SAT %0\n", 8);
    near("%0 = input s11.3\n%1 = cast s9.0 RND WRAP %0\n", 0);
    near("%0 = input u24.0\n%1 = popcount u5.0 %0\n", 28);
}

TEST(Ops, ANegationIsNotAnAdder) {
    const NodeCost cost = cost_of("%0 = input s8.0\n%1 = const u0.0 0\n%2 = sub s9.0 %1 %0\n");
    EXPECT_EQ(cost.ops.adders, 0);
    EXPECT_EQ(cost.ops.negations, 1);
    EXPECT_EQ(cost.cells, 0);
}

TEST(Ops, OnlyCastsThatRoundOrClampCost) {
    EXPECT_EQ(cost_of("%0 = input s8.3\n%1 = cast s5.0 TRN WRAP %0\n").ops, OpCounts{});
    EXPECT_EQ(cost_of("%0 = input s8.3\n%1 = cast s6.0 RND WRAP %0\n").ops.roundings, 1);
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = cast s5.0 TRN SAT %0\n").ops.saturations, 1);
    EXPECT_EQ(cost_of("%0 = input s8.0\n%1 = cast s9.0 TRN SAT %0\n").ops, OpCounts{});
}

dfg::Table table_of(std::size_t size, std::int64_t (*entry)(std::int64_t)) {
    dfg::Table table{"t", {}};
    for (std::size_t i = 0; i < size; ++i)
        table.codes.emplace_back(entry(static_cast<std::int64_t>(i)));
    return table;
}

TEST(TableLuts, CopiesAndConstantsAreFree) {
    EXPECT_EQ(opt::table_luts(table_of(256, [](std::int64_t i) { return i; }), 8, 8), 0);
    EXPECT_EQ(opt::table_luts(table_of(256, [](std::int64_t) { return std::int64_t{5}; }), 8, 3),
              0);
}

TEST(TableLuts, SixIndexBitsAreOneLutPerOutputBit) {
    EXPECT_EQ(opt::table_luts(table_of(64, [](std::int64_t i) { return i * i; }), 6, 12),
              10);  // bits 0, 1 are free
}

TEST(TableLuts, EightDistinctBitsAreFourLeavesAndAMultiplexer) {
    // A pseudo-random column, the same for both output bits: the second is free.
    const auto scrambled = [](std::int64_t i) {
        return ((i * 2654435761 >> 7) & 1) == 0 ? std::int64_t{0} : std::int64_t{3};
    };
    EXPECT_EQ(opt::table_luts(table_of(256, scrambled), 8, 2), 5);
}

TEST(TableLuts, WideTablesGrowByTheirLeaves) {
    const dfg::Table unused{"t", {}};
    EXPECT_EQ(opt::table_luts(unused, 13, 1), 128 + 42);
}

TEST(CountResources, EqualAddersOfTwoKernelsCountOnceAndCyclesAreFound) {
    arch::Design design;
    design.kernels.resize(2);
    arch::FlatProgram flat;
    const auto program = dfg::parse_text(
        "program p\n%0 = input s4.0\n%1 = input s4.0\n%2 = add s5.0 %0 %1\n%3 = add s5.0 %0 %1\n"
        "%4 = sub s6.0 %3 %1\noutput %4\n");
    ASSERT_TRUE(program) << program.error().message;
    flat.program = *program;
    flat.kernel_of = {arch::KernelId(), arch::KernelId(), arch::KernelId(0), arch::KernelId(1),
                      arch::KernelId(1)};
    schedule::Schedule schedule;
    schedule.cycle = {1, 1, 1, 1, 2};
    schedule.latency_cycles = 3;
    schedule.clock_mhz = 400;
    const ResourceReport report = count_resources(design, flat, schedule, {5, 6, 8});
    EXPECT_EQ(report.total.ops.adders, 2);
    EXPECT_EQ(report.kernels[0].ops.adders, 1);
    EXPECT_EQ(report.kernels[1].cells, 6);
    EXPECT_EQ(report.kernels[1].first_cycle, 1);
    EXPECT_EQ(report.kernels[1].last_cycle, 2);
    EXPECT_EQ(report.total.register_bits, 19);
    EXPECT_EQ(report.total.estimate.ff, 22);
}

TEST(CountResources, AReluInFrontOfARegisterIsItsResetAndCostsNoLut) {
    arch::Design design;
    design.kernels.resize(1);
    arch::FlatProgram flat;
    const auto program = dfg::parse_text(
        "program p\n%0 = input s8.0\n%1 = const u0.0 0\n%2 = max u7.0 %0 %1\noutput %2\n");
    ASSERT_TRUE(program) << program.error().message;
    flat.program = *program;
    flat.kernel_of = {arch::KernelId(), arch::KernelId(0), arch::KernelId(0)};
    schedule::Schedule schedule;
    schedule.cycle = {0, 0, 0};
    schedule.latency_cycles = 1;
    EXPECT_EQ(count_resources(design, flat, schedule, {7, 0}).total.estimate.lut, 0);
    schedule.latency_cycles = 0;  // no register behind it
    EXPECT_EQ(count_resources(design, flat, schedule, {0, 0}).total.estimate.lut, 7);
}

}  // namespace
}  // namespace gatewright::report
