// SPDX-License-Identifier: Apache-2.0
//
// The driver of streams on a hand-written module that adds pairs of words: it measures the right
// cycles, and notices a dropped, a repeated and a wrongly marked word, and what survives a reset.
#include "tools/verilator_streams.h"

#include <gtest/gtest.h>

#include <string>

#include "support/files.h"
#include "tools/tool.h"

namespace gatewright::tools {
namespace {

// Events of four words of 8 bits; words come out as sums of pairs, two per event, one cycle after
// the second word of a pair. One register holds a result until it is taken.
struct Adder {
    std::string ready = "~y_valid | y_ready";
    std::string last = "place == 2'd3";
    std::string push = "x_valid & x_ready & place[0]";
    std::string reset = "place <= 0; y_valid <= 0;";
};

std::string verilog(const Adder& adder) {
    return "module top(input clk, input rst, input x_valid, output x_ready, input [7:0] x, "
           "input x_last,\n"
           "           output reg y_valid, input y_ready, output reg [8:0] y, output reg y_last);\n"
           "  reg [1:0] place = 0; reg [7:0] first; reg [7:0] taken;\n"
           "  assign x_ready = " +
           adder.ready +
           ";\n"
           "  always @(posedge clk) begin\n"
           "    if (y_ready) y_valid <= 0;\n"
           "    if (x_valid & x_ready) begin\n"
           "      place <= place + 1; first <= x; taken <= taken + 1;\n"
           "    end\n"
           "    if (" +
           adder.push +
           ") begin\n"
           "      y_valid <= 1; y <= {1'b0, first} + {1'b0, x}; y_last <= " +
           adder.last +
           ";\n"
           "    end\n"
           "    if (rst) begin taken <= 0; " +
           adder.reset +
           " end\n"
           "  end\n"
           "endmodule\n";
}

class VerilatorStreams : public ::testing::Test {
  protected:
    static constexpr std::size_t kEvents = 60;

    Result<StreamsRun> simulate(const Adder& adder) {
        auto scratch = ScratchDirectory::create();
        const std::string file = scratch->file("top.v");
        EXPECT_TRUE(write_file(file, verilog(adder)));
        StreamsJob job;
        job.top = "top";
        job.files = {file};
        job.inputs = {{"x", 8, 4, {}}};
        job.outputs = {{"y", 9, 2, {}}};
        job.events = kEvents;
        expected_.clear();
        for (std::uint32_t i = 0; i < 4 * kEvents; ++i)
            job.inputs[0].data.push_back((i * 40503U >> 3U) & 0xFFU);
        for (std::size_t i = 0; i < 4 * kEvents; i += 2)
            expected_.push_back(job.inputs[0].data[i] + job.inputs[0].data[i + 1]);
        return simulate_streams(job);
    }
    std::vector<std::uint32_t> expected_;
};

TEST_F(VerilatorStreams, MeasuresWhatADesignDoes) {
    const auto run = simulate({});
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(run->finished);
    EXPECT_EQ(run->outputs[0], expected_);
    // The second word is accepted one cycle after the first, its sum offered one cycle later.
    EXPECT_EQ(run->first_word_cycles, 2);
    EXPECT_EQ(run->last_word_cycles, 4);
    EXPECT_EQ(run->cycles_per_event, 4);
    EXPECT_EQ(run->held_events, 50U);
    EXPECT_EQ(run->held_mismatches, 0U);
    EXPECT_EQ(run->reset_mismatches, 0U);
    EXPECT_EQ(run->wrong_last, 0U);
}

TEST_F(VerilatorStreams, SeesADroppedWord) {
    Adder adder;
    adder.push += " & taken != 8'd41";
    const auto run = simulate(adder);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_FALSE(run->finished);
}

TEST_F(VerilatorStreams, SeesAWordTooManyAtTheVeryEnd) {
    Adder adder;  // taken is 240 after the last word
    adder.push = "(x_valid & x_ready & place[0]) | (taken == 8'd240 & ~y_valid & ~x_valid)";
    const auto run = simulate(adder);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_FALSE(run->finished);
}

TEST_F(VerilatorStreams, SeesAWordThatIsLostUnderBackPressureOnly) {
    Adder adder;
    adder.ready = "1'b1";
    const auto run = simulate(adder);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->outputs[0], expected_);  // nothing held back: all is well
    EXPECT_TRUE(!run->finished || run->held_mismatches > 0);
}

TEST_F(VerilatorStreams, SeesAWrongLast) {
    Adder adder;
    adder.last = "place == 2'd3 & taken != 8'd7";
    const auto run = simulate(adder);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(run->finished);
    EXPECT_EQ(run->outputs[0], expected_);
    EXPECT_EQ(run->held_mismatches, 0U);
    EXPECT_EQ(run->wrong_last, 3U);  // the second event of each of three runs
}

TEST_F(VerilatorStreams, SeesAPlaceThatSurvivesAReset) {
    Adder adder;
    adder.reset = "y_valid <= 0;";
    const auto run = simulate(adder);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(!run->finished || run->reset_mismatches > 0 || run->wrong_last > 0);
}

TEST_F(VerilatorStreams, RefusesDataOfAnotherLength) {
    StreamsJob job;
    job.top = "top";
    job.inputs = {{"x", 40, 4, {1, 2, 3}}};
    job.outputs = {{"y", 9, 2, {}}};
    job.events = 1;
    const auto run = simulate_streams(job);
    ASSERT_FALSE(run);
    EXPECT_NE(run.error().message.find("stream 'x' has 3 32-bit words, 1 events need 8"),
              std::string::npos)
        << run.error().message;
}

}  // namespace
}  // namespace gatewright::tools
