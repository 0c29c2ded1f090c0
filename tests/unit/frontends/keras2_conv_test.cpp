// SPDX-License-Identifier: Apache-2.0
//
// Convolutional layers of Keras 2 on numbers worked out by hand, channels first against channels
// last, and what users are told of layers that cannot be read.
#include <gtest/gtest.h>

#include "frontends/import.h"
#include "frontends/keras2/quantizer.h"
#include "frontends/keras2/saved_metadata.h"
#include "support/files.h"
#include "support/seed.h"
#include "support/temporary_folder.h"
#include "unit/frontends/weight_file.h"

namespace gatewright::frontends {
namespace {

using fixed::Dyadic;
using fixed::Integer;
using gatewright::testing::TemporaryFolder;
using gatewright::testing::WeightFile;
using model::Values;

ImportParams whole_numbers() {
    ImportParams params;
    params.precision.everywhere = fixed::parse_cast("fixed<16,12>").value();
    return params;
}

/// A Sequential model from its layers' JSON; `shape` is the input's.
std::string sequential(const std::string& shape, const std::string& layers) {
    return R"({"class_name": "Sequential", "config": [{"class_name": "InputLayer", "config":
        {"name": "in", "batch_input_shape": [null, )" +
           shape + "]}}, " + layers + "]}";
}

std::vector<double> outputs(const std::string& path, const Values& x) {
    const ImportedModel model = import_model(path, whole_numbers()).value();
    const auto values = evaluate_reference(model.graph, std::vector<Values>{x});
    std::vector<double> out;
    for (const Dyadic& y : values[model.graph.outputs()[0].index()].data)
        out.push_back(y.to_double());
    return out;
}

Values numbers(tensor::Shape shape, const std::vector<int>& list) {
    Values out(std::move(shape));
    for (std::size_t i = 0; i < list.size(); ++i) out[i] = list[i];
    return out;
}

TEST(Keras2Conv, DepthwiseAndSeparableKeepChannelsApart) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder.path("m.json"), sequential("3, 2", R"(
        {"class_name": "DepthwiseConv1D", "config": {"name": "dw", "kernel_size": [2],
            "depth_multiplier": 2, "use_bias": false, "data_format": "channels_last"}},
        {"class_name": "SeparableConv1D", "config": {"name": "sep", "filters": 1,
            "kernel_size": [1], "use_bias": true}})")));
    {
        WeightFile file(folder.path("m.h5"));
        // [tap, channel, multiplier]: channel 0 gives x0 and x1·10, channel 1 gives x0 - x1 and x1.
        file.add("dw", {{"depthwise_kernel", {2, 2, 2}, {1, 0, 1, 0, 0, 10, -1, 1}}});
        file.add("sep", {{"depthwise_kernel", {1, 4, 1}, {1, 2, 3, 4}},
                         {"pointwise_kernel", {1, 4, 1}, {1, 1, 1, 1}},
                         {"bias", {1}, {5}}});
    }
    // Positions (1, 2), (3, 4), (5, 6). At 0: 1, 30, 2 - 4, 4 -> 1 + 60 - 6 + 16 + 5.
    EXPECT_EQ(outputs(folder.path("m.json"), numbers({3, 2}, {1, 2, 3, 4, 5, 6})),
              (std::vector<double>{76, 126}));
}

TEST(Keras2Conv, TransposedConvolutionSpreadsItsInputs) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder.path("m.json"), sequential("2, 1", R"(
        {"class_name": "Conv1DTranspose", "config": {"name": "up", "filters": 2,
            "kernel_size": [3], "strides": [2], "padding": "valid", "use_bias": false}})")));
    {
        WeightFile file(folder.path("m.h5"));
        // [tap, filter, input]: taps 1, 2, 3 of the first filter, 10, 20, 30 of the second.
        file.add("up", {{"kernel", {3, 2, 1}, {1, 10, 2, 20, 3, 30}}});
    }
    // x = 1, 4: 1, 2, 3 + 4, 8, 12.
    EXPECT_EQ(outputs(folder.path("m.json"), numbers({2, 1}, {1, 4})),
              (std::vector<double>{1, 10, 2, 20, 7, 70, 8, 80, 12, 120}));
}

TEST(Keras2Conv, QKerasFoldsTheNormalizationBeforeItQuantizes) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder.path("m.json"), sequential("1, 1, 2", R"json(
        {"class_name": "QDepthwiseConv2DBatchnorm", "config": {"name": "c", "kernel_size": [1, 1],
            "use_bias": false, "epsilon": 0.75, "axis": [3], "folding_mode": "ema_stats_folding",
            "depthwise_quantizer": "quantized_bits(4,2,alpha=1)",
            "bias_quantizer": "quantized_bits(6,3,alpha=1)"}})json")));
    {
        WeightFile file(folder.path("m.h5"));
        // 1/sqrt(3.25 + 0.75) = 1/2: kernels 3/2 and -3/4, the second halfway between -1/2 and -1
        // and so -1, the even one. Biases (0 - 2)/2·gamma + beta.
        file.add("c", {{"depthwise_kernel", {1, 1, 2, 1}, {3, -1.5F}},
                       {"gamma", {2}, {1, 1}},
                       {"beta", {2}, {0.25F, 3}},
                       {"moving_mean", {2}, {2, 2}},
                       {"moving_variance", {2}, {3.25F, 3.25F}}});
    }
    EXPECT_EQ(outputs(folder.path("m.json"), numbers({1, 1, 2}, {10, 10})),
              (std::vector<double>{14.25, -8}));
}

