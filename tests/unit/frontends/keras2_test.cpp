// SPDX-License-Identifier: Apache-2.0
//
// Quantizers against values worked out by hand from QKeras' formulas, errors, and hostile files.
#include "frontends/keras2/keras2.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frontends/keras2/quantizer.h"
#include "support/files.h"
#include "support/rng.h"
#include "support/temporary_folder.h"
#include "unit/frontends/weight_file.h"

namespace gatewright::frontends {
namespace {

using fixed::Dyadic;
using gatewright::testing::TemporaryFolder;
using keras2::QuantizerSpec;
using keras2::Role;
using model::Values;

std::vector<float> quantized(const std::string& text, Role role, tensor::Shape shape,
                             std::vector<double> values) {
    const QuantizerSpec spec = keras2::read_quantizer(Json(text), role).value();
    return keras2::quantize_weights(spec, {std::move(shape), std::move(values)}).value().data;
}

TEST(QuantizedBits, RoundsHalfToEvenAndSaturates) {
    // 4 bits, 1 integer bit: step 1/4, codes -8..7.
    EXPECT_EQ(quantized("quantized_bits(4,1,alpha=1)", Role::kKernel, {6},
                        {0.125, 0.375, -0.125, 1.9, -2.0, -3.0}),
              (std::vector<float>{0, 0.5F, 0, 1.75F, -2, -2}));
    EXPECT_EQ(quantized("quantized_bits(4,1,1,alpha=1.0)", Role::kKernel, {1}, {-3.0}),
              (std::vector<float>{-1.75F}));
    EXPECT_EQ(
        quantized("quantized_bits(4,1,keep_negative=False,alpha=1)", Role::kKernel, {2}, {-1, 5}),
        (std::vector<float>{0, 1.875F}));
    EXPECT_EQ(quantized("quantized_bits(1,0,alpha=1)", Role::kKernel, {3}, {-0.1, 0, 7}),
              (std::vector<float>{-1, 1, 1}));
}

TEST(QuantizedBits, AlphaMultipliesTheResult) {
    EXPECT_EQ(quantized("quantized_bits(4,1,alpha=0.5)", Role::kKernel, {2}, {0.5, -1}),
              (std::vector<float>{0.25F, -0.5F}));
    Json config = parse_json(R"({"class_name": "quantized_bits", "config": {"bits": 4, "integer": 1,
                                 "alpha": [[1.0, 2.0]]}})")
                      .value();
    const QuantizerSpec spec = keras2::read_quantizer(config, Role::kKernel).value();
    EXPECT_EQ(keras2::quantize_weights(spec, {{2, 2}, {0.25, 0.25, 0.5, 0.5}}).value().data,
              (std::vector<float>{0.25F, 0.5F, 0.5F, 1}));
}

TEST(QuantizedBits, AutoScaleIsTheLargestWeightOfAChannelHalfAwayFromZero) {
    // 3 bits: levels 6, scale = 2·max/6: 1 for the first channel, 2 for the second; 1.5/1 -> 2
    // (up), -2.5 -> -3; 5/2 = 2.5 -> 3, -3/2 -> -2 times 2.
    EXPECT_EQ(quantized("quantized_bits(3,0,alpha='auto')", Role::kKernel, {3, 2},
                        {3, 6, 1.5, 5, -2.5, -3}),
              (std::vector<float>{3, 6, 2, 6, -3, -4}));
}

TEST(QuantizedBits, KernelsWithoutAlphaGetAPowerOfTwoScale) {
    // QKeras replaces a missing alpha of kernels. Weights on ±0.75 and ±0.25: scale 1/4 fits
    // exactly.
    EXPECT_EQ(quantized("quantized_bits(3,0)", Role::kKernel, {4, 1}, {0.75, -0.75, 0.25, 0.5}),
              (std::vector<float>{0.75F, -0.75F, 0.25F, 0.5F}));
    EXPECT_EQ(quantized("quantized_bits(3,0)", Role::kBias, {2}, {0.3, 5}),
              (std::vector<float>{0.25F, 0.75F}));
}

