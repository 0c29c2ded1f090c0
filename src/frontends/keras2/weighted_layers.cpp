// SPDX-License-Identifier: Apache-2.0
//
// Dense layers and batch normalization.
#include <fmt/format.h>

#include <cmath>

#include "frontends/keras2/frozen_weights.h"
#include "layers/affine.h"
#include "layers/dense.h"

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;

namespace {

using Tensor = FloatWeights;

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

std::optional<LayerId> add_dense(Context& context, const Call& call, const Tensor& stored,
                                 Frozen kernel, std::optional<Frozen> bias) {
    layers::Dense dense;
    dense.kernel_bits = kernel.bits_of_each();
    dense.kernel = model::Values(stored.shape, std::move(kernel.values));
    if (bias) {
        dense.bias_bits = bias->bits_of_each();
        dense.bias = std::move(bias->values);
    }
    return context.add(call.layer, call.layer.name, std::move(dense), call.inputs);
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
    const auto stored = read_kernel(context, layer);
    const auto own_bias = uses_bias(layer) ? context.read(layer, "bias") : std::nullopt;
    if (!stored || (uses_bias(layer) && !own_bias)) return std::nullopt;
    // Folded before it is quantized, as the layer computes it at inference, in float32.
    const auto folded = fold_normalization(context, layer, *stored, own_bias);
    if (!folded) return std::nullopt;
    auto kernel =
        freeze(context, layer, folded->kernel, {"kernel_quantizer", Role::kKernel, types.weight});
    auto frozen_bias =
        freeze(context, layer, folded->bias, {"bias_quantizer", Role::kBias, types.bias});
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
