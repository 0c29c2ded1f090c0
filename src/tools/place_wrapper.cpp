// SPDX-License-Identifier: Apache-2.0
//
// The wrapper around a design that is placed and routed for its clock. Inputs come from a shift
// register, so no logic lies before them; each output goes into a register of its own at once, and
// from there through one exclusive or into a second shift register, so that nothing can be removed
// as unused. The first shift register inverts from bit to bit: otherwise synthesis would find its
// bit i + 1 equal to the design's register of input i and keep only one. All names start with
// wrapper_: a critical path on such nets alone is the wrapper's.
#include <fmt/format.h>

#include "tools/nextpnr.h"

namespace gatewright::tools {
namespace {

std::string input_register(int bits) {
    if (bits == 0) return {};
    const std::string shifted =
        bits == 1 ? std::string("wrapper_serial_in")
                  : fmt::format("{{~wrapper_in[{}:0], wrapper_serial_in}}", bits - 2);
    return fmt::format(
        "  reg [{}:0] wrapper_in;\n"
        "  always @(posedge clk) wrapper_in <= {};\n",
        bits - 1, shifted);
}

std::string output_registers(int bits) {
    const std::string chain = fmt::format(
        "  reg [{0}:0] wrapper_captured;\n"
        "  reg [{0}:0] wrapper_chain;\n"
        "  always @(posedge clk) wrapper_captured <= wrapper_seen;\n",
        bits);
    const std::string shifted =
        bits == 0 ? std::string("1'b0") : fmt::format("{{wrapper_chain[{}:0], 1'b0}}", bits - 1);
    return chain + fmt::format("  always @(posedge clk) wrapper_chain <= {} ^ wrapper_captured;\n",
                               shifted);
}

}  // namespace

std::string place_wrapper(const PlaceJob& job) {
    std::string text =
        "module gatewright_wrapper(input clk, input serial_in, input valid_in, input rst_in,\n"
        "                          output reg serial_out);\n"
        "  reg wrapper_serial_in, wrapper_valid, wrapper_rst;\n"
        "  always @(posedge clk) begin\n"
        "    wrapper_serial_in <= serial_in;\n"
        "    wrapper_valid <= valid_in;\n"
        "    wrapper_rst <= rst_in;\n"
        "  end\n" +
        input_register(job.in_bits) + fmt::format("  wire [{}:0] wrapper_seen;\n", job.out_bits);
    text += fmt::format(
        "  {} design (.clk(clk), .rst(wrapper_rst), .in_valid(wrapper_valid),\n"
        "    .out_valid(wrapper_seen[{}])",
        job.top, job.out_bits);
    if (job.in_bits > 0) text += ", .in(wrapper_in)";
    if (job.out_bits > 0) text += fmt::format(", .out(wrapper_seen[{}:0])", job.out_bits - 1);
    text += ");\n" + output_registers(job.out_bits);
    text += fmt::format("  always @(posedge clk) serial_out <= wrapper_chain[{}];\n", job.out_bits);
    return text + "endmodule\n";
}

}  // namespace gatewright::tools
