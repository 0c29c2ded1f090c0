// SPDX-License-Identifier: Apache-2.0
//
// Activations by name and as layers. Piecewise linear ones are exact and take no type of their own;
// curved ones become tables, so they need the type of their result.
#include <fmt/format.h>

#include <bit>
#include <map>

#include "frontends/keras2/translator.h"
#include "layers/affine.h"
#include "layers/hard_sigmoid.h"
#include "layers/leaky_relu.h"
#include "layers/merge.h"
#include "layers/prelu.h"
#include "layers/relu.h"
#include "layers/sign.h"
#include "layers/softmax.h"
#include "layers/unary_table.h"

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;

namespace {

const Dyadic kHalf(Integer(1), -1);

/// A float32 number of the file, exactly.
Dyadic exact_float(double value) {
    return *Dyadic::from_double(double{static_cast<float>(value)});
}

/// Result type of an activation: of the entry "fc1_relu", as hls4ml users write it, or of the
/// layer.
std::optional<Cast> result_type(const Context& context, const LayerSpec& layer,
                                const std::string& activation) {
    const auto& tables = context.params().precision.layers;
    const auto own = tables.find(layer.name + "_" + activation);
    if (own != tables.end() && own->second.result) return own->second.result;
    return context.precision_of(layer).result;
}

std::optional<LayerId> cast_result(Context& context, const LayerSpec& layer,
                                   const std::string& activation, std::optional<LayerId> id) {
    const std::optional<Cast> type = result_type(context, layer, activation);
    return type ? context.quantize(layer, layer.name + "_" + activation + "_result", *type, id)
                : id;
}

std::optional<LayerId> table(Context& context, const LayerSpec& layer, const std::string& name,
                             const std::string& function, const Dyadic& alpha, LayerId input) {
    const std::optional<Cast> type = result_type(context, layer, name);
    if (!type) {
        context.needs_type(layer);
        return std::nullopt;
    }
    layers::UnaryTable unary;
    unary.function = function;
    unary.alpha = alpha;
    unary.type = {*type};
    return context.add(layer, layer.name + "_" + name, std::move(unary), {input});
}

std::optional<LayerId> hard_sigmoid(Context& context, const LayerSpec& layer, const Dyadic& slope,
                                    LayerId input) {
    layers::HardSigmoid sigmoid;
    sigmoid.slope = slope;
    sigmoid.shift = kHalf;
    return context.add(layer, layer.name + "_hard_sigmoid", std::move(sigmoid), {input});
}

std::optional<LayerId> hard_tanh(Context& context, const LayerSpec& layer, const Dyadic& slope,
                                 LayerId input) {
    layers::HardTanh tanh;
    tanh.slope = slope;
    tanh.shift = kHalf;
    return context.add(layer, layer.name + "_hard_tanh", std::move(tanh), {input});
}

layers::Sign sign_layer(const std::string& name) {
    layers::Sign sign;
    sign.positive_at_threshold = false;  // round half to even takes the middle to 0
    sign.zero_one = name == "binary_sigmoid";
    sign.ternary = name == "ternary_tanh";
    if (sign.ternary) sign.threshold = kHalf;
    return sign;
}

layers::Relu relu_up_to(int limit) {
    layers::Relu relu;
    relu.has_max = limit > 0;
    relu.max_value = limit;
    return relu;
}

/// Softmax with tables of 1,024 entries. Differences are kept to 1/64 up to 16 (e^-16 is below the
/// last bit of the exponentials); the sum of n exponentials lies in [1, n].
layers::Softmax softmax_layer(std::int64_t size, const std::optional<Cast>& result) {
    using fixed::Overflow;
    using fixed::Round;
    const auto sum_integer_bits =
        static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size)));
    const auto type = [](int width, int frac) {
        return Cast{{false, width, frac}, Round::kRnd, Overflow::kSat, 0};
    };
    layers::Softmax softmax;
    softmax.difference_type = {type(10, 6)};
    softmax.exp_type = {type(18, 17)};
    softmax.sum_type = {type(10, 10 - sum_integer_bits)};
    softmax.inverse_type = {type(18, 17)};
    softmax.type = {result.value_or(type(16, 15))};
    return softmax;
}

