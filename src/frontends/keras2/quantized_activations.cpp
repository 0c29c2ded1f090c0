// SPDX-License-Identifier: Apache-2.0
//
// QKeras quantizers as activations, exactly as their formulas at inference:
//   quantized_bits     round half to even, saturate; times alpha
//   quantized_relu     max(x, 0), then unsigned; the leaky form has its own low end
//   quantized_tanh     2 clip(x/2 + 1/2, 0, 1) - 1, rounded; quantized_sigmoid without the 2 and -1
//   binary, ternary    comparison with a threshold, times alpha
#include <fmt/format.h>

#include <cmath>

#include "frontends/keras2/translator.h"
#include "layers/affine.h"
#include "layers/clip.h"
#include "layers/hard_sigmoid.h"
#include "layers/leaky_relu.h"
#include "layers/quantize.h"
#include "layers/relu.h"
#include "layers/sign.h"
#include "layers/unary_table.h"

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Overflow;
using fixed::Round;

namespace {

const Dyadic kHalf(Integer(1), -1);

Dyadic power_of_two(std::int64_t exponent) {
    return {Integer(1), static_cast<int>(exponent)};
}

std::optional<LayerId> scale_by_alpha(Context& context, const LayerSpec& layer,
                                      const QuantizerSpec& spec, std::optional<LayerId> input) {
    const std::vector<float>& numbers = spec.alpha.numbers;
    if (spec.alpha.kind == Alpha::Kind::kNone || (numbers.size() == 1 && numbers[0] == 1))
        return input;
    layers::Affine affine;
    for (const float number : numbers) affine.scale.push_back(*Dyadic::from_double(double{number}));
    return context.then(layer, layer.name + "_alpha", std::move(affine), input);
}

std::optional<LayerId> leaky_relu(Context& context, const LayerSpec& layer,
                                  const QuantizerSpec& spec, LayerId input) {
    // Both branches lie on the grid 2^(integer + 1 - bits); the negative one ends at
    // -slope · 2^integer, which need not be the lowest code.
    layers::LeakyRelu leaky;
    leaky.alpha = *Dyadic::from_double(spec.negative_slope);
    auto id = context.add(layer, layer.name, std::move(leaky), {input});
    const auto width = static_cast<int>(spec.bits);
    const int frac = width - 1 - static_cast<int>(spec.integer);
    id = context.quantize(layer, layer.name + "_result",
                          {{true, width, frac}, Round::kRndConv, Overflow::kSat, 0}, id);
    layers::Clip clip;
    clip.lo = -(*Dyadic::from_double(spec.negative_slope)).shifted(static_cast<int>(spec.integer));
    clip.hi = power_of_two(spec.integer) - power_of_two(-frac);
    return context.then(layer, layer.name + "_clip", std::move(clip), id);
}

std::optional<LayerId> sigmoid_relu(Context& context, const LayerSpec& layer,
                                    const QuantizerSpec& spec, LayerId input) {
    const int bits = static_cast<int>(spec.bits);
    const int integer = static_cast<int>(spec.integer);
    layers::HardSigmoid sigmoid;
    sigmoid.slope = kHalf.shifted(-integer);
    sigmoid.shift = kHalf;
    auto id = context.add(layer, layer.name, std::move(sigmoid), {input});
    id = context.quantize(layer, layer.name + "_round",
                          {{false, bits + 1, bits}, Round::kRndConv, Overflow::kSat, 0}, id);
    layers::Affine stretch;
    stretch.scale = {power_of_two(integer + 1)};
    stretch.offset = {-power_of_two(integer)};
    id = context.then(layer, layer.name + "_stretch", std::move(stretch), id);
    layers::Clip clip;
    clip.hi = power_of_two(integer) - power_of_two(integer - bits);
    return context.then(layer, layer.name + "_clip", std::move(clip), id);
}

std::optional<LayerId> relu(Context& context, const LayerSpec& layer, const QuantizerSpec& spec,
                            LayerId input) {
    if (spec.negative_slope != 0) return leaky_relu(context, layer, spec, input);
    if (spec.use_sigmoid) return sigmoid_relu(context, layer, spec, input);
    auto id = context.add(layer, layer.name, layers::Relu{}, {input});
    id = context.quantize(layer, layer.name + "_result", cast_of(spec), id);
    if (spec.is_quantized_clip || !spec.relu_upper_bound) return id;
    layers::Clip clip;
    clip.hi = *Dyadic::from_double(static_cast<float>(*spec.relu_upper_bound));
    return context.then(layer, layer.name + "_clip", std::move(clip), id);
}

std::optional<LayerId> sigmoid_or_tanh(Context& context, const LayerSpec& layer,
                                       const QuantizerSpec& spec, LayerId input) {
    const bool tanh = spec.name == "quantized_tanh";
    const int bits = static_cast<int>(spec.bits);
    const Cast cast{{tanh, bits, tanh ? bits - 1 : bits},
                    Round::kRndConv,
                    tanh && spec.symmetric ? Overflow::kSatSym : Overflow::kSat,
                    0};
    std::optional<LayerId> id;
    if (spec.use_real) {
        layers::UnaryTable table;
        table.function = tanh ? "tanh" : "sigmoid";
        table.type = {cast};
        id = context.add(layer, layer.name, std::move(table), {input});
    } else if (tanh) {
        layers::HardTanh hard;
        hard.slope = kHalf;
        hard.shift = kHalf;
        id = context.add(layer, layer.name, std::move(hard), {input});
    } else {
        layers::HardSigmoid hard;
        hard.slope = kHalf;
        hard.shift = kHalf;
        id = context.add(layer, layer.name, std::move(hard), {input});
    }
    if (!spec.use_real) id = context.quantize(layer, layer.name + "_result", cast, id);
    if (tanh || !spec.symmetric) return id;
    layers::Clip clip;
    clip.lo = power_of_two(-bits);
    clip.hi = Dyadic(1) - power_of_two(-bits);
    return context.then(layer, layer.name + "_clip", std::move(clip), id);
}

std::optional<LayerId> threshold(Context& context, const LayerSpec& layer,
                                 const QuantizerSpec& spec, LayerId input) {
    layers::Sign sign;
    sign.ternary = spec.name == "ternary";
    sign.zero_one = spec.use_01;
    if (sign.ternary) {
        const auto limit = static_cast<float>(spec.threshold.value_or(0.33));
        if (limit < 0) {
            context.problem(layer, "quantizer ternary has a negative threshold");
            return std::nullopt;
        }
        sign.threshold = *Dyadic::from_double(double{limit});
    }
    return scale_by_alpha(context, layer, spec,
                          context.add(layer, layer.name, std::move(sign), {input}));
}

}  // namespace

