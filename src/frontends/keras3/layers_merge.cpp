// SPDX-License-Identifier: Apache-2.0
//
// Layers that join tensors, sum along axes, or only move elements.
#include <fmt/format.h>

#include <cmath>

#include "frontends/keras3/quantizer.h"
#include "frontends/keras3/translate.h"
#include "frontends/windows.h"
#include "layers/affine.h"
#include "layers/concatenate.h"
#include "layers/dot.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/reshape.h"
#include "layers/sum.h"

namespace gatewright::frontends::keras3 {

using fixed::Dyadic;

namespace {

/// Each input through its own quantizer, in HGQ2's layers.
Result<std::vector<Wire>> quantized_inputs(Call& call) {
    GW_TRY(const bool is_enabled, call.flag("enable_iq", false));
    const Json* configs = call.config.find("iq_confs");
    if (!is_enabled || configs == nullptr || configs->is_null()) return call.inputs;
    std::vector<Wire> out;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        const bool is_list = configs->is_array();
        if (is_list && i >= configs->as_array().size())
            return fail("has fewer iq_confs than inputs");
        const Json& config = is_list ? configs->as_array()[i] : *configs;
        const std::string role =
            i == 0 ? "iq/quantizers/quantizer" : fmt::format("iq/quantizers/quantizer_{}", i);
        GW_TRY(const VariableGroup variables, call.variables.quantizer(role));
        const auto quantizer = read_quantizer(config, variables);
        if (!quantizer) return fail_in(fmt::format("input quantizer {}", i), quantizer.error());
        GW_TRY(const Wire x,
               apply_quantizer(call, *quantizer, fmt::format("_iq{}", i), call.inputs[i]));
        out.push_back(x);
    }
    return out;
}

Result<Wire> merge(Call& call, std::string_view operation, const std::vector<Wire>& inputs) {
    if (inputs.empty()) return fail("has no inputs");
    if (operation == "Add") return call.add("", layers::Add{}, inputs);
    if (operation == "Subtract") return call.add("", layers::Subtract{}, inputs);
    if (operation == "Multiply") return call.add("", layers::Multiply{}, inputs);
    if (operation == "Maximum") return call.add("", layers::Maximum{}, inputs);
    if (operation == "Minimum") return call.add("", layers::Minimum{}, inputs);
    if (operation == "Average") return call.add("", layers::Average{}, inputs);
    GW_CHECK(operation == "AveragePow2", "unknown merge");
    GW_TRY(const Wire sum, call.add("_sum", layers::Add{}, inputs));
    layers::Affine half;
    half.scale = {Dyadic(1).shifted(-static_cast<int>(std::nearbyint(std::log2(inputs.size()))))};
    return call.add("", std::move(half), {sum});
}

/// An integer, or a list of them.
Result<std::vector<std::int64_t>> integers(const Json& config, std::string_view key) {
    const Json* value = config.find(key);
    if (value != nullptr && value->is_integer())
        return std::vector<std::int64_t>{value->as_integer()};
    return config.get_integers(key);
}

}  // namespace

Result<Wire> translate_merge(Call& call) {
    store_ebops(call, {"beta", "ebops"});
    GW_TRY(const std::vector<Wire> inputs, quantized_inputs(call));
    std::string_view operation = call.class_name;
    if (operation.front() == 'Q') operation.remove_prefix(1);
    GW_TRY(const Wire y, merge(call, operation, inputs));
    return apply_output_quantizer(call, y);
}

Result<Wire> translate_dot(Call& call) {
    store_ebops(call, {"beta", "ebops"});
    GW_TRY(const bool normalizes, call.flag("normalize", false));
    if (normalizes) return fail("has normalize = true; only the plain dot product is supported");
    GW_TRY(const std::vector<Wire> inputs, quantized_inputs(call));
    if (inputs.size() != 2) return fail(fmt::format("has {} inputs, expected two", inputs.size()));
    GW_TRY(std::vector<std::int64_t> axes, integers(call.config, "axes"));
    if (axes.size() == 1) axes.push_back(axes[0]);
    if (axes.size() != 2) return fail("has axes that are neither a number nor a pair");
    layers::Dot dot;
    for (std::size_t i = 0; i < 2; ++i) {
        GW_TRY(const std::int64_t axis, without_batch(axes[i], call.shape(inputs[i]).size()));
        dot.axes.push_back(axis);
    }
    GW_TRY(const Wire y, call.add("", std::move(dot), inputs));
    return apply_output_quantizer(call, y);
}

