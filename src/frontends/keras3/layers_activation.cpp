// SPDX-License-Identifier: Apache-2.0
//
// Quantizers as layers, activations, tables and softmax.
#include <fmt/format.h>

#include <algorithm>

#include "frontends/keras3/batch_norm.h"
#include "frontends/keras3/quantizer.h"
#include "frontends/keras3/translate.h"
#include "layers/clip.h"
#include "layers/leaky_relu.h"
#include "layers/prelu.h"
#include "layers/relu.h"
#include "layers/softmax.h"

namespace gatewright::frontends::keras3 {

using fixed::Cast;

namespace {

/// One type for all elements of a table; the layer has a single table.
Result<std::vector<Cast>> single_type(const std::optional<Quantizer>& quantizer,
                                      const tensor::Shape& shape, std::string_view name) {
    if (!quantizer || quantizer->is_identity) return std::vector<Cast>{};
    if (quantizer->affine_scale != 1 || quantizer->affine_shift != 0) {
        return fail(fmt::format("{} has an affine map, which softmax tables do not take", name));
    }
    GW_TRY(std::vector<Cast> type, data_casts(*quantizer, shape));
    if (type.size() == 1) return type;
    return fail(fmt::format(
        "{} has different types per element; save with allow_heterogeneous_table=False", name));
}

/// The axis of a softmax from `axes` or `axis`.
Result<std::int64_t> softmax_axis(const Call& call, std::size_t rank) {
    const Json* axes = call.config.find("axes");
    if (axes == nullptr || axes->is_null()) axes = call.config.find("axis");
    if (axes == nullptr || axes->is_null()) return without_batch(-1, rank);
    if (axes->is_integer()) return without_batch(axes->as_integer(), rank);
    if (axes->is_array() && axes->as_array().size() == 1 && axes->as_array()[0].is_integer()) {
        return without_batch(axes->as_array()[0].as_integer(), rank);
    }
    return fail("softmax runs along several axes; only one is supported: reshape them into one");
}

void store_softmax_ebops(Call& call) {
    const VariableOrder order{"beta", "ebops"};
    double sum = 0;
    bool any = false;
    for (const VariableGroup& group :
         {call.variables, call.variables.child("exp_table"), call.variables.child("inv_table")}) {
        const auto stored = group.read(order, "ebops");
        if (!stored || stored->size() != 1) continue;
        sum += (*stored)[0];
        any = true;
    }
    if (any) call.result.stored_ebops[call.name] = sum;
}

Status read_tables(Call& call, const tensor::Shape& shape, layers::Softmax& softmax) {
    GW_TRY(const auto exp_iq, find_quantizer(call, "exp_iq_conf", "exp_table/iq"));
    GW_TRY(const auto exp_oq, find_quantizer(call, "exp_oq_conf", "exp_table/oq"));
    GW_TRY(const auto inv_iq, find_quantizer(call, "inv_iq_conf", "inv_table/iq"));
    GW_TRY(const auto inv_oq, find_quantizer(call, "inv_oq_conf", "inv_table/oq"));
    if (!exp_oq || !inv_oq) return fail("has a table without an output quantizer");
    tensor::Shape sums = shape;
    sums[static_cast<std::size_t>(softmax.axis)] = 1;
    if (softmax.subtract_max) {
        GW_TRY(softmax.difference_type, single_type(exp_iq, shape, "exp_iq_conf"));
    }
    GW_TRY(softmax.exp_type, single_type(exp_oq, shape, "exp_oq_conf"));
    GW_TRY(softmax.sum_type, single_type(inv_iq, sums, "inv_iq_conf"));
    GW_TRY(softmax.inverse_type, single_type(inv_oq, sums, "inv_oq_conf"));
    return {};
}

}  // namespace

Result<Wire> translate_quantizer(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const auto quantizer, find_quantizer(call, "config", ""));
    if (!quantizer) return fail("has no configuration");
    return apply_quantizer(call, *quantizer, "", x);
}

Result<Wire> translate_activation(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    return apply_activation(call, call.config.find("activation"), x);
}

