// SPDX-License-Identifier: Apache-2.0
#include "layers/quotient.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "fixed/convert.h"
#include "layers/emit.h"
#include "support/check.h"

namespace gatewright::layers {

using dfg::ValueId;
using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;
using fixed::Overflow;
using fixed::Round;

std::optional<Dyadic> exact_factor(const Ratio& ratio) {
    const Integer& mantissa = ratio.scale.mantissa();
    const int twos = Integer(ratio.divisor).trailing_zeros();
    const Integer odd = Integer(ratio.divisor) >> twos;
    const Integer quotient = Integer::floor_divide(mantissa, odd);
    if (quotient * odd != mantissa) return std::nullopt;
    return Dyadic(quotient, ratio.scale.exponent() - twos);
}

namespace {

// numerator / denominator rounded to an integer; denominator > 0.
Integer rounded(const Integer& numerator, const Integer& denominator, Round round) {
    const Integer down = Integer::floor_divide(numerator, denominator);
    const Integer rest = numerator - down * denominator;
    if (rest.is_zero()) return down;
    const bool negative = numerator.sign() < 0;
    if (round == Round::kTrn) return down;
    if (round == Round::kTrnZero) return negative ? down + 1 : down;
    const auto order = rest + rest <=> denominator;
    if (order != 0) return order > 0 ? down + 1 : down;
    switch (round) {
        case Round::kRnd:
            return down + 1;
        case Round::kRndMinInf:
            return down;
        case Round::kRndZero:
            return negative ? down + 1 : down;
        case Round::kRndInf:
            return negative ? down : down + 1;
        case Round::kRndConv:
            return down.bit(0) ? down + 1 : down;
        case Round::kTrn:
        case Round::kTrnZero:
            break;
    }
    GW_CHECK(false, "a rounding mode without a tie rule");
    return down;
}

Integer rounded_quotient(const Dyadic& value, const Ratio& ratio, const Cast& cast) {
    const Dyadic product = value * ratio.scale;
    const int exponent = product.exponent() + cast.format.frac;
    const Integer numerator = product.mantissa() << std::max(exponent, 0);
    const Integer denominator = Integer(ratio.divisor) << std::max(-exponent, 0);
    return rounded(numerator, denominator, cast.round);
}

}  // namespace

Dyadic quotient_value(const Dyadic& value, const Ratio& ratio, const Cast& cast) {
    return {overflow_code(rounded_quotient(value, ratio, cast), cast), -cast.format.frac};
}

// Every rounding mode is monotone, and so is the product with the scale, up or down.
Interval quotient_range(const Interval& range, const Ratio& ratio, const Cast& cast) {
    const Integer a = rounded_quotient(range.min(), ratio, cast);
    const Integer b = rounded_quotient(range.max(), ratio, cast);
    return fixed::cast({fixed::min(a, b), fixed::max(a, b), cast.format.frac}, cast);
}

namespace {

// floor((a·s + b) / d) for an integer s in [lo, hi]; several b share a, d and the range.
struct Division {
    Integer a;
    Integer d;
    Integer lo;
    Integer hi;
};

struct Multiplier {
    Integer m;
    int k = 0;
    std::vector<Integer> c;  // one per b
};

// The constants c that make m and k right, if there are any.
std::optional<Multiplier> try_multiplier(const Division& division, std::span<const Integer> offsets,
                                         const Integer& m, int k) {
    const Integer excess = m * division.d - (division.a << k);
    const Integer at_lo = -(excess * division.lo);
    const Integer at_hi = -(excess * division.hi);
    const Integer& most = fixed::max(at_lo, at_hi);
    const Integer& least = fixed::min(at_lo, at_hi);
    Multiplier out{m, k, {}};
    for (const Integer& b : offsets) {
        const Integer c = -Integer::floor_divide(-((b << k) + most), division.d);
        if (c * division.d >= ((b + 1) << k) + least) return std::nullopt;
        out.c.push_back(c);
    }
    return out;
}

// Signed digits of m: adders of its multiplication.
int digit_count(Integer m) {
    int count = 0;
    for (m = fixed::abs(m); !m.is_zero(); m = m >> 1) {
        if (!m.bit(0)) continue;
        ++count;
        m = m.bit(1) ? m + 1 : m - 1;
    }
    return count;
}

// The fewest digits among the smallest k that works and the two after it.
Multiplier find_multiplier(const Division& division, std::span<const Integer> offsets) {
    std::optional<Multiplier> best;
    for (int k = 0, last = -1; last < 0 || k <= last; ++k) {
        const Integer below = Integer::floor_divide(division.a << k, division.d);
        for (const Integer& m : {below, below + 1}) {
            auto found = try_multiplier(division, offsets, m, k);
            if (!found) continue;
            if (last < 0) last = k + 2;
            if (!best || digit_count(m) < digit_count(best->m)) best = std::move(found);
        }
    }
    return *best;
}

Integer floor_at(const Division& division, const Integer& s, const Integer& b) {
    return Integer::floor_divide(division.a * s + b, division.d);
}

/// Emits floor((a·s + b) / d), for several b where one event chooses among them.
class DivisionEmitter {
  public:
    DivisionEmitter(model::Lowering& lowering, ValueId s, Division division,
                    std::vector<Integer> offsets)
        : b_(lowering.builder),
          division_(std::move(division)),
          offsets_(std::move(offsets)),
          multiplier_(find_multiplier(division_, offsets_)),
          product_(emit_affine(lowering, s, Dyadic(multiplier_.m, 0), 0)) {}

