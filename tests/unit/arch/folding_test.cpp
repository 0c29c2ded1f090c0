// SPDX-License-Identifier: Apache-2.0
//
// Folded heads: legal factors, every order of steps against the plain matrix, and packed
// multiplications over all values of small widths.
#include "arch/folding.h"

#include <gtest/gtest.h>

#include "arch/linear_head.h"
#include "arch/step_program.h"
#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::arch {
namespace {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

TEST(ChooseFolding, EveryDivisorIsLegalSlicesFirst) {
    for (std::int64_t reuse = 1; reuse <= 72; ++reuse) {
        const auto folding = choose_folding(12, 6, reuse, ReuseRounding::kRefuse);
        ASSERT_EQ(folding.has_value(), 72 % reuse == 0) << reuse;
        if (!folding) continue;
        EXPECT_EQ(folding->reuse(), reuse);
        EXPECT_EQ(12 % folding->slices, 0);
        EXPECT_EQ(6 % folding->groups, 0);
    }
    EXPECT_EQ(choose_folding(12, 6, 24, ReuseRounding::kRefuse)->slices, 12);
    EXPECT_EQ(choose_folding(12, 6, 24, ReuseRounding::kRefuse)->groups, 2);
}

TEST(ChooseFolding, OtherFactorsNameTheirNeighboursOrAreRounded) {
    const auto refused = choose_folding(8, 5, 7, ReuseRounding::kRefuse);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "reuse factor 7 does not divide its 8 x 5 = 40 products; the nearest that do: 5 and "
              "8");
    EXPECT_EQ(choose_folding(8, 5, 7, ReuseRounding::kNearest)->reuse(), 8);
    EXPECT_EQ(choose_folding(8, 5, 9, ReuseRounding::kNearest)->reuse(), 8);
    EXPECT_EQ(choose_folding(8, 5, 1000, ReuseRounding::kNearest)->reuse(), 40);
    EXPECT_EQ(choose_folding(8, 5, 1000, ReuseRounding::kRefuse).error().message,
              "reuse factor 1000 does not divide its 8 x 5 = 40 products; the nearest that do: 40");
    EXPECT_FALSE(choose_folding(8, 5, 0, ReuseRounding::kNearest));
}

struct Case {
    LinearHead head;
    std::vector<HeadInput> inputs;
};

Case random_case(Rng& rng, std::size_t inputs, std::size_t outputs, WeightStore store) {
    Case out;
    for (std::size_t i = 0; i < inputs; ++i) {
        const Format format{rng.chance(0.5), static_cast<int>(rng.between(0, 6)),
                            static_cast<int>(rng.between(-2, 4))};
        out.inputs.push_back({format, Interval::of(format)});
    }
    layers::Dense dense;
    dense.kernel =
        model::Values({static_cast<std::int64_t>(inputs), static_cast<std::int64_t>(outputs)});
    for (Dyadic& weight : dense.kernel.data) {
        const bool sparse = rng.chance(0.3);
        weight =
            sparse ? Dyadic(0) : Dyadic(rng.between(-15, 15), static_cast<int>(rng.between(-4, 0)));
    }
    if (rng.chance(0.7)) {
        for (std::size_t j = 0; j < outputs; ++j) {
            dense.bias.push_back(Dyadic(rng.between(-100, 100), -9));
        }
    }
    auto head = dense_head(dense, out.inputs, store);
    EXPECT_TRUE(head);
    out.head = std::move(*head);
    return out;
}

std::vector<Integer> random_inputs(Rng& rng, const Case& sample, int number) {
    std::vector<Integer> x;
    for (const HeadInput& input : sample.inputs) {
        const Interval& range = input.range;
        if (number == 0) x.push_back(range.lo);
        if (number == 1) x.push_back(range.hi);
        if (number > 1) x.emplace_back(rng.between(*range.lo.to_int64(), *range.hi.to_int64()));
    }
    return x;
}

// The plain sum over exact numbers, of any weights in the head's formats.
std::vector<Dyadic> plain_sums(const LinearHead& head, const std::vector<Integer>& x) {
    std::vector<Dyadic> out;
    for (std::size_t j = 0; j < head.outputs; ++j) {
        Dyadic sum(Integer(head.bias[j]), -head.bias_format.frac);
        for (std::size_t i = 0; i < head.inputs; ++i) {
            sum += Dyadic(x[i], -head.input_formats[i].frac) *
                   Dyadic(Integer(head.weights[i * head.outputs + j]), -head.weight_format.frac);
        }
        out.push_back(sum);
    }
    return out;
}

