// SPDX-License-Identifier: Apache-2.0
//
// Pooling, zero padding, cropping and up-sampling. A mean without a type of its own is rounded by
// the quantizers that follow (averages.h).
#include <fmt/format.h>

#include "frontends/averages.h"
#include "frontends/keras3/translate.h"
#include "frontends/windows.h"
#include "layers/permute.h"
#include "layers/pool.h"
#include "layers/rearrange.h"
#include "layers/reshape.h"

namespace gatewright::frontends::keras3 {

namespace {

bool has(const Call& call, std::string_view part) {
    return call.class_name.find(part) != std::string::npos;
}

std::size_t rank_of(const Call& call) {
    return has(call, "1D") ? 1 : 2;
}

Result<Wire> only_image(const Call& call) {
    GW_TRY(Wire x, only_input(call));
    const std::size_t axes = call.shape(x).size();
    if (axes == rank_of(call) + 1) return x;
    return fail(fmt::format("takes an input of {} axes, expected {}", axes, rank_of(call) + 1));
}

Result<Wire> permute(Call& call, std::vector<std::int64_t> order, const Wire& x) {
    layers::Permute permute;
    permute.dims = std::move(order);
    return call.add("_axes", std::move(permute), {x});
}

Result<Wire> add_pool(Call& call, const WindowConfig& window, const Wire& x) {
    if (!has(call, "Average")) {
        layers::MaxPool pool;
        set_window(window, call.shape(x), pool);
        return call.add("", std::move(pool), {x});
    }
    layers::AveragePool pool;
    set_window(window, call.shape(x), pool);
    const auto own = call.params.precision.layers.find(call.name);
    std::optional<fixed::Cast> type;
    if (own != call.params.precision.layers.end()) type = own->second.result;
    // --precision for everything means layers without quantizers.
    if (!type && call.class_name[0] != 'Q') type = call.params.precision.everywhere;
    if (type) pool.type = {*type};
    return call.assembly.add_average(call.name, std::move(pool), x);
}

template <class L>
Result<Wire> translate_margins(Call& call, std::string_view key) {
    GW_TRY(const Wire x, only_image(call));
    GW_TRY(const std::vector<Zeros> margins, read_margins(call.config, key, rank_of(call)));
    GW_TRY(const ChannelAxis channels, read_channel_axis(call.config));
    L out;
    if (channels == ChannelAxis::kFirst) {
        out.before.push_back(0);
        out.after.push_back(0);
    }
    for (const Zeros& margin : margins) {
        out.before.push_back(margin.before);
        out.after.push_back(margin.after);
    }
    return call.add("", std::move(out), {x});
}

}  // namespace

Result<Wire> translate_pooling(Call& call) {
    GW_TRY(Wire x, only_image(call));
    const bool global = has(call, "Global");
    WindowConfig window;
    if (global) {
        GW_TRY(window.channels, read_channel_axis(call.config));
    } else {
        GW_TRY(window, read_window(call.config, rank_of(call), "pool_size"));
    }
    store_ebops(call, {"beta", "ebops"});
    GW_TRY(x, apply_input_quantizer(call, x));
    const bool first = window.channels == ChannelAxis::kFirst;
    if (first) {
        GW_TRY(x, permute(call, to_channels_last(rank_of(call) + 1), x));
    }
    GW_TRY(x, add_pool(call, window, x));
    if (first) {
        GW_TRY(x, permute(call, to_channels_first(rank_of(call) + 1), x));
    }
    GW_TRY(const bool keeps_axes, call.flag("keepdims", false));
    if (global && !keeps_axes) {
        layers::Reshape reshape;
        reshape.shape = {-1};
        GW_TRY(x, call.add("_flat", std::move(reshape), {x}));
    }
    return apply_output_quantizer(call, x);
}

Result<Wire> translate_zero_padding(Call& call) {
    return translate_margins<layers::ZeroPad>(call, "padding");
}

Result<Wire> translate_cropping(Call& call) {
    return translate_margins<layers::Crop>(call, "cropping");
}

Result<Wire> translate_up_sampling(Call& call) {
    GW_TRY(const Wire x, only_image(call));
    layers::Upsample out;
    GW_TRY(out.size,
           read_sizes(call.config, "size", rank_of(call), tensor::Shape(rank_of(call), 2)));
    GW_TRY(const std::string how, call.config.string_or("interpolation", "nearest"));
    if (how != "nearest") {
        return fail(
            fmt::format("interpolates with '{}'; only nearest is exact and supported", how));
    }
    GW_TRY(const ChannelAxis channels, read_channel_axis(call.config));
    if (channels == ChannelAxis::kFirst) out.size.insert(out.size.begin(), 1);
    return call.add("", std::move(out), {x});
}

}  // namespace gatewright::frontends::keras3
