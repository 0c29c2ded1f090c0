// SPDX-License-Identifier: Apache-2.0
//
// The one normative meaning of every op, written once over an abstract value. A Domain says what a
// value is (an exact integer, an int64, a block of lanes, an SMT term) and supplies a dozen
// primitives; eval() combines them. Idea: google/xls abstract_evaluator.h.
//
// A Domain D has: D::Value; constant(Integer); add, sub, mul(Value, Value); shl, shr(Value, int)
// with shr rounding toward minus infinity; low_bits(Value, int) = value modulo 2^n in [0, 2^n);
// less, equal(Value, Value) -> Value 0 or 1; choose(condition, Value, Value); bit_and, bit_or,
// bit_xor(Value, Value); lookup(Table, index); popcount(Value). It may supply wrap(Value, Format)
// where it has a shorter way to the same.
#pragma once

#include <algorithm>
#include <span>

#include "dfg/program.h"
#include "support/check.h"

namespace gatewright::dfg {

namespace detail {

template <class D>
class Evaluator {
  public:
    using V = typename D::Value;
    using Format = fixed::Format;
    using Integer = fixed::Integer;
    explicit Evaluator(const D& domain) : d_(domain) {}

    /// The low bits of an exact code, read back as `format`.
    V wrap(const V& code, const Format& format) const {
        if (format.width == 0) return d_.constant(0);
        if constexpr (requires { d_.wrap(code, format); }) return d_.wrap(code, format);
        const V low = d_.low_bits(code, format.width);
        if (!format.is_signed) return low;
        const V sign = d_.shl(d_.low_bits(d_.shr(low, format.width - 1), 1), format.width);
        return d_.sub(low, sign);
    }

    /// x on a grid that is `up` >= 0 bits finer.
    V align(const V& x, int up) const { return up == 0 ? x : d_.shl(x, up); }

    V round(const V& x, int drop, fixed::Round mode) const {
        if (drop <= 0) return align(x, -drop);
        const V half = d_.constant(Integer::power_of_two(drop - 1));
        const V below = d_.constant(Integer::power_of_two(drop - 1) - 1);
        const auto is_negative = [&] { return d_.less(x, d_.constant(0)); };
        switch (mode) {
            case fixed::Round::kTrn:
                return d_.shr(x, drop);
            case fixed::Round::kTrnZero: {
                const V all = d_.constant(Integer::power_of_two(drop) - 1);
                return d_.shr(d_.add(x, d_.choose(is_negative(), all, d_.constant(0))), drop);
            }
            case fixed::Round::kRnd:
                return d_.shr(d_.add(x, half), drop);
            case fixed::Round::kRndZero:
                return d_.shr(d_.add(x, d_.choose(is_negative(), half, below)), drop);
            case fixed::Round::kRndMinInf:
                return d_.shr(d_.add(x, below), drop);
            case fixed::Round::kRndInf:
                return d_.shr(d_.add(x, d_.choose(is_negative(), below, half)), drop);
            case fixed::Round::kRndConv: {
                const V odd = d_.low_bits(d_.shr(x, drop), 1);
                return d_.shr(d_.add(d_.add(x, below), odd), drop);
            }
        }
        GW_UNREACHABLE("rounding mode");
    }

    V overflow(const V& x, const fixed::Cast& cast) const {
        const Format& format = cast.format;
        if (format.width == 0) return d_.constant(0);
        const V lo = d_.constant(format.min_code());
        const V hi = d_.constant(format.max_code());
        const auto too_low = [&](const V& bound) { return d_.less(x, bound); };
        const auto too_high = [&] { return d_.less(hi, x); };
        switch (cast.overflow) {
            case fixed::Overflow::kWrap:
                if (cast.saturation_bits == 0) return wrap(x, format);
                return wrap_saturation_bits(x, cast, d_.bit_or(too_low(lo), too_high()));
            case fixed::Overflow::kSat:
                return d_.choose(too_low(lo), lo, d_.choose(too_high(), hi, x));
            case fixed::Overflow::kSatZero:
                return d_.choose(d_.bit_or(too_low(lo), too_high()), d_.constant(0), x);
            case fixed::Overflow::kSatSym: {
                const V bottom = format.is_signed ? d_.constant(-format.max_code()) : lo;
                return d_.choose(too_low(bottom), bottom, d_.choose(too_high(), hi, x));
            }
            case fixed::Overflow::kWrapSm: {
                const V wrapped = wrap(x, format);
                const V out = d_.bit_or(too_low(lo), too_high());
                const V kept = cast.saturation_bits == 1 ? d_.less(x, d_.constant(0))
                                                         : d_.low_bits(d_.shr(x, format.width), 1);
                const V differs = d_.bit_xor(kept, d_.less(wrapped, d_.constant(0)));
                const V reflected = d_.sub(d_.constant(-1), wrapped);
                return d_.choose(d_.bit_and(out, differs), reflected, wrapped);
            }
        }
        GW_UNREACHABLE("overflow mode");
    }