Result<Wire> translate_sum(Call& call) {
    GW_TRY(Wire x, only_input(call));
    store_ebops(call, {"beta", "ebops"});
    GW_TRY(x, apply_input_quantizer(call, x));
    GW_TRY(const std::vector<std::int64_t> axes, integers(call.config, "axes"));
    layers::Sum sum;
    double count = 1;
    for (const std::int64_t keras_axis : axes) {
        GW_TRY(const std::int64_t axis, without_batch(keras_axis, call.shape(x).size()));
        sum.axes.push_back(axis);
        count *= static_cast<double>(call.shape(x)[static_cast<std::size_t>(axis)]);
    }
    if (sum.axes.empty()) return fail("sums along no axis");
    GW_TRY(sum.keep_axes, call.flag("keepdims", false));
    GW_TRY(double scale, call.config.number_or("scale", 1.0));
    // The mean divides by the nearest power of two, not by the count.
    if (call.class_name == "QMeanPow2") scale = std::exp2(std::nearbyint(std::log2(1.0 / count)));
    const auto exact = Dyadic::from_double(scale);
    if (!exact) return fail("has a scale that is not finite");
    sum.scale = *exact;
    GW_TRY(const Wire y, call.add("", std::move(sum), {x}));
    return apply_output_quantizer(call, y);
}

Result<Wire> translate_reshape(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    layers::Reshape reshape;
    GW_TRY(reshape.shape, call.config.get_integers("target_shape"));
    return call.add("", std::move(reshape), {x});
}

Result<Wire> translate_flatten(Call& call) {
    GW_TRY(Wire x, only_input(call));
    GW_TRY(const ChannelAxis channels, read_channel_axis(call.config));
    const std::size_t axes = call.shape(x).size();
    if (axes == 1) return x;
    if (channels == ChannelAxis::kFirst) {
        // Keras flattens in the order of channels last, wherever the channels are.
        layers::Permute permute;
        permute.dims = to_channels_last(axes);
        GW_TRY(x, call.add("_axes", std::move(permute), {x}));
    }
    layers::Reshape reshape;
    reshape.shape = {-1};
    return call.add("", std::move(reshape), {x});
}

Result<Wire> translate_permute(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    layers::Permute permute;
    GW_TRY(permute.dims, call.config.get_integers("dims"));
    for (std::int64_t& axis : permute.dims) {
        GW_TRY(axis, without_batch(axis, call.shape(x).size()));
    }
    return call.add("", std::move(permute), {x});
}

Result<Wire> translate_concatenate(Call& call) {
    if (call.inputs.empty()) return fail("has no inputs");
    GW_TRY(const std::int64_t axis, call.config.integer_or("axis", -1));
    layers::Concatenate concatenate;
    GW_TRY(concatenate.axis, without_batch(axis, call.shape(call.inputs[0]).size()));
    return call.add("", std::move(concatenate), call.inputs);
}

Result<Wire> translate_rescaling(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const double scale, call.config.number_or("scale", 1.0));
    GW_TRY(const double offset, call.config.number_or("offset", 0.0));
    if (!std::isfinite(scale) || !std::isfinite(offset))
        return fail("has a scale or offset that is not finite");
    layers::Affine affine;
    affine.scale = {as_float32(scale)};
    affine.offset = {as_float32(offset)};
    return call.add("", std::move(affine), {x});
}

Result<Wire> translate_identity(Call& call) {
    return only_input(call);
}

}  // namespace gatewright::frontends::keras3