std::optional<LayerId> softmax(Context& context, const LayerSpec& layer, std::int64_t axis,
                               LayerId input) {
    layers::Softmax out =
        softmax_layer(context.last_size(input), result_type(context, layer, "softmax"));
    out.axis = axis;
    return context.add(layer, layer.name + "_softmax", std::move(out), {input});
}

std::optional<LayerId> activate_by_name(Context& context, const LayerSpec& layer,
                                        const std::string& name, Dialect dialect, LayerId input) {
    static const std::map<std::string, std::string> kTables = {
        {"sigmoid", "sigmoid"},   {"tanh", "tanh"}, {"softplus", "softplus"},
        {"softsign", "softsign"}, {"elu", "elu"},   {"selu", "selu"},
        {"exponential", "exp"}};
    static const std::map<std::string, int> kRelus = {{"relu", 0}, {"relu1", 1}, {"relu6", 6}};
    if (name == "linear") return input;
    if (const auto found = kRelus.find(name); found != kRelus.end()) {
        return cast_result(
            context, layer, name,
            context.add(layer, layer.name + "_" + name, relu_up_to(found->second), {input}));
    }
    if (const auto found = kTables.find(name); found != kTables.end()) {
        return table(context, layer, name, found->second, 1, input);
    }
    if (name == "softmax") return softmax(context, layer, -1, input);
    if (name == "binary_tanh" || name == "ternary_tanh" || name == "binary_sigmoid") {
        return context.add(layer, layer.name + "_" + name, sign_layer(name), {input});
    }
    const bool qkeras = dialect == Dialect::kQKeras;
    const Dyadic smooth(Integer(3), -4);
    if (name == "hard_sigmoid") {
        const Dyadic slope = qkeras ? kHalf : exact_float(0.2);
        return cast_result(context, layer, name, hard_sigmoid(context, layer, slope, input));
    }
    if (name == "smooth_sigmoid") {
        return cast_result(context, layer, name, hard_sigmoid(context, layer, smooth, input));
    }
    if (name == "hard_tanh" && qkeras) {
        return cast_result(context, layer, name, hard_tanh(context, layer, kHalf, input));
    }
    if (name == "smooth_tanh") {
        return cast_result(context, layer, name, hard_tanh(context, layer, smooth, input));
    }
    context.problem(layer,
                    fmt::format("unknown activation '{}'; known: linear, relu, relu1, relu6, "
                                "sigmoid, tanh, softplus, softsign, elu, selu, exponential, "
                                "hard_sigmoid, softmax, binary_tanh, ternary_tanh and QKeras "
                                "quantizers",
                                name.substr(0, 60)));
    return std::nullopt;
}

}  // namespace

std::optional<LayerId> activate(Context& context, const LayerSpec& layer, const Json& activation,
                                Dialect dialect, std::optional<LayerId> input) {
    if (!input || activation.is_null()) return input;
    if (is_quantizer(activation)) {
        const auto spec = read_quantizer(activation, Role::kActivation);
        if (!spec) {
            context.problem(layer, "activation: " + spec.error().message);
            return std::nullopt;
        }
        return quantize_activation(context, layer, *spec, *input);
    }
    const Json* name = activation.is_object() ? activation.find("config") : &activation;
    if (name != nullptr && name->is_object()) name = activation.find("class_name");
    if (name == nullptr || !name->is_string()) {
        context.problem(layer, fmt::format("activation is {}, expected a name or a quantizer",
                                           activation.dump().substr(0, 60)));
        return std::nullopt;
    }
    return activate_by_name(context, layer, name->as_string(), dialect, *input);
}

