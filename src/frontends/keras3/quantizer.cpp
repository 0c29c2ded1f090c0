// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras3/quantizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace gatewright::frontends::keras3 {

using fixed::Cast;
using fixed::Overflow;
using fixed::Round;

namespace {

/// Largest |i|, |f| accepted; HGQ2's own constraints keep trained widths within 24 (32 for dead
/// biases).
constexpr float kMaxWidthValue = 512;

constexpr std::array kConfigKeys = {"q_type",
                                    "place",
                                    "scaler",
                                    "qnoise_factor",
                                    "affine",
                                    "k0",
                                    "b0",
                                    "i0",
                                    "f0",
                                    "round_mode",
                                    "overflow_mode",
                                    "bc",
                                    "ic",
                                    "fc",
                                    "br",
                                    "ir",
                                    "fr",
                                    "i_decay_speed",
                                    "bw_mapper",
                                    "trainable",
                                    "homogeneous_axis",
                                    "heterogeneous_axis",
                                    "is_weight",
                                    "symmetric",
                                    "name",
                                    "dtype",
                                    "seed"};

Result<Round> read_round(std::string name) {
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    if (name.rfind("S_", 0) == 0) name = name.substr(2);  // stochastic in training only
    if (name == "FLOOR") return Round::kTrn;
    if (name == "ROUND") return Round::kRnd;
    if (name == "ROUND_CONV") return Round::kRndConv;
    auto round = fixed::parse_round(name);
    if (!round) return fail(fmt::format("quantizer has the unknown round_mode '{}'", name));
    return round;
}

Result<Overflow> read_overflow(const std::string& name) {
    auto overflow = fixed::parse_overflow(name);
    if (!overflow || *overflow == Overflow::kSatZero) {
        return fail(fmt::format(
            "quantizer has the unknown overflow_mode '{}'; known are WRAP, SAT, SAT_SYM, "
            "WRAP_SM",
            name));
    }
    return overflow;
}

Result<std::vector<int>> rounded_widths(const FloatTensor& widths, std::string_view name) {
    std::vector<int> out;
    for (const float width : widths.data) {
        if (std::abs(width) > kMaxWidthValue) {
            return fail(fmt::format("quantizer has {} = {}; expected at most {}", name, width,
                                    kMaxWidthValue));
        }
        out.push_back(static_cast<int>(std::nearbyint(width)));  // half to even
    }
    return out;
}

Result<FloatTensor> read_width(const VariableGroup& variables, const VariableOrder& order,
                               std::string_view name, const tensor::Shape* shape) {
    GW_TRY(FloatTensor out, variables.read(order, name));
    if (shape != nullptr && out.shape != *shape) {
        return fail(fmt::format("quantizer variable '{}' has shape {}, expected {}", name,
                                tensor::to_string(out.shape), tensor::to_string(*shape)));
    }
    return out;
}

Status read_widths(bool is_kbi, const VariableGroup& variables, Quantizer& out) {
    const bool wraps = out.overflow == Overflow::kWrap;
    VariableOrder order;
    if (is_kbi) {
        order =
            wraps ? VariableOrder{"b", "k", "i", "i_decay_speed"} : VariableOrder{"b", "i", "k"};
    } else {
        order =
            wraps ? VariableOrder{"f", "k", "i", "i_decay_speed"} : VariableOrder{"i", "f", "k"};
    }
    GW_TRY(const FloatTensor sign, read_width(variables, order, "k", nullptr));
    out.shape = sign.shape;
    GW_TRY(const FloatTensor integer, read_width(variables, order, "i", &out.shape));
    const char* trained = is_kbi ? "b" : "f";
    GW_TRY(const FloatTensor bits, read_width(variables, order, trained, &out.shape));
    for (const float k : sign.data) {
        if (k != 0 && k != 1)
            return fail(fmt::format("quantizer has the sign k = {}; expected 0 or 1", k));
        out.sign.push_back(static_cast<int>(k));
    }
    GW_TRY(out.integer, rounded_widths(integer, "i"));
    GW_TRY(out.fraction, rounded_widths(bits, trained));
    if (is_kbi) {
        for (std::size_t n = 0; n < out.fraction.size(); ++n) out.fraction[n] -= out.integer[n];
    }
    return {};
}

void check_keys(const Json& config, Problems& problems) {
    for (const auto& [key, value] : config.as_object()) {
        const bool known =
            std::find(kConfigKeys.begin(), kConfigKeys.end(), key) != kConfigKeys.end();
        if (!known && !value.is_null())
            problems.add(fmt::format("unknown quantizer attribute '{}'", key));
    }
    const Json* mapper = config.find("bw_mapper");
    if (mapper != nullptr && !mapper->is_null() &&
        plain_class_name(*mapper) != "DefaultBitwidthMapper") {
        problems.add("quantizer has its own bw_mapper; only the default one is read");
    }
}

/// Modes, scaler and affine; HardTanhConfig and HardSigmoidConfig leave theirs out of the file.
Status read_modes(const Json& config, const std::string& class_name, Quantizer& out) {
    GW_TRY(const std::string round, config.string_or("round_mode", "RND"));
    GW_TRY(out.round, read_round(round));
    const bool is_hard = class_name == "HardTanhConfig" || class_name == "HardSigmoidConfig";
    GW_TRY(const std::string overflow, config.string_or("overflow_mode", is_hard ? "SAT" : "WRAP"));
    GW_TRY(out.overflow, read_overflow(overflow));
    if (class_name == "HardSigmoidConfig") {
        out.affine_scale = 0.25F;
        out.affine_shift = 0.5F;
    }
    GW_TRY(const double scaler, config.number_or("scaler", 1.0));
    out.scaler = static_cast<float>(scaler);
    if (!std::isfinite(out.scaler) || out.scaler == 0)
        return fail("quantizer has a scaler of zero or no number");
    const Json* affine = config.find("affine");
    if (affine == nullptr || affine->is_null()) return {};
    if (!affine->is_array() || affine->as_array().size() != 2 ||
        !affine->as_array()[0].is_number() || !affine->as_array()[1].is_number()) {
        return fail("quantizer has an affine that is no pair of numbers");
    }
    out.affine_scale = static_cast<float>(affine->as_array()[0].as_number());
    out.affine_shift = static_cast<float>(affine->as_array()[1].as_number());
    if (!std::isfinite(out.affine_scale) || !std::isfinite(out.affine_shift)) {
        return fail("quantizer has an affine that is not finite");
    }
    return {};
}

/// Row-major index into `from` (which broadcasts to `to`) of every element of `to`.
Result<std::vector<std::size_t>> broadcast_index(const tensor::Shape& from,
                                                 const tensor::Shape& to) {
    const auto misfit = [&] {
        return fail(fmt::format("quantizer of shape {} does not fit the tensor {}",
                                tensor::to_string(from), tensor::to_string(to)));
    };
    if (from.size() > to.size()) return misfit();
    const std::size_t lead = to.size() - from.size();
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
        if (from[axis] != 1 && from[axis] != to[lead + axis]) return misfit();
    }
    const auto steps = tensor::strides(from);
    std::vector<std::size_t> out(tensor::element_count(to));
    tensor::MultiIndex at(to);
    for (std::size_t n = 0; n < out.size(); ++n, at.next()) {
        for (std::size_t axis = 0; axis < from.size(); ++axis) {
            if (from[axis] != 1)
                out[n] += steps[axis] * static_cast<std::size_t>((*at)[lead + axis]);
        }
    }
    return out;
}

