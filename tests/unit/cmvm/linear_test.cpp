// SPDX-License-Identifier: Apache-2.0
#include "cmvm/linear.h"

#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using dfg::Builder;
using dfg::Program;
using dfg::ValueId;
using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;

struct Case {
    LinearForm form;
    std::vector<std::size_t> source;  // program input of each x
    std::vector<Format> formats;      // of the program inputs
};

Program emitted(const Case& c) {
    Builder builder("linear");
    std::vector<ValueId> inputs;
    for (const Format& format : c.formats) inputs.push_back(builder.input(format));
    std::vector<ValueId> x;
    for (const std::size_t s : c.source) x.push_back(inputs[s]);
    Cache cache;
    for (const ValueId y : emit_linear(builder, c.form, x, {}, cache)) builder.output(y);
    return std::move(builder).finish();
}

// Σ x·w + b in exact rationals, against the emitted program; and every range provable.
void expect_linear(const Case& c, Rng& rng) {
    const Program program = emitted(c);
    const auto valid = dfg::verify_ranges(program);
    ASSERT_TRUE(valid.has_value()) << valid.error().message;
    for (const auto& event : testing::random_input_codes(program, 20, rng)) {
        const auto codes = interpret(program, event);
        for (std::size_t j = 0; j < c.form.outputs; ++j) {
            Dyadic expected = c.form.bias.empty() ? Dyadic(0) : c.form.bias[j];
            for (std::size_t i = 0; i < c.form.inputs; ++i) {
                const Dyadic x(event[c.source[i]], -c.formats[c.source[i]].frac);
                expected += x * c.form.weights[i * c.form.outputs + j];
            }
            const int frac = program[program.outputs()[j]].format.frac;
            ASSERT_EQ(Dyadic(codes[j], -frac), expected) << "output " << j;
        }
    }
}

TEST(EmitLinear, IsExactForRandomForms) {
    Rng rng(testing::test_seed(41));
    for (int round = 0; round < 300; ++round) {
        Case c;
        c.form = {1 + rng.below(6), 1 + rng.below(5), {}, {}};
        const std::size_t programs_inputs = 1 + rng.below(6);
        for (std::size_t i = 0; i < programs_inputs; ++i) {
            c.formats.push_back({rng.chance(0.5), static_cast<int>(rng.below(9)),
                                 static_cast<int>(rng.between(-4, 6))});
        }
        for (std::size_t i = 0; i < c.form.inputs; ++i)
            c.source.push_back(rng.below(programs_inputs));
        const int span = round % 10 == 0 ? 90 : 4;  // 90: beyond int64 in one column
        const auto number = [&] {
            if (rng.chance(0.2)) return Dyadic(0);
            return Dyadic(Integer(rng.between(-100, 100)),
                          static_cast<int>(rng.between(-span, span)));
        };
        for (std::size_t k = 0; k < c.form.inputs * c.form.outputs; ++k) {
            c.form.weights.push_back(number());
        }
        if (rng.chance(0.7)) {
            for (std::size_t j = 0; j < c.form.outputs; ++j) c.form.bias.push_back(number());
        }
        expect_linear(c, rng);
    }
}

TEST(EmitLinear, GivesTheExactRangeOfTheForm) {
    // y = 3x - 2x + z, with x twice: y = x + z exactly, 5 bits and not more.
    const Case c{
        {3, 1, {Dyadic(3), Dyadic(-2), Dyadic(1)}, {}}, {0, 0, 1}, {{true, 4, 0}, {true, 4, 0}}};
    const Program program = emitted(c);
    EXPECT_EQ(program[program.outputs()[0]].format, (Format{true, 5, 0}));
    EXPECT_EQ(program.size(), 3U);
}

TEST(EmitLinear, ABiasTakesThePlaceOfANegation) {
    // y = 5 - x - z: two subtractions, none from zero.
    const Case c{
        {2, 1, {Dyadic(-1), Dyadic(-1)}, {Dyadic(5)}}, {0, 1}, {{true, 4, 0}, {true, 4, 0}}};
    const Program program = emitted(c);
    EXPECT_EQ(program.size(), 5U);  // two inputs, the constant, two adders
}

TEST(EmitLinear, FoldsConstantsAndZeroWeights) {
    Builder builder("constants");
    const std::vector<ValueId> x = {builder.constant(Dyadic(3, -1)), builder.input({true, 4, 0})};
    Cache cache;
    const LinearForm form{
        2, 2, {Dyadic(2), Dyadic(4), Dyadic(0), Dyadic(0)}, {Dyadic(1), Dyadic(-6)}};
    const auto y = emit_linear(builder, form, x, {}, cache);
    EXPECT_EQ(builder[y[0]].range.min(), Dyadic(4));
    EXPECT_TRUE(builder[y[0]].range.is_constant());
    EXPECT_EQ(builder[y[1]].range.min(), Dyadic(0));
}

TEST(Cache, SolvesEqualKernelsOnce) {
    Builder builder("twice");
    const std::vector<ValueId> a = {builder.input({true, 4, 0}), builder.input({true, 4, 0})};
    const std::vector<ValueId> b = {builder.input({true, 4, 0}), builder.input({true, 4, 0})};
    Cache cache;
    const LinearForm form{2, 1, {Dyadic(3), Dyadic(5)}, {}};
    emit_linear(builder, form, a, {}, cache);
    EXPECT_EQ(cache.hits(), 0U);
    emit_linear(builder, form, b, {}, cache);
    EXPECT_EQ(cache.hits(), 1U);
}

}  // namespace
}  // namespace gatewright::cmvm
