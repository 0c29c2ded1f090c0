// SPDX-License-Identifier: Apache-2.0
#include "fixed/interval.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"

namespace gatewright::fixed {

Format format_of(const Interval& interval) {
    if (interval.lo.is_zero() && interval.hi.is_zero()) return {false, 0, interval.frac};
    const bool is_signed = interval.lo.sign() < 0;
    const int bits = std::max(interval.lo.magnitude_bits(), interval.hi.magnitude_bits());
    return {is_signed, bits + (is_signed ? 1 : 0), interval.frac};
}

Interval on_grid(const Interval& interval, int frac) {
    GW_CHECK(frac >= interval.frac, "interval moved to a coarser grid");
    const int shift = frac - interval.frac;
    return {interval.lo << shift, interval.hi << shift, frac};
}

Interval operator+(const Interval& a, const Interval& b) {
    const int frac = std::max(a.frac, b.frac);
    const Interval x = on_grid(a, frac);
    const Interval y = on_grid(b, frac);
    return {x.lo + y.lo, x.hi + y.hi, frac};
}

Interval operator-(const Interval& a) {
    return {-a.hi, -a.lo, a.frac};
}
Interval operator-(const Interval& a, const Interval& b) {
    return a + (-b);
}

Interval operator*(const Interval& a, const Interval& b) {
    const Integer ll = a.lo * b.lo;
    const Integer lh = a.lo * b.hi;
    const Integer hl = a.hi * b.lo;
    const Integer hh = a.hi * b.hi;
    return {min(min(ll, lh), min(hl, hh)), max(max(ll, lh), max(hl, hh)), a.frac + b.frac};
}

Interval squared(const Interval& a) {
    const Integer at_lo = a.lo * a.lo;
    const Integer at_hi = a.hi * a.hi;
    const bool holds_zero = a.lo.sign() < 0 && a.hi.sign() >= 0;
    return {holds_zero ? Integer(0) : min(at_lo, at_hi), max(at_lo, at_hi), 2 * a.frac};
}

Interval scaled(const Interval& a, const Dyadic& factor) {
    return a * Interval::constant(factor);
}

Interval hull(const Interval& a, const Interval& b) {
    const int frac = std::max(a.frac, b.frac);
    const Interval x = on_grid(a, frac);
    const Interval y = on_grid(b, frac);
    return {min(x.lo, y.lo), max(x.hi, y.hi), frac};
}

Interval min(const Interval& a, const Interval& b) {
    const int frac = std::max(a.frac, b.frac);
    const Interval x = on_grid(a, frac);
    const Interval y = on_grid(b, frac);
    return {min(x.lo, y.lo), min(x.hi, y.hi), frac};
}

Interval max(const Interval& a, const Interval& b) {
    return -min(-a, -b);
}

bool can_overflow(const Interval& a, const Cast& cast) {
    const int drop = a.frac - cast.format.frac;
    const Integer lo = round_code(a.lo, drop, cast.round);
    const Integer hi = round_code(a.hi, drop, cast.round);
    if (cast.overflow == Overflow::kSatSym && cast.format.is_signed) {
        const Integer top = cast.format.max_code();
        return lo < -top || hi > top;
    }
    return !cast.format.holds(lo) || !cast.format.holds(hi);
}

Interval cast(const Interval& a, const Cast& cast) {
    const Format& format = cast.format;
    if (format.width == 0) return {0, 0, format.frac};
    // Dropping no bits leaves the grid as coarse as it was: the step of the source survives.
    const int frac = std::min(format.frac, a.frac);
    if (!can_overflow(a, cast)) {
        const int drop = a.frac - frac;
        return {round_code(a.lo, drop, cast.round), round_code(a.hi, drop, cast.round), frac};
    }
    const int drop = a.frac - format.frac;
    const Integer lo = round_code(a.lo, drop, cast.round);
    const Integer hi = round_code(a.hi, drop, cast.round);
    switch (cast.overflow) {
        case Overflow::kSat:
        case Overflow::kSatSym:
            return {overflow_code(lo, cast), overflow_code(hi, cast), format.frac};
        case Overflow::kSatZero: {
            const Integer bottom = max(lo, format.min_code());
            const Integer top = min(hi, format.max_code());
            if (bottom > top) return {0, 0, format.frac};  // everything overflows
            return {min(Integer(0), min(bottom, top)), max(Integer(0), max(bottom, top)),
                    format.frac};
        }
        case Overflow::kWrap:
        case Overflow::kWrapSm:
            return Interval::of(format);
    }
    GW_UNREACHABLE("overflow mode");
}

std::string to_string(const Interval& interval) {
    return fmt::format("[{}, {}] step 2^{}", interval.min().to_double(), interval.max().to_double(),
                       -interval.frac);
}

}  // namespace gatewright::fixed
