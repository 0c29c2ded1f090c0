// SPDX-License-Identifier: Apache-2.0
//
// The exact set a value can lie in: { c · 2^-frac : lo <= c <= hi }. Never empty. Arithmetic on
// intervals gives the smallest interval that holds every result of independent operands; a linear
// form over independent inputs gets its range from its coefficients instead (dfg/affine.h).
#pragma once

#include <string>

#include "fixed/dyadic.h"
#include "fixed/format.h"

namespace gatewright::fixed {

struct Interval {
    Integer lo;
    Integer hi;
    int frac = 0;

    static Interval of(const Format& format) {
        return {format.min_code(), format.max_code(), format.frac};
    }
    static Interval constant(const Dyadic& value) {
        return {value.mantissa(), value.mantissa(), value.frac()};
    }
    [[nodiscard]] bool is_constant() const { return lo == hi; }
    [[nodiscard]] Dyadic min() const { return {lo, -frac}; }
    [[nodiscard]] Dyadic max() const { return {hi, -frac}; }
    [[nodiscard]] bool contains(const Dyadic& value) const {
        return min() <= value && value <= max() && (value.is_zero() || value.frac() <= frac);
    }
    [[nodiscard]] bool contains(const Interval& other) const {
        return min() <= other.min() && other.max() <= max() &&
               (other.frac <= frac || (other.lo.is_zero() && other.hi.is_zero()));
    }
    friend bool operator==(const Interval&, const Interval&) = default;
};

/// The narrowest format that holds every value: unsigned if lo >= 0; width 0 for the constant 0.
Format format_of(const Interval& interval);
/// The same set on a grid of `frac` >= interval.frac fraction bits.
Interval on_grid(const Interval& interval, int frac);

Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
Interval operator-(const Interval& a);
/// Range of x·x: never negative, unlike the product of two independent values.
Interval squared(const Interval& a);
Interval scaled(const Interval& a, const Dyadic& factor);
Interval hull(const Interval& a, const Interval& b);
Interval min(const Interval& a, const Interval& b);
Interval max(const Interval& a, const Interval& b);
/// Every result of the cast lies in the returned interval; exact for monotone modes.
Interval cast(const Interval& a, const Cast& cast);
/// True if some value in `a` changes magnitude class, that is, overflows in the cast.
bool can_overflow(const Interval& a, const Cast& cast);

/// "[-4, 3.75] step 2^-2"
std::string to_string(const Interval& interval);

}  // namespace gatewright::fixed
