// SPDX-License-Identifier: Apache-2.0
#include "rtl/legalize.h"

#include <algorithm>
#include <deque>

#include "support/check.h"

namespace gatewright::rtl {
namespace {

using dfg::Node;
using dfg::Op;
using fixed::Format;
using fixed::Integer;

// The operand's low `width` bits on a grid of `frac` fraction bits.
Bits on_grid(const Operand& x, int frac, int width, int shift = 0) {
    return take(x.view, x.format.frac - shift - frac, width);
}

// One width in which both operands of a comparison can be read without losing a value.
struct Comparison {
    Bits a;
    Bits b;
    Operation operation;
};

Comparison comparable(const Operand& a, const Operand& b) {
    const int frac = std::max(a.format.frac, b.format.frac);
    const bool is_signed = a.view.is_signed || b.view.is_signed;
    const auto bits = [&](const Operand& x) {
        return x.format.width + frac - x.format.frac + (is_signed && !x.view.is_signed ? 1 : 0);
    };
    const int width = std::max({1, bits(a), bits(b)});
    return {on_grid(a, frac, width), on_grid(b, frac, width),
            is_signed ? Operation::kLessSigned : Operation::kLess};
}

View bit_of(const View& x, int position) {
    return {take(x, position, 1), false};
}

Bits sign_of(const View& x) {
    return x.is_signed ? take(x, x.bits.width() - 1, 1) : constant_bits(0, 1);
}

bool is_zero(const Operand& x) {
    const auto code = x.view.bits.constant();
    return code && code->is_zero();
}

}  // namespace

Bits Legalizer::lower(const Node& node, std::span<const Operand> x, std::size_t table) {
    const int width = node.format.width;
    const int frac = node.format.frac;
    const auto sized = [&](const Bits& bit) { return take({bit, false}, 0, width); };
    switch (node.op) {
        case Op::kInput:
        case Op::kConstant:
            break;
        case Op::kAdd:
            return sum(node, x[0], x[1]);
        case Op::kSub:
            return w_.subtract(on_grid(x[0], frac, width), on_grid(x[1], frac, width, node.shift));
        case Op::kMul: {
            const bool is_signed = x[0].view.is_signed || x[1].view.is_signed;
            return w_.emit("product", width, is_signed ? Operation::kMulSigned : Operation::kMul,
                           {take(x[0].view, 0, width), take(x[1].view, 0, width)});
        }
        case Op::kCast:
            return cast(node, x[0]);
        case Op::kSelect:
            return w_.select(w_.any(x[0].view.bits, "condition"), on_grid(x[1], frac, width),
                             on_grid(x[2], frac, width));
        case Op::kLess:
            return sized(less_than(x[0], x[1]));
        case Op::kLessEqual:
            return sized(w_.invert(less_than(x[1], x[0]), "not_greater"));
        case Op::kEqual:
            return sized(equal_to(x[0], x[1]));
        case Op::kMin:
        case Op::kMax:
            return choose_extreme(node, x[0], x[1]);
        case Op::kTable:
            return w_.emit("entry", width, Operation::kTable, {x[0].view.bits}, table);
        case Op::kAnd:
            return w_.bitwise(Operation::kAnd, take(x[0].view, 0, width), take(x[1].view, 0, width),
                              "and");
        case Op::kOr:
            return w_.bitwise(Operation::kOr, take(x[0].view, 0, width), take(x[1].view, 0, width),
                              "or");
        case Op::kXor:
            return w_.bitwise(Operation::kXor, take(x[0].view, 0, width), take(x[1].view, 0, width),
                              "xor");
        case Op::kNot:
            return w_.invert(take(x[0].view, 0, width), "not");
        case Op::kConcat:
            return sized(rtl::concat(x[0].view.bits, x[1].view.bits));
        case Op::kSlice:
            return take(x[0].view, node.shift, width);
        case Op::kPopcount:
            return popcount(x[0], width);
    }
    GW_UNREACHABLE("op without hardware");
}

// The LUT of a carry cell computes a ^ b, and the cell needs one operand by itself as well. Yosys
// takes the first for that: if LUTs make the other one, they merge with those of the addition.
Bits Legalizer::sum(const Node& node, const Operand& a, const Operand& b) {
    const Bits first = on_grid(a, node.format.frac, node.format.width);
    const Bits second = on_grid(b, node.format.frac, node.format.width, node.shift);
    const bool swaps = a.is_made_by_luts && !b.is_made_by_luts;
    return swaps ? w_.add(second, first) : w_.add(first, second);
}

Bits Legalizer::lower_three(const Node& node, std::span<const schedule::Term> terms,
                            std::span<const Operand> x, int chain_bits) {
    GW_CHECK(terms.size() == 3 && x.size() == 3, "three terms");
    const int width = node.format.width;
    const int low = width - chain_bits;
    std::vector<Bits> high;
    Bits passing = constant_bits(0, low);
    for (std::size_t t = 0; t < 3; ++t) {
        const Bits all = on_grid(x[t], node.format.frac, width, terms[t].shift);
        high.push_back(take({all, false}, low, chain_bits));
        const Bits below = take({all, false}, 0, low);
        if (low > 0 && below != constant_bits(0, low)) passing = below;
    }
    if (chain_bits == 0) return passing;
    const Operation operation = terms[1].subtracted   ? Operation::kAdd1Sub2
                                : terms[2].subtracted ? Operation::kAdd2Sub1
                                                      : Operation::kAdd3;
    return rtl::concat(w_.add_three(operation, high[0], high[1], high[2]), passing);
}

Bits Legalizer::less_than(const Operand& a, const Operand& b) {
    const Comparison c = comparable(a, b);
    return w_.less(c.a, c.b, c.operation);
}

Bits Legalizer::equal_to(const Operand& a, const Operand& b) {
    const Comparison c = comparable(a, b);
    return w_.equal(c.a, c.b);
}

Bits Legalizer::choose_extreme(const Node& node, const Operand& a, const Operand& b) {
    if (is_zero(a) && !is_zero(b)) return choose_extreme(node, b, a);  // x < 0 is x's sign bit
    const Bits first = on_grid(a, node.format.frac, node.format.width);
    const Bits second = on_grid(b, node.format.frac, node.format.width);
    const Bits is_less = less_than(a, b);
    return node.op == Op::kMin ? w_.select(is_less, first, second)
                               : w_.select(is_less, second, first);
}

Bits Legalizer::popcount(const Operand& x, int width) {
    std::deque<Bits> counts;
    for (int i = 0; i < x.format.width; ++i) counts.push_back(take(x.view, i, 1));
    if (counts.empty()) return constant_bits(0, width);
    while (counts.size() > 1) {
        const Bits a = counts[0];
        const Bits b = counts[1];
        counts.pop_front();
        counts.pop_front();
        const int sum_width = std::max(a.width(), b.width()) + 1;
        counts.push_back(
            w_.add(take({a, false}, 0, sum_width), take({b, false}, 0, sum_width), "ones"));
    }
    return take({counts.front(), false}, 0, width);
}

// The carry that rounding adds to floor(x / 2^drop). Let half be the highest dropped bit and rest
// say whether any lower one is set; floor is too low where the dropped part is above (or at) one
// half.
Bits Legalizer::round_increment(const Operand& x, int drop, fixed::Round mode) {
    const Bits half = bit_of(x.view, drop - 1).bits;
    const Bits negative = sign_of(x.view);
    const auto rest = [&] { return w_.any(take(x.view, 0, drop - 1), "rest"); };
    const auto half_and = [&](const Bits& condition) {
        return w_.bitwise(Operation::kAnd, half, condition, "carry");
    };
    const auto rest_or = [&](const Bits& condition) {
        return w_.bitwise(Operation::kOr, condition, rest(), "above");
    };
    switch (mode) {
        case fixed::Round::kTrn:
            return constant_bits(0, 1);
        case fixed::Round::kTrnZero:
            return w_.bitwise(Operation::kAnd, negative, w_.any(take(x.view, 0, drop), "rest"),
                              "carry");
        case fixed::Round::kRnd:
            return half;
        case fixed::Round::kRndZero:  // a tie goes up if x is negative
            return half_and(rest_or(negative));
        case fixed::Round::kRndMinInf:
            return half_and(rest());
        case fixed::Round::kRndInf:  // a tie goes up if x is not negative
            return half_and(rest_or(w_.invert(negative, "positive")));
        case fixed::Round::kRndConv:  // a tie goes up from an odd floor
            return half_and(rest_or(bit_of(x.view, drop).bits));
    }
    GW_UNREACHABLE("rounding mode");
}

Bits Legalizer::cast(const Node& node, const Operand& x) {
    // Beyond these bounds more shift changes nothing: |x| < 2^width rounds alike for every longer
    // drop, and bits that all lie above the result overflow alike.
    const int drop =
        std::clamp(x.format.frac - node.format.frac, -(node.format.width + 1), x.format.width + 1);
    const fixed::Cast exact{{true, fixed::kMaxWidth * 3, x.range.frac - drop}, node.round};
    const fixed::Interval rounded = fixed::on_grid(fixed::cast(x.range, exact), exact.format.frac);
    if (rounded.is_constant()) {
        const Format tight = format_of(rounded);
        if (tight.width == 0) return constant_bits(0, node.format.width);
        return overflow(node, {constant_bits(rounded.lo, tight.width), tight.is_signed});
    }
    const Format format = format_of(rounded);
    View y{take(x.view, drop, format.width), format.is_signed};
    if (drop > 0) {
        const Bits carry = round_increment(x, drop, node.round);
        y.bits = w_.add(y.bits, take({carry, false}, 0, format.width), "rounded");
    }
    return overflow(node, y);
}

// Below the lowest code: negative, and not all bits above the magnitude are copies of the sign; or,
// where the lowest code of all is not used (SAT_SYM), that one.
Bits Legalizer::underflow(const Node& node, const View& y, const Bits& top) {
    const Bits negative = sign_of(y);
    if (!node.format.is_signed || !y.is_signed) return negative;
    Bits fits = w_.every(top, "all_top");
    if (node.overflow == fixed::Overflow::kSatSym) {
        const Bits nonzero = w_.any(take(y, 0, node.format.magnitude_bits()), "nonzero");
        fits = w_.bitwise(Operation::kAnd, fits, nonzero, "fits");
    }
    return w_.bitwise(Operation::kAnd, negative, w_.invert(fits, "unfit"), "low");
}

// y is the exact rounded value. Its bits above the result's magnitude are all copies of the sign if
// it fits; otherwise it is too high (not negative) or too low (negative).
Bits Legalizer::overflow(const Node& node, const View& y) {
    const Format& to = node.format;
    const int magnitude = to.magnitude_bits();
    const Bits kept = take(y, 0, to.width);
    const Bits negative = sign_of(y);
    const int top_width = std::max(0, y.bits.width() - (y.is_signed ? 1 : 0) - magnitude);
    const Bits top = take(y, magnitude, top_width);
    if (node.overflow == fixed::Overflow::kWrap && node.saturation_bits == 0) return kept;

    const Bits any_top = w_.any(top, "any_top");
    const Bits too_high =
        w_.bitwise(Operation::kAnd, w_.invert(negative, "positive"), any_top, "high");
    const Bits too_low = underflow(node, y, top);
    const Integer top_code = to.max_code();
    switch (node.overflow) {
        case fixed::Overflow::kSat:
        case fixed::Overflow::kSatSym: {
            const bool symmetric = node.overflow == fixed::Overflow::kSatSym && to.is_signed;
            const Integer bottom = symmetric ? -top_code : to.min_code();
            const Bits capped =
                w_.select(too_high, constant_bits(top_code, to.width), kept, "capped");
            return w_.select(too_low, constant_bits(bottom, to.width), capped);
        }
        case fixed::Overflow::kSatZero: {
            const Bits out = w_.bitwise(Operation::kOr, too_low, too_high, "out");
            return w_.select(out, constant_bits(0, to.width), kept);
        }
        case fixed::Overflow::kWrap:
        case fixed::Overflow::kWrapSm:
            return overflow_wrapped(node, y, w_.bitwise(Operation::kOr, too_low, too_high, "out"));
    }
    GW_UNREACHABLE("overflow mode");
}

// The wrapping modes that do something when y is out of range.
Bits Legalizer::overflow_wrapped(const Node& node, const View& y, const Bits& out) {
    const Format& to = node.format;
    const Bits kept = take(y, 0, to.width);
    const Bits negative = sign_of(y);
    if (node.overflow == fixed::Overflow::kWrapSm) {
        const Bits sign = node.saturation_bits == 1 ? negative : bit_of(y, to.width).bits;
        const Bits differs =
            w_.bitwise(Operation::kXor, sign, take({kept, false}, to.width - 1, 1), "differs");
        const Bits reflects = w_.bitwise(Operation::kAnd, out, differs, "reflects");
        return w_.select(reflects, w_.invert(kept, "reflected"), kept);
    }
    const int forced = node.saturation_bits;
    const Bits low = take(y, 0, to.width - forced);
    if (!to.is_signed) return w_.select(out, rtl::concat(constant_bits(-1, forced), low), kept);
    const Bits positive = w_.invert(negative, "positive");
    const Bits ones = take({positive, true}, 0, forced - 1);
    return w_.select(out, rtl::concat(negative, rtl::concat(ones, low)), kept);
}

}  // namespace gatewright::rtl