TEST(BinaryAndTernary, FollowTheirThresholds) {
    EXPECT_EQ(quantized("binary(alpha=1)", Role::kKernel, {3}, {-0.5, 0, 0.5}),
              (std::vector<float>{-1, 1, 1}));
    EXPECT_EQ(quantized("binary(1, alpha=1)", Role::kKernel, {3}, {-0.5, 0, 0.5}),
              (std::vector<float>{0, 1, 1}));
    EXPECT_EQ(quantized("ternary(alpha=1)", Role::kKernel, {4}, {-0.34, -0.32, 0.32, 0.34}),
              (std::vector<float>{-1, 0, 0, 1}));
    EXPECT_EQ(
        quantized("stochastic_ternary(alpha=2.0,threshold=0.5)", Role::kKernel, {2}, {0.4, 0.5}),
        (std::vector<float>{0, 2}));
    // Least squares of ±1 to |w| = 2, 4: scale 3; the nearest power of two is 4 (log2 3 = 1.58).
    EXPECT_EQ(quantized("binary(alpha='auto_po2')", Role::kKernel, {2, 1}, {2, -4}),
              (std::vector<float>{4, -4}));
    const auto automatic = quantized("binary(alpha='auto')", Role::kKernel, {2, 1}, {2, -4});
    EXPECT_NEAR(automatic[0], 3, 1e-5);
}

TEST(QuantizedPo2, HasNoZeroAndSwitchesAtTheSquareRootOfTwo) {
    EXPECT_EQ(quantized("quantized_po2(4)", Role::kBias, {6}, {0, 1.41, 1.42, -0.7, 100, 1e-9}),
              (std::vector<float>{0.0625F, 1, 2, -0.5F, 8, 0.0625F}));
    EXPECT_EQ(quantized("quantized_po2(4,1)", Role::kBias, {2}, {100, 0.001}),
              (std::vector<float>{1, 0.00390625F}));
    EXPECT_EQ(quantized("quantized_relu_po2(3,2)", Role::kBias, {2}, {-1, 100}),
              (std::vector<float>{0.0625F, 2}));
}

TEST(Quantizers, WhatCannotBeReadSaysWhatToDo) {
    const auto error = [](const std::string& text) {
        const auto spec = keras2::read_quantizer(Json(text), Role::kKernel);
        return spec ? "no error" : spec.error().message;
    };
    EXPECT_NE(error("bernoulli()").find("use binary"), std::string::npos);
    EXPECT_NE(error("quantized_magic(3)").find("known: quantized_bits"), std::string::npos);
    EXPECT_NE(error("quantized_bits(4,0,qnoise_factor=0.5)").find("is not 1"), std::string::npos);
    EXPECT_NE(error("quantized_bits(0)").find("0 bits"), std::string::npos);
    EXPECT_NE(error("quantized_bits(4,0,colour=1)").find("unknown argument"), std::string::npos);
    EXPECT_NE(error("quantized_bits(1,2,3,4,5,6,7,8,9)").find("too many"), std::string::npos);
    EXPECT_NE(error("quantized_linear(4)").find("alpha=1"), std::string::npos);
    EXPECT_NE(error("quantized_relu(4,negative_slope=0.3)").find("power of two"),
              std::string::npos);
    EXPECT_NE(error("quantized_bits(4").find("parenthesis"), std::string::npos);
}

void write_dense(const std::string& path, const std::vector<float>& kernel,
                 const std::vector<float>& bias) {
    const auto units = static_cast<std::int64_t>(bias.size());
    gatewright::testing::WeightFile file(path);
    file.add("fc", {{"kernel", {static_cast<std::int64_t>(kernel.size()) / units, units}, kernel},
                    {"bias", {units}, bias}});
}

std::string sequential(const std::string& layers) {
    return R"j({"class_name": "Sequential", "config": {"name": "m", "layers": [)j" + layers + "]}}";
}

const std::string kDense = R"j({"class_name": "QDense", "config": {"name": "fc", "units": 2,
    "batch_input_shape": [null, 2], "use_bias": true, "kernel_quantizer": "quantized_bits(4,1,alpha=1)",
    "bias_quantizer": "quantized_bits(4,1,alpha=1)"}})j";

/// Output of a small model of one QDense [[1, -0.5], [0.25, 1.5]], bias [0, 0.5], and then
/// `layers`.
std::vector<double> evaluate(const std::string& layers, const std::vector<double>& x) {
    const TemporaryFolder folder;
    write_dense(folder.path("m.h5"), {1, -0.5F, 0.25F, 1.5F}, {0, 0.5F});
    EXPECT_TRUE(write_file(folder.path("m.json"), sequential(kDense + layers)));
    ImportParams params;
    params.input_type = fixed::parse_cast("fixed<12,6>").value();
    params.precision.layers["table"].result = fixed::parse_cast("fixed<8,2,RND,SAT>").value();
    const auto model = import_keras2(folder.path("m.json"), params);
    if (!model) throw std::runtime_error(model.error().message);
    Values input(tensor::Shape{2});
    for (std::size_t i = 0; i < 2; ++i) input[i] = *Dyadic::from_double(x[i]);
    const auto values = evaluate_reference(model->graph, std::vector<Values>{input});
    std::vector<double> out;
    for (const Dyadic& y : values[model->graph.outputs()[0].index()].data)
        out.push_back(y.to_double());
    return out;
}