    V cast(const V& x, int frac, const fixed::Cast& cast) const {
        return overflow(round(x, frac - cast.format.frac, cast.round), cast);
    }

  private:
    V wrap_saturation_bits(const V& x, const fixed::Cast& cast, const V& out_of_range) const {
        const int free_bits = cast.format.width - cast.saturation_bits;
        const V low = d_.low_bits(x, free_bits);
        if (!cast.format.is_signed) {
            const Integer ones = (Integer::power_of_two(cast.saturation_bits) - 1) << free_bits;
            return d_.choose(out_of_range, d_.add(low, d_.constant(ones)), x);
        }
        const Integer forced = (Integer::power_of_two(cast.saturation_bits - 1) - 1) << free_bits;
        const V negative = d_.less(x, d_.constant(0));
        const V top = d_.choose(negative, d_.constant(cast.format.min_code()), d_.constant(forced));
        return d_.choose(out_of_range, d_.add(low, top), x);
    }

    const D& d_;
};

}  // namespace detail

/// The node's code from its operands' codes. Inputs are not evaluated here.
template <class D>
typename D::Value eval(const D& d, const Program& program, const Node& node,
                       std::span<const typename D::Value> x) {
    using V = typename D::Value;
    const detail::Evaluator<D> e(d);
    const auto operand = [&](std::size_t i) -> const Node& { return program[node.args[i]]; };
    // Operand i scaled by 2^shift, on the grid of `frac` fraction bits.
    const auto at = [&](std::size_t i, int frac, int shift = 0) -> V {
        return e.align(x[i], frac - (operand(i).format.frac - shift));
    };
    const auto common = [&](std::size_t i, std::size_t j) {
        return std::max(operand(i).format.frac, operand(j).format.frac);
    };
    const auto bits = [&](std::size_t i) { return d.low_bits(x[i], operand(i).format.width); };
    const int frac = node.format.frac;
    switch (node.op) {
        case Op::kInput:
            break;
        case Op::kConstant:
            return d.constant(node.range.lo);
        case Op::kAdd:
            return e.wrap(d.add(at(0, frac), at(1, frac, node.shift)), node.format);
        case Op::kSub:
            return e.wrap(d.sub(at(0, frac), at(1, frac, node.shift)), node.format);
        case Op::kMul:
            return e.wrap(d.mul(x[0], x[1]), node.format);
        case Op::kCast:
            return e.cast(x[0], operand(0).format.frac, node.cast());
        case Op::kSelect:
            return e.wrap(d.choose(d.equal(x[0], d.constant(0)), at(2, frac), at(1, frac)),
                          node.format);
        case Op::kLess:
            return e.wrap(d.less(at(0, common(0, 1)), at(1, common(0, 1))), node.format);
        case Op::kLessEqual:
            return e.wrap(d.sub(d.constant(1), d.less(at(1, common(0, 1)), at(0, common(0, 1)))),
                          node.format);
        case Op::kEqual:
            return e.wrap(d.equal(at(0, common(0, 1)), at(1, common(0, 1))), node.format);
        case Op::kMin:
            return e.wrap(d.choose(d.less(at(0, frac), at(1, frac)), at(0, frac), at(1, frac)),
                          node.format);
        case Op::kMax:
            return e.wrap(d.choose(d.less(at(0, frac), at(1, frac)), at(1, frac), at(0, frac)),
                          node.format);
        case Op::kTable:
            return d.lookup(program.table(node.table), bits(0));
        case Op::kAnd:
            return e.wrap(d.bit_and(x[0], x[1]), node.format);
        case Op::kOr:
            return e.wrap(d.bit_or(x[0], x[1]), node.format);
        case Op::kXor:
            return e.wrap(d.bit_xor(x[0], x[1]), node.format);
        case Op::kNot:
            return e.wrap(d.sub(d.constant(-1), x[0]), node.format);
        case Op::kConcat:
            return e.wrap(d.add(d.shl(bits(0), operand(1).format.width), bits(1)), node.format);
        case Op::kSlice:
            return e.wrap(d.shr(x[0], node.shift), node.format);
        case Op::kPopcount:
            return e.wrap(d.popcount(bits(0)), node.format);
    }
    GW_UNREACHABLE("op without an evaluation");
}

}  // namespace gatewright::dfg