void expect_folded_is_plain(const Case& sample, const Folding& folding, Rng& rng) {
    const FoldedHead folded = fold(sample.head, folding);
    ASSERT_TRUE(dfg::verify_ranges(folded.step)) << dfg::verify_ranges(folded.step).error().message;
    ASSERT_EQ(folded.steps.size(), static_cast<std::size_t>(folding.reuse()));
    ASSERT_EQ(folded.step.inputs().size(), folded.lane_inputs + folded.stored.size());
    for (int number = 0; number < 6; ++number) {
        const std::vector<Integer> x = random_inputs(rng, sample, number);
        const std::vector<Integer> sums = evaluate_folded(sample.head, folded, x);
        ASSERT_EQ(sums, evaluate_head(sample.head, x));
        const std::vector<Dyadic> plain = plain_sums(sample.head, x);
        for (std::size_t j = 0; j < plain.size(); ++j) {
            ASSERT_EQ(Dyadic(sums[j], -sample.head.sums[j].frac), plain[j]);
            ASSERT_TRUE(sample.head.sum_ranges[j].contains(plain[j]));
        }
    }
}

TEST(Folding, EveryFactorOrderAndMultiplierGivesTheSumsOfTheHead) {
    Rng rng(testing::test_seed(31));
    for (int round = 0; round < 12; ++round) {
        const auto inputs = static_cast<std::size_t>(rng.between(1, 12));
        const auto outputs = static_cast<std::size_t>(rng.between(1, 8));
        for (const WeightStore store : {WeightStore::kConstant, WeightStore::kLoadable}) {
            const Case sample = random_case(rng, inputs, outputs, store);
            const auto products = static_cast<std::int64_t>(inputs * outputs);
            for (std::int64_t reuse = 1; reuse <= products; ++reuse) {
                auto folding = choose_folding(inputs, outputs, reuse, ReuseRounding::kRefuse);
                if (!folding) continue;
                folding->store = store;
                for (const auto order : {Folding::Order::kByOutput, Folding::Order::kByInput}) {
                    for (const auto multipliers : {Multipliers::kLogic, Multipliers::kDsp}) {
                        folding->order = order;
                        folding->multipliers = multipliers;
                        ASSERT_NO_FATAL_FAILURE(expect_folded_is_plain(sample, *folding, rng));
                    }
                }
            }
        }
    }
}

TEST(Folding, LoadedWeightsOfAnyCodeFitTheSums) {
    Rng rng(testing::test_seed(32));
    for (int round = 0; round < 20; ++round) {
        Case sample = random_case(rng, 6, 4, WeightStore::kLoadable);
        const Format weight = sample.head.weight_format;
        const Format bias = sample.head.bias_format;
        for (std::int64_t& code : sample.head.weights) {
            code = rng.between(*weight.min_code().to_int64(), *weight.max_code().to_int64());
        }
        for (std::int64_t& code : sample.head.bias) {
            code = rng.between(*bias.min_code().to_int64(), *bias.max_code().to_int64());
        }
        Folding folding = *choose_folding(6, 4, 6, ReuseRounding::kRefuse);
        folding.store = WeightStore::kLoadable;
        ASSERT_NO_FATAL_FAILURE(expect_folded_is_plain(sample, folding, rng));
    }
}

TEST(Folding, SumsByTheWordNeedNoMultiplierAndNoMemory) {
    layers::AverageTaps sum;
    sum.channels = 3;
    const Format format{true, 5, 2};
    const std::vector<HeadInput> inputs(12, HeadInput{format, Interval::of(format)});
    Folding folding;
    folding.slices = 4;
    folding.order = Folding::Order::kByInput;
    const FoldedHead folded = fold(sum_head(sum, inputs), folding);
    EXPECT_TRUE(folded.stored.empty());
    for (const dfg::Node& node : folded.step.nodes()) EXPECT_NE(node.op, dfg::Op::kMul);
}

