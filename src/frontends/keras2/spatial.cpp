// SPDX-License-Identifier: Apache-2.0
//
// Pooling, zero padding, cropping and up-sampling of Keras 2 and QKeras. QKeras multiplies a mean
// by the window's area and by its quantized reciprocal: exact where all taps lie inside.
#include <fmt/format.h>

#include "frontends/averages.h"
#include "frontends/keras2/frozen_weights.h"
#include "frontends/windows.h"
#include "layers/permute.h"
#include "layers/pool.h"
#include "layers/rearrange.h"
#include "layers/reshape.h"

namespace gatewright::frontends::keras2 {

namespace {

bool has(const LayerSpec& layer, const char* part) {
    return layer.class_name.find(part) != std::string::npos;
}

std::size_t rank_of(const LayerSpec& layer) {
    return has(layer, "1D") ? 1 : 2;
}

/// The window of a pooling layer; of a global one, no sizes.
Result<WindowConfig> read_pool(const LayerSpec& layer) {
    if (!has(layer, "Global")) return read_window(layer.config, rank_of(layer), "pool_size");
    WindowConfig out;
    GW_TRY(out.channels, read_channel_axis(layer.config));
    return out;
}

/// Factor of a QKeras mean: area · quantized(1 / area).
std::optional<fixed::Dyadic> average_factor(Context& context, const LayerSpec& layer,
                                            const layers::AveragePool& pool,
                                            const tensor::Shape& input) {
    const Json* quantizer = layer.config.find("average_quantizer");
    if (quantizer == nullptr || quantizer->is_null()) return fixed::Dyadic(1);
    std::int64_t area = 1;
    for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
        area *= pool.size.empty() ? input[axis] : pool.size[axis];
    }
    auto spec = read_quantizer(*quantizer, Role::kBias);
    const tensor::Tensor<double> reciprocal(
        {}, {double{static_cast<float>(1.0 / static_cast<double>(area))}});
    auto value = spec ? quantize_weights(*spec, reciprocal)
                      : Result<tensor::Tensor<float>>(tl::unexpected<Error>(spec.error()));
    if (!value) {
        context.problem(layer, "average_quantizer: " + value.error().message);
        return std::nullopt;
    }
    if (context.mode() == WeightMode::kTrained) return fixed::Dyadic(1);
    return *fixed::Dyadic::from_double(double{(*value)[0]}) *
           fixed::Dyadic(fixed::Integer(area), 0);
}

std::optional<LayerId> add_average(Context& context, const LayerSpec& layer,
                                   layers::AveragePool pool, LayerId x) {
    const auto factor = average_factor(context, layer, pool, context.shape_of(x));
    if (!factor) return std::nullopt;
    pool.scale = *factor;
    const LayerPrecision types =
        layer.class_name[0] == 'Q' ? context.own_precision_of(layer) : context.precision_of(layer);
    if (types.accumulator) pool.sum_type = {*types.accumulator};
    if (types.result) pool.type = {*types.result};
    return context.add_average(layer, std::move(pool), x);
}

std::optional<LayerId> add_pool(Context& context, const LayerSpec& layer,
                                const WindowConfig& window, LayerId x) {
    const std::size_t rank = rank_of(layer);
    const tensor::Shape input = context.shape_of(x);
    if (input.size() != rank + 1) {
        context.problem(
            layer, fmt::format("takes an input of {} axes, expected {}", input.size(), rank + 1));
        return std::nullopt;
    }
    if (has(layer, "Average")) {
        layers::AveragePool pool;
        set_window(window, input, pool);
        return add_average(context, layer, std::move(pool), x);
    }
    layers::MaxPool pool;
    set_window(window, input, pool);
    return context.add(layer, layer.name, std::move(pool), {x});
}

/// Global pooling leaves axes of size 1; Keras drops them unless told to keep them.
std::optional<LayerId> drop_axes(Context& context, const LayerSpec& layer,
                                 std::optional<LayerId> id) {
    if (!id || !has(layer, "Global")) return id;
    if (layer.config.bool_or("keepdims", false).value_or(false)) return id;
    layers::Reshape reshape;
    reshape.shape = {-1};
    return context.add(layer, layer.name + "_flat", std::move(reshape), {*id});
}

/// "padding" or "cropping": n, [n, m], or [[top, bottom], [left, right]].
std::optional<std::vector<Zeros>> read_margins(Context& context, const LayerSpec& layer,
                                               const char* key) {
    auto margins = gatewright::frontends::read_margins(layer.config, key, rank_of(layer));
    if (margins) return std::move(*margins);
    context.problem(layer, margins.error().message);
    return std::nullopt;
}

std::optional<ChannelAxis> channel_axis(Context& context, const LayerSpec& layer) {
    const auto axis = read_channel_axis(layer.config);
    if (axis) return *axis;
    context.problem(layer, axis.error().message);
    return std::nullopt;
}

bool takes_one_image(Context& context, const Call& call) {
    if (call.inputs.size() != 1) {
        context.problem(call.layer, fmt::format("has {} inputs, expected 1", call.inputs.size()));
        return false;
    }
    const tensor::Shape& shape = context.shape_of(call.inputs[0]);
    if (shape.empty()) return false;  // a stand-in
    if (shape.size() == rank_of(call.layer) + 1) return true;
    context.problem(call.layer, fmt::format("takes an input of {} axes, expected {}", shape.size(),
                                            rank_of(call.layer) + 1));
    return false;
}

template <class L>
std::optional<LayerId> translate_margins(Context& context, const Call& call, const char* key) {
    const auto margins = read_margins(context, call.layer, key);
    const auto channels = channel_axis(context, call.layer);
    if (!margins || !channels || !takes_one_image(context, call)) return std::nullopt;
    L out;
    if (*channels == ChannelAxis::kFirst) {
        out.before.push_back(0);
        out.after.push_back(0);
    }
    for (const Zeros& margin : *margins) {
        out.before.push_back(margin.before);
        out.after.push_back(margin.after);
    }
    return context.add(call.layer, call.layer.name, std::move(out), call.inputs);
}

}  // namespace

