// SPDX-License-Identifier: Apache-2.0
//
// Convolution, pooling and rearrangements by hand: what the conformance suite cannot know, that the
// references mean what the documentation says, and what is refused.
#include <gtest/gtest.h>

#include "layers/all_layers.h"
#include "layers/patch_memo.h"
#include "layers/registry.h"
#include "support/seed.h"

namespace gatewright::layers {
namespace {

using fixed::Dyadic;
using fixed::Interval;
using model::TensorType;
using model::Values;
using tensor::Shape;

std::unique_ptr<model::Layer> layer_of(std::string_view kind, const char* json) {
    auto layer = make_layer(kind, parse_json(json).value());
    EXPECT_TRUE(layer) << (layer ? "" : layer.error().message);
    return std::move(*layer);
}

TensorType bytes(Shape shape) {
    return TensorType::uniform(std::move(shape), Interval::of({false, 8, 0}));
}

std::string error_of(std::string_view kind, const char* json, const Shape& shape) {
    const std::vector<TensorType> inputs{bytes(shape)};
    const auto type = layer_of(kind, json)->infer(inputs);
    return type ? "no error" : type.error().message;
}

Values run(std::string_view kind, const char* json, const Values& x) {
    return layer_of(kind, json)->reference(std::span(&x, 1));
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Conv, IsACorrelationWithTheKernelAsWritten) {
    const Values x({4, 1}, {1, 2, 3, 4});
    const Values y = run("conv", R"({"kernel": [[[1]], [[10]], [[100]]], "bias": [5]})", x);
    EXPECT_EQ(y.shape, (Shape{2, 1}));
    EXPECT_EQ(y.data, (std::vector<Dyadic>{326, 437}));
}

TEST(Conv, CausalPaddingLooksBackOnly) {
    const Values x({3, 1}, {1, 2, 3});
    const Values y =
        run("conv",
            R"({"kernel": [[[100]], [[10]], [[1]]], "padding_before": [4], "dilation": [2]})", x);
    EXPECT_EQ(y.data, (std::vector<Dyadic>{1, 2, 13}));
}

TEST(Conv, SameWithStrideTwoPadsAnEvenImageAtTheEnd) {
    // Keras: n = 4, k = 3, s = 2 gives 2 positions, a total padding of 1, none of it before.
    const Values x({4, 1}, {1, 2, 3, 4});
    const Values y = run(
        "conv", R"({"kernel": [[[1]], [[10]], [[100]]], "strides": [2], "padding_after": [1]})", x);
    EXPECT_EQ(y.data, (std::vector<Dyadic>{321, 43}));
}

TEST(Conv, DepthwiseOutputsOfAChannelAreNeighbours) {
    // Keras' depthwise kernel [k, C, m] in row-major order is [k, 1, C·m].
    const Values x({1, 2}, {3, 5});
    const Values y = run("conv", R"({"kernel": [[[1, 10, 100, 1000]]], "groups": 2})", x);
    EXPECT_EQ(y.data, (std::vector<Dyadic>{3, 30, 500, 5000}));
}

TEST(Conv, TwoDimensionsReadRowsThenColumns) {
    const Values x({2, 2, 1}, {1, 2, 3, 4});
    const Values y = run("conv", R"({"kernel": [[[[1]], [[10]]], [[[100]], [[1000]]]]})", x);
    EXPECT_EQ(y.data, (std::vector<Dyadic>{4321}));
}

TEST(Conv, WhatDoesNotFitIsRefused) {
    const char* three = R"({"kernel": [[[1]], [[1]], [[1]]]})";
    EXPECT_TRUE(says(error_of("conv", three, {2, 1}), "spans 3 positions along axis 0"));
    EXPECT_TRUE(says(error_of("conv", three, {4, 2}), "last size but one must be 2"));
    EXPECT_TRUE(says(error_of("conv", three, {4, 4, 1}), "does not fit the input [4, 4, 1]"));
    EXPECT_TRUE(
        says(error_of("conv", R"({"kernel": [[[1]]], "groups": 2})", {4, 1}), "groups 2 must"));
    EXPECT_TRUE(
        says(error_of("conv", R"({"kernel": [[[1]]], "strides": [0]})", {4, 1}), "numbers from 1"));
    EXPECT_TRUE(says(error_of("conv", R"({"kernel": [[[1]]], "padding_after": [1, 1]})", {4, 1}),
                     "padding_after has 2 numbers"));
    EXPECT_TRUE(says(error_of("conv", R"({"kernel": [[[1]]], "bias": [1, 2]})", {4, 1}),
                     "2 biases for 1 outputs"));
}

TEST(Conv, EffectiveBitOperationsLeaveOutThePadding) {
    // 8-bit inputs, weights 3 (2 bits) and 1 (1 bit), bias 7 (3 bits): three positions read both
    // taps, the last one the first only.
    const auto layer =
        layer_of("conv", R"({"kernel": [[[3]], [[1]]], "bias": [7], "padding_after": [1]})");
    const std::vector<TensorType> inputs{bytes({4, 1})};
    const model::LayerFacts facts = layer->facts(inputs);
    EXPECT_EQ(facts.ebops, 3 * (8 * 2 + 8 * 1) + 8 * 2 + 4 * 3);
    EXPECT_EQ(facts.weights, 2U);
}

// Transposed convolution by its definition: every input element adds its kernel, times the element,
// to the output around position · stride - cut.
std::vector<Dyadic> transposed_by_scattering(const std::vector<Dyadic>& x,
                                             const std::vector<Dyadic>& kernel, std::int64_t stride,
                                             std::int64_t cut, std::int64_t length) {
    std::vector<Dyadic> y(static_cast<std::size_t>(length));
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t k = 0; k < kernel.size(); ++k) {
            const std::int64_t at =
                static_cast<std::int64_t>(i) * stride + static_cast<std::int64_t>(k) - cut;
            if (at >= 0 && at < length) y[static_cast<std::size_t>(at)] += x[i] * kernel[k];
        }
    }
    return y;
}