    ValueId quotient(std::size_t which) {
        return shifted(b_.add(product_, b_.constant({multiplier_.c[which], 0})));
    }
    /// The second offset where `condition` holds, else the first.
    ValueId quotient_if(ValueId condition) {
        const ValueId c = b_.select(condition, b_.constant({multiplier_.c[1], 0}),
                                    b_.constant({multiplier_.c[0], 0}));
        return shifted(b_.add(product_, c));
    }

  private:
    ValueId shifted(ValueId sum) {
        const Integer ends[] = {floor_at(division_, division_.lo, offsets_.front()),
                                floor_at(division_, division_.lo, offsets_.back()),
                                floor_at(division_, division_.hi, offsets_.front()),
                                floor_at(division_, division_.hi, offsets_.back())};
        const auto [least, most] = std::minmax_element(std::begin(ends), std::end(ends));
        const fixed::Format format = format_of(Interval{*least, *most, 0});
        return b_.cast(b_.scaled(sum, -multiplier_.k), {format, Round::kTrn, Overflow::kWrap, 0});
    }

    dfg::Builder& b_;
    Division division_;
    std::vector<Integer> offsets_;
    Multiplier multiplier_;
    ValueId product_;
};

void reduce(Integer& a, Integer& d) {
    Integer x = fixed::abs(a);
    Integer y = d;
    while (!y.is_zero()) {
        Integer rest = x - Integer::floor_divide(x, y) * y;
        x = std::move(y);
        y = std::move(rest);
    }
    if (x.is_zero()) return;
    a = Integer::floor_divide(a, x);
    d = Integer::floor_divide(d, x);
}

// With a/d in lowest terms the quotient is half an integer only if d is even, and rounding to
// nearest is floor((2·a·s + d) / 2d) with ties up, floor((2·a·s + d - 1) / 2d) with ties down; as a
// floor over d: ceil and floor of d/2.
ValueId emit_rounded(model::Lowering& lowering, ValueId s, const Division& division, Round round) {
    dfg::Builder& b = lowering.builder;
    const Integer zero = 0;
    const Integer& d = division.d;
    const Integer tie_up = d >> 1;          // floor((2as + d) / 2d) = floor((as + floor(d/2)) / d)
    const Integer tie_down = (d - 1) >> 1;  // of d - 1 likewise
    const auto by_sign = [&](const Integer& positive, const Integer& negative) {
        DivisionEmitter divider(lowering, s, division, {positive, negative});
        const ValueId below_zero =
            division.a.sign() < 0 ? b.less(b.constant(0), s) : b.less(s, b.constant(0));
        return divider.quotient_if(below_zero);
    };
    switch (round) {
        case Round::kTrn:
            return DivisionEmitter(lowering, s, division, {zero}).quotient(0);
        case Round::kTrnZero:
            return by_sign(zero, d - 1);
        case Round::kRnd:
            return DivisionEmitter(lowering, s, division, {tie_up}).quotient(0);
        case Round::kRndMinInf:
            return DivisionEmitter(lowering, s, division, {tie_down}).quotient(0);
        case Round::kRndZero:
            return by_sign(tie_down, tie_up);
        case Round::kRndInf:
            return by_sign(tie_up, tie_down);
        case Round::kRndConv:
            break;
    }
    // Ties up and ties down differ in a tie only, by one: the even one of the two is right.
    DivisionEmitter divider(lowering, s, division, {tie_up, tie_down});
    const ValueId up = divider.quotient(0);
    if (tie_up == tie_down) return up;
    const ValueId down = divider.quotient(1);
    if (b[up].format.frac < 0) return up;  // even numbers only, in units of 2 or more
    return b.select(b.slice(up, 0, {false, 1, 0}), down, up);
}

}  // namespace

ValueId emit_quotient(model::Lowering& lowering, ValueId x, const Ratio& ratio, const Cast& cast) {
    dfg::Builder& b = lowering.builder;
    if (const auto factor = exact_factor(ratio)) {
        return b.cast(emit_affine(lowering, x, *factor, 0), cast);
    }
    const Interval range = b[x].range;
    // code = s · 2^-range.frac · scale / divisor · 2^type.frac
    const int exponent = ratio.scale.exponent() - range.frac + cast.format.frac;
    Division division{ratio.scale.mantissa() << std::max(exponent, 0),
                      Integer(ratio.divisor) << std::max(-exponent, 0), range.lo, range.hi};
    reduce(division.a, division.d);
    const ValueId s = b.scaled(x, range.frac);
    const ValueId code = emit_rounded(lowering, s, division, cast.round);
    return b.cast(b.scaled(code, -cast.format.frac), cast);
}

}  // namespace gatewright::layers