std::optional<LayerId> translate_pooling(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const auto window = read_pool(layer);
    if (!window) context.problem(layer, window.error().message);
    std::optional<LayerId> id;
    if (window && takes_one_image(context, call)) {
        const std::size_t axes = rank_of(layer) + 1;
        const bool first = window->channels == ChannelAxis::kFirst;
        id = call.inputs[0];
        if (first) id = permute_axes(context, layer, to_channels_last(axes), id);
        if (id) id = add_pool(context, layer, *window, *id);
        if (first) id = permute_axes(context, layer, to_channels_first(axes), id);
        id = drop_axes(context, layer, id);
    }
    if (!id) id = context.stand_in(layer);
    return activate(context, layer, activation_of(layer), Dialect::kQKeras, id);
}

std::optional<LayerId> translate_zero_padding(Context& context, const Call& call) {
    return translate_margins<layers::ZeroPad>(context, call, "padding");
}

std::optional<LayerId> translate_cropping(Context& context, const Call& call) {
    return translate_margins<layers::Crop>(context, call, "cropping");
}

std::optional<LayerId> translate_up_sampling(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const std::size_t rank = rank_of(layer);
    auto size = read_sizes(layer.config, "size", rank, tensor::Shape(rank, 2));
    if (!size) context.problem(layer, size.error().message);
    const auto how = layer.config.string_or("interpolation", "nearest");
    if (!how || *how != "nearest") {
        context.problem(layer, fmt::format("interpolates with '{}'; only nearest is exact and "
                                           "supported: use Conv2DTranspose for others",
                                           how.value_or("no text")));
    }
    const auto channels = channel_axis(context, layer);
    if (!size || !how || *how != "nearest" || !channels || !takes_one_image(context, call)) {
        return std::nullopt;
    }
    layers::Upsample out;
    out.size = std::move(*size);
    if (*channels == ChannelAxis::kFirst) out.size.insert(out.size.begin(), 1);
    return context.add(layer, layer.name, std::move(out), call.inputs);
}

}  // namespace gatewright::frontends::keras2