std::string activation(const std::string& text, const std::string& class_name = "QActivation") {
    return R"j(, {"class_name": ")j" + class_name +
           R"j(", "config": {"name": "table", "activation": ")j" + text + "\"}}";
}

using Doubles = std::vector<double>;

TEST(Keras2, DenseAndQuantizedActivationsEqualTheFormulas) {
    // x = [2, -1]: 2 - 0.25 = 1.75 and -1 - 1.5 + 0.5 = -2.
    const Doubles x = {2, -1};
    EXPECT_EQ(evaluate("", x), (Doubles{1.75, -2}));
    EXPECT_EQ(evaluate(activation("quantized_relu(3,1)"), x), (Doubles{1.75, 0}));
    EXPECT_EQ(evaluate(activation("quantized_relu(2,1)"), x), (Doubles{1.5, 0}));
    // Leaky: bits 4 with slope 1/4: m = 8, positive step 1/4 up to 1.75; -2/4 = -0.5 is the low
    // end.
    EXPECT_EQ(evaluate(activation("quantized_relu(4,1,negative_slope=0.25)"), x),
              (Doubles{1.75, -0.5}));
    EXPECT_EQ(evaluate(activation("quantized_relu(4,1,negative_slope=0.25)"), {2, -4}),
              (Doubles{1, -0.5}));
    // tanh, hard: clip(x, -1, 1) here, on eighths, top 7/8.
    EXPECT_EQ(evaluate(activation("quantized_tanh(4)"), x), (Doubles{0.875, -1}));
    EXPECT_EQ(evaluate(activation("quantized_tanh(4,symmetric=True)"), x),
              (Doubles{0.875, -0.875}));
    EXPECT_EQ(evaluate(activation("quantized_sigmoid(4)"), {0.25, 0}), (Doubles{0.625, 0.6875}));
    EXPECT_EQ(evaluate(activation("binary(alpha=0.5)"), x), (Doubles{0.5, -0.5}));
    EXPECT_EQ(evaluate(activation("ternary()"), {0.25, 0}), (Doubles{0, 1}));
    EXPECT_EQ(evaluate(activation("quantized_bits(4,1,alpha=2)"), x), (Doubles{3.5, -4}));
}

TEST(Keras2, PlainActivationsAreExactOrTables) {
    const Doubles x = {2, -1};
    EXPECT_EQ(evaluate(activation("relu", "Activation"), x), (Doubles{1.75, 0}));
    EXPECT_EQ(evaluate(activation("relu1", "Activation"), x), (Doubles{1, 0}));
    // 1/(1+e^-1.75) = 0.85195 -> 54.5.. of 64; 1/(1+e^2) = 0.11920 -> 7.63 of 64.
    EXPECT_EQ(evaluate(activation("sigmoid", "Activation"), x), (Doubles{55.0 / 64, 8.0 / 64}));
    EXPECT_EQ(evaluate(activation("binary_tanh", "Activation"), x), (Doubles{1, -1}));
    EXPECT_EQ(evaluate(activation("ternary_tanh", "Activation"), {0.25, -0.25}), (Doubles{0, 0}));
    EXPECT_EQ(
        evaluate(R"j(, {"class_name": "ThresholdedReLU", "config": {"name": "t", "theta": 1.75}})j",
                 x),
        (Doubles{0, 0}));
    EXPECT_EQ(
        evaluate(R"j(, {"class_name": "ThresholdedReLU", "config": {"name": "t", "theta": 1.5}})j",
                 x),
        (Doubles{1.75, 0}));
    EXPECT_EQ(
        evaluate(R"j(, {"class_name": "LeakyReLU", "config": {"name": "t", "alpha": 0.125}})j", x),
        (Doubles{1.75, -0.25}));
    EXPECT_EQ(
        evaluate(R"j(, {"class_name": "ReLU", "config": {"name": "t", "max_value": 1.5}})j", x),
        (Doubles{1.5, 0}));
}