int count_products(const dfg::Program& program) {
    int count = 0;
    for (const dfg::Node& node : program.nodes()) count += node.op == dfg::Op::kMul ? 1 : 0;
    return count;
}

// Every value of every input of a step program, against the plain sums.
void expect_exact_for_all_values(const StepShape& shape) {
    const dfg::Program program = step_program(shape, Multipliers::kDsp);
    ASSERT_TRUE(dfg::verify_ranges(program));
    std::vector<Format> formats;
    for (const dfg::ValueId input : program.inputs()) formats.push_back(program[input].format);
    std::vector<Integer> x;
    for (const Format& format : formats) x.push_back(format.min_code());
    const std::size_t inputs = shape.inputs.size();
    while (true) {
        const std::vector<Integer> y = dfg::interpret(program, x);
        for (std::size_t j = 0; j < shape.outputs; ++j) {
            Dyadic plain = 0;
            for (std::size_t i = 0; i < inputs; ++i) {
                const std::size_t w = inputs + i * shape.outputs + j;
                plain += Dyadic(x[i], -formats[i].frac) * Dyadic(x[w], -formats[w].frac);
            }
            ASSERT_EQ(Dyadic(y[j], -program[program.outputs()[j]].format.frac), plain);
        }
        std::size_t digit = 0;
        while (digit < x.size() && x[digit] == formats[digit].max_code()) {
            x[digit] = formats[digit].min_code();
            ++digit;
        }
        if (digit == x.size()) return;
        x[digit] += 1;
    }
}

TEST(PackedProducts, TwoProductsInOneMultiplierAreExactForEveryValue) {
    const auto weight = [](bool is_signed, int width) {
        return LaneWeight{std::nullopt, {is_signed, width, 3}};
    };
    for (const bool x_signed : {false, true}) {
        for (const bool a_signed : {false, true}) {
            for (const bool b_signed : {false, true}) {
                const StepShape one{
                    {{x_signed, 4, 1}}, 2, {weight(a_signed, 4), weight(b_signed, 4)}, 3};
                EXPECT_EQ(count_products(step_program(one, Multipliers::kDsp)), 1);
                EXPECT_EQ(count_products(step_program(one, Multipliers::kLogic)), 2);
                ASSERT_NO_FATAL_FAILURE(expect_exact_for_all_values(one));
                // A whole sum in packed form, inputs on different grids.
                const StepShape two{{{x_signed, 2, 0}, {a_signed, 2, 2}},
                                    2,
                                    {weight(a_signed, 2), weight(b_signed, 3), weight(b_signed, 2),
                                     weight(x_signed, 2)},
                                    3};
                EXPECT_EQ(count_products(step_program(two, Multipliers::kDsp)), 2);
                ASSERT_NO_FATAL_FAILURE(expect_exact_for_all_values(two));
            }
        }
    }
}

TEST(PackedProducts, FactorsThatDoNotFitThePortsStayApart) {
    const auto products = [](int x_bits, int weight_bits) {
        const LaneWeight weight{std::nullopt, {true, weight_bits, 0}};
        const StepShape shape{{{true, x_bits, 0}}, 2, {weight, weight}, 0};
        return count_products(step_program(shape, Multipliers::kDsp));
    };
    EXPECT_EQ(products(8, 8), 1);   // k = 16 bits of a product: w_a·2^16 + w_b has 25
    EXPECT_EQ(products(10, 8), 1);  // 27
    EXPECT_EQ(products(11, 8), 2);  // 28
    EXPECT_EQ(products(18, 4), 1);  // x at its limit
    EXPECT_EQ(products(19, 3), 2);
}

TEST(PackedProducts, RandomStepsOfRealWidthsAreExact) {
    Rng rng(testing::test_seed(33));
    for (int round = 0; round < 10; ++round) {
        Case sample = random_case(rng, 8, 6, WeightStore::kLoadable);
        Folding folding = *choose_folding(8, 6, 4, ReuseRounding::kRefuse);
        folding.store = WeightStore::kLoadable;
        folding.multipliers = Multipliers::kDsp;
        ASSERT_NO_FATAL_FAILURE(expect_folded_is_plain(sample, folding, rng));
    }
}

}  // namespace
}  // namespace gatewright::arch
