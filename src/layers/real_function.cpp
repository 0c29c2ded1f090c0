// SPDX-License-Identifier: Apache-2.0
#include "layers/real_function.h"

#include <fmt/format.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include "support/check.h"

namespace gatewright::layers {
namespace {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;
using Medium = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                             boost::multiprecision::et_off>;
using Long = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<400>,
                                           boost::multiprecision::et_off>;

// Functions by argument-dependent lookup: std for long double, boost::multiprecision for the
// others.
using std::abs;
using std::atan;
using std::cos;
using std::exp;
using std::frexp;
using std::isfinite;
using std::ldexp;
using std::log;
using std::sin;
using std::sqrt;

static_assert(std::numeric_limits<long double>::digits >= 64, "the first attempt assumes 64 bits");

/// Relative error that every formula below keeps: the type's own with room for a dozen roundings,
/// and for what sin and cos lose by reducing arguments up to 2^60.
template <class R>
R formula_error();
template <>
long double formula_error() {
    return 0x1p-58L;
}
template <>
Medium formula_error() {
    return Medium("1e-30");
}
template <>
Long formula_error() {
    return Long("1e-280");
}

// Keras' constants: these doubles, exactly.
constexpr double kSeluScale = 1.0507009873554805;
constexpr double kSeluAlpha = 1.6732632423543772;

template <class R>
R pi() {
    return 4 * atan(R(1));
}

// e^u with the argument held where the type can answer; beyond, only the sign of the exponent
// matters.
template <class R>
R held_exp(const R& u) {
    const R bound = 1000000;
    return exp(u > bound ? bound : (u < -bound ? R(-bound) : u));
}

// e^u - 1 by its series where subtracting would cancel.
template <class R>
R exp_minus_1(const R& u) {
    if (abs(u) > R(0.5)) return held_exp(u) - 1;
    R term = u;
    R sum = u;
    for (int n = 2; abs(term) > abs(sum) * std::numeric_limits<R>::epsilon(); ++n) {
        term = term * u / n;
        sum = sum + term;
    }
    return sum;
}

// log(1 + u) = 2 artanh(u/(2 + u)) by its series where adding would cancel.
template <class R>
R log_1_plus(const R& u) {
    if (abs(u) > R(0.25)) return log(R(1 + u));
    const R z = u / (2 + u);
    R power = z;
    R sum = z;
    for (int n = 3; abs(power) > abs(sum) * std::numeric_limits<R>::epsilon(); n += 2) {
        power = power * z * z;
        sum = sum + power / n;
    }
    return 2 * sum;
}

template <class R>
R sigmoid(const R& u) {
    const R e = held_exp(R(-abs(u)));
    return u < 0 ? R(e / (1 + e)) : R(1 / (1 + e));
}

// tanh|u| = -e/(e + 2) with e = e^(-2|u|) - 1, which neither cancels nor overflows.
template <class R>
R hyperbolic_tangent(const R& u) {
    const R e = exp_minus_1(R(-2 * abs(u)));
    const R t = -e / (e + 2);
    return u < 0 ? R(-t) : t;
}

/// A value and the relative error it may have beyond formula_error.
template <class R>
struct Approximation {
    R value;
    R extra_error = 0;
};

// erf(u) for u >= 0: 2/sqrt(pi) e^(-u^2) Σ 2^n u^(2n+1)/(2n+1)!!, all terms positive.
template <class R>
R error_function_series(const R& u) {
    R term = u;
    R sum = u;
    for (int n = 1; term > sum * std::numeric_limits<R>::epsilon(); ++n) {
        term = term * 2 * u * u / (2 * n + 1);
        sum = sum + term;
    }
    return 2 / sqrt(pi<R>()) * exp(R(-u * u)) * sum;
}

// Far out erfc(u) is e^(-u^2)/(u sqrt(pi)) within 1/(2u^2): beyond u = 20 (1e-175) only the order
// of magnitude can matter to a rounding.
constexpr int kErrorFunctionTail = 20;

// The C library's own are good to the last bits; thousands of terms in machine precision are not.
template <class R>
Approximation<R> complementary_error_function(const R& u) {
    if constexpr (std::is_floating_point_v<R>) return {std::erfc(u)};
    if (u <= 0) return {1 + (u == 0 ? R(0) : error_function_series(R(-u)))};
    if (u > kErrorFunctionTail) {
        return {held_exp(R(-u * u)) / (u * sqrt(pi<R>())), R(0.01)};
    }
    const R value = 1 - error_function_series(u);
    if (!(value > 0)) return {std::numeric_limits<R>::epsilon(), R(2)};
    return {value, R(8) * formula_error<R>() / value};
}

template <class R>
R error_function(const R& u) {
    if constexpr (std::is_floating_point_v<R>) return std::erf(u);
    if (abs(u) > 200) return u < 0 ? R(-1) : R(1);
    if (u == 0) return 0;
    const R positive = error_function_series(R(abs(u)));
    return u < 0 ? R(-positive) : positive;
}

template <class R>
R softplus(const R& u) {
    const R rest = log_1_plus(held_exp(R(-abs(u))));
    return u > 0 ? R(u + rest) : rest;
}

// u tanh(log(1 + e^u)) without overflow: tanh(log(1 + e)) = (e^2 + 2e)/(e^2 + 2e + 2).
template <class R>
R mish(const R& u) {
    const R e = held_exp(R(-abs(u)));
    if (u >= 0) return u * (1 + 2 * e) / (1 + 2 * e + 2 * e * e);
    return u * (e * e + 2 * e) / (e * e + 2 * e + 2);
}

template <class R>
R gelu_tanh(const R& u) {
    return u * sigmoid(R(2 * sqrt(R(2 / pi<R>())) * (u + R(44715) / 1000000 * u * u * u)));
}

// f(u). A pole gives an infinity, no value NaN; overflow of the type itself an infinity too.
template <class R>
Approximation<R> evaluate(FunctionKind kind, const R& u, const R& alpha) {
    const R infinity = std::numeric_limits<R>::infinity();
    const R undefined = std::numeric_limits<R>::quiet_NaN();
    switch (kind) {
        case FunctionKind::kLinear:
            return {u};
        case FunctionKind::kAbs:
            return {abs(u)};
        case FunctionKind::kSquare:
            return {u * u};
        case FunctionKind::kCube:
            return {u * u * u};
        case FunctionKind::kRelu:
            return {u < 0 ? R(0) : u};
        case FunctionKind::kRelu6:
            return {u < 0 ? R(0) : (u > 6 ? R(6) : u)};
        case FunctionKind::kLeakyRelu:
            return {u < 0 ? R(alpha * u) : u};
        case FunctionKind::kReciprocal:
            return {u == 0 ? infinity : R(1 / u)};
        case FunctionKind::kSqrt:
            return {u < 0 ? undefined : sqrt(u)};
        case FunctionKind::kRsqrt:
            return {u < 0 ? undefined : (u == 0 ? infinity : R(1 / sqrt(u)))};
        case FunctionKind::kExp:
            return {held_exp(u)};
        case FunctionKind::kExpm1:
            return {exp_minus_1(u)};
        case FunctionKind::kLog:
            return {u < 0 ? undefined : (u == 0 ? R(-infinity) : log_1_plus(R(u - 1)))};
        case FunctionKind::kLog1p:
            return {u < -1 ? undefined : (u == -1 ? R(-infinity) : log_1_plus(u))};
        case FunctionKind::kSigmoid:
            return {sigmoid(u)};
        case FunctionKind::kTanh:
            return {hyperbolic_tangent(u)};
        case FunctionKind::kElu:
            return {u < 0 ? R(alpha * exp_minus_1(u)) : u};
        case FunctionKind::kSelu: {
            const R scale = R(kSeluScale);
            return {scale * (u < 0 ? R(R(kSeluAlpha) * exp_minus_1(u)) : u)};
        }
        case FunctionKind::kSoftplus:
            return {softplus(u)};
        case FunctionKind::kSoftsign:
            return {u / (1 + abs(u))};
        case FunctionKind::kSilu:
            return {u * sigmoid(u)};
        case FunctionKind::kHardSilu:
            return {u < -3 ? R(0) : (u > 3 ? u : R(u * (u + 3) / 6))};
        case FunctionKind::kMish:
            return {mish(u)};
        case FunctionKind::kGelu: {
            const auto tail = complementary_error_function(R(-u / sqrt(R(2))));
            return {u * tail.value / 2, tail.extra_error};
        }
        case FunctionKind::kGeluTanh:
            return {gelu_tanh(u)};
        case FunctionKind::kErf:
            return {error_function(u)};
        case FunctionKind::kSin:
            return {sin(u)};
        case FunctionKind::kCos:
            return {cos(u)};
        case FunctionKind::kTan:
            return {sin(u) / cos(u)};
        case FunctionKind::kAtan:
            return {atan(u)};
        case FunctionKind::kSinh:
            return {(exp_minus_1(u) - exp_minus_1(R(-u))) / 2};
        case FunctionKind::kCosh:
            return {(held_exp(u) + held_exp(R(-u))) / 2};
    }
    GW_UNREACHABLE("function");
}

// Functions that only compare, add and multiply are done in exact numbers at once.
std::optional<Dyadic> exact_value(FunctionKind kind, const Dyadic& u, const Dyadic& alpha) {
    switch (kind) {
        case FunctionKind::kLinear:
            return u;
        case FunctionKind::kAbs:
            return u.sign() < 0 ? -u : u;
        case FunctionKind::kSquare:
            return u * u;
        case FunctionKind::kCube:
            return u * u * u;
        case FunctionKind::kRelu:
            return u.sign() < 0 ? Dyadic(0) : u;
        case FunctionKind::kRelu6:
            return u.sign() < 0 ? Dyadic(0) : (u > Dyadic(6) ? Dyadic(6) : u);
        case FunctionKind::kLeakyRelu:
            return u.sign() < 0 ? alpha * u : u;
        default:
            return std::nullopt;
    }
}

/// A value that a function comes arbitrarily near to without reaching it.
struct Limit {
    Dyadic value;
    int side = 0;         ///< +1: the function is above it, -1: below
    double log2_gap = 0;  ///< an upper bound of log2 |f(u) - value|
};

// Bounds by elementary inequalities: 1 - sigmoid(u) < e^-u, 1 - tanh(u) < 2 e^-2u, erfc(u) <=
// e^(-u^2), u - u sigmoid(u) < u e^-u, log(1 + e^u) - u < e^-u, and their mirror images for u < 0.
std::optional<Limit> limit_of(FunctionKind kind, const Dyadic& u, const Dyadic& alpha) {
    // Beyond 10^6 every gap only shrinks further.
    const double m = std::min(std::abs(u.to_double()), 1e6);
    if (m < 1) return std::nullopt;
    const double log2_e = std::log2(std::exp(1.0));
    const auto gap = [&](double exponent, double factor) {
        return 1 + std::log2(factor) - exponent * log2_e;
    };
    const bool positive = u.sign() > 0;
    const int side = u.sign();
    switch (kind) {
        case FunctionKind::kSigmoid:
            return Limit{positive ? 1 : 0, -side, gap(m, 1)};
        case FunctionKind::kTanh:
            return Limit{side, -side, gap(2 * m, 2)};
        case FunctionKind::kErf:
            return Limit{side, -side, gap(m * m, 1)};
        case FunctionKind::kSoftplus:
            return Limit{positive ? u : Dyadic(0), 1, gap(m, 1)};
        case FunctionKind::kSilu:
            return Limit{positive ? u : Dyadic(0), -1, gap(m, m)};
        case FunctionKind::kMish:
            return Limit{positive ? u : Dyadic(0), -1, gap(m, 2 * m)};
        case FunctionKind::kGelu:
            return Limit{positive ? u : Dyadic(0), -1, gap(m * m / 2, m)};
        case FunctionKind::kGeluTanh:
            return Limit{positive ? u : Dyadic(0), -1, gap(1.59 * m, m)};
        case FunctionKind::kElu:
            if (positive || alpha.is_zero()) return std::nullopt;
            return Limit{-alpha, alpha.sign(), gap(m, std::abs(alpha.to_double()))};
        case FunctionKind::kSelu:
            if (positive) return std::nullopt;
            return Limit{-*Dyadic::from_double(kSeluScale) * *Dyadic::from_double(kSeluAlpha), 1,
                         gap(m, 2)};
        case FunctionKind::kExpm1:
            if (positive) return std::nullopt;
            return Limit{-1, 1, gap(m, 1)};
        case FunctionKind::kExp:
            if (positive) return std::nullopt;
            return Limit{0, 1, gap(m, 1)};
        default:
            return std::nullopt;
    }
}

// The code where the function cannot be told from its limit: no rounding boundary (a multiple of
// half a step) lies between them, except the limit itself.
std::optional<Integer> code_at_limit(const RealFunction& f, const Dyadic& u, const Cast& type) {
    const auto limit = limit_of(f.kind, u, f.alpha);
    if (!limit) return std::nullopt;
    const Dyadic value = limit->value * f.output_scale;
    const int finest = std::max(type.format.frac + 1, value.frac());
    const double gap = limit->log2_gap + std::log2(std::abs(f.output_scale.to_double()));
    if (!(gap < -finest)) return std::nullopt;
    const int side = limit->side * f.output_scale.sign();
    return cast_code(value + Dyadic(Integer(side), -finest - 2), type);
}

template <class R>
R to_real(const Dyadic& value) {
    if (const auto small = value.mantissa().to_int64()) return ldexp(R(*small), value.exponent());
    if constexpr (std::is_floating_point_v<R>) {
        return static_cast<R>(value.to_double());
    } else {
        return ldexp(R(value.mantissa().to_string()), value.exponent());
    }
}

/// A bound of the value on a grid finer than the type's precision: exact.
Dyadic to_dyadic(long double value) {
    int exponent = 0;
    const long double mantissa = frexp(value, &exponent);  // 64 bits: two halves of 32
    const auto high = static_cast<std::int64_t>(std::floor(ldexp(mantissa, 32)));
    const auto low =
        static_cast<std::int64_t>(ldexp(ldexp(mantissa, 32) - static_cast<long double>(high), 32));
    return Dyadic(Integer(high), exponent - 32) + Dyadic(Integer(low), exponent - 64);
}

template <class R>
Dyadic to_dyadic(const R& value) {
    constexpr int kBits = std::numeric_limits<R>::digits;
    int exponent = 0;
    const R mantissa = frexp(value, &exponent);
    const auto whole = ldexp(mantissa, kBits).template convert_to<boost::multiprecision::cpp_int>();
    return {Integer::parse(whole.str()).value(), exponent - kBits};
}

constexpr int kMaxExponent = 1024;  // values from 2^1024 on count as infinite

struct Attempt {
    std::optional<Integer> code;  ///< decided
    Dyadic nearest;               ///< else: the value found
};

// The code of every value between the two, if it is one. Codes are compared before they wrap: ends
// a whole turn apart have the same low bits. Clamping is monotone, so there the clamped ends tell.
std::optional<Integer> common_code(const Dyadic& low, const Dyadic& high, const Cast& type) {
    const auto rounded = [&](const Dyadic& value) {
        return round_code(value.mantissa(), value.frac() - type.format.frac, type.round);
    };
    const Integer at_low = rounded(low);
    const Integer at_high = rounded(high);
    const Integer code = overflow_code(at_low, type);
    if (at_low == at_high) return code;
    const bool clamps =
        type.overflow == fixed::Overflow::kSat || type.overflow == fixed::Overflow::kSatSym;
    if (clamps && code == overflow_code(at_high, type)) return code;
    return std::nullopt;
}

// One precision of Ziv's loop.
template <class R>
Attempt attempt(const RealFunction& f, const Dyadic& u, const Cast& type) {
    const auto raw = evaluate<R>(f.kind, to_real<R>(u), to_real<R>(f.alpha));
    const R value = raw.value * to_real<R>(f.output_scale);
    if (value != value) return {Integer(0), {}};
    if (value > ldexp(R(1), kMaxExponent)) return {type.format.max_code(), {}};
    if (value < -ldexp(R(1), kMaxExponent)) return {type.format.min_code(), {}};
    if (value == 0) return {std::nullopt, 0};
    const R error = abs(value) * (formula_error<R>() + raw.extra_error);
    if (auto code = common_code(to_dyadic(R(value - error)), to_dyadic(R(value + error)), type)) {
        return {std::move(code), {}};
    }
    return {std::nullopt, to_dyadic(value)};
}

}  // namespace

std::span<const FunctionDoc> function_docs() {
    static constexpr FunctionDoc kDocs[] = {
#define GW_FUNCTION(name, text, meaning) {text, meaning},
#include "layers/real_functions.def"
#undef GW_FUNCTION
    };
    return kDocs;
}

Result<FunctionKind> parse_function(std::string_view name) {
    std::string known;
    for (std::size_t i = 0; i < function_docs().size(); ++i) {
        if (function_docs()[i].name == name) return static_cast<FunctionKind>(i);
        known += fmt::format(" {}", function_docs()[i].name);
    }
    return fail(fmt::format("unknown function '{}'; known:{}; or give the table itself as 'values'",
                            name, known));
}

Integer rounded_code(const RealFunction& f, const Dyadic& x, const Cast& type) {
    if (type.format.width == 0 || f.output_scale.is_zero()) return 0;
    const Dyadic u = f.input_scale * x + f.input_offset;
    if (const auto exact = exact_value(f.kind, u, f.alpha))
        return cast_code(*exact * f.output_scale, type);
    if (auto limit = code_at_limit(f, u, type)) return std::move(*limit);
    const int bits = std::max({u.mantissa().magnitude_bits(), f.alpha.mantissa().magnitude_bits(),
                               f.output_scale.mantissa().magnitude_bits()});
    const bool fits_machine = bits <= 62 && std::abs(u.exponent()) < 8000;
    if (fits_machine) {
        if (auto first = attempt<long double>(f, u, type); first.code) return *first.code;
    }
    const bool reduces_well = u.mantissa().magnitude_bits() + u.exponent() <= 60;  // sin, cos
    if (bits <= 150 && reduces_well) {
        if (auto second = attempt<Medium>(f, u, type); second.code) return *second.code;
    }
    const Attempt last = attempt<Long>(f, u, type);
    if (last.code) return *last.code;
    // On a boundary of rounding (a multiple of half a step), or nearer to it than any grid
    // resolves.
    const int half_step = type.format.frac + 1;
    const Dyadic boundary(round_code(last.nearest.mantissa(), last.nearest.frac() - half_step,
                                     fixed::Round::kRndConv),
                          -half_step);
    return cast_code(boundary, type);
}

double real_value(const RealFunction& f, double x) {
    const long double u =
        static_cast<long double>(f.input_scale.to_double()) * static_cast<long double>(x) +
        static_cast<long double>(f.input_offset.to_double());
    const auto y = evaluate<long double>(f.kind, u, to_real<long double>(f.alpha));
    return static_cast<double>(y.value * static_cast<long double>(f.output_scale.to_double()));
}

}  // namespace gatewright::layers
