// SPDX-License-Identifier: Apache-2.0
#include "emulate/dense.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "dfg/builder.h"
#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "emulate/lower.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using dfg::ValueId;
using fixed::Integer;
using Matrix = std::vector<std::vector<int>>;  // [output][input]

Matrix random_matrix(std::size_t outputs, std::size_t inputs, int largest, double kept, Rng& rng) {
    Matrix matrix(outputs, std::vector<int>(inputs, 0));
    for (auto& row : matrix) {
        for (int& weight : row) {
            if (rng.chance(kept)) weight = static_cast<int>(rng.between(-largest, largest));
        }
    }
    return matrix;
}

// Σ weight · input + offset as an adder per set bit of each weight: a bad adder graph on purpose.
ValueId plain_sum(dfg::Builder& builder, const std::vector<ValueId>& x, const std::vector<int>& row,
                  int offset) {
    ValueId sum = builder.constant(fixed::Dyadic(offset));
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (int bit = 0; bit < 16; ++bit) {
            if ((std::abs(row[i]) >> bit & 1) == 0) continue;
            sum = row[i] > 0 ? builder.add(sum, x[i], bit) : builder.sub(sum, x[i], bit);
        }
    }
    return sum;
}

// Two dense layers with a rectifying cast between them.
dfg::Program two_layers(const Matrix& first, const Matrix& second) {
    dfg::Builder builder("dense");
    std::vector<ValueId> x;
    for (std::size_t i = 0; i < first[0].size(); ++i)
        x.push_back(builder.input({i % 3 != 0, 8, static_cast<int>(i % 2)}));
    const fixed::Cast rectify = fixed::parse_cast("ufixed<7,9,RND,SAT>").value();
    std::vector<ValueId> hidden;
    for (const auto& row : first)
        hidden.push_back(builder.cast(plain_sum(builder, x, row, 17), rectify));
    for (const auto& row : second) builder.output(plain_sum(builder, hidden, row, -5));
    return std::move(builder).finish();
}

TEST(Dense, TheWeightsComeBackFromTheAdders) {
    Rng rng(testing::test_seed(1));
    const Matrix weights = random_matrix(12, 9, 127, 1.0, rng);
    dfg::Builder builder("matrix");
    std::vector<ValueId> x;
    for (int i = 0; i < 9; ++i) x.push_back(builder.input({true, 8, 0}));
    for (const auto& row : weights) builder.output(plain_sum(builder, x, row, 3));
    const dfg::Program program = std::move(builder).finish();
    const Ranges ranges(program);
    const std::vector<bool> live(program.size(), true);
    for (const DotUnit unit : {DotUnit::kMultiplyThenAdd, DotUnit::kMultiplyAndAdd}) {
        std::size_t found = 0;
        for (const DenseGroup& group : find_dense_sums(program, ranges, live, unit)) {
            for (const DenseSum& sum : group.sums) {
                const auto outputs = program.outputs();
                const auto at = std::find(outputs.begin(), outputs.end(), sum.sum);
                ASSERT_NE(at, outputs.end());
                EXPECT_EQ(sum.offset, 3);
                std::vector<int> row(9, 0);
                for (const WeightedPair& pair : sum.pairs) {
                    const auto set = [&](std::size_t number, int weight) {
                        if (number < group.atoms.size()) row[group.atoms[number].index()] = weight;
                    };
                    set(2 * pair.pair, pair.low);
                    set(2 * pair.pair + std::size_t{1}, pair.high);
                }
                EXPECT_EQ(row, weights[static_cast<std::size_t>(at - outputs.begin())]);
                ++found;
            }
        }
        EXPECT_EQ(found, weights.size());
    }
    EXPECT_TRUE(find_dense_sums(program, ranges, live, DotUnit::kNone).empty());
}

TEST(Dense, SparseWeightsOfOneDigitStayAdders) {
    Matrix weights(6, std::vector<int>(12, 0));
    for (std::size_t j = 0; j < 6; ++j) weights[j][2 * j] = weights[j][(2 * j + 3) % 12] = 4;
    const dfg::Program program = two_layers(weights, {{1, 0, 0, 0, 0, 2}});
    const std::vector<bool> live(program.size(), true);
    EXPECT_TRUE(find_dense_sums(program, Ranges(program), live, DotUnit::kMultiplyThenAdd).empty());
}

TEST(Dense, MachineCodeWithProductsGivesTheInterpretersCodes) {
    Rng rng(testing::test_seed(2));
    std::size_t products = 0;
    for (int round = 0; round < 30; ++round) {
        const auto size = [&] { return static_cast<std::size_t>(rng.between(1, 14)); };
        const std::size_t hidden = size();
        const double kept = rng.chance(0.5) ? 1.0 : 0.5;
        const dfg::Program program = two_layers(random_matrix(hidden, size(), 200, kept, rng),
                                                random_matrix(size(), hidden, 900, kept, rng));
        products += lower(program, DotUnit::kMultiplyThenAdd).count(LaneOp::kDot);
        const std::size_t events = 40;
        std::vector<std::int32_t> in;
        std::vector<std::int32_t> expected;
        for (std::size_t e = 0; e < events; ++e) {
            std::vector<Integer> event;
            for (std::size_t i = 0; i < program.inputs().size(); ++i) {
                in.push_back(static_cast<std::int32_t>(rng.between(-300, 300)));
                event.emplace_back(std::int64_t{in.back()});
            }
            for (const Integer& code : dfg::interpret(program, event))
                expected.push_back(static_cast<std::int32_t>(code.to_int64().value()));
        }
        for (const Machine machine : {Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512}) {
            const Engine engine(program, {machine});
            std::vector<std::int32_t> out(expected.size());
            engine.run(std::span<const std::int32_t>(in), std::span<std::int32_t>(out), 1);
            ASSERT_EQ(out, expected) << engine.description();
        }
    }
    EXPECT_GT(products, 100U);
}

}  // namespace
}  // namespace gatewright::emulate
