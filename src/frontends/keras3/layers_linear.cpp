// SPDX-License-Identifier: Apache-2.0
//
// Dense, einsum-dense and batch normalization, quantized (HGQ2) or plain. All become: input
// quantizer, exact linear layer with the weights as they come out of their quantizers, activation,
// output quantizer. Plain layers take their types from --precision.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "frontends/keras3/batch_norm.h"
#include "frontends/keras3/linear_weights.h"
#include "layers/affine.h"
#include "layers/dense.h"
#include "layers/einsum_dense.h"

namespace gatewright::frontends::keras3 {

using fixed::Dyadic;
using model::Values;

namespace {

Result<Statistics> read_statistics(const Call& call, const VariableOrder& order, const char* gamma,
                                   std::size_t channels) {
    Statistics out;
    const auto read = [&](std::string_view name, std::vector<float>& into) -> Status {
        GW_TRY(FloatTensor stored, call.variables.read(order, name));
        if (stored.size() != channels) {
            return fail(fmt::format("variable '{}' has {} numbers, expected {}", name,
                                    stored.size(), channels));
        }
        into = std::move(stored.data);
        return {};
    };
    GW_TRY_STATUS(read("moving_mean", out.mean));
    GW_TRY_STATUS(read("moving_variance", out.variance));
    if (std::find(order.begin(), order.end(), gamma) != order.end())
        GW_TRY_STATUS(read(gamma, out.gamma));
    return out;
}

layers::Dense make_dense(const Weights& weights) {
    layers::Dense dense;
    dense.kernel = weights.kernel;
    dense.bias = weights.bias.data;
    dense.kernel_bits = weights.kernel_bits;
    dense.bias_bits = weights.bias_bits;
    return dense;
}

Result<Wire> add_dense(Call& call, const Weights& weights, const Wire& x) {
    layers::Dense real;
    real.kernel = weights.real_kernel;
    real.bias = weights.real_bias.data;
    return call.add_pair("", make_dense(weights), std::move(real), {x});
}

/// The letters of "bc,cC->bC".
struct Equation {
    std::string input;
    std::string kernel;
    std::string output;
};

Result<Equation> parse_equation(const std::string& text, std::size_t input_rank) {
    std::string clean;
    for (const char c : text) {
        if (c != ' ') clean += c;
    }
    // "..." stands for the axes that the other letters leave over.
    const std::size_t comma = clean.find(',');
    const std::size_t arrow = clean.find("->");
    if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
        return fail(fmt::format("equation '{}' is not of the form input,kernel->output", text));
    }
    Equation out{clean.substr(0, comma), clean.substr(comma + 1, arrow - comma - 1),
                 clean.substr(arrow + 2)};
    const bool has_dots = out.input.find("...") != std::string::npos;
    const std::size_t letters = out.input.size() - (has_dots ? 3 : 0);
    if (letters > input_rank || (!has_dots && letters != input_rank) || letters > 26) {
        return fail(
            fmt::format("equation '{}' does not fit an input with {} axes", text, input_rank));
    }
    std::string unused;
    for (char c = 'A'; c <= 'Z'; ++c) {
        if (clean.find(c) == std::string::npos) unused += c;
    }
    const std::string middle = unused.substr(0, input_rank - letters);
    for (std::string* part : {&out.input, &out.output}) {
        const std::size_t dots = part->find("...");
        if (dots != std::string::npos) part->replace(dots, 3, middle);
    }
    return out;
}

/// A matrix on the last axis: what Dense computes.
bool is_dense(const Equation& e, const std::string& bias_axes) {
    if (e.kernel.size() != 2 || e.input.empty() || e.output.empty()) return false;
    return e.input.back() == e.kernel[0] && e.output.back() == e.kernel[1] &&
           e.kernel[0] != e.kernel[1] &&
           e.input.substr(0, e.input.size() - 1) == e.output.substr(0, e.output.size() - 1) &&
           e.output.find(e.kernel[0]) == std::string::npos &&
           e.input.find(e.kernel[1]) == std::string::npos &&
           (bias_axes.empty() || bias_axes == e.kernel.substr(1));
}

/// The statistics' channel of each kernel element: its index along the normalized axes, in kernel
/// order.
std::vector<std::size_t> channels_of(const tensor::Shape& kernel, const std::string& letters,
                                     const std::string& normalized) {
    std::vector<std::size_t> out(tensor::element_count(kernel), 0);
    tensor::MultiIndex at(kernel);
    for (std::size_t n = 0; n < out.size(); ++n, at.next()) {
        for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
            if (normalized.find(letters[axis]) == std::string::npos) continue;
            out[n] = out[n] * static_cast<std::size_t>(kernel[axis]) +
                     static_cast<std::size_t>((*at)[axis]);
        }
    }
    return out;
}

