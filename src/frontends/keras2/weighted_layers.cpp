// SPDX-License-Identifier: Apache-2.0
//
// Layers with weights. Weights come out as exact numbers in one of three ways: frozen as a QKeras
// quantizer gives them, as signs (binary and ternary layers), or cast to the type the user gave.
#include <fmt/format.h>

#include <cmath>

#include "frontends/keras2/translator.h"
#include "layers/affine.h"
#include "layers/dense.h"

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;

namespace {

using Tensor = tensor::Tensor<double>;

/// Weights as exact numbers, and the bits of each one's type without the sign.
struct Frozen {
    std::vector<Dyadic> values;
    std::int64_t bits = 0;
};

std::vector<Dyadic> exactly(const Tensor& values) {
    std::vector<Dyadic> out;
    for (const double value : values.data) out.push_back(*Dyadic::from_double(value));
    return out;
}

/// How one tensor of a layer is quantized: the key of its quantizer in the configuration, and the
/// type that holds if there is none.
struct FreezeRule {
    const char* quantizer_key = "";
    Role role = Role::kKernel;
    std::optional<Cast> type;
};

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

/// The kernel, checked against the layer's units.
std::optional<Tensor> read_kernel(Context& context, const LayerSpec& layer) {
    auto kernel = context.read(layer, "kernel");
    if (!kernel) return std::nullopt;
    const auto units = layer.config.get_integer("units");
    if (!units) {
        context.problem(layer, units.error().message);
        return std::nullopt;
    }
    if (kernel->shape.size() != 2 || kernel->shape[1] != *units) {
        context.problem(layer, fmt::format("kernel has shape {}, expected [inputs, {}]",
                                           tensor::to_string(kernel->shape), *units));
        return std::nullopt;
    }
    return kernel;
}

bool uses_bias(const LayerSpec& layer) {
    return layer.config.bool_or("use_bias", true).value_or(true);
}

std::optional<LayerId> add_dense(Context& context, const Call& call, const Tensor& stored,
                                 Frozen kernel, std::optional<Frozen> bias) {
    layers::Dense dense;
    dense.kernel = model::Values(stored.shape, std::move(kernel.values));
    if (kernel.bits > 0) dense.kernel_bits.assign(dense.kernel.size(), kernel.bits);
    if (bias) {
        dense.bias = std::move(bias->values);
        if (bias->bits > 0) dense.bias_bits.assign(dense.bias.size(), bias->bits);
    }
    return context.add(call.layer, call.layer.name, std::move(dense), call.inputs);
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

/// H of a BinaryDense or TernaryDense: a number, or "Glorot" for sqrt(1.5 / (inputs + units)).
std::optional<float> binary_scale(Context& context, const LayerSpec& layer, const Tensor& kernel) {
    const Json* scale = layer.config.find("H");
    if (scale == nullptr) return 1.0F;
    if (scale->is_number() && scale->as_number() > 0 && std::isfinite(scale->as_number())) {
        return static_cast<float>(scale->as_number());
    }
    if (scale->is_string() && scale->as_string() == "Glorot") {
        return static_cast<float>(
            std::sqrt(1.5 / static_cast<double>(kernel.shape[0] + kernel.shape[1])));
    }
    context.problem(layer, "H must be a positive number or 'Glorot'");
    return std::nullopt;
}

/// Scale and offset of a batch normalization, in the arithmetic Keras uses.
struct Normalization {
    Tensor scale;
    Tensor offset;
};

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
    Normalization out{Tensor(mean.shape), Tensor(mean.shape)};
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

/// The axis without the batch; Keras writes 3, -1 or [3].
std::optional<std::int64_t> feature_axis(Context& context, const LayerSpec& layer) {
    const Json* axis = layer.config.find("axis");
    if (axis == nullptr) return -1;
    if (axis->is_array() && axis->as_array().size() == 1) axis = &axis->as_array()[0];
    if (!axis->is_integer() || axis->as_integer() == 0) {
        context.problem(layer, fmt::format("axis {} is not one feature axis", axis->dump()));
        return std::nullopt;
    }
    return axis->as_integer() > 0 ? axis->as_integer() - 1 : axis->as_integer();
}

}  // namespace

std::optional<LayerId> translate_dense(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const bool quantized = layer.class_name == "QDense";
    const LayerPrecision types = context.precision_of(layer);
    const auto stored = read_kernel(context, layer);
    auto kernel = stored
                      ? freeze(context, layer, *stored,
                               {quantized ? "kernel_quantizer" : "", Role::kKernel, types.weight})
                      : std::nullopt;
    std::optional<Frozen> bias;
    if (uses_bias(layer)) {
        const auto stored_bias = context.read(layer, "bias");
        if (stored_bias) {
            bias = freeze(context, layer, *stored_bias,
                          {quantized ? "bias_quantizer" : "", Role::kBias, types.bias});
        }
        if (!bias) kernel.reset();
    }
    std::optional<LayerId> id;
    if (kernel) id = add_dense(context, call, *stored, std::move(*kernel), std::move(bias));
    if (!id) id = context.stand_in(layer);  // the activation is checked all the same
    id = cast_sum(context, layer, quantized ? context.own_precision_of(layer) : types, id);
    return activate(context, layer, activation_of(layer),
                    quantized ? Dialect::kQKeras : Dialect::kKeras, id);
}

std::optional<LayerId> translate_binary_dense(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const LayerPrecision types = context.precision_of(layer);
    const auto stored = read_kernel(context, layer);
    if (!stored) return std::nullopt;
    const auto scale = binary_scale(context, layer, *stored);
    if (!scale) return std::nullopt;
    Frozen kernel{{}, 1};
    for (const double value : stored->data) {
        const float w = static_cast<float>(value) / *scale;
        int sign = w > 0 ? 1 : -1;  // the middle of the rounded hard sigmoid goes to -1
        if (layer.class_name == "TernaryDense") sign = w > 0.5F ? 1 : w <= -0.5F ? -1 : 0;
        kernel.values.push_back(*Dyadic::from_double(double{*scale}) * Dyadic(sign));
    }
    std::optional<Frozen> bias;
    if (uses_bias(layer)) {
        const auto stored_bias = context.read(layer, "bias");
        if (!stored_bias) return std::nullopt;
        bias = freeze(context, layer, *stored_bias, {"", Role::kBias, types.bias});
        if (!bias) return std::nullopt;
    }
    auto id = add_dense(context, call, *stored, std::move(kernel), std::move(bias));
    id = cast_sum(context, layer, types, id);
    return activate(context, layer, activation_of(layer), Dialect::kKeras, id);
}

std::optional<LayerId> translate_dense_batchnorm(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const LayerPrecision types = context.precision_of(layer);
    auto stored = read_kernel(context, layer);
    const auto norm = normalization_of(context, layer);
    if (!stored || !norm) return std::nullopt;
    const auto columns = static_cast<std::size_t>(stored->shape[1]);
    Tensor bias({stored->shape[1]});
    if (norm->scale.size() != columns) {
        context.problem(layer, "the batch normalization does not fit the kernel");
        return std::nullopt;
    }
    if (uses_bias(layer)) {
        const auto own = context.read(layer, "bias");
        if (!own || own->size() != columns) return std::nullopt;
        bias = *own;
    }
    // Folded before it is quantized, as the layer computes it at inference, in float32.
    for (std::size_t i = 0; i < stored->size(); ++i) {
        (*stored)[i] =
            double{static_cast<float>((*stored)[i]) * static_cast<float>(norm->scale[i % columns])};
    }
    for (std::size_t j = 0; j < columns; ++j) {
        const float scaled = static_cast<float>(bias[j]) * static_cast<float>(norm->scale[j]);
        bias[j] = double{scaled + static_cast<float>(norm->offset[j])};
    }
    auto kernel =
        freeze(context, layer, *stored, {"kernel_quantizer", Role::kKernel, types.weight});
    auto frozen_bias = freeze(context, layer, bias, {"bias_quantizer", Role::kBias, types.bias});
    if (!kernel || !frozen_bias) return std::nullopt;
    auto id = add_dense(context, call, *stored, std::move(*kernel), std::move(frozen_bias));
    id = cast_sum(context, layer, context.own_precision_of(layer), id);
    return activate(context, layer, activation_of(layer), Dialect::kQKeras, id);
}

std::optional<LayerId> translate_batch_normalization(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const bool quantized = layer.class_name == "QBatchNormalization";
    const LayerPrecision types =
        quantized ? context.own_precision_of(layer) : context.precision_of(layer);
    const auto norm = normalization_of(context, layer);
    const auto axis = feature_axis(context, layer);
    if (!quantized && (!types.weight || !types.bias)) {
        context.needs_type(layer);
        return std::nullopt;
    }
    if (!norm || !axis) return std::nullopt;
    layers::Affine affine;
    affine.axis = *axis;
    affine.scale = exactly(norm->scale);
    affine.offset = exactly(norm->offset);
    if (context.mode() == WeightMode::kQuantized) {
        for (Dyadic& value : affine.scale)
            value = types.weight ? cast_value(value, *types.weight) : value;
        for (Dyadic& value : affine.offset)
            value = types.bias ? cast_value(value, *types.bias) : value;
    }
    const auto id = context.add(layer, layer.name, std::move(affine), call.inputs);
    return cast_sum(context, layer, types, id);
}

}  // namespace gatewright::frontends::keras2
