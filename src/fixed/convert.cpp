// SPDX-License-Identifier: Apache-2.0
#include "fixed/convert.h"

#include "support/check.h"

namespace gatewright::fixed {
namespace {

// AP_WRAP with n > 0 saturation bits. Signed: the sign bit is kept, the next n-1 bits become the
// complement of the sign, the bits below wrap. Unsigned: the top n bits become 1.
Integer wrap_with_saturation_bits(const Integer& code, const Cast& cast) {
    const int width = cast.format.width;
    const int n = cast.saturation_bits;
    if (!cast.format.is_signed) {
        const Integer ones = (Integer::power_of_two(n) - 1) << (width - n);
        return code.low_bits(width - n) | ones;
    }
    const bool negative = code.sign() < 0;
    const int free_bits = width - n;
    const Integer low = code.low_bits(free_bits);
    const Integer forced = negative ? Integer(0) : (Integer::power_of_two(n - 1) - 1) << free_bits;
    const Integer sign = negative ? -Integer::power_of_two(width - 1) : Integer(0);
    return sign + forced + low;
}

// AP_WRAP_SM: with n = 0 the low bits are inverted when the sign bit of the result differs from the
// deleted bit above it; with n = 1 the sign of the source is kept and the rest inverted when it
// differs from the result's own sign bit. The value is reflected at the ends of the range.
Integer wrap_sign_magnitude(const Integer& code, const Cast& cast) {
    const int width = cast.format.width;
    const Integer wrapped = cast.format.wrap(code);
    const bool keep = cast.saturation_bits == 1 ? code.sign() < 0 : code.bit(width);
    if ((wrapped.sign() < 0) == keep) return wrapped;
    return -wrapped - 1;
}

}  // namespace

Integer round_code(const Integer& code, int drop, Round round) {
    if (drop <= 0) return code << -drop;
    const Integer half = Integer::power_of_two(drop - 1);
    const bool negative = code.sign() < 0;
    switch (round) {
        case Round::kTrn:
            return code >> drop;
        case Round::kTrnZero:
            return (negative ? code + Integer::power_of_two(drop) - 1 : code) >> drop;
        case Round::kRnd:
            return (code + half) >> drop;
        case Round::kRndZero:
            return (negative ? code + half : code + half - 1) >> drop;
        case Round::kRndMinInf:
            return (code + half - 1) >> drop;
        case Round::kRndInf:
            return (negative ? code + half - 1 : code + half) >> drop;
        case Round::kRndConv:
            return (code + half - 1 + (code.bit(drop) ? 1 : 0)) >> drop;
    }
    GW_UNREACHABLE("rounding mode");
}

Integer overflow_code(const Integer& code, const Cast& cast) {
    const Format& format = cast.format;
    if (format.width == 0) return 0;
    const bool symmetric = cast.overflow == Overflow::kSatSym && format.is_signed;
    if (format.holds(code) && !symmetric) return code;
    switch (cast.overflow) {
        case Overflow::kWrap:
            if (cast.saturation_bits > 0) return wrap_with_saturation_bits(code, cast);
            return format.wrap(code);
        case Overflow::kSat:
            return code.sign() < 0 ? format.min_code() : format.max_code();
        case Overflow::kSatZero:
            return 0;
        case Overflow::kSatSym: {
            const Integer top = format.max_code();
            const Integer bottom = format.is_signed ? -top : Integer(0);
            return max(bottom, min(top, code));
        }
        case Overflow::kWrapSm:
            return wrap_sign_magnitude(code, cast);
    }
    GW_UNREACHABLE("overflow mode");
}

}  // namespace gatewright::fixed
