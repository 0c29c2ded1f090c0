// SPDX-License-Identifier: Apache-2.0
//
// What single operations become, read as Verilog: exact widths, no work that is not needed.
#include <gtest/gtest.h>

#include "dfg/text.h"
#include "rtl/emit.h"

namespace gatewright::rtl {
namespace {

// The statements of the one kernel of a program, without declarations of registers.
std::string verilog_of(const std::string& body) {
    auto program = dfg::parse_text("program p\n" + body);
    EXPECT_TRUE(program) << program.error().message;
    arch::Design design;
    design.name = "top";
    design.inputs = {{"x", {}, {}, {}, 0}};
    design.outputs = {{"y", {}, {}, {}, 0}};
    arch::FlatProgram flat;
    flat.program = *program;
    const auto add = [&](arch::Port& port, dfg::ValueId value) {
        port.elements.push_back({.format = flat.program[value].format});
        port.bit_offset.push_back(port.width);
        port.width += port.elements.back().format.width;
    };
    for (const dfg::ValueId input : flat.program.inputs()) add(design.inputs[0], input);
    for (const dfg::ValueId output : flat.program.outputs()) add(design.outputs[0], output);
    design.kernels.emplace_back();
    design.kernels[0].name = "k";
    for (const dfg::Node& node : flat.program.nodes()) {
        flat.kernel_of.push_back(node.op == dfg::Op::kInput ? arch::KernelId() : arch::KernelId(0));
    }
    const auto schedule = schedule::schedule(flat, *schedule::find_device("unit"), {});
    EXPECT_TRUE(schedule);
    const std::string text = verilog_files(build_netlist(design, flat, *schedule))[0].content;
    const std::size_t begin = text.find("// cycle 1");
    return text.substr(begin + 11, text.find("    assign out") - begin - 11);
}

TEST(Legalize, OperandsAreAlignedBitByBit) {
    EXPECT_EQ(verilog_of("%0 = input s4.0\n%1 = input u3.2\n%2 = add s7.2 %0 %1\noutput %2\n"),
              "    wire [6:0] out_0 = {x_0[3], x_0, 2'h0} + {4'h0, x_1};  // s7.2\n");
}

TEST(Legalize, TruncationIsASlice) {
    // The register of %0 holds bits 2 to 5 only, for the slice, and bits 6 and 7 for %2.
    EXPECT_EQ(verilog_of("%0 = input s8.4\n%1 = cast s4.2 TRN WRAP %0\n%2 = slice u2.0 %0 >> 6\n"
                         "%3 = and s4.2 %1 %2\noutput %3\n"),
              "    wire [3:0] v0 = x_0[3:0];\n"
              "    wire [1:0] v1 = x_0[5:4];\n"
              "    wire [3:0] out_0 = x_0[3:0] & {2'h0, x_0[5:4]};  // s4.2\n");
}

TEST(Legalize, RoundingAddsTheHighestDroppedBit) {
    // The lowest bit of %0 decides nothing, so its register holds the other seven.
    EXPECT_EQ(verilog_of("%0 = input u8.4\n%1 = cast u7.2 RND WRAP %0\noutput %1\n"),
              "    wire [6:0] out_0 = {1'h0, x_0[6:1]} + {6'h0, x_0[0]};  // u7.2\n");
}

TEST(Legalize, ReluLooksAtTheSignBit) {
    EXPECT_EQ(verilog_of("%0 = input s8.0\n%1 = const u0.0 0\n%2 = max u7.0 %0 %1\noutput %2\n"),
              "    wire [6:0] out_0 = x_0[7] ? 7'h0 : x_0[6:0];  // u7.0\n");
}

TEST(Legalize, SaturationLooksAtTheTopBitsOnly) {
    EXPECT_EQ(verilog_of("%0 = input u8.0\n%1 = cast u6.0 TRN SAT %0\noutput %1\n"),
              "    wire out_0_any_top = |x_0[7:6];\n"
              "    wire [5:0] out_0 = out_0_any_top ? 6'h3f : x_0[5:0];  // u6.0\n");
}

TEST(Legalize, UnsignedComparesStayUnsigned) {
    EXPECT_EQ(verilog_of("%0 = input u4.0\n%1 = input u3.0\n%2 = lt u1.0 %0 %1\noutput %2\n"),
              "    wire out_0 = x_0 < {1'h0, x_1};  // u1.0\n");
    EXPECT_EQ(verilog_of("%0 = input s4.0\n%1 = input u4.0\n%2 = lt u1.0 %0 %1\noutput %2\n"),
              "    wire out_0 = $signed({x_0[3], x_0}) < $signed({1'h0, x_1});  // u1.0\n");
}

}  // namespace
}  // namespace gatewright::rtl