TEST(Keras2, FunctionalGraphsAreWiredByName) {
    const TemporaryFolder folder;
    write_dense(folder.path("m.h5"), {1, -0.5F, 0.25F, 1.5F}, {0, 0.5F});
    const std::string text = R"j({"class_name": "Functional", "config": {"name": "m", "layers": [
        {"class_name": "Add", "config": {"name": "sum"}, "name": "sum",
         "inbound_nodes": [[["fc", 0, 0, {}], ["x", 0, 0, {}]]]},
        {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [null, 2]}, "name": "x",
         "inbound_nodes": []},
        {"class_name": "Custom>QDense", "config": {"units": 2, "kernel_quantizer": "quantized_bits(4,1,alpha=1)",
         "bias_quantizer": "quantized_bits(4,1,alpha=1)"}, "name": "fc", "inbound_nodes": [[["x", 0, 0, {}]]]},
        {"class_name": "Concatenate", "config": {"axis": -1}, "name": "both",
         "inbound_nodes": [[["sum", 0, 0, {}], ["fc", 0, 0, {}]]]}],
        "input_layers": [["x", 0, 0]], "output_layers": [["both", 0, 0]]}})j";
    ASSERT_TRUE(write_file(folder.path("m.json"), text));
    const auto model = import_keras2(folder.path("m.json"), {});
    ASSERT_TRUE(model) << model.error().message;
    ASSERT_EQ(model->warnings.size(), 1U);  // the port's type is the usual one
    EXPECT_NE(model->warnings[0].find("fixed<16,6>"), std::string::npos);
    Values x({2}, {Dyadic(2), Dyadic(-1)});
    const auto values = evaluate_reference(model->graph, std::vector<Values>{x});
    EXPECT_EQ(values[model->graph.outputs()[0].index()].data,
              (std::vector<Dyadic>{Dyadic(15, -2), Dyadic(-3), Dyadic(7, -2), Dyadic(-2)}));
}

TEST(Keras2, InputQuantizerBecomesThePortType) {
    const TemporaryFolder folder;
    write_dense(folder.path("m.h5"), {1, 0, 0, 1}, {0, 0});
    ASSERT_TRUE(write_file(
        folder.path("m.json"),
        sequential(
            R"j({"class_name": "QActivation", "config": {"name": "q", "batch_input_shape": [null, 2],
                   "activation": "quantized_bits(6,2)"}}, )j" +
            kDense)));
    const auto model = import_keras2(folder.path("m.json"), {});
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_TRUE(model->warnings.empty());
    EXPECT_EQ(model->graph.nodes()[0].layer->attributes().find("type")->as_string(),
              "fixed<6,3,RND_CONV,SAT>");
}

TEST(Keras2, AllProblemsAreListedAtOnce) {
    const TemporaryFolder folder;
    write_dense(folder.path("m.h5"), {1, NAN, 0, 1}, {0, 0});
    ASSERT_TRUE(
        write_file(folder.path("m.json"),
                   sequential(kDense + R"j(, {"class_name": "Wizard", "config": {"name": "w"}},
            {"class_name": "QDense", "config": {"name": "gone", "units": 3, "activation": "bernoulli()",
             "kernel_quantizer": "quantized_bits(4,1,alpha=1)", "use_bias": false}},
            {"class_name": "Activation", "config": {"name": "a", "activation": "gelato"}},
            {"class_name": "Dense", "config": {"name": "plain", "units": 3}})j")));
    const auto model = import_keras2(folder.path("m.json"), {});
    ASSERT_FALSE(model);
    for (const char* part :
         {"layer 'fc' (QDense): kernel element [0, 1] is nan",
          "layer 'w' (Wizard): unknown layer class", "layer 'gone' (QDense)", "no 'kernel'",
          "bernoulli", "layer 'a' (Activation): unknown activation", "layer 'plain' (Dense)"}) {
        EXPECT_NE(model.error().message.find(part), std::string::npos) << part << "\n"
                                                                       << model.error().message;
    }
}

TEST(Keras2, MutatedArchitecturesNeverCrash) {
    const TemporaryFolder folder;
    write_dense(folder.path("m.h5"), {1, -0.5F, 0.25F, 1.5F}, {0, 0.5F});
    const std::string whole =
        sequential(kDense + activation("quantized_relu(4,1,negative_slope=0.25)") +
                   R"j(, {"class_name": "Reshape", "config": {"name": "r", "target_shape": [2, 1]}},
                   {"class_name": "Permute", "config": {"name": "p", "dims": [2, 1]}},
                   {"class_name": "Softmax", "config": {"name": "s", "axis": -1}})j");
    Rng rng(5);
    const std::vector<std::string> spices = {"null", "-1",    "1e999", "NaN",        "[]",
                                             "{}",   "\"x\"", ",",     "99999999999"};
    for (int trial = 0; trial < 400; ++trial) {
        std::string text = whole;
        for (std::uint64_t hits = rng.below(3) + 1; hits > 0; --hits) {
            text.replace(rng.below(text.size()), rng.below(8), spices[rng.below(spices.size())]);
        }
        if (!parse_json(text)) continue;
        ASSERT_TRUE(write_file(folder.path("m.json"), text));
        const auto model = import_keras2(folder.path("m.json"), {});
        EXPECT_TRUE(model || !model.error().message.empty());
    }
}

}  // namespace
}  // namespace gatewright::frontends
