// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/frozen_weights.h"

#include <fmt/format.h>

#include <cmath>

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;
using Tensor = FloatWeights;

std::vector<Dyadic> exactly(const Tensor& values) {
    std::vector<Dyadic> out;
    for (const double value : values.data) out.push_back(*Dyadic::from_double(value));
    return out;
}

std::optional<Frozen> freeze(Context& context, const LayerSpec& layer, const Tensor& stored,
                             const FreezeRule& rule) {
    const Json* quantizer = layer.config.find(rule.quantizer_key);
    if (quantizer != nullptr && !quantizer->is_null()) {
        auto spec = read_quantizer(*quantizer, rule.role);
        auto values = spec ? quantize_weights(*spec, stored)
                           : Result<tensor::Tensor<float>>(tl::unexpected<Error>(spec.error()));
        if (!values) {
            context.problem(layer,
                            fmt::format("{}: {}", rule.quantizer_key, values.error().message));
            return std::nullopt;
        }
        Frozen frozen{exactly(stored), magnitude_bits(*spec)};
        if (context.mode() == WeightMode::kTrained) return frozen;
        for (std::size_t i = 0; i < values->size(); ++i) {
            frozen.values[i] = *Dyadic::from_double(double{(*values)[i]});
        }
        return frozen;
    }
    if (!rule.type) {
        context.needs_type(layer);
        return std::nullopt;
    }
    Frozen frozen{exactly(stored), rule.type->format.magnitude_bits()};
    if (context.mode() == WeightMode::kTrained) return frozen;
    for (Dyadic& value : frozen.values) value = cast_value(value, *rule.type);
    return frozen;
}

bool uses_bias(const LayerSpec& layer) {
    return layer.config.bool_or("use_bias", true).value_or(true);
}

std::optional<LayerId> cast_sum(Context& context, const LayerSpec& layer,
                                const LayerPrecision& types, std::optional<LayerId> id) {
    if (types.accumulator) {
        id = context.quantize(layer, layer.name + "_accumulator", *types.accumulator, id);
    }
    if (types.result) id = context.quantize(layer, layer.name + "_result", *types.result, id);
    return id;
}

Json activation_of(const LayerSpec& layer) {
    const Json* activation = layer.config.find("activation");
    return activation == nullptr ? Json() : *activation;
}

namespace {

std::optional<Normalization> read_normalization(Context& context, const LayerSpec& layer,
                                                const Tensor& gamma, const Tensor& beta,
                                                const Tensor& mean, const Tensor& variance) {
    const auto epsilon = context.number(layer, "epsilon", 1e-3);
    if (!epsilon) return std::nullopt;
    const std::size_t size = mean.size();
    if (gamma.size() != size || beta.size() != size || variance.size() != size) {
        context.problem(layer, "gamma, beta, moving_mean and moving_variance differ in size");
        return std::nullopt;
    }
    Normalization out{Tensor(mean.shape), Tensor(mean.shape), mean, beta};
    for (std::size_t i = 0; i < size; ++i) {
        if (!(variance[i] + *epsilon > 0)) {
            context.problem(layer,
                            fmt::format("moving_variance element {} is {}; variance + epsilon must "
                                        "be positive",
                                        i, variance[i]));
            return std::nullopt;
        }
        const float deviation =
            std::sqrt(static_cast<float>(variance[i]) + static_cast<float>(*epsilon));
        const float scale = 1.0F / deviation * static_cast<float>(gamma[i]);
        out.scale[i] = double{scale};
        out.offset[i] = double{static_cast<float>(beta[i]) - static_cast<float>(mean[i]) * scale};
    }
    return out;
}

/// One parameter of a QBatchNormalization through its quantizer, or as stored.
std::optional<Tensor> read_parameter(Context& context, const LayerSpec& layer, const char* role,
                                     const char* quantizer_key, const Role kind) {
    auto stored = context.read(layer, role);
    const Json* quantizer = layer.config.find(quantizer_key);
    const bool frozen = context.mode() == WeightMode::kQuantized && quantizer != nullptr &&
                        !quantizer->is_null() && layer.class_name == "QBatchNormalization";
    if (!stored || !frozen) return stored;
    auto spec = read_quantizer(*quantizer, kind);
    auto values = spec ? quantize_weights(*spec, *stored)
                       : Result<tensor::Tensor<float>>(tl::unexpected<Error>(spec.error()));
    if (!values) {
        context.problem(layer, fmt::format("{}: {}", quantizer_key, values.error().message));
        return std::nullopt;
    }
    for (std::size_t i = 0; i < stored->size(); ++i) (*stored)[i] = double{(*values)[i]};
    return stored;
}

}  // namespace

std::optional<Normalization> normalization_of(Context& context, const LayerSpec& layer) {
    const auto mean = read_parameter(context, layer, "moving_mean", "mean_quantizer", Role::kBias);
    const auto variance =
        read_parameter(context, layer, "moving_variance", "variance_quantizer", Role::kKernel);
    if (!mean || !variance) return std::nullopt;
    std::optional<Tensor> gamma = Tensor(mean->shape, std::vector<double>(mean->size(), 1.0));
    std::optional<Tensor> beta = Tensor(mean->shape);
    if (layer.config.bool_or("scale", true).value_or(true)) {
        gamma = read_parameter(context, layer, "gamma", "gamma_quantizer", Role::kKernel);
    }
    if (layer.config.bool_or("center", true).value_or(true)) {
        beta = read_parameter(context, layer, "beta", "beta_quantizer", Role::kBias);
    }
    if (!gamma || !beta) return std::nullopt;
    return read_normalization(context, layer, *gamma, *beta, *mean, *variance);
}

std::optional<FoldedWeights> fold_normalization(Context& context, const LayerSpec& layer,
                                                const Tensor& kernel,
                                                const std::optional<Tensor>& bias) {
    const auto norm = normalization_of(context, layer);
    if (!norm) return std::nullopt;
    const std::size_t channels = norm->scale.size();
    const bool fits = channels > 0 && kernel.size() % channels == 0 && !kernel.shape.empty() &&
                      (!bias || bias->size() == channels);
    if (!fits) {
        context.problem(layer, "the batch normalization does not fit the kernel");
        return std::nullopt;
    }
    FoldedWeights out{kernel, Tensor({static_cast<std::int64_t>(channels)})};
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        out.kernel[i] =
            double{static_cast<float>(kernel[i]) * static_cast<float>(norm->scale[i % channels])};
    }
    for (std::size_t c = 0; c < channels; ++c) {
        const float shifted =
            static_cast<float>(bias ? (*bias)[c] : 0.0) - static_cast<float>(norm->mean[c]);
        const float scaled = static_cast<float>(norm->scale[c]) * shifted;
        out.bias[c] = double{scaled + static_cast<float>(norm->beta[c])};
    }
    return out;
}

}  // namespace gatewright::frontends::keras2