TEST(Conv, AfterInsertZerosIsATransposedConvolution) {
    Rng rng(testing::test_seed(1));
    for (int trial = 0; trial < 60; ++trial) {
        const std::int64_t n = rng.between(1, 6);
        const std::int64_t size = rng.between(1, 5);
        const std::int64_t stride = rng.between(1, 4);
        const std::int64_t cut = rng.between(0, size - 1);
        const std::int64_t spread = (n - 1) * stride + 1;
        const std::int64_t before = size - 1 - cut;
        const std::int64_t least = std::max<std::int64_t>(1, spread + before - size + 1);
        const std::int64_t length = rng.between(least, least + 3);
        InsertZeros insert;
        insert.strides = {stride};
        Conv conv;
        std::vector<Dyadic> kernel;
        for (std::int64_t k = 0; k < size; ++k)
            kernel.push_back(Dyadic(static_cast<int>(rng.between(-9, 9))));
        conv.kernel = Values({size, 1, 1}, {kernel.rbegin(), kernel.rend()});
        conv.padding_before = {before};
        conv.padding_after = {length + size - 1 - before - spread};
        Values x({n, 1});
        for (Dyadic& value : x.data) value = Dyadic(static_cast<int>(rng.between(-50, 50)));
        const Values spaced = insert.reference(std::span(&x, 1));
        EXPECT_EQ(conv.reference(std::span(&spaced, 1)).data,
                  transposed_by_scattering(x.data, kernel, stride, cut, length));
    }
}

TEST(MaxPool, PaddingDoesNotTakePart) {
    const Values x({3, 1}, {-5, -3, -9});
    const Values y = run("max_pool", R"({"size": [2], "padding_before": [1]})", x);
    EXPECT_EQ(y.data, (std::vector<Dyadic>{-5, -3}));
}

TEST(MaxPool, WithoutASizeIsGlobal) {
    const Values x({2, 2, 2}, {1, -8, 7, -6, 3, -7, 5, -9});
    const Values y = run("max_pool", "{}", x);
    EXPECT_EQ(y.shape, (Shape{1, 1, 2}));
    EXPECT_EQ(y.data, (std::vector<Dyadic>{7, -6}));
}