Result<Wire> translate_lut(Call& call) {
    GW_TRY(Wire x, only_input(call));
    VariableOrder order{"beta", "ebops"};
    const bool has_affine = call.class_name == "QAffinedUnaryFunctionLUT";
    if (has_affine) order = {"scale", "bias", "beta", "ebops"};
    store_ebops(call, order);
    GW_TRY(x, apply_input_quantizer(call, x));
    GW_TRY(Wire y, apply_activation(call, call.config.find("activation"), x));
    if (has_affine) {
        if (!y.pending)
            return fail("scales the input of a function that is no table; use QUnaryFunctionLUT");
        GW_TRY(const FloatTensor scale, call.variables.read(order, "scale"));
        GW_TRY(const FloatTensor bias, call.variables.read(order, "bias"));
        if (scale.size() != 1 || bias.size() != 1) return fail("has more than one scale and bias");
        PendingTable pending = *y.pending;
        pending.table.input_scale = as_float32(scale[0]);
        pending.table.input_offset = as_float32(bias[0]);
        y = call.assembly.wait_for_type(std::move(pending), y);
    }
    return apply_output_quantizer(call, y);
}

Result<Wire> translate_softmax(Call& call) {
    GW_TRY(Wire x, only_input(call));
    store_softmax_ebops(call);
    GW_TRY(x, apply_input_quantizer(call, x));
    layers::Softmax softmax;
    GW_TRY(softmax.axis, softmax_axis(call, call.shape(x).size()));
    GW_TRY(softmax.subtract_max, call.flag("stable", true));
    GW_TRY(const double scaler, call.config.number_or("input_scaler", 1.0));
    if (!std::isfinite(scaler)) return fail("input_scaler is not finite");
    softmax.exp_scale = as_float32(scaler);
    softmax.inverse_epsilon = as_float32(kKerasEpsilon);
    GW_TRY_STATUS(read_tables(call, call.shape(x), softmax));
    softmax.winner_only = call.params.winner_only && call.is_final;
    if (softmax.winner_only) return call.add("", std::move(softmax), {x});
    GW_TRY(const Wire y, call.add("", std::move(softmax), {x}));
    return apply_output_quantizer(call, y);
}

Result<Wire> translate_plain_softmax(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const std::int64_t axis, call.config.integer_or("axis", -1));
    return apply_plain_softmax(call, axis, "", x);
}

Result<Wire> translate_relu(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const double slope, call.config.number_or("negative_slope", 0.0));
    GW_TRY(const double threshold, call.config.number_or("threshold", 0.0));
    if (threshold != 0)
        return fail(fmt::format("has the threshold {}; only 0 is supported", threshold));
    const Json* max_value = call.config.find("max_value");
    const bool has_max = max_value != nullptr && !max_value->is_null();
    GW_TRY(const double top, call.config.number_or("max_value", 0.0));
    if (!std::isfinite(slope) || !std::isfinite(top))
        return fail("has a slope or max_value that is not finite");
    if (slope == 0) {
        layers::Relu relu;
        relu.has_max = has_max;
        if (has_max) relu.max_value = as_float32(top);
        return call.add("", std::move(relu), {x});
    }
    if (has_max)
        return fail(
            "has both negative_slope and max_value; use LeakyReLU and a saturating quantizer");
    layers::LeakyRelu leaky;
    leaky.alpha = as_float32(slope);
    return call.add("", std::move(leaky), {x});
}

Result<Wire> translate_leaky_relu(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const double slope, call.config.number_or("negative_slope", 0.3));
    if (!std::isfinite(slope)) return fail("has a negative_slope that is not finite");
    layers::LeakyRelu leaky;
    leaky.alpha = as_float32(slope);
    return call.add("", std::move(leaky), {x});
}

Result<Wire> translate_prelu(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const FloatTensor alpha, call.variables.read({"alpha"}, "alpha"));
    layers::Prelu prelu;
    prelu.alpha = to_values(alpha);
    layers::Prelu real = prelu;
    if (const auto type = call.params.precision.of(call.name).weight) {
        for (fixed::Dyadic& slope : prelu.alpha.data) slope = fixed::cast_value(slope, *type);
    }
    return call.add_pair("", std::move(prelu), std::move(real), {x});
}

Result<Wire> translate_elu(Call& call) {
    GW_TRY(const Wire x, only_input(call));
    GW_TRY(const double alpha, call.config.number_or("alpha", 1.0));
    if (!std::isfinite(alpha)) return fail("has an alpha that is not finite");
    GW_TRY(const Wire y, apply_function(call, "elu", x));
    PendingTable pending = *y.pending;
    pending.table.alpha = as_float32(alpha);
    return call.assembly.wait_for_type(std::move(pending), x);
}

}  // namespace gatewright::frontends::keras3
