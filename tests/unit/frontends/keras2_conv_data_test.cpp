// SPDX-License-Identifier: Apache-2.0
//
// Real convolutional networks of Keras 2 and QKeras. The ECON-T encoder must give the outputs that
// its authors stored; the plain hls4ml models are compared with loops in fixed point written here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "frontends/hdf5_file.h"
#include "frontends/import.h"
#include "support/model_run.h"
#include "support/seed.h"
#include "tensor/npy.h"

namespace gatewright::frontends {
namespace {

using gatewright::testing::ModelRun;
using gatewright::testing::run_model;
using Tensor = tensor::Tensor<double>;

const std::string kData = GW_SHARED_DATA;
const std::string kKeras = kData + "/hls4ml_example_models/keras/";

/// Blank-separated numbers of a text file.
std::vector<double> numbers_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<double> out;
    for (double value = 0; file >> value;) out.push_back(value);
    return out;
}

ImportedModel imported(const std::string& path, const ImportParams& params) {
    auto model = import_model(path, params);
    if (!model) throw std::runtime_error(model.error().message);
    return std::move(*model);
}

ModelRun run(const ImportedModel& model, const Tensor& x, std::size_t reference_events) {
    auto out = run_model(model.graph, x, reference_events);
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

TEST(Keras2ConvData, EcontEncoderReproducesItsStoredOutputs) {
    const ImportedModel model = imported(kData + "/econt_ae/baseline_encoder_keras_model.h5", {});
    const auto features = numbers_of(kData + "/econt_ae/baseline_tb_input_features.dat");
    const auto stored = numbers_of(kData + "/econt_ae/baseline_tb_output_predictions.dat");
    ASSERT_EQ(features.size(), 640U);
    ASSERT_EQ(stored.size(), 160U);
    const ModelRun result = run(model, Tensor({10, 64}, features), 10);
    EXPECT_EQ(result.reference_mismatches, 0U);
    ASSERT_EQ(result.outputs.size(), stored.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
        // The outputs are codes of ufixed<9,1>; the file holds eight digits of them.
        EXPECT_EQ(result.outputs[i] * 256, std::nearbyint(stored[i] * 256)) << i;
        EXPECT_NEAR(result.outputs[i], stored[i], 1e-7) << i;
    }
}

/// floor(x · 1024) wrapped to 16 bits: ap_fixed<16,6>.
double fixed_16_6(double x) {
    const double code = std::floor(x * 1024);
    return (code - 65536 * std::floor((code + 32768) / 65536)) / 1024;
}

Tensor weights(const Hdf5File& file, const std::string& layer, const std::string& role) {
    return file.read("/" + layer + "/" + layer + "/" + role + ":0").value();
}

/// A relu convolution of an image [size, size, channels] with TensorFlow's "same" padding:
/// the outputs are spread over the input so that the zeros on both sides differ by at most one, the
/// odd one at the end.
struct Image {
    int size;
    int channels;
    std::vector<double> pixels;
};

Image convolve(const Hdf5File& file, const std::string& name, const Image& x, int stride) {
    const Tensor kernel = weights(file, name, "kernel");
    const Tensor bias = weights(file, name, "bias");
    const int taps = static_cast<int>(kernel.shape[0]);
    const int filters = static_cast<int>(kernel.shape[3]);
    const int size = (x.size + stride - 1) / stride;
    const int missing = std::max(0, (size - 1) * stride + taps - x.size);
    Image y{size, filters, {}};
    for (int row = 0; row < size; ++row) {
        for (int column = 0; column < size; ++column) {
            for (int f = 0; f < filters; ++f) {
                double sum = fixed_16_6(bias[static_cast<std::size_t>(f)]);
                for (int n = 0; n < taps * taps * x.channels; ++n) {
                    const int r = row * stride + n / x.channels / taps - missing / 2;
                    const int c = column * stride + n / x.channels % taps - missing / 2;
                    if (r < 0 || r >= x.size || c < 0 || c >= x.size) continue;
                    const int pixel = (r * x.size + c) * x.channels + n % x.channels;
                    sum += x.pixels[static_cast<std::size_t>(pixel)] *
                           fixed_16_6(kernel[static_cast<std::size_t>(n * filters + f)]);
                }
                y.pixels.push_back(std::max(fixed_16_6(sum), 0.0));
            }
        }
    }
    return y;
}

std::vector<double> dense(const Hdf5File& file, const std::string& name,
                          const std::vector<double>& x) {
    const Tensor kernel = weights(file, name, "kernel");
    const Tensor bias = weights(file, name, "bias");
    std::vector<double> y;
    for (std::size_t j = 0; j < bias.size(); ++j) {
        double sum = fixed_16_6(bias[j]);
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += x[i] * fixed_16_6(kernel[i * bias.size() + j]);
        y.push_back(fixed_16_6(sum));
    }
    return y;
}

/// Batch normalization of every channel: scale and offset in float32, then in fixed point.
Image normalize(const Hdf5File& file, const std::string& name, Image x) {
    for (std::size_t i = 0; i < x.pixels.size(); ++i) {
        const std::size_t c = i % static_cast<std::size_t>(x.channels);
        const auto value = [&](const char* role) {
            return static_cast<float>(weights(file, name, role)[c]);
        };
        const float scale = 1.0F / std::sqrt(value("moving_variance") + 0.001F) * value("gamma");
        const float offset = value("beta") - value("moving_mean") * scale;
        x.pixels[i] =
            fixed_16_6(x.pixels[i] * fixed_16_6(double{scale}) + fixed_16_6(double{offset}));
    }
    return x;
}

std::vector<double> relu(std::vector<double> x) {
    for (double& value : x) value = std::max(value, 0.0);
    return x;
}

/// The model in fixed<16,6> without its softmax, against `network` on the weights of `name`.
template <class Network>
void expect_equal(const std::string& name, int size, const Network& network) {
    ImportParams params;
    params.precision.everywhere = fixed::parse_cast("fixed<16,6>").value();
    params.winner_only = true;
    const ImportedModel model = imported(kKeras + name + ".json", params);
    const Hdf5File file = Hdf5File::open(kKeras + name + "_weights.h5").value();
    const std::size_t pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
    Rng rng(gatewright::testing::test_seed(1));
    for (int event = 0; event < 4; ++event) {
        model::Values x({size, size, 1});
        Image image{size, 1, {}};
        for (std::size_t i = 0; i < pixels; ++i) {
            x[i] = fixed::Dyadic(fixed::Integer(rng.between(-1500, 1500)), -10);
            image.pixels.push_back(x[i].to_double());
        }
        const auto values = evaluate_reference(model.graph, std::vector<model::Values>{x});
        std::vector<double> found;
        for (const fixed::Dyadic& y : values[model.graph.outputs()[0].index()].data)
            found.push_back(y.to_double());
        EXPECT_EQ(found, network(file, image)) << name << " event " << event;
    }
}

TEST(Keras2ConvData, Conv2dModelEqualsLoopsInFixedPoint) {
    expect_equal("KERAS_conv2d_model", 8, [](const Hdf5File& file, const Image& x) {
        return dense(file, "dense_1", convolve(file, "conv2d_1", x, 1).pixels);
    });
}

TEST(Keras2ConvData, JetTaggerWithoutBatchNormEqualsLoopsInFixedPoint) {
    expect_equal("jetTagger_Conv2D_Small_NoBatchNorm", 25, [](const Hdf5File& file, Image x) {
        x = convolve(file, "cnn2D_1_relu", x, 3);
        x = convolve(file, "cnn2D_2_relu", x, 2);
        return dense(file, "output_softmax", relu(dense(file, "dense_1_relu", x.pixels)));
    });
}

TEST(Keras2ConvData, JetTaggerWithBatchNormEqualsLoopsInFixedPoint) {
    expect_equal("jetTagger_Conv2D_Small", 25, [](const Hdf5File& file, Image x) {
        x = convolve(file, "cnn2D_1_relu", normalize(file, "batch_normalization_1", x), 3);
        x = convolve(file, "cnn2D_2_relu", normalize(file, "batch_normalization_2", x), 2);
        return dense(file, "output_softmax", relu(dense(file, "dense_1_relu", x.pixels)));
    });
}

/// round(x · 2^fraction), half to even, cut to [low, high], as a value again.
double rounded(double x, int fraction, double low, double high) {
    const double code = std::nearbyint(std::ldexp(x, fraction));
    return std::ldexp(std::clamp(code, low, high), -fraction);
}

double weight_8_0(double w) {
    return rounded(w, 7, -128, 127);
}
double relu_8_0(double x) {
    return rounded(x, 8, 0, 255);
}

/// QDense of one particle and quantized_relu(8,0), which is what QKeras makes of the text
/// "quantized_relu(quantized_bits(8,0,alpha=1),0)" in these files.
std::vector<double> quantized_dense(const Hdf5File& file, const std::string& group,
                                    const std::string& layer, const std::vector<double>& x) {
    const std::string path = "/" + group + "/" + layer + "/";
    const Tensor kernel = file.read(path + "kernel:0").value();
    const Tensor bias = file.read(path + "bias:0").value();
    std::vector<double> y;
    for (std::size_t j = 0; j < bias.size(); ++j) {
        double sum = weight_8_0(bias[j]);
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += x[i] * weight_8_0(kernel[i * bias.size() + j]);
        y.push_back(relu_8_0(sum));
    }
    return y;
}

/// The DeepSets network of l1-jet-id: three dense layers per particle, the mean over all, one dense
/// layer, and a plain one whose types the user gives.
std::vector<double> deep_sets(const Hdf5File& file, const std::string& prefix,
                              const std::vector<std::vector<double>>& particles) {
    std::vector<double> mean(32, 0.0);
    for (std::vector<double> x : particles) {
        for (const char* layer : {"phi1", "phi2", "phi3"})
            x = quantized_dense(file, prefix + layer, layer, x);
        for (std::size_t i = 0; i < 32; ++i) mean[i] += rounded(x[i], 8, -2048, 2047);
    }
    for (double& value : mean) value /= static_cast<double>(particles.size());
    const std::vector<double> x = quantized_dense(file, prefix + "rho", "rho", mean);
    const Tensor kernel = file.read("/" + prefix + "dense/dense/kernel:0").value();
    const Tensor bias = file.read("/" + prefix + "dense/dense/bias:0").value();
    std::vector<double> y;
    for (std::size_t j = 0; j < 5; ++j) {
        double sum = fixed_16_6(bias[j]);
        for (std::size_t i = 0; i < 32; ++i) sum += x[i] * fixed_16_6(kernel[i * 5 + j]);
        y.push_back(fixed_16_6(sum));
    }
    return y;
}

void expect_deep_sets(int particles, const std::string& prefix) {
    const std::string stem = kData + "/jet_constituents/models/deepsinv_synthable_8bits_" +
                             std::to_string(particles) + "const_ptetaphi_kfolds_kfold_0_";
    ImportParams params;
    params.input_type = fixed::parse_cast("fixed<16,6>").value();
    params.winner_only = true;
    const fixed::Cast type = fixed::parse_cast("fixed<16,6>").value();
    params.precision.layers[prefix + "dense"] = {type, type, std::nullopt, type};
    const ImportedModel model = imported(stem + "keras_metadata.pb", params);
    const Hdf5File file = Hdf5File::open(stem + "model_weights.h5").value();
    const auto jets = tensor::read_doubles(kData + "/jet_constituents/x_test_" +
                                           std::to_string(particles) + "const.npy")
                          .value();
    constexpr std::size_t kEvents = 20;
    const std::size_t width = static_cast<std::size_t>(particles) * 3;
    for (std::size_t event = 0; event < kEvents; ++event) {
        model::Values x({particles, 3});
        std::vector<std::vector<double>> values;
        for (std::size_t i = 0; i < width; ++i) {
            // Transverse momenta in units of 64 GeV; angles as they are.
            const double scale = i % 3 == 0 ? 64.0 : 1.0;
            const double value = fixed_16_6(jets[event * width + i] / scale);
            x[i] = *fixed::Dyadic::from_double(value);
            if (i % 3 == 0) values.emplace_back();
            values.back().push_back(value);
        }
        const auto found = evaluate_reference(model.graph, std::vector<model::Values>{x});
        std::vector<double> y;
        for (const fixed::Dyadic& value : found[model.graph.outputs()[0].index()].data)
            y.push_back(value.to_double());
        EXPECT_EQ(y, deep_sets(file, prefix, values)) << particles << " event " << event;
    }
}

TEST(Keras2ConvData, DeepSetsOfEightConstituentsEqualLoopsOfQKerasFormulas) {
    expect_deep_sets(8, "");
}

TEST(Keras2ConvData, PrunedDeepSetsOfThirtyTwoConstituentsEqualLoopsOfQKerasFormulas) {
    expect_deep_sets(32, "prune_low_magnitude_");
}

/// Dense layers by hand in doubles: fixed<16,6> products below 2^53 units of 2^-20.
TEST(Keras2ConvData, AnomalyAutoencoderEqualsLoopsInFixedPoint) {
    ImportParams params;
    params.precision.everywhere = fixed::parse_cast("fixed<16,6>").value();
    const std::string path = kData + "/mlperf_tiny/anomaly_detection/trained_models/ad01.h5";
    const ImportedModel model = imported(path, params);
    const Hdf5File file = Hdf5File::open(path).value();
    const auto read = [&](const std::string& layer, const char* role) {
        return file.read("/model_weights/" + layer + "/" + layer + "/" + role + ":0").value();
    };
    Rng rng(gatewright::testing::test_seed(1));
    model::Values x({640});
    std::vector<double> y;
    for (std::size_t i = 0; i < 640; ++i) {
        x[i] = fixed::Dyadic(fixed::Integer(rng.between(-30000, 5000)), -10);
        y.push_back(x[i].to_double());
    }
    for (int layer = 0; layer < 10; ++layer) {
        const std::string number = layer == 0 ? "" : "_" + std::to_string(layer);
        const Tensor kernel = read("dense" + number, "kernel");
        const Tensor bias = read("dense" + number, "bias");
        std::vector<double> next;
        for (std::size_t j = 0; j < bias.size(); ++j) {
            double sum = fixed_16_6(bias[j]);
            for (std::size_t i = 0; i < y.size(); ++i)
                sum += y[i] * fixed_16_6(kernel[i * bias.size() + j]);
            next.push_back(fixed_16_6(sum));
        }
        y = next;
        if (layer == 9) break;
        for (std::size_t c = 0; c < y.size(); ++c) {
            const auto value = [&](const char* role) {
                return static_cast<float>(read("batch_normalization" + number, role)[c]);
            };
            const float scale =
                1.0F / std::sqrt(value("moving_variance") + 0.001F) * value("gamma");
            const float offset = value("beta") - value("moving_mean") * scale;
            y[c] = std::max(
                0.0, fixed_16_6(y[c] * fixed_16_6(double{scale}) + fixed_16_6(double{offset})));
        }
    }
    const auto found = evaluate_reference(model.graph, std::vector<model::Values>{x});
    std::vector<double> outputs;
    for (const fixed::Dyadic& value : found[model.graph.outputs()[0].index()].data)
        outputs.push_back(value.to_double());
    EXPECT_EQ(outputs, y);
}

}  // namespace
}  // namespace gatewright::frontends