TEST(AveragePool, KerasLeavesPaddingOutOfTheCountAndHls4mlMayCountIt) {
    const Values x({2, 1}, {8, 4});
    const char* same =
        R"({"size": [2], "strides": [1], "padding_after": [1], "type": "fixed<9,9>"})";
    EXPECT_EQ(run("average_pool", same, x).data, (std::vector<Dyadic>{6, 4}));
    const char* counted = R"({"size": [2], "strides": [1], "padding_after": [1],
                              "count_padding": true})";
    EXPECT_EQ(run("average_pool", counted, x).data, (std::vector<Dyadic>{6, 2}));
}

TEST(AveragePool, TheQuotientIsRoundedOnce) {
    // 7/3 = 2.333: to quarters 2.25 (nearest), not through another grid. -7/3 toward zero: -2.25.
    const Values x({3, 2}, {3, -3, 2, -2, 2, -2});
    EXPECT_EQ(run("average_pool", R"({"type": "fixed<9,7,RND>"})", x).data,
              (std::vector<Dyadic>{Dyadic(9, -2), Dyadic(-9, -2)}));
    EXPECT_EQ(run("average_pool", R"({"type": "fixed<9,7,TRN>"})", x).data,
              (std::vector<Dyadic>{Dyadic(9, -2), Dyadic(-10, -2)}));
    EXPECT_EQ(run("average_pool", R"({"type": ["fixed<9,9,TRN_ZERO>", "fixed<9,8,RND>"]})", x).data,
              (std::vector<Dyadic>{2, Dyadic(-5, -1)}));
}

TEST(AveragePool, TheSumWrapsInItsTypeBeforeTheDivision) {
    // hls4ml's narrow accumulator: 100 + 100 in eight signed bits is -56; -56 / 3 toward zero.
    const Values x({3, 1}, {100, 100, 0});
    EXPECT_EQ(
        run("average_pool", R"({"sum_type": "fixed<8,8>", "type": "fixed<8,8,TRN_ZERO>"})", x).data,
        (std::vector<Dyadic>{-18}));
}