Result<Folded> fold_einsum(Call& call, const Equation& e, const VariableOrder& order,
                           const FloatTensor& kernel, const FloatTensor& bias,
                           const std::string& bias_axes) {
    GW_TRY(const std::string normalized, call.config.string_or("normalize_axes", bias_axes));
    std::size_t channels = 1;
    for (std::size_t axis = 0; axis < kernel.shape.size(); ++axis) {
        if (normalized.find(e.kernel[axis]) != std::string::npos) {
            channels *= static_cast<std::size_t>(kernel.shape[axis]);
        }
    }
    if (bias.size() != channels) {
        return fail(fmt::format(
            "normalizes {} channels but has {} biases; normalize_axes must equal bias_axes",
            channels, bias.size()));
    }
    GW_TRY(const Statistics statistics, read_statistics(call, order, "gamma", channels));
    return fold_output(kernel, bias, statistics, channels_of(kernel.shape, e.kernel, normalized));
}

Result<Wire> add_einsum(Call& call, const Equation& e, const Weights& weights, const Wire& x) {
    layers::EinsumDense dense;
    dense.equation = e.input + "," + e.kernel + "->" + e.output;
    dense.kernel = weights.kernel;
    if (weights.bias.size() > 0) dense.bias = weights.bias;
    dense.kernel_bits = weights.kernel_bits;
    dense.bias_bits = weights.bias_bits;
    layers::EinsumDense real = dense;
    real.kernel = weights.real_kernel;
    if (weights.bias.size() > 0) real.bias = weights.real_bias;
    return call.add_pair("", std::move(dense), std::move(real), {x});
}

}  // namespace

Result<Wire> translate_dense(Call& call) {
    GW_TRY(Wire x, only_input(call));
    GW_TRY(const bool has_bias, call.flag("use_bias", true));
    const bool normalizes = call.class_name == "QBatchNormDense";
    GW_TRY(const VariableOrder order,
           linear_order(call, has_bias, normalizes ? "bn_gamma" : nullptr));
    GW_TRY(const FloatTensor kernel, call.variables.read(order, "kernel"));
    GW_TRY(const FloatTensor bias, read_bias(call, order));
    if (kernel.shape.size() != 2 || (has_bias && bias.shape != tensor::Shape{kernel.shape[1]})) {
        return fail(
            fmt::format("has a kernel {} and a bias {}, expected [inputs, outputs] and [outputs]",
                        tensor::to_string(kernel.shape), tensor::to_string(bias.shape)));
    }
    Folded folded = unfolded(kernel, bias);
    if (normalizes) {
        if (!has_bias) return fail("has use_bias = false, which QBatchNormDense does not allow");
        GW_TRY(const double epsilon, call.config.number_or("epsilon", 1e-3));
        GW_TRY(const Statistics statistics,
               read_statistics(call, order, "bn_gamma", static_cast<std::size_t>(kernel.shape[0])));
        folded = fold_input(kernel, bias, statistics, epsilon);
    }
    if (is_quantized(call)) {
        if (std::find(order.begin(), order.end(), "ebops") != order.end()) store_ebops(call, order);
        GW_TRY(x, apply_input_quantizer(call, x));
    }
    GW_TRY(const Weights weights,
           is_quantized(call) ? quantize_folded(call, folded) : cast_plain(call, folded));
    GW_TRY(const Wire y, add_dense(call, weights, x));
    return finish(call, y);
}