/// The same network with channels first or last, from image to flat outputs.
std::string image_network(const std::string& format, const std::string& shape) {
    std::string layers = R"(
        {"class_name": "ZeroPadding2D", "config": {"name": "z", "padding": [[1, 0], [0, 1]], DATA}},
        {"class_name": "Conv2D", "config": {"name": "c", "filters": 3, "kernel_size": [2, 2],
            "padding": "same", "strides": [1, 2], DATA}},
        {"class_name": "UpSampling2D", "config": {"name": "u", "size": [2, 1], DATA}},
        {"class_name": "Cropping2D", "config": {"name": "k", "cropping": [[1, 0], [0, 1]], DATA}},
        {"class_name": "MaxPooling2D", "config": {"name": "m", "pool_size": [2, 2],
            "strides": null, "padding": "same", DATA}},
        {"class_name": "Flatten", "config": {"name": "f", DATA}})";
    for (std::size_t at = 0; (at = layers.find("DATA")) != std::string::npos;)
        layers.replace(at, 4, R"("data_format": ")" + format + '"');
    return sequential(shape, layers);
}

TEST(Keras2Conv, ChannelsFirstGivesWhatChannelsLastGives) {
    const TemporaryFolder folder;
    Rng rng(gatewright::testing::test_seed(1));
    ASSERT_TRUE(write_file(folder.path("first.json"), image_network("channels_first", "2, 4, 5")));
    ASSERT_TRUE(write_file(folder.path("last.json"), image_network("channels_last", "4, 5, 2")));
    std::vector<float> kernel;
    for (int i = 0; i < 24; ++i) kernel.push_back(static_cast<float>(rng.between(-7, 7)));
    for (const char* name : {"first.h5", "last.h5"}) {
        WeightFile file(folder.path(name));
        file.add("c", {{"kernel", {2, 2, 2, 3}, kernel}, {"bias", {3}, {1, -2, 3}}});
    }
    Values first({2, 4, 5});
    Values last({4, 5, 2});
    for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t c = 0; c < 2; ++c) {
            last[i * 2 + c] = Dyadic(Integer(rng.between(-20, 20)), 0);
            first[c * 20 + i] = last[i * 2 + c];
        }
    }
    const auto expected = outputs(folder.path("last.json"), last);
    EXPECT_GT(expected.size(), 6U);
    EXPECT_EQ(outputs(folder.path("first.json"), first), expected);
}

TEST(Keras2Conv, EveryUnsupportedOptionIsNamedWithItsLayer) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder.path("m.json"), sequential("4, 4, 1", R"(
        {"class_name": "Conv2D", "config": {"name": "wide", "filters": 1, "kernel_size": [9],
            "padding": "reflect"}},
        {"class_name": "UpSampling2D", "config": {"name": "smooth", "size": [2, 2],
            "interpolation": "bilinear"}},
        {"class_name": "Conv3D", "config": {"name": "cube"}},
        {"class_name": "AveragePooling2D", "config": {"name": "pool", "pool_size": "two"}},
        {"class_name": "ZeroPadding2D", "config": {"name": "pad", "padding": [1]}})")));
    { const WeightFile file(folder.path("m.h5")); }
    const auto model = import_model(folder.path("m.json"), whole_numbers());
    ASSERT_FALSE(model);
    for (const char* part :
         {"'wide' (Conv2D)", "kernel_size [9]", "'reflect'", "'smooth'", "'bilinear'",
          "'cube' (Conv3D): unknown layer class", "'pool'", "\"two\"", "'pad'", "padding [1]"}) {
        EXPECT_NE(model.error().message.find(part), std::string::npos) << part << " in\n"
                                                                       << model.error().message;
    }
}

