// SPDX-License-Identifier: Apache-2.0
#include "cmvm/matrix_file.h"

#include <gtest/gtest.h>

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

TEST(MatrixFile, RowsAreInputsAndColumnsOutputs) {
    const auto file = parse_matrix("2 3  # n_in n_out\n1 -2 3\n\n4 5 -6\r\n");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->matrix, (Matrix{2, 3, {1, -2, 3, 4, 5, -6}}));
    EXPECT_EQ(file->matrix.at(1, 2), -6);
    EXPECT_TRUE(file->inputs.empty());
}

TEST(MatrixFile, RangesAreCodesOnTheGridOfTheStep) {
    const auto file = parse_matrix("3 1\n1\n1\n1\n-128 127 1\n-0.5 0.25 0.125\n0 96 32\n");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->inputs, (std::vector<Interval>{{-128, 127, 0}, {-4, 2, 3}, {0, 3, -5}}));
}

TEST(MatrixFile, TextReadsBackTheSame) {
    const MatrixFile file{{2, 1, {-1, std::int64_t{1} << 58}},
                          {{-3, 5, 70}, {0, 9007199254740993, 3}}};
    const auto again = parse_matrix(to_text(file));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->matrix, file.matrix);
    EXPECT_EQ(again->inputs, file.inputs);
}

TEST(MatrixFile, LevelsOfInputsAndOutputsFollowInAnyOrder) {
    const char* text = "2 3\n1 2 3\n4 5 6\ndeadline 4 - 2\n-8 7 1\n0 1 0.5\narrival 0 3\n";
    const auto file = parse_matrix(text);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->arrival, (std::vector<int>{0, 3}));
    EXPECT_EQ(file->deadlines, (std::vector<int>{4, kNoDeadline, 2}));
    EXPECT_EQ(file->inputs.size(), 2U);
    const auto again = parse_matrix(to_text(*file));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->arrival, file->arrival);
    EXPECT_EQ(again->deadlines, file->deadlines);
    for (const char* wrong : {"1 1\n3\narrival\n", "1 1\n3\narrival -\n", "1 1\n3\ndeadline 1 2\n",
                              "1 1\n3\narrival 99\n", "1 1\n3\narrival 1\narrival 1\n"})
        EXPECT_FALSE(parse_matrix(wrong)) << wrong;
}

TEST(MatrixFile, ErrorsNameTheLineAndWhatToDo) {
    const auto says = [](const char* text) { return parse_matrix(text).error().message; };
    EXPECT_EQ(says("2 2\n1 2\n3 4 5\n"),
              "line 3: 1 more numbers after the matrix; expected none, or 'lo hi step' for each of "
              "the 2 inputs");
    EXPECT_NE(says("2\n2\n1 1 1 1\n").find("line 2: '2' is no size"), std::string::npos);
    EXPECT_NE(says("4000000 4000000\n").find("at most 4194304"), std::string::npos);
}

}  // namespace
}  // namespace gatewright::cmvm
