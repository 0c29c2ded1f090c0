// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras3/linear_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gatewright::frontends::keras3 {

using fixed::Dyadic;
using model::Values;

bool is_quantized(const Call& call) {
    return call.class_name[0] == 'Q';
}

namespace {

Values exact_values(const tensor::Shape& shape, const std::vector<double>& numbers) {
    Values out(shape);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto exact = Dyadic::from_double(numbers[i]);
        GW_CHECK(exact.has_value(), "folded weight is not finite");
        out[i] = *exact;
    }
    return out;
}

Status check_finite(const Folded& folded) {
    const auto finite = [](double v) { return std::isfinite(v); };
    if (std::all_of(folded.real_kernel.begin(), folded.real_kernel.end(), finite) &&
        std::all_of(folded.real_bias.begin(), folded.real_bias.end(), finite) &&
        std::all_of(folded.kernel.data.begin(), folded.kernel.data.end(), finite) &&
        std::all_of(folded.bias.data.begin(), folded.bias.data.end(), finite)) {
        return {};
    }
    return fail(
        "batch normalization gives weights that are not finite (a variance below -epsilon?)");
}

/// The bias' quantizer gives another value within the uncertainty of the package's own summation.
void warn_of_ties(Call& call, const Quantizer& quantizer, const Folded& folded) {
    if (folded.bias_error.empty() || quantizer.is_identity) return;
    for (const double side : {-1.0, 1.0}) {
        FloatTensor moved = folded.bias;
        for (std::size_t j = 0; j < moved.size(); ++j) {
            moved[j] = static_cast<float>(moved[j] + side * folded.bias_error[j]);
        }
        const auto a = quantize_weights(quantizer, folded.bias);
        const auto b = quantize_weights(quantizer, moved);
        if (!a || !b || *a == *b) continue;
        call.result.warnings.push_back(fmt::format(
            "layer '{}': a folded bias lies within float32 rounding of a tie; the training "
            "package may round it the other way",
            call.name));
        return;
    }
}

/// Weights that somebody has already put on a grid: their codes fit 16 bits.
bool is_fixed_point(const Weights& weights) {
    constexpr int kMaxBits = 16;
    Dyadic largest;
    int fraction = 0;
    for (const Values* values : {&weights.kernel, &weights.bias}) {
        for (const Dyadic& value : values->data) {
            if (value.is_zero()) continue;
            fraction = std::max(fraction, value.frac());
            largest = std::max(largest, value < Dyadic() ? -value : value);
        }
    }
    return largest < Dyadic(1).shifted(kMaxBits - 1 - fraction);
}

}  // namespace

Result<Weights> quantize_folded(Call& call, Folded folded) {
    GW_TRY_STATUS(check_finite(folded));
    Weights out;
    GW_TRY(const auto kq, find_quantizer(call, "kq_conf", "kq"));
    if (!kq) return fail("has no kq_conf: its kernel has no quantizer");
    GW_TRY(const FloatTensor kernel, quantize_weights(*kq, folded.kernel));
    out.kernel = to_values(kernel);
    GW_TRY(out.kernel_bits, ebops_bits(*kq, kernel.shape));
    GW_TRY_STATUS(limit_weights(*kq, kernel.shape, folded.real_kernel));
    out.real_kernel = exact_values(folded.kernel.shape, folded.real_kernel);
    if (folded.bias.size() == 0) return out;
    GW_TRY(const auto bq, find_quantizer(call, "bq_conf", "bq"));
    if (!bq) return fail("has no bq_conf: its bias has no quantizer");
    GW_TRY(const FloatTensor bias, quantize_weights(*bq, folded.bias));
    out.bias = to_values(bias);
    GW_TRY(out.bias_bits, ebops_bits(*bq, bias.shape));
    GW_TRY_STATUS(limit_weights(*bq, bias.shape, folded.real_bias));
    out.real_bias = exact_values(folded.bias.shape, folded.real_bias);
    warn_of_ties(call, *bq, folded);
    return out;
}

Result<Weights> cast_plain(Call& call, const Folded& folded) {
    GW_TRY_STATUS(check_finite(folded));
    Weights out;
    out.real_kernel = exact_values(folded.kernel.shape, folded.real_kernel);
    out.real_bias = exact_values(folded.bias.shape, folded.real_bias);
    out.kernel = out.real_kernel;
    out.bias = out.real_bias;
    const LayerPrecision precision = call.params.precision.of(call.name);
    if (!precision.weight && !precision.bias && is_fixed_point(out)) return out;
    if (!precision.weight || !precision.bias || !precision.result) {
        return fail(
            "carries no quantizers; give its types with --precision, for example fixed<16,6>");
    }
    for (Dyadic& w : out.kernel.data) w = fixed::cast_value(w, *precision.weight);
    for (Dyadic& b : out.bias.data) b = fixed::cast_value(b, *precision.bias);
    return out;
}

Folded unfolded(const FloatTensor& kernel, const FloatTensor& bias) {
    return {kernel,
            bias,
            {kernel.data.begin(), kernel.data.end()},
            {bias.data.begin(), bias.data.end()},
            {}};
}

Result<VariableOrder> linear_order(const Call& call, bool has_bias, const char* gamma) {
    VariableOrder order{"kernel"};
    if (has_bias) order.emplace_back("bias");
    if (gamma != nullptr) {
        GW_TRY(const bool has_gamma, call.flag("scale", true));
        if (has_gamma) order.emplace_back(gamma);
    }
    GW_TRY(const bool has_ebops, call.flag("enable_ebops", false));
    if (has_ebops) order.insert(order.end(), {"beta", "ebops"});
    if (gamma != nullptr) order.insert(order.end(), {"moving_mean", "moving_variance"});
    return order;
}

Result<FloatTensor> read_bias(const Call& call, const VariableOrder& order) {
    FloatTensor none;
    none.shape = {0};
    if (std::find(order.begin(), order.end(), "bias") == order.end()) return none;
    return call.variables.read(order, "bias");
}

Result<Wire> finish(Call& call, Wire y) {
    if (!is_quantized(call)) {
        const LayerPrecision precision = call.params.precision.of(call.name);
        if (precision.accumulator) {
            GW_TRY(y, call.assembly.quantize(call.name + "_accumulator", call.name,
                                             {*precision.accumulator}, y));
        }
        if (precision.result) {
            GW_TRY(y, call.assembly.quantize(call.name + "_result", call.name, {*precision.result},
                                             y));
        }
    }
    GW_TRY(y, apply_activation(call, call.config.find("activation"), y));
    return is_quantized(call) ? apply_output_quantizer(call, y) : Result<Wire>(y);
}

}  // namespace gatewright::frontends::keras3