TEST(Keras2Conv, AWindowThatDoesNotFitTheImageIsAnError) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_file(folder.path("m.json"), sequential("3, 1", R"(
        {"class_name": "Conv1D", "config": {"name": "long", "filters": 1, "kernel_size": [5],
            "use_bias": false}})")));
    {
        WeightFile file(folder.path("m.h5"));
        file.add("long", {{"kernel", {5, 1, 1}, {1, 1, 1, 1, 1}}});
    }
    const auto model = import_model(folder.path("m.json"), whole_numbers());
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("layer 'long' (Conv1D): the window spans 5"),
              std::string::npos)
        << model.error().message;
}

TEST(Keras2Conv, MeansOfOtherCountsNeedAQuantizerOrAType) {
    const TemporaryFolder folder;
    const std::string layers = R"json(
        {"class_name": "QActivation", "config": {"name": "a",
            "activation": "quantized_bits(4,3,alpha=1)"}},
        {"class_name": "GlobalAveragePooling1D", "config": {"name": "mean"}})json";
    const std::string rounding = R"json(, {"class_name": "QActivation", "config": {"name": "b",
            "activation": "quantized_bits(8,3,alpha=1)"}})json";
    ASSERT_TRUE(write_file(folder.path("bare.json"), sequential("3, 1", layers)));
    ASSERT_TRUE(write_file(folder.path("good.json"), sequential("3, 1", layers + rounding)));
    for (const char* name : {"bare.h5", "good.h5"}) const WeightFile file(folder.path(name));
    const auto bare = import_model(folder.path("bare.json"), {});
    ASSERT_FALSE(bare);
    EXPECT_NE(bare.error().message.find("layer 'mean': the mean over 3 positions"),
              std::string::npos)
        << bare.error().message;
    const auto good = import_model(folder.path("good.json"), {});
    ASSERT_TRUE(good);
    const auto values =
        evaluate_reference(good->graph, std::vector<Values>{numbers({3, 1}, {1, 1, 3})});
    // 5/3 = 26.67/16: nearest is 27/16.
    EXPECT_EQ(values[good->graph.outputs()[0].index()][0], Dyadic(Integer(27), -4));
}

TEST(Keras2Conv, NestedParenthesesMeanTheDefaultsAsInQKeras) {
    const auto spec = keras2::read_quantizer(
        Json("quantized_relu(quantized_bits(6, 2, alpha=1), 3)"), keras2::Role::kActivation);
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->bits, 8);
    EXPECT_EQ(spec->integer, 0);
}

TEST(SavedMetadata, DamagedFilesGiveAnErrorOrAModel) {
    const std::string whole =
        read_file(std::string(GW_SHARED_DATA) +
                  "/jet_constituents/models/"
                  "deepsinv_synthable_8bits_8const_ptetaphi_kfolds_kfold_0_keras_metadata.pb")
            .value();
    ASSERT_TRUE(keras2::is_saved_metadata(whole));
    EXPECT_EQ(keras2::read_saved_metadata(whole).value().get_string("class_name").value(),
              "Functional");
    EXPECT_FALSE(keras2::read_saved_metadata(whole.substr(0, whole.size() / 4)));
    Rng rng(gatewright::testing::test_seed(1));
    for (int round = 0; round < 300; ++round) {
        std::string bytes = whole;
        for (int edit = 0; edit < 3; ++edit)
            bytes[rng.below(rng.chance(0.5) ? 40 : bytes.size())] =
                static_cast<char>(rng.below(256));
        bytes.resize(rng.chance(0.3) ? rng.below(bytes.size()) : bytes.size());
        const auto json = keras2::read_saved_metadata(bytes);
        EXPECT_TRUE(json ? !json->dump().empty() : !json.error().message.empty());
    }
}

}  // namespace
}  // namespace gatewright::frontends