TEST(AveragePool, AScaleThatTheCountDividesNeedsNoType) {
    // QKeras with the quantized factor 57/512 for a ninth.
    const Values x({9, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_EQ(run("average_pool", R"({"scale": "513*2^-9"})", x).data,
              (std::vector<Dyadic>{Dyadic(45 * 57, -9)}));
}

TEST(AveragePool, WhatBinaryCannotHoldNeedsAType) {
    EXPECT_TRUE(says(error_of("average_pool", R"({"size": [3]})", {6, 1}), "divides by 3"));
    EXPECT_TRUE(
        says(error_of("average_pool", R"({"size": [2], "type": ["int<8>", "int<8>"]})", {6, 1}),
             "2 types for 3 elements"));
    EXPECT_TRUE(says(error_of("average_pool", R"({"size": [1], "padding_before": [1]})", {6, 1}),
                     "no tap inside"));
}

TEST(Rearrangement, PadsCropsRepeatsAndSpreads) {
    const Values x({2, 2, 1}, {1, 2, 3, 4});
    EXPECT_EQ(run("zero_pad", R"({"before": [0, 1], "after": [1]})", x).data,
              (std::vector<Dyadic>{0, 1, 2, 0, 3, 4, 0, 0, 0}));
    EXPECT_EQ(run("crop", R"({"before": [1], "after": [0, 1]})", x).data, (std::vector<Dyadic>{3}));
    EXPECT_EQ(run("upsample", R"({"size": [1, 2]})", x).data,
              (std::vector<Dyadic>{1, 1, 2, 2, 3, 3, 4, 4}));
    EXPECT_EQ(run("insert_zeros", R"({"strides": [2, 2]})", x).data,
              (std::vector<Dyadic>{1, 0, 2, 0, 0, 0, 3, 0, 4}));
    EXPECT_TRUE(says(error_of("crop", R"({"before": [1], "after": [1]})", {2, 1}), "of an axis"));
    EXPECT_TRUE(says(error_of("zero_pad", R"({"before": [0, 0, 1]})", {2, 1}), "3 axes"));
}

TEST(Repetition, APartialWindowAtTheEdgeIgnoresItsOutsideTaps) {
    const auto layer = layer_of("max_pool", R"({"size": [2], "padding_before": [1]})");
    const std::vector<TensorType> inputs{bytes({3, 2})};
    const auto repetition = layer->repetition(inputs);
    ASSERT_TRUE(repetition);
    EXPECT_EQ(repetition->windows[0], (model::Window{{3}, {2}, {2}, {1}, {1}}));
    EXPECT_EQ(repetition->part(0)->attributes().dump(), R"({"channels":2,"taps":[1]})");
    EXPECT_EQ(repetition->part(1)->attributes().dump(), R"({"channels":2})");
}

TEST(Repetition, AConvIsADenseLayerAtEveryPosition) {
    const auto layer =
        layer_of("conv", R"({"kernel": [[[1, 2]], [[3, 4]]], "groups": 2, "bias": [7, 8]})");
    const std::vector<TensorType> inputs{bytes({5, 2})};
    const auto repetition = layer->repetition(inputs);
    ASSERT_TRUE(repetition);
    EXPECT_EQ(repetition->positions, (Shape{4}));
    EXPECT_EQ(repetition->part(3)->kind(), "dense");
    EXPECT_EQ(repetition->part(3)->attributes().dump(),
              R"({"kernel":[[1,0],[0,2],[3,0],[0,4]],"bias":[7,8]})");
}

TEST(Repetition, OneValuePerImageIsBroadcastByAStrideOfZero) {
    const auto layer = layer_of("multiply", "{}");
    const std::vector<TensorType> inputs{bytes({3, 4, 2}), bytes({2}), bytes({4, 1})};
    const auto repetition = layer->repetition(inputs);
    ASSERT_TRUE(repetition);
    EXPECT_EQ(repetition->windows[0].stride, (Shape{1, 1}));
    EXPECT_EQ(repetition->windows[1].stride, (Shape{0, 0}));
    EXPECT_EQ(repetition->windows[2].extent, (Shape{1, 4}));
    EXPECT_EQ(repetition->windows[2].stride, (Shape{0, 1}));
}

TEST(PatchMemo, EqualPatchesAreWorkedOutOnce) {
    RangeNumbers numbers;
    const Interval wide{0, 255, 0};
    const Interval zero{0, 0, 5};
    const std::vector<Interval> ranges{wide, wide, zero, wide, {0, 255, 1}};
    const std::vector<std::uint32_t> number_of = numbers.of(ranges);
    EXPECT_EQ(number_of, (std::vector<std::uint32_t>{1, 1, 0, 1, 2}));
    EXPECT_EQ(numbers.range(2), ranges[4]);
    PatchMemo<int> memo;
    int made = 0;
    for (const std::vector<std::uint32_t>& patch :
         std::vector<std::vector<std::uint32_t>>{{1, 1}, {1, 0}, {1, 1}, {0, 1}, {1, 0}}) {
        memo.of(patch, [&] { return ++made; });
    }
    EXPECT_EQ(made, 3);
}

TEST(Conv, ALargeImageHasFewDistinctPatches) {
    // Nearly 2e9 products if every position were worked out by itself; nine patches are.
    Conv conv;
    conv.kernel = Values({3, 3, 64, 64});
    for (Dyadic& w : conv.kernel.data) w = 1;
    conv.padding_before = {1, 1};
    conv.padding_after = {1, 1};
    const std::vector<TensorType> inputs{bytes({224, 224, 64})};
    const auto type = conv.infer(inputs);
    ASSERT_TRUE(type);
    const auto top = [&](std::size_t row, std::size_t column) {
        return type->elements[(row * 224 + column) * 64].max();
    };
    EXPECT_EQ(top(0, 0), Dyadic(4 * 64 * 255));
    EXPECT_EQ(top(0, 9), Dyadic(6 * 64 * 255));
    EXPECT_EQ(top(100, 9), Dyadic(9 * 64 * 255));
}

}  // namespace
}  // namespace gatewright::layers