/// log2 of a power of two, negative ones excluded.
std::optional<int> exact_log2(float value) {
    int exponent = 0;
    if (std::frexp(value, &exponent) != 0.5F) return std::nullopt;
    return exponent - 1;
}

float round_float(float x, Round round) {
    const float sign = x > 0 ? 1.0F : (x < 0 ? -1.0F : 0.0F);
    switch (round) {
        case Round::kTrn:
            return std::floor(x);
        case Round::kTrnZero:
            return std::floor(std::abs(x)) * sign;
        case Round::kRnd:
            return std::floor(x + 0.5F);
        case Round::kRndZero:
            return -std::floor(-std::abs(x) + 0.5F) * sign;
        case Round::kRndMinInf:
            return -std::floor(-x + 0.5F);
        case Round::kRndInf:
            return std::floor(std::abs(x) + 0.5F) * sign;
        case Round::kRndConv:
            return std::nearbyint(x);
    }
    GW_UNREACHABLE("rounding mode");
}

/// The remainder with the divisor's sign, as Python's %.
float floor_modulo(float a, float b) {
    const float remainder = std::fmod(a, b);
    return remainder < 0 ? remainder + b : remainder;
}

float power_of_two(int exponent) {
    return std::ldexp(1.0F, exponent);
}

float round_to(float x, int fraction, Round round) {
    const float scale = power_of_two(fraction);
    return round_float(x * scale, round) / scale;
}

