// SPDX-License-Identifier: Apache-2.0
#include "cmvm/single_constants.h"

#include <gtest/gtest.h>

#include <array>

#include "cmvm/solve.h"

namespace gatewright::cmvm {
namespace {

TEST(SingleConstants, EveryChainMakesItsConstant) {
    const SingleConstants& table = SingleConstants::table();
    EXPECT_TRUE(table.chain(1).empty());
    for (std::int64_t constant = 3; constant < SingleConstants::kEnd; constant += 2) {
        std::vector<std::int64_t> values{1};
        for (const AdderNode& adder : table.chain(constant)) {
            ASSERT_FALSE(adder.is_ternary());
            const std::int64_t a = values.at(static_cast<std::size_t>(adder.a)) << adder.shift_a;
            const std::int64_t b = values.at(static_cast<std::size_t>(adder.b)) << adder.shift_b;
            values.push_back(adder.subtract ? a - b : a + b);
        }
        ASSERT_EQ(values.back(), constant);
    }
}

TEST(SingleConstants, HaveAsFewAddersAsIndependentSearchFinds) {
    // Constants of 8, 10 and 12 bits that need 1, 2, 3 and 4 adders, counted by a separate program
    // over sets of reachable values, with and without right shifts (they gain nothing here).
    constexpr std::array<int, 3> kBits{8, 10, 12};
    constexpr std::array<std::array<int, 5>, 3> kCounts{
        {{0, 13, 64, 50, 0}, {0, 17, 132, 350, 12}, {0, 21, 224, 1290, 512}}};
    for (std::size_t k = 0; k < kBits.size(); ++k) {
        std::array<int, 5> counts{};
        for (std::int64_t constant = 3; constant < std::int64_t{1} << kBits[k]; constant += 2)
            ++counts.at(SingleConstants::table().chain(constant).size());
        EXPECT_EQ(counts, kCounts[k]) << kBits[k] << " bits";
    }
}

TEST(SingleConstants, AgreeWithPublishedExamples) {
    // Dempster and Macleod; Thong and Nicolici.
    for (const std::int64_t constant : {805, 363, 3633, 2325, 1395})
        EXPECT_EQ(SingleConstants::table().chain(constant).size(), 3U) << constant;
    EXPECT_EQ(SingleConstants::table().chain(105).size(), 2U);
}

TEST(SingleConstants, BoundWhatTheSolverSpends) {
    // Cells count: the solver may take an adder more where that saves cells, never the reverse.
    const std::vector<fixed::Interval> inputs{{-128, 127, 0}};
    SolveParams params;
    params.max_depth = 4;
    for (const std::int64_t constant : {45, 105, 173, 363, 683, 805, 1395, 2325, 3633}) {
        const auto chain = SingleConstants::table().chain(constant);
        AdderGraph shortest{1, {chain.begin(), chain.end()}, {}};
        shortest.outputs = {{static_cast<std::int32_t>(chain.size()), 0, false}};
        const Matrix matrix{1, 1, {constant}};
        ASSERT_TRUE(computes(shortest, matrix));
        EXPECT_LE(cost(solve(matrix, inputs, params), inputs), cost(shortest, inputs)) << constant;
    }
}

}  // namespace
}  // namespace gatewright::cmvm
