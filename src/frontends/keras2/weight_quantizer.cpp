// SPDX-License-Identifier: Apache-2.0
//
// QKeras' weight quantizers in float32, formula by formula, because the compiled design must hold
// the weights the trained network used. The straight-through form x + (q - x) that QKeras evaluates
// equals q except for float32 dust when q is off the grid; q itself is taken. Sums that give the
// least-squares scales are taken in double: TensorFlow's own order of addition is not defined, and
// a scale of auto_po2 is a power of two either way. Source: google/qkeras qkeras/quantizers.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontends/keras2/quantizer.h"

namespace gatewright::frontends::keras2 {

namespace {

constexpr float kEpsilon = 1e-7F;  // keras.backend.epsilon()
constexpr float kLog2 = 0.693147182464599609375F;

float sign_of(float x) {
    return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F;
}
float binary_sign(float x) {
    return x < 0 ? -1.0F : 1.0F;
}
float power_of_two(float exponent) {
    return std::exp2(exponent);
}
float nearest_even(float x) {
    return std::nearbyint(x);
}

/// 2^round(log2(scale + epsilon)) as QKeras computes it.
float po2_scale(float scale) {
    return power_of_two(nearest_even(std::log(scale + kEpsilon) / kLog2));
}

/// One output channel of a weight tensor: every `step`-th value from `first`.
struct Channel {
    std::vector<float> x;
    std::vector<float> q;      ///< codes, to be multiplied by scale
    std::vector<float> scale;  ///< one per value; all alike unless the tensor has one axis
};

/// Least squares: Σ x q / Σ q q. A tensor of one axis has one scale per element in QKeras.
void fit_scale(Channel& channel, bool one_axis, Alpha::Kind kind) {
    double xq = 0;
    double qq = 0;
    for (std::size_t i = 0; i < channel.x.size(); ++i) {
        xq += static_cast<double>(channel.x[i]) * static_cast<double>(channel.q[i]);
        qq += static_cast<double>(channel.q[i]) * static_cast<double>(channel.q[i]);
    }
    const auto count = static_cast<double>(channel.x.size());
    for (std::size_t i = 0; i < channel.x.size(); ++i) {
        const float numerator =
            one_axis ? channel.x[i] * channel.q[i] : static_cast<float>(xq / count);
        const float denominator =
            one_axis ? channel.q[i] * channel.q[i] : static_cast<float>(qq / count);
        float scale = numerator / (denominator + kEpsilon);
        if (kind == Alpha::Kind::kAutoPo2) scale = po2_scale(scale);
        channel.scale[i] = scale;
    }
}

float largest(const std::vector<float>& values) {
    float out = 0;
    for (const float value : values) out = std::max(out, std::abs(value));
    return out;
}

void quantize_bits_auto(Channel& channel, const QuantizerSpec& spec, bool one_axis) {
    const float m_i = power_of_two(static_cast<float>(spec.integer));
    const float m = power_of_two(static_cast<float>(spec.bits - (spec.keep_negative ? 1 : 0)));
    const float half_levels = power_of_two(static_cast<float>(spec.bits - 1)) - 1.0F;
    for (float& x : channel.x) x = x / m_i;
    const float start = largest(channel.x) * 2.0F / (half_levels * 2.0F);
    const bool po2 = spec.alpha.kind == Alpha::Kind::kAutoPo2;
    std::fill(channel.scale.begin(), channel.scale.end(), po2 ? po2_scale(start) : start);
    for (int round = 0; round < (po2 ? 5 : 1); ++round) {
        for (std::size_t i = 0; i < channel.x.size(); ++i) {
            const float v = std::floor(std::abs(channel.x[i]) / channel.scale[i] + 0.5F);
            channel.q[i] = sign_of(channel.x[i]) * (v < half_levels ? v : half_levels);
        }
        if (po2) fit_scale(channel, one_axis, spec.alpha.kind);
    }
    for (std::size_t i = 0; i < channel.x.size(); ++i) {
        channel.scale[i] = channel.scale[i] * m;
        channel.q[i] = m_i * channel.q[i] / m;
    }
}

void quantize_bits_plain(Channel& channel, const QuantizerSpec& spec) {
    const auto unsigned_bits = static_cast<float>(spec.bits - (spec.keep_negative ? 1 : 0));
    const float m = power_of_two(unsigned_bits);
    const float m_i = power_of_two(static_cast<float>(spec.integer));
    const float low = spec.keep_negative ? -m + (spec.symmetric ? 1.0F : 0.0F) : 0.0F;
    for (std::size_t i = 0; i < channel.x.size(); ++i) {
        const float p = channel.x[i] * m / m_i;
        channel.q[i] = unsigned_bits > 0 ? m_i * std::clamp(nearest_even(p), low, m - 1.0F) / m
                                         : binary_sign(channel.x[i]);
    }
}

void quantize_ternary_auto(Channel& channel, const QuantizerSpec& spec, bool one_axis) {
    float start = 2.0F * largest(channel.x) / 3.0F;
    if (spec.alpha.kind == Alpha::Kind::kAutoPo2) start = po2_scale(start);
    std::fill(channel.scale.begin(), channel.scale.end(), start);
    for (std::int64_t round = 0; round < spec.unrolls; ++round) {
        for (std::size_t i = 0; i < channel.x.size(); ++i) {
            const float v = channel.scale[i] * nearest_even(channel.x[i] / channel.scale[i]);
            const bool on = std::abs(v) >= channel.scale[i] / 2.0F;
            channel.q[i] = on ? sign_of(channel.x[i]) : 0.0F;
        }
        fit_scale(channel, one_axis, spec.alpha.kind);
    }
}

/// The exponent of quantized_po2: round(log2 x), clipped.
float po2_exponent(float x, const QuantizerSpec& spec, float lowest, float highest) {
    if (x < kEpsilon) return lowest;
    if (spec.max_value && x >= static_cast<float>(*spec.max_value)) {
        x = static_cast<float>(*spec.max_value);
    }
    if (spec.quadratic) x = std::sqrt(x);
    const float exact = std::log(x) / kLog2;
    const float exponent = spec.floor_log2 ? std::floor(exact) : nearest_even(exact);
    return (spec.quadratic ? 2.0F : 1.0F) * std::clamp(exponent, lowest, highest);
}

void quantize_po2(Channel& channel, const QuantizerSpec& spec) {
    const bool relu = spec.name == "quantized_relu_po2";
    const int sign_bits = (relu ? 0 : 1) + (!spec.max_value || *spec.max_value > 1 ? 1 : 0);
    const float lowest = -power_of_two(static_cast<float>(spec.bits - sign_bits));
    float highest = -lowest - 1.0F;
    if (spec.quadratic) highest = 2.0F * std::floor(highest / 2.0F);
    const auto slope = static_cast<float>(spec.negative_slope);
    for (std::size_t i = 0; i < channel.x.size(); ++i) {
        const float x = channel.x[i];
        float magnitude = std::abs(x);
        float sign = binary_sign(x);
        if (relu) {
            sign = x >= 0 || slope == 0 ? 1.0F : -1.0F;
            magnitude = sign > 0 ? std::max(x, 0.0F) : -x * slope;
        }
        channel.q[i] = sign * power_of_two(po2_exponent(magnitude, spec, lowest, highest));
    }
}

void quantize_channel(Channel& channel, const QuantizerSpec& spec, bool one_axis) {
    const bool is_auto =
        spec.alpha.kind == Alpha::Kind::kAuto || spec.alpha.kind == Alpha::Kind::kAutoPo2;
    if (spec.name == "quantized_bits" && is_auto)
        return quantize_bits_auto(channel, spec, one_axis);
    if (spec.name == "ternary" && is_auto) return quantize_ternary_auto(channel, spec, one_axis);
    if (spec.name == "quantized_po2" || spec.name == "quantized_relu_po2") {
        return quantize_po2(channel, spec);
    }
    if (spec.name == "binary") {
        for (std::size_t i = 0; i < channel.x.size(); ++i) {
            const float sign = binary_sign(channel.x[i]);
            channel.q[i] = spec.use_01 ? (sign + 1.0F) / 2.0F : sign;
        }
        if (is_auto) fit_scale(channel, one_axis, spec.alpha.kind);
        return;
    }
    if (spec.name == "ternary") {
        const auto threshold = static_cast<float>(spec.threshold.value_or(0.33));
        for (std::size_t i = 0; i < channel.x.size(); ++i) {
            channel.q[i] = std::abs(channel.x[i]) >= threshold ? sign_of(channel.x[i]) : 0.0F;
        }
        return;
    }
    quantize_bits_plain(channel, spec);
}

}  // namespace

Result<tensor::Tensor<float>> quantize_weights(const QuantizerSpec& spec,
                                               const tensor::Tensor<double>& values) {
    const bool known =
        spec.name != "quantized_tanh" && spec.name != "quantized_sigmoid" &&
        (spec.name != "quantized_relu" || (spec.negative_slope == 0 && !spec.use_sigmoid));
    if (!known) {
        return fail(fmt::format("quantizer {} is for activations; use quantized_bits for weights",
                                spec.name));
    }
    QuantizerSpec own = spec;
    if (own.name == "quantized_relu") own.keep_negative = false;
    const bool one_axis = values.shape.size() <= 1;
    const std::size_t columns =
        one_axis ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(1, values.shape.back()));
    const std::size_t channels =
        values.shape.empty()
            ? 1
            : static_cast<std::size_t>(std::max<std::int64_t>(1, values.shape.back()));
    if (own.alpha.numbers.size() > 1 && own.alpha.numbers.size() != channels) {
        return fail(fmt::format("alpha has {} numbers for {} channels", own.alpha.numbers.size(),
                                channels));
    }
    tensor::Tensor<float> out(values.shape);
    for (std::size_t column = 0; column < columns; ++column) {
        Channel channel;
        for (std::size_t i = column; i < values.size(); i += columns) {
            channel.x.push_back(static_cast<float>(values[i]));
            channel.scale.push_back(1.0F);
            if (own.alpha.numbers.size() == 1) channel.scale.back() = own.alpha.numbers[0];
            if (own.alpha.numbers.size() > 1)
                channel.scale.back() = own.alpha.numbers[i % channels];
        }
        channel.q.assign(channel.x.size(), 0.0F);
        quantize_channel(channel, own, one_axis);
        for (std::size_t i = 0; i < channel.q.size(); ++i) {
            out[column + i * columns] = channel.scale[i] * channel.q[i];
        }
    }
    for (const float value : out.data) {
        if (!std::isfinite(value))
            return fail(fmt::format("quantizer {} gives no finite weights", spec.name));
    }
    return out;
}

}  // namespace gatewright::frontends::keras2
