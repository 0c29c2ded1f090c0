// SPDX-License-Identifier: Apache-2.0
//
// Real Keras 2 and QKeras models on real jets. Accuracies are those of the data catalogue, measured
// with independent programs from exactly these files; values are compared with loops written here.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "frontends/hdf5_file.h"
#include "frontends/keras2/keras2.h"
#include "frontends/zip_file.h"
#include "layers/dense.h"
#include "support/files.h"
#include "support/temporary_folder.h"
#include "tensor/npy.h"
#include "unit/frontends/weight_file.h"

namespace gatewright::frontends {
namespace {

using fixed::Dyadic;
using fixed::Integer;
using model::Values;

const std::string kData = GW_SHARED_DATA;
const std::string kKeras = kData + "/hls4ml_example_models/keras/";

ImportParams with_precision(const std::string& type) {
    ImportParams params;
    params.precision.everywhere = fixed::parse_cast(type).value();
    return params;
}

ImportParams with_input(const std::string& type) {
    ImportParams params;
    params.input_type = fixed::parse_cast(type).value();
    return params;
}

ImportedModel imported(const std::string& path, const ImportParams& params) {
    auto model = import_keras2(path, params);
    if (!model) throw std::runtime_error(model.error().message);
    auto typed = model::infer_types(model->graph);
    if (!typed) throw std::runtime_error(typed.error().message);
    return std::move(*model);
}

tensor::Tensor<std::int64_t> jets() {
    return tensor::read_integers(kData + "/jsc_hlf/ipbb1024_X_apfixed16_6.npy").value();
}

Values jet(const tensor::Tensor<std::int64_t>& codes, std::size_t event) {
    Values x(tensor::Shape{16});
    for (std::size_t i = 0; i < 16; ++i) x[i] = Dyadic(Integer(codes[event * 16 + i]), -10);
    return x;
}

std::vector<Dyadic> outputs(const ImportedModel& model, const Values& x) {
    const auto values = evaluate_reference(model.graph, std::vector<Values>{x});
    return values[model.graph.outputs()[0].index()].data;
}

/// Accuracy on the 1,024 jets; `order[c]` is the class of jsc_hlf (g, q, t, w, z) of output c.
double accuracy(const ImportedModel& model, const std::vector<std::int64_t>& order) {
    const auto codes = jets();
    const auto labels = tensor::read_integers(kData + "/jsc_hlf/ipbb1024_y.npy").value();
    int right = 0;
    for (std::size_t event = 0; event < labels.size(); ++event) {
        const std::vector<Dyadic> y = outputs(model, jet(codes, event));
        std::size_t best = 0;
        for (std::size_t c = 1; c < y.size(); ++c) best = y[c] > y[best] ? c : best;
        right += order[best] == labels[event] ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(labels.size());
}

const std::vector<std::int64_t> kAlphabetical = {0, 1, 2, 3, 4};
const std::vector<std::int64_t> kTopLast = {0, 1, 3, 4, 2};  // g, q, w, z, t

TEST(Keras2Data, QKerasThreeLayerHasItsPublishedAccuracy) {
    ImportParams params = with_input("fixed<16,6>");
    params.winner_only = true;
    const ImportedModel model = imported(kKeras + "qkeras_3layer.json", params);
    EXPECT_NEAR(accuracy(model, kAlphabetical), 0.7812, 0.005);
    EXPECT_EQ(model.graph.format, "Keras 2 (QKeras)");
    EXPECT_TRUE(model.warnings.empty());
}

TEST(Keras2Data, SoftmaxKeepsTheWinnerOfTheLogits) {
    ImportParams params = with_input("fixed<16,6>");
    const ImportedModel whole = imported(kKeras + "qkeras_3layer.json", params);
    params.winner_only = true;
    const ImportedModel logits = imported(kKeras + "qkeras_3layer.json", params);
    const auto codes = jets();
    for (std::size_t event = 0; event < 100; ++event) {
        const Values x = jet(codes, event);
        const std::vector<Dyadic> y = outputs(whole, x);
        const std::vector<Dyadic> z = outputs(logits, x);
        double sum = 0;
        for (const double e : {z[0].to_double(), z[1].to_double(), z[2].to_double(),
                               z[3].to_double(), z[4].to_double()}) {
            sum += std::exp(e);
        }
        for (std::size_t c = 0; c < 5; ++c) {
            EXPECT_NEAR(y[c].to_double(), std::exp(z[c].to_double()) / sum, 0.02);
        }
    }
}

/// The seed-42 networks come as weights only; their catalogue entry says how they were built.
Json keras_layer(const std::string& class_name, Json config) {
    Json layer = Json::object();
    layer.set("class_name", class_name);
    layer.set("config", std::move(config));
    return layer;
}

std::string seed42_architecture(const std::string& quantizer) {
    Json layers = Json::array();
    for (const int units : {64, 32, 32, 5}) {
        const std::string number = std::to_string(layers.as_array().size());
        Json dense = Json::object();
        dense.set("name", "fc" + number);
        dense.set("units", units);
        dense.set("kernel_quantizer", quantizer);
        dense.set("bias_quantizer", quantizer);
        if (units == 64) dense.set("batch_input_shape", Json(Json::Array{Json(), Json(16)}));
        layers.push_back(keras_layer("QDense", std::move(dense)));
        if (units == 5) break;
        Json relu = Json::object();
        relu.set("name", "relu" + number);
        relu.set("activation", "quantized_relu(7)");
        layers.push_back(keras_layer("QActivation", std::move(relu)));
    }
    Json config = Json::object();
    config.set("name", "seed42");
    config.set("layers", std::move(layers));
    return keras_layer("Sequential", std::move(config)).dump();
}

double seed42_accuracy(const std::string& family, const std::string& quantizer) {
    const gatewright::testing::TemporaryFolder folder;
    EXPECT_TRUE(write_file(folder.path("seed42.json"), seed42_architecture(quantizer)));
    ImportParams params = with_input("fixed<16,6>");
    params.weights_path =
        kData + "/jsc_models_bitnet/multiclass_qkeras_" + family + "_64_32_32__seed42.weights.h5";
    return accuracy(imported(folder.path("seed42.json"), params), kTopLast);
}

TEST(Keras2Data, SevenBitSeed42NetworkHasItsAccuracy) {
    EXPECT_NEAR(seed42_accuracy("b7", "quantized_bits(7,0,alpha=1)"), 0.7891, 0.005);
}

TEST(Keras2Data, BinarySeed42NetworkHasItsAccuracy) {
    EXPECT_NEAR(seed42_accuracy("binary", "binary(alpha=1)"), 0.7227, 0.005);
}

TEST(Keras2Data, TernarySeed42NetworkHasItsAccuracy) {
    EXPECT_NEAR(seed42_accuracy("ternary", "ternary(alpha=1)"), 0.7344, 0.005);
}

/// One float32 tensor of a PyTorch file: its storages lie uncompressed in the zip, in layer order.
std::vector<float> torch_storage(int number) {
    const std::string name = "multiclass_dense_baseline_64_32_32__seed42";
    const std::string bytes =
        read_zip_member(kData + "/jsc_models_bitnet/" + name + ".pt",
                        name + "/data/" + std::to_string(number), std::size_t{1} << 20U)
            .value();
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

/// The float seed-42 network as a Keras model: PyTorch keeps kernels as [outputs, inputs].
void write_float_seed42(const gatewright::testing::TemporaryFolder& folder) {
    gatewright::testing::WeightFile file(folder.path("m.h5"));
    Json layers = Json::array();
    for (int i = 0; i < 4; ++i) {
        const std::vector<float> weight = torch_storage(2 * i);
        const std::vector<float> bias = torch_storage(2 * i + 1);
        const std::size_t outputs = bias.size();
        const std::size_t inputs = weight.size() / outputs;
        std::vector<float> kernel(weight.size());
        for (std::size_t k = 0; k < weight.size(); ++k) {
            kernel[k % inputs * outputs + k / inputs] = weight[k];
        }
        const std::string name = "fc" + std::to_string(i);
        const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
        file.add(name, {{"kernel", {size(inputs), size(outputs)}, kernel},
                        {"bias", {size(outputs)}, bias}});
        Json dense = Json::object();
        dense.set("name", name);
        dense.set("units", outputs);
        dense.set("activation", i < 3 ? "relu" : "linear");
        if (i == 0) dense.set("batch_input_shape", Json(Json::Array{Json(), Json(16)}));
        layers.push_back(keras_layer("Dense", std::move(dense)));
    }
    ASSERT_TRUE(
        write_file(folder.path("m.json"), keras_layer("Sequential", std::move(layers)).dump()));
}

TEST(Keras2Data, FloatSeed42NetworkKeepsItsAccuracyInSixteenRoundedBits) {
    const gatewright::testing::TemporaryFolder folder;
    write_float_seed42(folder);
    const std::string path = folder.path("m.json");
    EXPECT_NEAR(accuracy(imported(path, with_precision("fixed<32,16>")), kTopLast), 0.7939, 0.001);
    EXPECT_NEAR(accuracy(imported(path, with_precision("fixed<16,6,RND,SAT>")), kTopLast), 0.7939,
                0.005);
    // Truncating every weight and sum instead of rounding costs almost a point.
    EXPECT_NEAR(accuracy(imported(path, with_precision("fixed<16,6>")), kTopLast), 0.7939, 0.01);
}

/// floor(x · 1024) wrapped to 16 bits: ap_fixed<16,6> without modes, on doubles.
double fixed_16_6(double x) {
    const double code = std::floor(x * 1024);
    return (code - 65536 * std::floor((code + 32768) / 65536)) / 1024;
}

/// Dense and relu layers by hand in doubles (exact here: products of 16-bit numbers, sums below
/// 2^53).
std::vector<double> plain_network(const Hdf5File& file, const std::vector<std::string>& names,
                                  std::vector<double> x) {
    for (const std::string& name : names) {
        const auto kernel = file.read("/" + name + "/" + name + "/kernel:0").value();
        const auto bias = file.read("/" + name + "/" + name + "/bias:0").value();
        std::vector<double> y(bias.size());
        for (std::size_t j = 0; j < y.size(); ++j) {
            double sum = fixed_16_6(bias[j]);
            for (std::size_t i = 0; i < x.size(); ++i)
                sum += x[i] * fixed_16_6(kernel[i * y.size() + j]);
            y[j] = fixed_16_6(sum);
            if (name != names.back()) y[j] = std::max(y[j], 0.0);
        }
        x = std::move(y);
    }
    return x;
}

void expect_plain(const std::string& architecture, const std::string& weights) {
    ImportParams params = with_precision("fixed<16,6>");
    params.weights_path = kKeras + weights;
    params.winner_only = true;
    const ImportedModel model = imported(kKeras + architecture, params);
    const Hdf5File file = Hdf5File::open(kKeras + weights).value();
    const auto codes = jets();
    for (std::size_t event = 0; event < 60; ++event) {
        const Values x = jet(codes, event);
        std::vector<double> real;
        for (const Dyadic& value : x.data) real.push_back(value.to_double());
        const auto expected =
            plain_network(file, {"fc1_relu", "fc2_relu", "fc3_relu", "output_softmax"}, real);
        const auto found = outputs(model, x);
        for (std::size_t c = 0; c < expected.size(); ++c) {
            ASSERT_EQ(found[c].to_double(), expected[c]) << weights << " event " << event;
        }
    }
}

TEST(Keras2Data, PlainThreeLayerModelsEqualLoopsInFixedPoint) {
    expect_plain("KERAS_3layer.json", "KERAS_3layer_weights.h5");
    expect_plain("KERAS_3layer.json", "KERAS_3layer_70pruned_retrained_weights.h5");
    expect_plain("KERAS_3layer.json", "KERAS_3layer_95pruned_retrained_weights.h5");
}

TEST(Keras2Data, PrunedWeightsStayZero) {
    ImportParams params = with_precision("fixed<16,6>");
    params.weights_path = kKeras + "KERAS_3layer_95pruned_retrained_weights.h5";
    const ImportedModel model = imported(kKeras + "KERAS_3layer.json", params);
    std::size_t kept = 0;
    std::size_t all = 0;
    for (const auto& node : model.graph.nodes()) {
        if (node.layer->kind() != "dense") continue;
        kept += node.layer->facts({}).nonzero_weights;
        all += node.layer->facts({}).weights;
    }
    EXPECT_EQ(all, 16U * 64 + 64 * 32 + 32 * 32 + 32 * 5);
    EXPECT_LT(kept, all * 6 / 100);
}

/// Floats of the trained model against the compiled one in 32 bits: batch norm and activations.
void expect_close_to_float(const std::string& name, const std::string& type, double tolerance) {
    const ImportedModel model = imported(kKeras + name, with_precision(type));
    ASSERT_TRUE(model.float_graph);
    const auto codes = jets();
    for (std::size_t event = 0; event < 30; ++event) {
        const Values x = jet(codes, event);
        model::Reals real(x.shape);
        for (std::size_t i = 0; i < x.size(); ++i) real[i] = x[i].to_double();
        const auto ideal = evaluate_real(*model.float_graph, std::vector<model::Reals>{real});
        const auto& expected = ideal[model.float_graph->outputs()[0].index()];
        const auto found = outputs(model, x);
        for (std::size_t c = 0; c < found.size(); ++c) {
            EXPECT_NEAR(found[c].to_double(), expected[c], tolerance) << name << " event " << event;
        }
    }
}

TEST(Keras2Data, BinaryAndTernaryModelsFollowTheirFloatModel) {
    // Signs decide, so one rounding at a threshold would show as an error of 0.1 and more.
    expect_close_to_float("KERAS_3layer_binary_smaller.json", "fixed<40,16>", 1e-3);
    expect_close_to_float("KERAS_3layer_ternary_small.json", "fixed<40,16>", 1e-3);
    expect_close_to_float("KERAS_3layer_binarydense_relu_max.json", "fixed<40,16>", 1e-3);
}

TEST(Keras2Data, BinaryWeightsAreSigns) {
    const ImportedModel model =
        imported(kKeras + "KERAS_3layer_binary_smaller.json", with_precision("fixed<16,6>"));
    const Hdf5File file = Hdf5File::open(kKeras + "KERAS_3layer_binary_smaller_weights.h5").value();
    const auto stored = file.read("/fc1/fc1/kernel:0").value();
    const auto& dense = dynamic_cast<const layers::Dense&>(*model.graph.nodes()[1].layer);
    for (std::size_t i = 0; i < stored.size(); ++i) {
        EXPECT_EQ(dense.kernel[i], Dyadic(stored[i] > 0 ? 1 : -1));
    }
}

TEST(Keras2Data, OtherClassicModelsImport) {
    EXPECT_EQ(imported(kKeras + "KERAS_1layer.json", with_precision("fixed<16,6>"))
                  .graph.outputs()
                  .size(),
              1U);
    imported(kKeras + "KERAS_3layer_batch_norm.json", with_precision("fixed<16,6>"));
    imported(kKeras + "KERAS_mnist_14x14_mlp.json", with_precision("fixed<16,6>"));
    imported(kKeras + "KERAS_dense_16x100x100x100x100x100x5.json", with_precision("fixed<16,6>"));
    imported(kKeras + "KERAS_dense_16x200x200x200x200x200x5.json", with_precision("fixed<16,6>"));
}

TEST(Keras2Data, PlainModelWithoutTypesNamesEveryLayerThatNeedsOne) {
    const auto model = import_keras2(kKeras + "KERAS_3layer.json", {});
    ASSERT_FALSE(model);
    const std::string& message = model.error().message;
    EXPECT_NE(message.find("input, fc1_relu, fc2_relu, fc3_relu, output_softmax"),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("--precision"), std::string::npos);
}

TEST(Keras2Data, WeightsOnlyFileIsToldApart) {
    const auto model = import_keras2(kKeras + "KERAS_3layer_weights.h5", {});
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("weights only"), std::string::npos);
    const auto missing = import_keras2(kKeras + "KERAS_mnist_mlp.json", {});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("no weights beside"), std::string::npos);
}

}  // namespace
}  // namespace gatewright::frontends
