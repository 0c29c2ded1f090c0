// SPDX-License-Identifier: Apache-2.0
//
// Traced bits against the meaning of the ops: every bit of every wire is put together from the
// interpreter's values of the computed ones.
#include "schedule/wires.h"

#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "schedule/liveness.h"
#include "schedule/schedule.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::schedule {
namespace {

using fixed::Integer;

arch::FlatProgram flat_of(const char* text) {
    auto program = dfg::parse_text(text);
    EXPECT_TRUE(program) << program.error().message;
    arch::FlatProgram flat;
    flat.program = std::move(*program);
    for (const dfg::Node& node : flat.program.nodes()) {
        flat.kernel_of.push_back(node.op == dfg::Op::kInput ? arch::KernelId() : arch::KernelId(0));
    }
    return flat;
}

// The program with every value as an output, so that the interpreter shows them all.
dfg::Program all_outputs(const dfg::Program& program) {
    dfg::Program out = program;
    for (std::size_t i = 0; i < program.size(); ++i) out.append_output(dfg::ValueId(i));
    return out;
}

bool bit_of(const BitRun& run, int bit, const std::vector<Integer>& values, std::size_t first) {
    if (run.kind == BitRun::Kind::kConstant) return run.constant.bit(bit);
    return values[first + run.source].bit(run.low + (run.kind == BitRun::Kind::kRepeat ? 0 : bit));
}

TEST(Wires, TracedBitsAreTheBitsOfTheValue) {
    Rng rng(testing::test_seed(41));
    int wires = 0;
    for (int trial = 0; trial < 200; ++trial) {
        const dfg::Program program = testing::random_program(rng, {.nodes = 50});
        const dfg::Program shown = all_outputs(program);
        const auto traced = trace_bits(program);
        for (const auto& event : testing::random_input_codes(program, 8, rng)) {
            const auto outputs = dfg::interpret(shown, event);
            const std::size_t skip = program.outputs().size();
            for (std::size_t i = 0; i < program.size(); ++i) {
                const int width = program.nodes()[i].format.width;
                Integer value = 0;
                int position = 0;
                for (const BitRun& run : traced[i]) {
                    for (int bit = 0; bit < run.width; ++bit) {
                        const bool on = bit_of(run, bit, outputs, skip);
                        if (on) value = value + (Integer(1) << position);
                        ++position;
                    }
                }
                ASSERT_EQ(position, width);
                ASSERT_EQ(value, outputs[skip + i].low_bits(width)) << dfg::to_text(program);
                wires += is_wiring(program, program.nodes()[i]) ? 1 : 0;
            }
        }
    }
    EXPECT_GT(wires, 1000);
}

// Two slices and a cast of one sum, used a cycle later: the register holds bits 1 to 3 and 6 to 8
// once, not three slices, and not bits 0, 4 and 5, which nobody reads.
TEST(Wires, ARegisterHoldsEachBitThatIsReadOnce) {
    const auto flat = flat_of(R"(program bits
%0 = input s8.0
%1 = input s8.0
%2 = add s9.0 %0 %1
%3 = slice u3.0 %2 >> 1
%4 = slice u2.0 %2 >> 2
%5 = slice u3.0 %2 >> 6
%6 = add u4.0 %3 %5
%7 = add u5.0 %6 %4
output %7
)");
    const auto device = find_device("unit");
    const auto result = schedule(flat, *device, {.clock_mhz = 1000});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->cycle[3], result->cycle[2]);
    // Inputs 16; %2: six bits; %6 4 bits and bits 2, 3 of %2; %7 5 bits.
    EXPECT_EQ(result->register_bits, 16 + 6 + (4 + 2) + 5);
    EXPECT_TRUE(verify(flat, *device, *result));
}

// A truncating cast with saturation does not read the bits it drops: they are not held for it.
TEST(Wires, BitsBelowATruncationAreNotHeld) {
    const auto flat = flat_of(R"(program dropped
%0 = input s8.4
%1 = input s8.4
%2 = add s9.4 %0 %1
%3 = cast s4.1 TRN SAT %2
%4 = add s5.1 %3 %3
output %4
)");
    Device device = *find_device("unit");
    device.lut_ps = 900;  // the saturation takes a cycle of its own
    const auto result = schedule(flat, device, {.clock_mhz = 999});
    ASSERT_TRUE(result);
    ASSERT_EQ(result->cycle[3], 2);
    EXPECT_EQ(result->register_bits, 16 + (9 - 3) + 4 + 5);
    EXPECT_TRUE(verify(flat, device, *result));
}

}  // namespace
}  // namespace gatewright::schedule