Result<Wire> translate_einsum_dense(Call& call) {
    GW_TRY(Wire x, only_input(call));
    GW_TRY(const std::string bias_axes, call.config.string_or("bias_axes", ""));
    GW_TRY(const std::string text, call.config.get_string("equation"));
    GW_TRY(const Equation e, parse_equation(text, call.shape(x).size() + 1));
    const bool normalizes = call.class_name == "QEinsumDenseBatchnorm";
    GW_TRY(const VariableOrder order,
           linear_order(call, !bias_axes.empty(), normalizes ? "gamma" : nullptr));
    GW_TRY(const FloatTensor kernel, call.variables.read(order, "kernel"));
    GW_TRY(const FloatTensor bias, read_bias(call, order));
    if (kernel.shape.size() != e.kernel.size()) {
        return fail(fmt::format("has a kernel {} but the equation '{}'",
                                tensor::to_string(kernel.shape), text));
    }
    Folded folded = unfolded(kernel, bias);
    if (normalizes) {
        GW_TRY(folded, fold_einsum(call, e, order, kernel, bias, bias_axes));
    }
    if (is_quantized(call)) {
        if (std::find(order.begin(), order.end(), "ebops") != order.end()) store_ebops(call, order);
        GW_TRY(x, apply_input_quantizer(call, x));
    }
    GW_TRY(const Weights weights,
           is_quantized(call) ? quantize_folded(call, folded) : cast_plain(call, folded));
    GW_TRY(const Wire y,
           is_dense(e, bias_axes) ? add_dense(call, weights, x) : add_einsum(call, e, weights, x));
    return finish(call, y);
}

Result<Wire> translate_batch_norm(Call& call) {
    GW_TRY(Wire x, only_input(call));
    GW_TRY(const bool has_scale, call.flag("scale", true));
    GW_TRY(const bool has_center, call.flag("center", true));
    GW_TRY(const std::int64_t keras_axis, call.config.integer_or("axis", -1));
    GW_TRY(const std::int64_t axis, without_batch(keras_axis, call.shape(x).size()));
    GW_TRY(const double epsilon, call.config.number_or("epsilon", 1e-3));
    const char* gamma = is_quantized(call) ? "bn_gamma" : "gamma";
    const char* beta = is_quantized(call) ? "bn_beta" : "beta";
    VariableOrder order;
    if (has_scale) order.emplace_back(gamma);
    if (has_center) order.emplace_back(beta);
    order.insert(order.end(), {"moving_mean", "moving_variance", "beta", "ebops"});
    const auto channels = static_cast<std::size_t>(call.shape(x)[static_cast<std::size_t>(axis)]);
    GW_TRY(const Statistics statistics, read_statistics(call, order, gamma, channels));
    // Without a trained offset, QBatchNormalization adds 1; plain batch normalization adds nothing.
    FloatTensor bias({static_cast<std::int64_t>(channels)});
    if (has_center) {
        GW_TRY(bias, call.variables.read(order, beta));
    } else if (is_quantized(call)) {
        std::fill(bias.data.begin(), bias.data.end(), 1.0F);
    }
    if (bias.size() != channels)
        return fail("variable 'beta' does not have one number per channel");
    Folded folded{FloatTensor(bias.shape, channel_scale(statistics, epsilon)),
                  bias,
                  real_channel_scale(statistics, epsilon),
                  {},
                  {}};
    for (std::size_t c = 0; c < channels; ++c) {
        const float moved = statistics.mean[c] * folded.kernel[c];
        folded.bias[c] = bias[c] - moved;
        folded.real_bias.push_back(bias[c] - statistics.mean[c] * folded.real_kernel[c]);
    }
    if (is_quantized(call)) {
        store_ebops(call, order);
        GW_TRY(x, apply_input_quantizer(call, x));
    }
    GW_TRY(const Weights weights,
           is_quantized(call) ? quantize_folded(call, folded) : cast_plain(call, folded));
    layers::Affine affine{};
    affine.scale = weights.kernel.data;
    affine.offset = weights.bias.data;
    affine.axis = axis;
    layers::Affine real = affine;
    real.scale = weights.real_kernel.data;
    real.offset = weights.real_bias.data;
    GW_TRY(const Wire y, call.add_pair("", std::move(affine), std::move(real), {x}));
    return finish(call, y);
}

}  // namespace gatewright::frontends::keras3
