// SPDX-License-Identifier: Apache-2.0
//
// Every op against values worked out by hand, through the text form.
#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "dfg/text.h"

namespace gatewright::dfg {
namespace {

using fixed::Integer;

// The first output's code; the program's inputs get `codes`.
std::int64_t run(const std::string& text, const std::vector<Integer>& codes) {
    const auto program = parse_text(text);
    EXPECT_TRUE(program.has_value()) << (program ? "" : program.error().message);
    if (!program) return -999;
    return *interpret(*program, codes)[0].to_int64();
}

std::int64_t binary(const std::string& op_and_format, const std::string& tail, int a, int b) {
    return run("%0 = input s8.2\n%1 = input s8.3\n%2 = " + op_and_format + " %0 %1" + tail +
                   "\noutput %2\n",
               {a, b});
}

TEST(Semantics, AddAlignsBinaryPointsAndShiftsB) {
    EXPECT_EQ(binary("add s12.3", "", 5, -3), 7);         // 1.25 - 0.375 = 0.875
    EXPECT_EQ(binary("add s12.2", " << 1", 5, -3), 2);    // 1.25 - 0.75 = 0.5
    EXPECT_EQ(binary("add s12.5", " << -2", 5, -3), 37);  // 1.25 - 0.09375
}

TEST(Semantics, SubSubtractsTheShiftedB) {
    EXPECT_EQ(binary("sub s12.3", "", 5, -3), 13);
    EXPECT_EQ(binary("sub s12.2", " << 1", 5, -3), 8);
}

TEST(Semantics, ResultsTooWideForTheirFormatWrap) {
    EXPECT_EQ(binary("add s4.3", "", 5, -3), 7);
    EXPECT_EQ(binary("add s3.3", "", 5, -3), -1);  // 7 in three signed bits
    EXPECT_EQ(binary("add u3.3", "", 5, -4), 6);
    EXPECT_EQ(binary("add u0.3", "", 5, -4), 0);
}

TEST(Semantics, MulAddsFractions) {
    EXPECT_EQ(binary("mul s16.5", "", 5, -3), -15);
}

TEST(Semantics, ComparisonsCompareValuesNotCodes) {
    EXPECT_EQ(binary("lt u1.0", "", 1, 2), 0);  // 0.25 and 0.25
    EXPECT_EQ(binary("le u1.0", "", 1, 2), 1);
    EXPECT_EQ(binary("eq u1.0", "", 1, 2), 1);
    EXPECT_EQ(binary("lt u1.0", "", 1, 3), 1);
    EXPECT_EQ(binary("eq u1.0", "", 1, 1), 0);
}

TEST(Semantics, MinAndMaxGiveTheValueOnTheFinerGrid) {
    EXPECT_EQ(binary("min s10.3", "", 1, 3), 2);
    EXPECT_EQ(binary("max s10.3", "", 1, 3), 3);
}

TEST(Semantics, SelectTakesAnyNonzeroCondition) {
    const std::string text =
        "%0 = input s4.0\n%1 = input s8.2\n%2 = input s8.3\n%3 = select s9.3 %0 %1 %2\noutput %3\n";
    EXPECT_EQ(run(text, {-2, 5, 7}), 10);
    EXPECT_EQ(run(text, {0, 5, 7}), 7);
}

TEST(Semantics, CastRoundsThenOverflows) {
    const auto cast = [](const std::string& what, int code) {
        return run("%0 = input s8.2\n%1 = cast " + what + " %0\noutput %1\n", {code});
    };
    EXPECT_EQ(cast("s4.0 TRN WRAP", -10), -3);
    EXPECT_EQ(cast("s4.0 RND_CONV SAT", -10), -2);
    EXPECT_EQ(cast("s4.0 TRN WRAP", 34), -8);
    EXPECT_EQ(cast("s4.0 RND SAT", 34), 7);
    EXPECT_EQ(cast("s4.0 RND SAT_SYM", -100), -7);
    EXPECT_EQ(cast("s4.0 RND SAT_ZERO", 34), 0);
    EXPECT_EQ(cast("s4.0 TRN WRAP 2", 34), 4);
    EXPECT_EQ(cast("s4.0 TRN WRAP_SM", 34), 7);
}

TEST(Semantics, TableReadsTheCodeAsUnsigned) {
    const std::string text =
        "table t0 f 10 11 12 13\n%0 = input s2.0\n%1 = table u4.0 %0 t0\noutput %1\n";
    EXPECT_EQ(run(text, {1}), 11);
    EXPECT_EQ(run(text, {-1}), 13);
    EXPECT_EQ(run(text, {-2}), 12);
}

TEST(Semantics, BitwiseOpsExtendTheirOperands) {
    const auto bitwise = [](const std::string& op, int a, int b) {
        return run("%0 = input s3.0\n%1 = input u5.0\n%2 = " + op + " u5.0 %0 %1\noutput %2\n",
                   {a, b});
    };
    EXPECT_EQ(bitwise("and", -2, 21), 20);
    EXPECT_EQ(bitwise("or", -4, 1), 29);
    EXPECT_EQ(bitwise("xor", -1, 21), 10);
    EXPECT_EQ(run("%0 = input s3.0\n%1 = not u3.0 %0\noutput %1\n", {-3}), 2);
}

TEST(Semantics, ConcatPutsBInTheLowBits) {
    EXPECT_EQ(
        run("%0 = input s2.0\n%1 = input s3.1\n%2 = concat u5.0 %0 %1\noutput %2\n", {-1, -3}), 29);
}

TEST(Semantics, SliceTakesBitsAndMayReinterpret) {
    EXPECT_EQ(run("%0 = input u8.0\n%1 = slice u3.0 %0 >> 2\noutput %1\n", {0b10110100}), 5);
    EXPECT_EQ(run("%0 = input u8.0\n%1 = slice s3.1 %0 >> 2\noutput %1\n", {0b10110100}), -3);
    EXPECT_EQ(run("%0 = input s4.0\n%1 = slice s4.-3 %0\noutput %1\n", {-5}), -5);
}

TEST(Semantics, PopcountCountsTheBitsOfTheFormat) {
    EXPECT_EQ(run("%0 = input s5.0\n%1 = popcount u3.0 %0\noutput %1\n", {-1}), 5);
    EXPECT_EQ(run("%0 = input u5.0\n%1 = popcount u3.0 %0\noutput %1\n", {18}), 2);
}

TEST(Interpreter, WrapsInputCodesIntoTheirFormat) {
    EXPECT_EQ(run("%0 = input s3.0\noutput %0\n", {13}), -3);
}

}  // namespace
}  // namespace gatewright::dfg
