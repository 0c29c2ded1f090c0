// SPDX-License-Identifier: Apache-2.0
//
// Convolutions, quantized (HGQ2) or plain (Keras 3): plain, grouped, depthwise, separable and
// transposed, in one and two dimensions. HGQ2's quantizers of data and weights broadcast, so every
// pixel and every weight may have its own type. Channels first: the axes are permuted to channels
// last behind the input quantizer and back behind the convolution.
#include <fmt/format.h>

#include <algorithm>

#include "frontends/keras3/linear_weights.h"
#include "frontends/windows.h"
#include "layers/conv.h"
#include "layers/permute.h"
#include "layers/rearrange.h"

namespace gatewright::frontends::keras3 {

namespace {

bool has(const Call& call, std::string_view part) {
    return call.class_name.find(part) != std::string::npos;
}

/// A kernel [window.., inputs, outputs] as stored; `axes` are those of the window.
Status check_kernel(const FloatTensor& kernel, const tensor::Shape& axes, std::string_view name) {
    const bool fits = kernel.shape.size() == axes.size() + 2 &&
                      std::equal(axes.begin(), axes.end(), kernel.shape.begin());
    if (fits) return {};
    return fail(fmt::format("has a {} {}, expected {} and two channel axes", name,
                            tensor::to_string(kernel.shape), tensor::to_string(axes)));
}

/// The convolution in both networks.
struct Pair {
    layers::Conv fixed;
    layers::Conv real;
};

Pair make_pair(const Weights& weights) {
    Pair pair;
    pair.fixed.kernel = weights.kernel;
    pair.fixed.bias = weights.bias.data;
    pair.fixed.kernel_bits = weights.kernel_bits;
    pair.fixed.bias_bits = weights.bias_bits;
    pair.real.kernel = weights.real_kernel;
    pair.real.bias = weights.real_bias.data;
    return pair;
}

template <class T>
std::vector<T> reordered(const std::vector<T>& list, const std::vector<std::size_t>& order) {
    std::vector<T> out;
    if (list.empty()) return out;
    for (const std::size_t from : order) out.push_back(list[from]);
    return out;
}

/// Keras' transposed kernel [window.., outputs, inputs] as the one of the equal convolution.
void reverse_kernel(Weights& weights) {
    tensor::Shape shape = weights.kernel.shape;
    const std::vector<std::size_t> order = transposed_kernel_order(shape);
    std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
    weights.kernel = {shape, reordered(weights.kernel.data, order)};
    weights.real_kernel = {shape, reordered(weights.real_kernel.data, order)};
    weights.kernel_bits = reordered(weights.kernel_bits, order);
}

/// Keras' [window.., inputs, multiplier] is [window.., 1, inputs · multiplier] of as many groups.
void make_depthwise(Weights& weights, WindowConfig& window) {
    tensor::Shape shape = weights.kernel.shape;
    const std::size_t last = shape.size() - 1;
    window.groups = shape[last - 1];
    shape[last] *= shape[last - 1];
    shape[last - 1] = 1;
    weights.kernel.shape = shape;
    weights.real_kernel.shape = shape;
}

Result<Wire> add_pair(Call& call, std::string_view suffix, Pair pair, const Wire& x) {
    return call.add_pair(suffix, std::move(pair.fixed), std::move(pair.real), {x});
}

Result<Wire> permute(Call& call, std::vector<std::int64_t> order, const Wire& x) {
    layers::Permute permute;
    permute.dims = std::move(order);
    return call.add("_axes", std::move(permute), {x});
}

/// On channels last.
Result<Wire> convolve(Call& call, WindowConfig window, Weights weights, const Wire& x) {
    const tensor::Shape& input = call.shape(x);
    if (has(call, "Transpose")) {
        if (window.groups != 1)
            return fail("has groups, which transposed convolutions do not have");
        reverse_kernel(weights);
        Pair pair = make_pair(weights);
        set_transposed(window, input, pair.fixed);
        set_transposed(window, input, pair.real);
        layers::InsertZeros spread;
        spread.strides = window.strides;
        GW_TRY(const Wire y, call.add("_spread", std::move(spread), {x}));
        return add_pair(call, "", std::move(pair), y);
    }
    if (has(call, "Depthwise") || has(call, "Separable")) make_depthwise(weights, window);
    Pair pair = make_pair(weights);
    for (layers::Conv* conv : {&pair.fixed, &pair.real}) {
        conv->groups = window.groups;
        set_window(window, input, *conv);
    }
    return add_pair(call, has(call, "Separable") ? "_depthwise" : "", std::move(pair), x);
}

/// Reads, quantizes and applies the second kernel of a separable convolution.
Result<Wire> add_pointwise(Call& call, const VariableOrder& order, std::size_t rank,
                           const FloatTensor& bias, const Wire& x) {
    GW_TRY(const FloatTensor kernel, call.variables.read(order, "pointwise_kernel"));
    GW_TRY_STATUS(check_kernel(kernel, tensor::Shape(rank, 1), "pointwise kernel"));
    GW_TRY(const Weights weights, cast_plain(call, unfolded(kernel, bias)));
    return add_pair(call, "", make_pair(weights), x);
}

}  // namespace

Result<Wire> translate_convolution(Call& call) {
    GW_TRY(Wire x, only_input(call));
    const std::size_t rank = has(call, "1D") ? 1 : 2;
    const bool separable = has(call, "Separable");
    GW_TRY(const WindowConfig window, read_window(call.config, rank, "kernel_size"));
    GW_TRY(const bool has_bias, call.flag("use_bias", true));
    GW_TRY(VariableOrder order, linear_order(call, has_bias, nullptr));
    if (separable) {
        order[0] = "depthwise_kernel";
        order.insert(order.begin() + 1, "pointwise_kernel");
    }
    GW_TRY(const FloatTensor kernel, call.variables.read(order, order[0]));
    GW_TRY(const FloatTensor bias, read_bias(call, order));
    GW_TRY_STATUS(check_kernel(kernel, window.size, "kernel"));
    if (call.shape(x).size() != rank + 1) {
        return fail(
            fmt::format("takes an input of {} axes, expected {}", call.shape(x).size(), rank + 1));
    }
    FloatTensor none;
    none.shape = {0};
    const Folded folded = unfolded(kernel, separable ? none : bias);
    if (is_quantized(call)) {
        if (std::find(order.begin(), order.end(), "ebops") != order.end()) store_ebops(call, order);
        GW_TRY(x, apply_input_quantizer(call, x));
    }
    GW_TRY(Weights weights,
           is_quantized(call) ? quantize_folded(call, folded) : cast_plain(call, folded));
    const bool first = window.channels == ChannelAxis::kFirst;
    if (first) {
        GW_TRY(x, permute(call, to_channels_last(rank + 1), x));
    }
    GW_TRY(x, convolve(call, window, std::move(weights), x));
    if (separable) {
        GW_TRY(x, add_pointwise(call, order, rank, bias, x));
    }
    if (first) {
        GW_TRY(x, permute(call, to_channels_first(rank + 1), x));
    }
    return finish(call, x);
}

}  // namespace gatewright::frontends::keras3