/// Reflects instead of wrapping: HGQ2's WRAP_SM, which tests the unrounded value.
float wrap_sign_magnitude(float x, int k, int i, int f, Round round) {
    const float step = power_of_two(-f);
    const float high = power_of_two(i) - step;
    const float low = -(high + step) * static_cast<float>(k);
    const float period = power_of_two(i + k);
    const bool outer = floor_modulo(x / period, 2) >= 1 && std::abs(x) > step / 2;
    const bool inner = floor_modulo((x + step / 2) / (period / 2), 2) >= 1;
    float mapped = floor_modulo(round_to(x, f, round) - high - step, period) + low;
    if (inner) mapped = -mapped - step;
    if (outer) mapped = -mapped - step;
    return mapped;
}

float quantize_float(float x, const Quantizer& q, std::size_t n) {
    const int k = q.sign[n];
    const int f = q.fraction[n];
    if (q.only_rounds) return round_to(x, f, q.round);
    if (k + q.integer[n] + f <= 0) return 0;
    const int i = std::max(q.integer[n], -f);
    if (q.overflow == Overflow::kWrapSm) return wrap_sign_magnitude(x, k, i, f, q.round);
    if (q.overflow == Overflow::kWrap) {
        const float bias = static_cast<float>(k) * power_of_two(i + k - 1);
        return floor_modulo(round_to(x, f, q.round) + bias, power_of_two(i + k)) - bias;
    }
    const float high = power_of_two(i) - power_of_two(-f);
    const float low =
        -static_cast<float>(k) * (q.overflow == Overflow::kSatSym ? high : power_of_two(i));
    return round_to(std::clamp(x, low, high), f, q.round);
}

}  // namespace

Result<Quantizer> read_quantizer(const Json& object, const VariableGroup& variables) {
    GW_TRY(const Json* config, object.get_object("config"));
    Quantizer out;
    Problems problems;
    check_keys(*config, problems);
    GW_TRY(const std::string type, config->string_or("q_type", "kif"));
    if (type == "dummy") {
        out.is_identity = true;
        return out;
    }
    if (type != "kbi" && type != "kif") {
        problems.add(fmt::format("quantizer type '{}' has no hardware form; use kbi or kif", type));
    } else if (const auto modes = read_modes(*config, plain_class_name(object), out); !modes) {
        problems.add(modes.error().message);
    } else {
        GW_TRY(const bool is_weight, config->bool_or("is_weight", false));
        GW_TRY(const bool is_trainable, config->bool_or("trainable", true));
        const bool skips_wrap = type == "kif" || out.round == Round::kRnd;
        out.only_rounds =
            is_weight && is_trainable && skips_wrap && out.overflow == Overflow::kWrap;
        if (const auto widths = read_widths(type == "kbi", variables, out); !widths) {
            problems.add(widths.error().message);
        }
    }
    if (problems.empty()) return out;
    std::string all;
    for (const std::string& message : problems.messages())
        all += (all.empty() ? "" : "; ") + message;
    return fail(all);
}

