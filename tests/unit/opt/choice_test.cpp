// SPDX-License-Identifier: Apache-2.0
//
// Per output, the cheapest of adder graph, truth table and multiplier: one program in which the
// passes leave one of each.
#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "opt/pass.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::opt {
namespace {

dfg::Program parsed(const std::string& text) {
    auto program = dfg::parse_text("program p\n" + text);
    EXPECT_TRUE(program) << program.error().message;
    return std::move(*program);
}

std::size_t count_of(const dfg::Program& program, dfg::Op op) {
    std::size_t count = 0;
    for (const dfg::Node& node : program.nodes()) count += node.op == op ? 1 : 0;
    return count;
}

dfg::Program optimized(const dfg::Program& program) {
    auto result = optimize(program);
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
}

// Five bits weighted 1, 2, 3, 3, 5: a sum of four adders, but a function of five bits.
constexpr const char* kNarrowNeuron = R"(%0 = input u1.0
%1 = input u1.0
%2 = input u1.0
%3 = input u1.0
%4 = input u1.0
%5 = add u2.0 %0 %1 << 1
%6 = add u2.0 %2 %3
%7 = add u4.0 %6 %6 << 1
%8 = add u4.0 %5 %7
%9 = add u3.0 %4 %4 << 2
%10 = add u4.0 %8 %9
)";
// 5·x + 3·y of two bytes.
constexpr const char* kWideNeuron = R"(%11 = input s8.0
%12 = input s8.0
%13 = add s11.0 %11 %11 << 2
%14 = add s10.0 %12 %12 << 1
%15 = add s12.0 %13 %14
)";

TEST(Choice, OneProgramKeepsATableAnAdderGraphAndAMultiplier) {
    const dfg::Program before = parsed(std::string(kNarrowNeuron) + kWideNeuron +
                                       "%16 = mul s16.0 %11 %12\noutput %10 %15 %16\n");
    const dfg::Program after = optimized(before);
    EXPECT_EQ(count_of(after, dfg::Op::kTable), 1U) << dfg::to_text(after);
    EXPECT_EQ(count_of(after, dfg::Op::kAdd), 3U) << dfg::to_text(after);
    EXPECT_EQ(count_of(after, dfg::Op::kMul), 1U) << dfg::to_text(after);
    EXPECT_EQ(after[after.outputs()[0]].op, dfg::Op::kTable);
    EXPECT_LT(size_of(after).lut, size_of(before).lut);
    Rng rng(testing::test_seed(71));
    for (const auto& event : testing::random_input_codes(before, 200, rng))
        ASSERT_EQ(dfg::interpret(before, event), dfg::interpret(after, event));
}

// The same product: of three bits each a table of six, of eight bits each a multiplier.
TEST(Choice, AProductIsATableWhereItsOperandsAreNarrow) {
    for (const int bits : {3, 8}) {
        const std::string type = " = input u" + std::to_string(bits) + ".0\n";
        const dfg::Program after =
            optimized(parsed("%0" + type + "%1" + type + "%2 = mul u" + std::to_string(2 * bits) +
                             ".0 %0 %1\noutput %2\n"));
        EXPECT_EQ(count_of(after, dfg::Op::kTable), bits == 3 ? 1U : 0U);
        EXPECT_EQ(count_of(after, dfg::Op::kMul), bits == 3 ? 0U : 1U);
    }
}

}  // namespace
}  // namespace gatewright::opt
