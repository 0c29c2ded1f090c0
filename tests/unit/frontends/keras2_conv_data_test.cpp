// SPDX-License-Identifier: Apache-2.0
//
// Real convolutional networks of Keras 2 and QKeras. The ECON-T encoder must give the outputs that
// its authors stored; the plain hls4ml models are compared with loops in fixed point written here.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "frontends/hdf5_file.h"
#include "frontends/import.h"
#include "support/model_run.h"
#include "support/seed.h"

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

}  // namespace
}  // namespace gatewright::frontends
