// SPDX-License-Identifier: Apache-2.0
#include "fixed/dyadic.h"

#include <fmt/format.h>

#include <charconv>

#include "support/check.h"

namespace gatewright::fixed {

void Dyadic::normalize() {
    if (mantissa_.is_zero()) {
        exponent_ = 0;
        return;
    }
    const int zeros = mantissa_.trailing_zeros();
    if (zeros > 0) {
        mantissa_ = mantissa_ >> zeros;
        exponent_ += zeros;
    }
}

std::optional<Dyadic> Dyadic::from_double(double value) {
    if (!std::isfinite(value)) return std::nullopt;
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);
    return Dyadic(Integer(static_cast<std::int64_t>(std::ldexp(mantissa, 53))), exponent - 53);
}

Integer Dyadic::code_at(int frac) const {
    const int shift = exponent_ + frac;
    GW_CHECK(shift >= 0 || is_zero(), "value is not on the grid: " + to_string());
    return mantissa_ << shift;
}

double Dyadic::to_double() const {
    // Large mantissas are cut to 64 bits first, so that only the scaling can overflow.
    const int extra = std::max(0, mantissa_.magnitude_bits() - 62);
    if (extra == 0) return std::ldexp(mantissa_.to_double(), exponent_);
    const Integer sticky = mantissa_.low_bits(extra).is_zero() ? 0 : 1;
    return std::ldexp(((mantissa_ >> extra) | sticky).to_double(), exponent_ + extra);
}

std::string Dyadic::to_string() const {
    if (exponent_ == 0) return mantissa_.to_string();
    if (exponent_ > 0 && exponent_ < 64) return (mantissa_ << exponent_).to_string();
    return fmt::format("{}*2^{}", mantissa_.to_string(), exponent_);
}

std::optional<Dyadic> Dyadic::parse(std::string_view text) {
    const std::size_t star = text.find("*2^");
    const auto mantissa = Integer::parse(text.substr(0, star));
    if (!mantissa) return std::nullopt;
    if (star == std::string_view::npos) return Dyadic(*mantissa, 0);
    const std::string_view power = text.substr(star + 3);
    int exponent = 0;
    const auto [end, code] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (code != std::errc{} || end != power.data() + power.size()) return std::nullopt;
    if (exponent < -kMaxFraction || exponent > kMaxFraction) return std::nullopt;
    return Dyadic(*mantissa, exponent);
}

Dyadic operator+(const Dyadic& a, const Dyadic& b) {
    if (a.is_zero()) return b;
    if (b.is_zero()) return a;
    const int exponent = std::min(a.exponent_, b.exponent_);
    return {(a.mantissa_ << (a.exponent_ - exponent)) + (b.mantissa_ << (b.exponent_ - exponent)),
            exponent};
}

std::strong_ordering operator<=>(const Dyadic& a, const Dyadic& b) {
    return (a - b).mantissa_ <=> Integer(0);
}

Integer cast_code(const Dyadic& value, const Cast& cast) {
    return convert(value.mantissa(), value.frac(), cast);
}

Dyadic cast_value(const Dyadic& value, const Cast& cast) {
    return {cast_code(value, cast), -cast.format.frac};
}

}  // namespace gatewright::fixed
