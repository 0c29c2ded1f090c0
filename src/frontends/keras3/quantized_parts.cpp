// SPDX-License-Identifier: Apache-2.0
//
// What the rules of all layers share: quantizers before and behind, activations, stored EBOPs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "frontends/keras3/quantizer.h"
#include "frontends/keras3/translate.h"
#include "layers/affine.h"
#include "layers/leaky_relu.h"
#include "layers/relu.h"
#include "layers/softmax.h"

namespace gatewright::frontends::keras3 {

using fixed::Cast;
using fixed::Dyadic;

Result<std::optional<Quantizer>> find_quantizer(const Call& call, std::string_view key,
                                                const std::string& role) {
    const Json* config = call.config.find(key);
    if (config == nullptr || config->is_null()) return std::optional<Quantizer>{};
    GW_TRY(const VariableGroup variables, call.variables.quantizer(role));
    auto quantizer = read_quantizer(*config, variables);
    if (!quantizer) return fail_in(role.empty() ? std::string(key) : role, quantizer.error());
    return std::optional<Quantizer>(std::move(*quantizer));
}

Result<Wire> apply_quantizer(Call& call, const Quantizer& quantizer, std::string_view suffix,
                             const Wire& x) {
    if (quantizer.is_identity) return x;
    GW_TRY(std::vector<Cast> type, data_casts(quantizer, call.shape(x)));
    if (quantizer.overflow == fixed::Overflow::kWrapSm) {
        call.result.warnings.push_back(
            fmt::format("layer '{}': WRAP_SM reflects after rounding, as ap_fixed does; HGQ2 "
                        "decides before rounding and can "
                        "differ within half a step of a multiple of the range",
                        call.name));
    }
    GW_TRY(const Wire y,
           call.assembly.quantize(call.name + std::string(suffix), call.name, std::move(type), x));
    if (quantizer.affine_scale == 1 && quantizer.affine_shift == 0) return y;
    layers::Affine affine;
    affine.scale = {as_float32(quantizer.affine_scale)};
    affine.offset = {as_float32(quantizer.affine_shift)};
    return call.add(std::string(suffix) + "_affine", std::move(affine), {y});
}

Result<Wire> apply_input_quantizer(Call& call, const Wire& x) {
    GW_TRY(const bool is_enabled, call.flag("enable_iq", false));
    if (!is_enabled) return x;
    GW_TRY(const auto quantizer, find_quantizer(call, "iq_conf", "iq"));
    if (!quantizer) return x;
    return apply_quantizer(call, *quantizer, "_iq", x);
}

Result<Wire> apply_output_quantizer(Call& call, const Wire& x) {
    GW_TRY(const bool is_enabled, call.flag("enable_oq", false));
    if (!is_enabled) return x;
    GW_TRY(const auto quantizer, find_quantizer(call, "oq_conf", "oq"));
    if (!quantizer) return x;
    return apply_quantizer(call, *quantizer, "_oq", x);
}

Result<Wire> apply_function(Call& call, const std::string& function, const Wire& x) {
    struct Known {
        std::string_view keras;
        std::string_view ours;
    };
    constexpr std::array kKnown = {
        Known{"tanh", "tanh"},         Known{"sigmoid", "sigmoid"},   Known{"elu", "elu"},
        Known{"selu", "selu"},         Known{"exponential", "exp"},   Known{"exp", "exp"},
        Known{"softplus", "softplus"}, Known{"softsign", "softsign"}, Known{"silu", "silu"},
        Known{"swish", "silu"},        Known{"gelu", "gelu"},         Known{"sqrt", "sqrt"},
        Known{"log", "log"},           Known{"sin", "sin"},           Known{"cos", "cos"},
    };
    for (const Known& known : kKnown) {
        if (known.keras != function) continue;
        PendingTable pending;
        pending.table.function = std::string(known.ours);
        pending.name = call.name + (call.class_name == "QUnaryFunctionLUT" ? "" : "_" + function);
        pending.origin = call.name;
        return call.assembly.wait_for_type(std::move(pending), x);
    }
    std::string names;
    for (const Known& known : kKnown)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", known.keras);
    return fail(fmt::format(
        "activation '{}' is not known; use relu, leaky_relu, linear, softmax, or as a table {}",
        function, names));
}

namespace {

/// The name in "relu", {"class_name": "function", "config": "relu"} or {"class_name": "ReLU", ...}.
Result<std::string> activation_name(const Json& activation) {
    if (activation.is_string()) return activation.as_string();
    if (activation.is_object()) {
        const Json* config = activation.find("config");
        if (config != nullptr && config->is_string()) return config->as_string();
        const std::string class_name = plain_class_name(activation);
        if (class_name == "ReLU") return std::string("relu");
        return fail(
            fmt::format("activation object '{}' cannot be read; use its name or a layer of its own",
                        class_name));
    }
    return fail(fmt::format("activation is {}, expected a name", activation.type_name()));
}

}  // namespace

Result<Wire> apply_activation(Call& call, const Json* activation, const Wire& x) {
    if (activation == nullptr || activation->is_null()) return x;
    GW_TRY(const std::string name, activation_name(*activation));
    if (name == "linear") return x;
    if (name == "relu" || name == "relu6") {
        layers::Relu relu;
        relu.has_max = name == "relu6";
        if (relu.has_max) relu.max_value = 6;
        return call.add("_" + name, std::move(relu), {x});
    }
    if (name == "leaky_relu") {
        layers::LeakyRelu leaky;
        leaky.alpha = as_float32(0.2);  // Keras' default
        return call.add("_leaky_relu", std::move(leaky), {x});
    }
    if (name == "softmax") return apply_plain_softmax(call, -1, "_softmax", x);
    return apply_function(call, name, x);
}

Result<Wire> apply_plain_softmax(Call& call, std::int64_t axis, std::string_view suffix,
                                 const Wire& x) {
    GW_TRY(const std::int64_t own_axis, without_batch(axis, call.shape(x).size()));
    layers::Softmax softmax;
    softmax.axis = own_axis;
    softmax.winner_only = call.params.winner_only && call.is_final;
    const auto type = call.params.precision.of(call.name).result;
    if (!softmax.winner_only) {
        if (!type) {
            return fail(
                "softmax has no types; leave it out (--winner-only), use QSoftmax, or give "
                "--precision");
        }
        const auto length = static_cast<double>(call.shape(x)[static_cast<std::size_t>(own_axis)]);
        const int sum_bits = 1 + static_cast<int>(std::ceil(std::log2(length)));
        const auto saturating = [](int width, int integer) {
            return Cast{{false, width, width - integer}, fixed::Round::kRnd, fixed::Overflow::kSat};
        };
        softmax.difference_type = {saturating(12, 4)};
        softmax.exp_type = {saturating(18, 1)};
        softmax.sum_type = {saturating(12, sum_bits)};
        softmax.inverse_type = {saturating(18, 1)};
        softmax.type = {*type};
        call.result.warnings.push_back(fmt::format(
            "layer '{}': softmax is computed from tables of 12-bit arguments and 18-bit values",
            call.name));
    }
    return call.add(suffix, std::move(softmax), {x});
}

void store_ebops(Call& call, const VariableOrder& order) {
    const auto stored = call.variables.read(order, "ebops");
    if (stored && stored->size() == 1) call.result.stored_ebops[call.name] = (*stored)[0];
}

Result<std::int64_t> without_batch(std::int64_t axis, std::size_t rank) {
    const auto size = static_cast<std::int64_t>(rank);
    const std::int64_t out = axis < 0 ? size + axis : axis - 1;
    if (out < 0 || out >= size) {
        return fail(
            fmt::format("axis {} is not one of the {} axes behind the batch axis", axis, rank));
    }
    return out;
}

Result<Wire> only_input(const Call& call) {
    if (call.inputs.size() == 1) return call.inputs[0];
    return fail(fmt::format("has {} inputs, expected one", call.inputs.size()));
}

Dyadic as_float32(double value) {
    const auto exact = Dyadic::from_double(static_cast<double>(static_cast<float>(value)));
    GW_CHECK(exact.has_value(), "number is not finite");
    return *exact;
}

}  // namespace gatewright::frontends::keras3
