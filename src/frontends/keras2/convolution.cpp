// SPDX-License-Identifier: Apache-2.0
//
// Convolutions of Keras 2 and QKeras: plain, depthwise, separable (depthwise, then pointwise, the
// sums between them exact) and transposed (zeros between the inputs, then a convolution), in one
// and two dimensions, and with a folded batch normalization. Channels first: the axes are permuted
// to channels last before and back behind.
#include <fmt/format.h>

#include "frontends/keras2/frozen_weights.h"
#include "frontends/windows.h"
#include "layers/conv.h"
#include "layers/permute.h"
#include "layers/rearrange.h"

namespace gatewright::frontends::keras2 {

namespace {

enum class Form { kPlain, kDepthwise, kSeparable, kTransposed };

/// What a class name says.
struct Kind {
    Form form = Form::kPlain;
    std::size_t rank = 2;
    bool quantized = false;
    bool normalized = false;
};

Kind kind_of(const std::string& class_name) {
    const auto has = [&](const char* part) { return class_name.find(part) != std::string::npos; };
    Kind kind;
    if (has("Depthwise")) kind.form = Form::kDepthwise;
    if (has("Separable")) kind.form = Form::kSeparable;
    if (has("Transpose")) kind.form = Form::kTransposed;
    kind.rank = has("1D") ? 1 : 2;
    kind.quantized = class_name[0] == 'Q';
    kind.normalized = has("Batchnorm");
    return kind;
}

/// A kernel as our convolution takes it: [window.., inputs / groups, outputs].
struct Kernel {
    tensor::Shape shape;
    Frozen weights;
};

/// One of the layer's kernels: its name in the weight file and its quantizer's in the
/// configuration.
struct KernelRole {
    const char* role;
    const char* quantizer_key;
};

KernelRole first_kernel(const Kind& kind) {
    const bool depthwise = kind.form == Form::kDepthwise || kind.form == Form::kSeparable;
    return depthwise ? KernelRole{"depthwise_kernel", "depthwise_quantizer"}
                     : KernelRole{"kernel", "kernel_quantizer"};
}

/// The numbers of the layer, frozen.
struct Numbers {
    Kernel kernel;
    std::optional<Kernel> pointwise;
    std::optional<Frozen> bias;
};

std::optional<FloatWeights> read_kernel(Context& context, const LayerSpec& layer, const char* role,
                                        const tensor::Shape& window) {
    auto kernel = context.read(layer, role);
    if (!kernel) return std::nullopt;
    const tensor::Shape& shape = kernel->shape;
    const bool fits = shape.size() == window.size() + 2 &&
                      std::equal(window.begin(), window.end(), shape.begin());
    if (fits) return kernel;
    context.problem(layer, fmt::format("{} has shape {}, expected {} and two channel axes", role,
                                       tensor::to_string(shape), tensor::to_string(window)));
    return std::nullopt;
}

std::optional<Numbers> read_numbers(Context& context, const LayerSpec& layer, const Kind& kind,
                                    const WindowConfig& window) {
    const LayerPrecision types = context.precision_of(layer);
    const auto rule = [&](const char* key, Role role) {
        return FreezeRule{kind.quantized ? key : "", role,
                          role == Role::kBias ? types.bias : types.weight};
    };
    const KernelRole first = first_kernel(kind);
    auto stored = read_kernel(context, layer, first.role, window.size);
    std::optional<FloatWeights> bias;
    if (uses_bias(layer)) bias = context.read(layer, "bias");
    bool complete = stored && (bias || !uses_bias(layer));
    if (complete && kind.normalized) {
        auto folded = fold_normalization(context, layer, *stored, bias);
        complete = folded.has_value();
        if (folded) stored = std::move(folded->kernel);
        if (folded) bias = std::move(folded->bias);
    }
    Numbers out;
    if (stored) {
        auto kernel = freeze(context, layer, *stored, rule(first.quantizer_key, Role::kKernel));
        complete = complete && kernel;
        if (kernel) out.kernel = {stored->shape, std::move(*kernel)};
    }
    if (kind.form == Form::kSeparable) {
        const auto point =
            read_kernel(context, layer, "pointwise_kernel", tensor::Shape(kind.rank, 1));
        auto kernel =
            point ? freeze(context, layer, *point, rule("pointwise_quantizer", Role::kKernel))
                  : std::nullopt;
        complete = complete && kernel;
        if (kernel) out.pointwise = Kernel{point->shape, std::move(*kernel)};
    }
    if (bias) {
        out.bias = freeze(context, layer, *bias, rule("bias_quantizer", Role::kBias));
        complete = complete && out.bias;
    }
    return complete ? std::optional<Numbers>(std::move(out)) : std::nullopt;
}

layers::Conv make_conv(const Kernel& kernel) {
    layers::Conv conv;
    conv.kernel = model::Values(kernel.shape, kernel.weights.values);
    conv.kernel_bits = kernel.weights.bits_of_each();
    return conv;
}

void set_bias(const std::optional<Frozen>& bias, layers::Conv& conv) {
    if (!bias) return;
    conv.bias = bias->values;
    conv.bias_bits = bias->bits_of_each();
}

/// Keras' [window.., inputs, multiplier] is [window.., 1, inputs · multiplier] of as many groups.
void make_depthwise(Kernel& kernel, WindowConfig& window) {
    const std::size_t last = kernel.shape.size() - 1;
    window.groups = kernel.shape[last - 1];
    kernel.shape[last] *= kernel.shape[last - 1];
    kernel.shape[last - 1] = 1;
}

void reverse_kernel(Kernel& kernel) {
    const std::vector<fixed::Dyadic> stored = kernel.weights.values;
    const std::vector<std::size_t> order = transposed_kernel_order(kernel.shape);
    for (std::size_t i = 0; i < order.size(); ++i) kernel.weights.values[i] = stored[order[i]];
    std::swap(kernel.shape[kernel.shape.size() - 1], kernel.shape[kernel.shape.size() - 2]);
}

/// The convolution of an input with channels last.
std::optional<LayerId> convolve(Context& context, const LayerSpec& layer, const Kind& kind,
                                WindowConfig window, Numbers numbers, LayerId x) {
    const tensor::Shape input = context.shape_of(x);
    if (input.size() != kind.rank + 1) {
        context.problem(layer, fmt::format("takes an input of {} axes, expected {}", input.size(),
                                           kind.rank + 1));
        return std::nullopt;
    }
    if (kind.form == Form::kTransposed) {
        if (window.groups != 1) {
            context.problem(layer, "has groups, which transposed convolutions do not support");
            return std::nullopt;
        }
        reverse_kernel(numbers.kernel);
        layers::Conv conv = make_conv(numbers.kernel);
        set_transposed(window, input, conv);
        set_bias(numbers.bias, conv);
        layers::InsertZeros spread;
        spread.strides = window.strides;
        const auto id = context.add(layer, layer.name + "_spread", std::move(spread), {x});
        return context.then(layer, layer.name, std::move(conv), id);
    }
    if (kind.form != Form::kPlain) make_depthwise(numbers.kernel, window);
    layers::Conv conv = make_conv(numbers.kernel);
    conv.groups = window.groups;
    set_window(window, input, conv);
    if (!numbers.pointwise) {
        set_bias(numbers.bias, conv);
        return context.add(layer, layer.name, std::move(conv), {x});
    }
    const auto depthwise = context.add(layer, layer.name + "_depthwise", std::move(conv), {x});
    layers::Conv pointwise = make_conv(*numbers.pointwise);
    set_bias(numbers.bias, pointwise);
    return context.then(layer, layer.name, std::move(pointwise), depthwise);
}

}  // namespace

std::optional<LayerId> permute_axes(Context& context, const LayerSpec& layer,
                                    std::vector<std::int64_t> order, std::optional<LayerId> x) {
    layers::Permute permute;
    permute.dims = std::move(order);
    return context.then(layer, layer.name + "_axes", std::move(permute), x);
}

std::optional<LayerId> translate_convolution(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const Kind kind = kind_of(layer.class_name);
    const auto window = read_window(layer.config, kind.rank, "kernel_size");
    if (!window) context.problem(layer, window.error().message);
    auto numbers = window ? read_numbers(context, layer, kind, *window) : std::nullopt;
    std::optional<LayerId> id;
    if (call.inputs.size() != 1) {
        context.problem(layer, fmt::format("has {} inputs, expected 1", call.inputs.size()));
    } else if (numbers && !context.shape_of(call.inputs[0]).empty()) {
        const bool first = window->channels == ChannelAxis::kFirst;
        id = call.inputs[0];
        if (first) id = permute_axes(context, layer, to_channels_last(kind.rank + 1), id);
        if (id) id = convolve(context, layer, kind, *window, std::move(*numbers), *id);
        if (first) id = permute_axes(context, layer, to_channels_first(kind.rank + 1), id);
    }
    if (!id) id = context.stand_in(layer);  // the activation is checked all the same
    id = cast_sum(context, layer,
                  kind.quantized ? context.own_precision_of(layer) : context.precision_of(layer),
                  id);
    return activate(context, layer, activation_of(layer),
                    kind.quantized ? Dialect::kQKeras : Dialect::kKeras, id);
}

}  // namespace gatewright::frontends::keras2