std::optional<LayerId> translate_relu(Context& context, const Call& call) {
    const LayerSpec& layer = call.layer;
    const auto slope = context.number(layer, "negative_slope", 0);
    const auto threshold = context.number(layer, "threshold", 0);
    const Json* limit = layer.config.find("max_value");
    const bool limited = limit != nullptr && !limit->is_null();
    const auto maximum = limited ? context.number(layer, "max_value", 0) : std::optional<double>(0);
    if (!slope || !threshold || !maximum) return std::nullopt;
    if (*threshold != 0 || (limited && *slope != 0)) {
        context.problem(layer,
                        "a ReLU with a threshold, or with both max_value and negative_slope, is "
                        "not supported; use ThresholdedReLU, or two layers");
        return std::nullopt;
    }
    std::optional<LayerId> id;
    if (*slope != 0) {
        layers::LeakyRelu leaky;
        leaky.alpha = exact_float(*slope);
        id = context.add(layer, layer.name, std::move(leaky), call.inputs);
    } else {
        layers::Relu relu;
        relu.has_max = limited;
        if (limited) relu.max_value = exact_float(*maximum);
        id = context.add(layer, layer.name, std::move(relu), call.inputs);
    }
    return cast_result(context, layer, "relu", id);
}

std::optional<LayerId> translate_thresholded_relu(Context& context, const Call& call) {
    const auto theta = context.number(call.layer, "theta", 1);
    if (!theta || call.inputs.empty()) return std::nullopt;
    layers::Sign gate;  // x > theta, as 0 or 1
    gate.zero_one = true;
    gate.positive_at_threshold = false;
    gate.threshold = exact_float(*theta);
    const auto open =
        context.add(call.layer, call.layer.name + "_gate", std::move(gate), call.inputs);
    if (!open) return std::nullopt;
    const auto id =
        context.add(call.layer, call.layer.name, layers::Multiply{}, {call.inputs[0], *open});
    return cast_result(context, call.layer, "relu", id);
}

std::optional<LayerId> translate_leaky_relu(Context& context, const Call& call) {
    const auto alpha = context.number(call.layer, "alpha", 0.3);
    if (!alpha) return std::nullopt;
    layers::LeakyRelu leaky;
    leaky.alpha = exact_float(*alpha);
    const auto id = context.add(call.layer, call.layer.name, std::move(leaky), call.inputs);
    return cast_result(context, call.layer, "leaky_relu", id);
}

std::optional<LayerId> translate_prelu(Context& context, const Call& call) {
    const auto alpha = context.read(call.layer, "alpha");
    const std::optional<Cast> type = context.precision_of(call.layer).weight;
    if (!type) context.needs_type(call.layer);
    if (!alpha || !type) return std::nullopt;
    layers::Prelu prelu;
    prelu.alpha = model::Values(alpha->shape);
    for (std::size_t i = 0; i < alpha->size(); ++i) {
        const Dyadic slope = *Dyadic::from_double((*alpha)[i]);
        prelu.alpha[i] = context.mode() == WeightMode::kTrained ? slope : cast_value(slope, *type);
    }
    const auto id = context.add(call.layer, call.layer.name, std::move(prelu), call.inputs);
    return cast_result(context, call.layer, "prelu", id);
}

std::optional<LayerId> translate_elu(Context& context, const Call& call) {
    const auto alpha = context.number(call.layer, "alpha", 1);
    if (!alpha || call.inputs.empty()) return std::nullopt;
    return table(context, call.layer, "elu", "elu", exact_float(*alpha), call.inputs[0]);
}

std::optional<LayerId> translate_softmax(Context& context, const Call& call) {
    const auto axis = call.layer.config.integer_or("axis", -1);
    if (!axis || *axis == 0 || call.inputs.empty()) {
        context.problem(call.layer, "axis must be an integer that is not the batch axis");
        return std::nullopt;
    }
    return softmax(context, call.layer, *axis > 0 ? *axis - 1 : *axis, call.inputs[0]);
}

}  // namespace gatewright::frontends::keras2
