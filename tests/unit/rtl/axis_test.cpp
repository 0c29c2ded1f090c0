// SPDX-License-Identifier: Apache-2.0
//
// The AXI4-Stream wrapper in Icarus, against a sender and a receiver that pause at random: every
// event comes out once, in order, with the right bits, and a receiver that never pauses gets one
// per cycle.
#include "rtl/axis.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "random_design.h"
#include "rtl/simulate.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

constexpr int kEvents = 300;

// Sends where (noise & send_mask) is 0 and receives likewise; prints each result and the cycles
// taken.
std::string bench(const Netlist& netlist, int send_mask, int receive_mask) {
    const int in_bits = (input_bits(netlist) + 7) / 8 * 8;
    const int out_bits = (output_bits(netlist) + 7) / 8 * 8;
    return fmt::format(R"(module bench;
    reg clk = 0, resetn = 0, offering = 0, open = 0;
    reg [{0}:0] stimulus [0:{2}], data = 0;
    reg [31:0] noise = 32'h1234567;
    integer sent = 0, got = 0, cycle = 0, started = 0;
    wire ready, valid;
    wire [{1}:0] result;
    {3}_axis dut (.aclk(clk), .aresetn(resetn), .s_axis_tdata(data), .s_axis_tvalid(offering),
        .s_axis_tready(ready), .m_axis_tdata(result), .m_axis_tvalid(valid), .m_axis_tready(open));
    initial $readmemh("in.hex", stimulus);
    always #1 clk = ~clk;
    always @(posedge clk) begin
        cycle <= cycle + 1;
        resetn <= cycle > 5;
        noise <= noise * 1664525 + 1013904223;
        open <= (noise[23:16] & {5}) == 0;
        if (offering & ready) offering <= 0;
        if (resetn && sent < {4} && (!offering || ready) && (noise[31:24] & {6}) == 0) begin
            offering <= 1;
            data <= stimulus[sent];
            sent <= sent + 1;
            if (sent == 0) started <= cycle;
        end
        if (valid & open) begin
            $display("%h", result);
            got <= got + 1;
            if (got + 1 == {4}) begin
                $display("cycles %0d", cycle - started);
                $finish;
            end
        end
        if (cycle == 100000) begin $display("stuck after %0d", got); $finish; end
    end
endmodule
)",
                       in_bits - 1, out_bits - 1, kEvents - 1, netlist.name, kEvents, receive_mask,
                       send_mask);
}

void expect_stream(const Netlist& netlist, const testing::Events& events, int send_mask,
                   int receive_mask) {
    const testing::TemporaryDirectory directory;
    std::vector<std::string> compile{"iverilog", "-g2005", "-o", "sim", "bench.v"};
    for (const File& file : verilog_files(netlist)) {
        directory.write(file.path, file.content);
        compile.push_back(file.path);
    }
    std::string hex;
    std::string expected;
    const int digits = (output_bits(netlist) + 7) / 8 * 2;
    for (std::size_t e = 0; e < events.in.size(); ++e) {
        hex += pack(netlist.inputs, events.in[e]).to_hex() + "\n";
        const std::string word = pack(netlist.outputs, events.out[e]).to_hex();
        expected += std::string(static_cast<std::size_t>(digits) - word.size(), '0') + word + "\n";
    }
    directory.write("in.hex", hex);
    directory.write("bench.v", bench(netlist, send_mask, receive_mask));
    const auto built = testing::run_in(directory.path(), compile);
    ASSERT_TRUE(built.ok()) << built.output;
    const std::string output = testing::run_in(directory.path(), {"vvp", "-n", "sim"}).output;
    ASSERT_EQ(output.substr(0, expected.size()), expected);
    int cycles = 0;
    ASSERT_EQ(sscanf(output.c_str() + expected.size(), "cycles %d", &cycles), 1) << output;
    if (send_mask == 0 && receive_mask == 0) {
        EXPECT_LE(cycles, kEvents + netlist.latency_cycles + 4) << "less than full rate";
    }
}

TEST(Axis, LosesAndReordersNothingWhoeverPauses) {
    Rng rng(gatewright::testing::test_seed(41));
    for (int trial = 0; trial < 6 && !HasFailure(); ++trial) {
        const auto d = testing::random_design(rng, {.registered = 0.8});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const auto events = testing::random_events(d, kEvents, rng);
        for (const auto& [send, receive] : {std::pair{0, 0}, {0, 3}, {3, 0}, {1, 1}, {0, 63}}) {
            expect_stream(netlist, events, send, receive);
        }
    }
}

TEST(Axis, TheBufferHoldsAllEventsUnderWay) {
    Netlist netlist;
    for (const auto& [latency, depth] : {std::pair{0, 2}, {2, 4}, {6, 8}, {7, 16}, {30, 32}}) {
        netlist.latency_cycles = latency;
        EXPECT_EQ(axis_buffer_depth(netlist), depth);
    }
}

}  // namespace
}  // namespace gatewright::rtl