Result<std::vector<Cast>> data_casts(const Quantizer& q, const tensor::Shape& shape) {
    tensor::Shape with_batch = shape;
    with_batch.insert(with_batch.begin(), 1);
    GW_TRY(const auto index, broadcast_index(q.shape, with_batch));
    const auto shift = exact_log2(q.scaler);
    if (!shift)
        return fail(
            fmt::format("quantizer has the scaler {}; only powers of two are exact", q.scaler));
    std::vector<Cast> out;
    for (const std::size_t n : index) {
        const int width = std::max(0, q.sign[n] + q.integer[n] + q.fraction[n]);
        Cast cast{{width > 0 && q.sign[n] == 1, width, width > 0 ? q.fraction[n] - *shift : 0},
                  q.round,
                  q.overflow};
        if (q.overflow == Overflow::kWrapSm && width > 0 && q.sign[n] == 0) {
            return fail(
                "quantizer has the overflow_mode WRAP_SM without a sign, which HGQ2 maps outside "
                "its own "
                "range; use WRAP or SAT");
        }
        if (width == 0) cast = Cast{};  // every way to spell the constant 0 compares equal
        out.push_back(cast);
    }
    const bool alike =
        std::all_of(out.begin(), out.end(), [&](const Cast& c) { return c == out.front(); });
    if (alike && !out.empty()) out.resize(1);
    return out;
}

Result<FloatTensor> quantize_weights(const Quantizer& q, const FloatTensor& weights) {
    if (q.is_identity) return weights;
    GW_TRY(const auto index, broadcast_index(q.shape, weights.shape));
    FloatTensor out(weights.shape);
    for (std::size_t n = 0; n < out.size(); ++n) {
        const float scaled = q.scaler == 1 ? weights[n] : weights[n] / q.scaler;
        out[n] = quantize_float(scaled, q, index[n]);
        if (q.scaler != 1) out[n] *= q.scaler;
        if (q.affine_scale != 1 || q.affine_shift != 0) {
            const float product = out[n] * q.affine_scale;
            out[n] = product + q.affine_shift;
        }
        if (!std::isfinite(out[n]))
            return fail(fmt::format("quantized weight {} is not finite", n));
    }
    return out;
}

Status limit_weights(const Quantizer& q, const tensor::Shape& shape, std::vector<double>& weights) {
    if (q.is_identity || q.only_rounds) return {};
    GW_TRY(const auto index, broadcast_index(q.shape, shape));
    const bool saturates = q.overflow == Overflow::kSat || q.overflow == Overflow::kSatSym;
    for (std::size_t n = 0; n < weights.size(); ++n) {
        const int k = q.sign[index[n]];
        const int i = q.integer[index[n]];
        const int f = q.fraction[index[n]];
        if (k + i + f <= 0) weights[n] = 0;
        if (!saturates || k + i + f <= 0) continue;
        const double high = std::ldexp(1.0, i) - std::ldexp(1.0, -f);
        const double low = -k * (q.overflow == Overflow::kSat ? std::ldexp(1.0, i) : high);
        const double scaled = std::clamp(weights[n] / q.scaler, low, high);
        weights[n] = scaled * q.scaler * q.affine_scale + q.affine_shift;
    }
    return {};
}

Result<std::vector<std::int64_t>> ebops_bits(const Quantizer& q, const tensor::Shape& shape) {
    if (q.is_identity) return std::vector<std::int64_t>{};
    GW_TRY(const auto index, broadcast_index(q.shape, shape));
    std::vector<std::int64_t> out;
    for (const std::size_t n : index) {
        const int bits = std::max(0, q.integer[n] + q.fraction[n]);
        out.push_back(bits + (q.overflow == Overflow::kSat ? q.sign[n] : 0));
    }
    return out;
}

model::Values to_values(const FloatTensor& tensor) {
    model::Values out(tensor.shape);
    for (std::size_t n = 0; n < tensor.size(); ++n) {
        const auto exact = fixed::Dyadic::from_double(static_cast<double>(tensor[n]));
        GW_CHECK(exact.has_value(), "weight is not finite");
        out[n] = *exact;
    }
    return out;
}

}  // namespace gatewright::frontends::keras3
