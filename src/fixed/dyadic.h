// SPDX-License-Identifier: Apache-2.0
//
// Dyadic rationals m · 2^e: exactly the numbers that binary hardware and binary floating point can
// write down. Weights, biases and reference evaluations are Dyadic, so nothing is approximate after
// import. Kept normal (m odd, or 0 · 2^0), so that equal values compare equal.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "fixed/convert.h"
#include "fixed/integer.h"

namespace gatewright::fixed {

class Dyadic {
  public:
    Dyadic() = default;
    Dyadic(int value) : Dyadic(Integer(value), 0) {}
    /// mantissa · 2^exponent
    Dyadic(Integer mantissa, int exponent) : mantissa_(std::move(mantissa)), exponent_(exponent) {
        normalize();
    }
    /// Exact; nullopt for infinities and NaN.
    static std::optional<Dyadic> from_double(double value);

    [[nodiscard]] const Integer& mantissa() const { return mantissa_; }
    [[nodiscard]] int exponent() const { return exponent_; }
    [[nodiscard]] bool is_zero() const { return mantissa_.is_zero(); }
    [[nodiscard]] int sign() const { return mantissa_.sign(); }
    /// Fraction bits this value needs: max(0, -exponent) is not applied; may be negative.
    [[nodiscard]] int frac() const { return -exponent_; }
    /// The code at `frac` fraction bits; the value must lie on that grid.
    [[nodiscard]] Integer code_at(int frac) const;
    /// Nearest double.
    [[nodiscard]] double to_double() const;
    /// Exact text "m*2^e" (or a plain integer), read back by parse().
    [[nodiscard]] std::string to_string() const;
    static std::optional<Dyadic> parse(std::string_view text);

    Dyadic operator-() const { return {-mantissa_, exponent_}; }
    friend Dyadic operator+(const Dyadic& a, const Dyadic& b);
    friend Dyadic operator-(const Dyadic& a, const Dyadic& b) { return a + (-b); }
    friend Dyadic operator*(const Dyadic& a, const Dyadic& b) {
        return {a.mantissa_ * b.mantissa_, a.exponent_ + b.exponent_};
    }
    Dyadic& operator+=(const Dyadic& b) { return *this = *this + b; }
    /// value · 2^bits
    [[nodiscard]] Dyadic shifted(int bits) const { return {mantissa_, exponent_ + bits}; }
    friend bool operator==(const Dyadic& a, const Dyadic& b) {
        return a.exponent_ == b.exponent_ && a.mantissa_ == b.mantissa_;
    }
    friend std::strong_ordering operator<=>(const Dyadic& a, const Dyadic& b);

  private:
    void normalize();
    Integer mantissa_;
    int exponent_ = 0;
};

/// The value after a Cast, exactly.
Dyadic cast_value(const Dyadic& value, const Cast& cast);
/// The code after a Cast.
Integer cast_code(const Dyadic& value, const Cast& cast);

}  // namespace gatewright::fixed
