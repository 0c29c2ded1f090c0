// SPDX-License-Identifier: Apache-2.0
//
// The table of layers, and nothing else: adding a layer of Keras or HGQ2 is one line here and one
// rule.
#include "frontends/keras3/translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gatewright::frontends::keras3 {

namespace {

// Known for every layer: they matter to training only, or are read where they are needed.
constexpr std::string_view kCommon =
    " name trainable dtype activity_regularizer enable_ebops ebops_factor beta0 enable_oq "
    "enable_iq oq_conf "
    "iq_conf iq_confs kq_conf bq_conf parallelization_factor batch_input_shape ";

constexpr std::string_view kNorm =
    " axis momentum epsilon center scale synchronized renorm renorm_clipping renorm_momentum "
    "bias_axes "
    "normalize_axes ";
constexpr std::string_view kDense = " units activation use_bias ";
constexpr std::string_view kDenseNorm =
    " units activation use_bias momentum epsilon scale synchronized ";
constexpr std::string_view kEinsum = " equation output_shape activation bias_axes ";
constexpr std::string_view kEinsumNorm =
    " equation output_shape activation bias_axes normalize_axes momentum epsilon center scale "
    "synchronized ";
constexpr std::string_view kLut =
    " activation allow_heterogeneous_table allow_heterogeneous_input override_oq_k0_to_0 ";
constexpr std::string_view kSoftmax =
    " axis axes stable exp_oq_conf exp_iq_conf inv_oq_conf inv_iq_conf allow_heterogeneous_table "
    "input_scaler ";
constexpr std::string_view kConv =
    " filters kernel_size strides padding data_format dilation_rate groups activation use_bias "
    "output_padding depth_multiplier ";
constexpr std::string_view kPool = " pool_size strides padding data_format keepdims ";
constexpr std::string_view kNoise = " rate seed noise_shape stddev l1 l2 ";

constexpr std::array kRules = {
    Rule{"QDense", kDense, translate_dense},
    Rule{"QBatchNormDense", kDenseNorm, translate_dense},
    Rule{"Dense", kDense, translate_dense},
    Rule{"QEinsumDense", kEinsum, translate_einsum_dense},
    Rule{"QEinsumDenseBatchnorm", kEinsumNorm, translate_einsum_dense},
    Rule{"EinsumDense", kEinsum, translate_einsum_dense},
    Rule{"QConv1D", kConv, translate_convolution},
    Rule{"QConv2D", kConv, translate_convolution},
    Rule{"Conv1D", kConv, translate_convolution},
    Rule{"Conv2D", kConv, translate_convolution},
    Rule{"DepthwiseConv1D", kConv, translate_convolution},
    Rule{"DepthwiseConv2D", kConv, translate_convolution},
    Rule{"SeparableConv1D", kConv, translate_convolution},
    Rule{"SeparableConv2D", kConv, translate_convolution},
    Rule{"Conv1DTranspose", kConv, translate_convolution},
    Rule{"Conv2DTranspose", kConv, translate_convolution},
    Rule{"QMaxPooling1D", kPool, translate_pooling},
    Rule{"QMaxPooling2D", kPool, translate_pooling},
    Rule{"QAveragePooling1D", kPool, translate_pooling},
    Rule{"QAveragePooling2D", kPool, translate_pooling},
    Rule{"QGlobalMaxPooling1D", kPool, translate_pooling},
    Rule{"QGlobalMaxPooling2D", kPool, translate_pooling},
    Rule{"QGlobalAveragePooling1D", kPool, translate_pooling},
    Rule{"QGlobalAveragePooling2D", kPool, translate_pooling},
    Rule{"MaxPooling1D", kPool, translate_pooling},
    Rule{"MaxPooling2D", kPool, translate_pooling},
    Rule{"AveragePooling1D", kPool, translate_pooling},
    Rule{"AveragePooling2D", kPool, translate_pooling},
    Rule{"GlobalMaxPooling1D", kPool, translate_pooling},
    Rule{"GlobalMaxPooling2D", kPool, translate_pooling},
    Rule{"GlobalAveragePooling1D", kPool, translate_pooling},
    Rule{"GlobalAveragePooling2D", kPool, translate_pooling},
    Rule{"ZeroPadding1D", " padding data_format ", translate_zero_padding},
    Rule{"ZeroPadding2D", " padding data_format ", translate_zero_padding},
    Rule{"Cropping1D", " cropping data_format ", translate_cropping},
    Rule{"Cropping2D", " cropping data_format ", translate_cropping},
    Rule{"UpSampling1D", " size interpolation data_format ", translate_up_sampling},
    Rule{"UpSampling2D", " size interpolation data_format ", translate_up_sampling},
    Rule{"QBatchNormalization", kNorm, translate_batch_norm},
    Rule{"BatchNormalization", kNorm, translate_batch_norm},
    Rule{"Quantizer", " config ", translate_quantizer},
    Rule{"Activation", " activation ", translate_activation},
    Rule{"QActivation", kLut, translate_lut},
    Rule{"QUnaryFunctionLUT", kLut, translate_lut},
    Rule{"QAffinedUnaryFunctionLUT", kLut, translate_lut},
    Rule{"QSoftmax", kSoftmax, translate_softmax},
    Rule{"Softmax", " axis ", translate_plain_softmax},
    Rule{"ReLU", " max_value negative_slope threshold ", translate_relu},
    Rule{"LeakyReLU", " negative_slope ", translate_leaky_relu},
    Rule{"PReLU", " shared_axes ", translate_prelu},
    Rule{"ELU", " alpha ", translate_elu},
    Rule{"QAdd", "", translate_merge},
    Rule{"QSubtract", "", translate_merge},
    Rule{"QMultiply", "", translate_merge},
    Rule{"QMaximum", "", translate_merge},
    Rule{"QMinimum", "", translate_merge},
    Rule{"QAverage", "", translate_merge},
    Rule{"QAveragePow2", "", translate_merge},
    Rule{"Add", "", translate_merge},
    Rule{"Subtract", "", translate_merge},
    Rule{"Multiply", "", translate_merge},
    Rule{"Maximum", "", translate_merge},
    Rule{"Minimum", "", translate_merge},
    Rule{"Average", "", translate_merge},
    Rule{"QDot", " axes normalize ", translate_dot},
    Rule{"Dot", " axes normalize ", translate_dot},
    Rule{"QSum", " axes scale keepdims ", translate_sum},
    Rule{"QMeanPow2", " axes scale keepdims ", translate_sum},
    Rule{"Reshape", " target_shape ", translate_reshape},
    Rule{"Flatten", " data_format ", translate_flatten},
    Rule{"Permute", " dims ", translate_permute},
    Rule{"Concatenate", " axis ", translate_concatenate},
    Rule{"Rescaling", " scale offset ", translate_rescaling},
    Rule{"Dropout", kNoise, translate_identity},
    Rule{"SpatialDropout1D", kNoise, translate_identity},
    Rule{"SpatialDropout2D", kNoise, translate_identity},
    Rule{"AlphaDropout", kNoise, translate_identity},
    Rule{"GaussianDropout", kNoise, translate_identity},
    Rule{"GaussianNoise", kNoise, translate_identity},
    Rule{"ActivityRegularization", kNoise, translate_identity},
    Rule{"Identity", "", translate_identity},
};

struct Advice {
    std::string_view part;  ///< of a class name
    std::string_view text;
};

constexpr std::array kAdvice = {
    Advice{"DenseT", "use QDense, or QUnaryFunctionLUT for single inputs"},
    Advice{"ConvT", "use QConv1D or QConv2D, or QUnaryFunctionLUT for single inputs"},
    Advice{"3D", "one and two dimensions are supported: move the third into the channels"},
    Advice{"Conv", "use QConv1D or QConv2D"},
    Advice{"Attention", "write it out with QEinsumDense, QDot and QSoftmax"},
    Advice{"QEinsum", "use QDot for two data inputs, QEinsumDense for a constant kernel"},
    Advice{"LSTM", "unroll it over its steps with QDense layers"},
    Advice{"GRU", "unroll it over its steps with QDense layers"},
    Advice{"RNN", "unroll it over its steps with QDense layers"},
    Advice{"Lambda", "a Lambda holds Python code; use the layer that does the same"},
    Advice{"Normalization", "use QBatchNormalization, or BatchNormalization with --precision"},
    Advice{"Functional", "flatten nested models into one before saving"},
    Advice{"Sequential", "flatten nested models into one before saving"},
};

bool has_word(std::string_view words, std::string_view word) {
    for (std::size_t at = words.find(word); at != std::string_view::npos;
         at = words.find(word, at + 1)) {
        const bool begins = at == 0 || words[at - 1] == ' ';
        const std::size_t end = at + word.size();
        if (begins && (end == words.size() || words[end] == ' ')) return true;
    }
    return false;
}

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

const Rule* find_rule(std::string_view class_name) {
    const auto found = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& rule) {
        return rule.class_name == class_name;
    });
    return found == kRules.end() ? nullptr : &*found;
}

std::string advice_for(std::string_view class_name) {
    for (const Advice& advice : kAdvice) {
        if (class_name.find(advice.part) != std::string_view::npos) return std::string(advice.text);
    }
    return "use one of the layers that `gatewright layers` lists";
}

std::vector<std::string> unknown_attributes(const Rule& rule, const Json& config) {
    std::vector<std::string> out;
    for (const auto& [key, value] : config.as_object()) {
        const bool only_trains = ends_with(key, "_initializer") || ends_with(key, "_regularizer") ||
                                 ends_with(key, "_constraint");
        if (value.is_null() || only_trains || has_word(kCommon, key) ||
            has_word(rule.attributes, key))
            continue;
        out.push_back(key);
    }
    return out;
}

}  // namespace gatewright::frontends::keras3