std::optional<LayerId> quantize_activation(Context& context, const LayerSpec& layer,
                                           const QuantizerSpec& spec, LayerId input) {
    if (spec.alpha.kind == Alpha::Kind::kAuto || spec.alpha.kind == Alpha::Kind::kAutoPo2) {
        context.problem(layer,
                        fmt::format("quantizer {}: alpha auto depends on the event when it is an "
                                    "activation; use a number",
                                    spec.name));
        return std::nullopt;
    }
    if (spec.name == "quantized_relu") return relu(context, layer, spec, input);
    if (spec.name == "quantized_tanh" || spec.name == "quantized_sigmoid") {
        return sigmoid_or_tanh(context, layer, spec, input);
    }
    if (spec.name == "binary" || spec.name == "ternary")
        return threshold(context, layer, spec, input);
    if (spec.name == "quantized_po2" || spec.name == "quantized_relu_po2") {
        context.problem(layer, fmt::format("quantizer {} is supported for weights only; use "
                                           "quantized_bits or quantized_relu",
                                           spec.name));
        return std::nullopt;
    }
    std::optional<LayerId> id;
    if (spec.bits - (spec.keep_negative ? 1 : 0) == 0) {
        id = context.add(layer, layer.name, layers::Sign{}, {input});  // one bit: the sign, 0 -> +1
    } else {
        id = context.quantize(layer, layer.name, cast_of(spec), input);
    }
    return scale_by_alpha(context, layer, spec, id);
}

}  // namespace gatewright::frontends::keras2
