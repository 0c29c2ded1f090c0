// SPDX-License-Identifier: Apache-2.0
#include "dfg/known_bits.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dfg/semantics.h"
#include "support/check.h"

namespace gatewright::dfg {
namespace {

using fixed::Format;
using fixed::Integer;

Integer mask(int bits) {
    return Integer::power_of_two(bits) - 1;
}

int sign_position(const KnownBits& x) {
    return std::max(x.lo.magnitude_bits(), x.hi.magnitude_bits());
}

// The interval says that all bits from some position on are the sign; a sign that both ends share
// is known, and so is the prefix that they share.
void bits_from_interval(KnownBits& x) {
    if ((x.lo.sign() < 0) != (x.hi.sign() < 0)) {
        const int top = sign_position(x);
        x.unknown = (x.unknown & mask(top)) - Integer::power_of_two(top);
        x.ones = x.ones & mask(top);
        return;
    }
    const int differing = (x.lo ^ x.hi).magnitude_bits();
    x.unknown = x.unknown & mask(differing);
    x.ones = (x.ones & mask(differing)) | ((x.lo >> differing) << differing);
}

// A known bit above the magnitude is the sign. Returns whether the interval was cut.
bool sign_from_bits(KnownBits& x) {
    if ((x.lo.sign() < 0) == (x.hi.sign() < 0)) return false;
    const int top = sign_position(x);
    const Integer known = (Integer(-1) ^ x.unknown) >> top;
    if (known.is_zero()) return false;
    if (((x.ones >> top) & known).is_zero()) {
        x.lo = 0;
    } else {
        x.hi = -1;
    }
    return true;
}

// The least and largest number with these bits, and the nearest ends with the known low bits.
void interval_from_bits(KnownBits& x) {
    Integer least = x.ones;
    Integer most = x.ones | x.unknown;
    if (x.unknown.sign() < 0) {
        const int top = sign_position(x);
        least = (x.ones & mask(top)) - Integer::power_of_two(top);
        most = (x.ones | x.unknown) & mask(top);
    }
    x.lo = max(x.lo, least);
    x.hi = min(x.hi, most);
    if (x.unknown.is_zero()) return;
    const int low = x.unknown.trailing_zeros();
    const Integer rest = x.ones.low_bits(low);
    x.lo = x.lo + (rest - x.lo).low_bits(low);
    x.hi = x.hi - (x.hi - rest).low_bits(low);
}

KnownBits reduced(KnownBits x) {
    GW_CHECK(x.lo <= x.hi, "known bits: empty interval");
    const bool was_cut = sign_from_bits(x);
    bits_from_interval(x);
    interval_from_bits(x);
    GW_CHECK(x.lo <= x.hi, "known bits contradict the interval");
    bits_from_interval(x);
    return was_cut ? reduced(std::move(x)) : x;
}

KnownBits made(const Integer& ones, const Integer& unknown, const Integer& lo, const Integer& hi) {
    const Integer known_ones = ones & (Integer(-1) ^ unknown);
    return reduced({known_ones, unknown, lo, hi});
}

// Both sets together.
KnownBits joined(const KnownBits& a, const KnownBits& b) {
    return made(a.ones & b.ones, a.unknown | b.unknown | (a.ones ^ b.ones), min(a.lo, b.lo),
                max(a.hi, b.hi));
}

// Integers of both sets, which are known to have one in common.
KnownBits intersected(const KnownBits& a, const Integer& lo, const Integer& hi) {
    return reduced({a.ones, a.unknown, max(a.lo, lo), min(a.hi, hi)});
}

KnownBits added(const KnownBits& a, const KnownBits& b) {
    const Integer ones = a.ones + b.ones;
    const Integer carried = ((a.unknown + b.unknown) + ones) ^ ones;
    return made(ones, carried | a.unknown | b.unknown, a.lo + b.lo, a.hi + b.hi);
}

KnownBits subtracted(const KnownBits& a, const KnownBits& b) {
    const Integer ones = a.ones - b.ones;
    const Integer borrowed = (ones + a.unknown) ^ (ones - b.unknown);
    return made(ones, borrowed | a.unknown | b.unknown, a.lo - b.hi, a.hi - b.lo);
}

// The known bits' product plus, for every doubtful partial product, the bits that it can set.
KnownBits multiplied(const KnownBits& a, const KnownBits& b) {
    const Integer products[] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
    const auto [lo, hi] = std::minmax_element(std::begin(products), std::end(products));
    const int bits = std::max(lo->magnitude_bits(), hi->magnitude_bits()) + 1;
    const Integer cover = b.possible().low_bits(bits);
    const Integer doubt = b.unknown.low_bits(bits);
    Integer unsure = 0;
    for (int i = 0; i < bits; ++i) {
        if (!a.unknown.bit(i) && !a.ones.bit(i)) continue;
        const Integer more = ((a.unknown.bit(i) ? cover : doubt) << i).low_bits(bits);
        unsure = (unsure + more) | unsure | more;
    }
    const Integer sure = a.ones * b.ones;
    const Integer unknown = ((sure + unsure) ^ sure) | unsure;
    const Format format{true, bits, 0};
    return made(format.wrap(sure), format.wrap(unknown), *lo, *hi);
}

struct Domain {
    using Value = KnownBits;

    [[nodiscard]] Value constant(const Integer& value) const { return known_constant(value); }
    [[nodiscard]] Value add(const Value& a, const Value& b) const { return added(a, b); }
    [[nodiscard]] Value sub(const Value& a, const Value& b) const { return subtracted(a, b); }
    [[nodiscard]] Value mul(const Value& a, const Value& b) const { return multiplied(a, b); }
    [[nodiscard]] Value shl(const Value& a, int bits) const { return known_shifted(a, bits); }
    [[nodiscard]] Value shr(const Value& a, int bits) const { return known_shifted(a, -bits); }
    [[nodiscard]] Value low_bits(const Value& a, int bits) const { return known_low_bits(a, bits); }
    [[nodiscard]] Value wrap(const Value& a, const Format& format) const {
        if (format.holds(a.lo) && format.holds(a.hi)) return a;
        return made(format.wrap(a.ones), format.wrap(a.unknown), format.min_code(),
                    format.max_code());
    }
    [[nodiscard]] Value flag(const std::optional<bool>& decided) const {
        if (decided) return known_constant(*decided ? 1 : 0);
        return known_range(0, 1);
    }
    [[nodiscard]] Value less(const Value& a, const Value& b) const {
        if (a.hi < b.lo) return flag(true);
        return flag(a.lo >= b.hi ? std::optional(false) : std::nullopt);
    }
    [[nodiscard]] Value equal(const Value& a, const Value& b) const {
        if (a.is_constant() && b.is_constant() && a.lo == b.lo) return flag(true);
        const Integer known = Integer(-1) ^ (a.unknown | b.unknown);
        const bool differ = a.hi < b.lo || b.hi < a.lo || !((a.ones ^ b.ones) & known).is_zero();
        return flag(differ ? std::optional(false) : std::nullopt);
    }
    [[nodiscard]] Value choose(const Value& condition, const Value& a, const Value& b) const {
        if (condition.is_constant()) return condition.lo.is_zero() ? b : a;
        return condition.contains(0) ? joined(a, b) : a;
    }
    // Bits of the result, within the width that the operands have.
    [[nodiscard]] Value bitwise(const Integer& ones, const Integer& unknown, const Value& a,
                                const Value& b) const {
        const int top = std::max(sign_position(a), sign_position(b));
        const Integer limit = Integer::power_of_two(top);
        return made(ones, unknown, -limit, limit - 1);
    }
    [[nodiscard]] Value bit_and(const Value& a, const Value& b) const {
        const Integer ones = a.ones & b.ones;
        return bitwise(ones, (a.possible() & b.possible()) ^ ones, a, b);
    }
    [[nodiscard]] Value bit_or(const Value& a, const Value& b) const {
        const Integer ones = a.ones | b.ones;
        return bitwise(ones, (a.possible() | b.possible()) ^ ones, a, b);
    }
    [[nodiscard]] Value bit_xor(const Value& a, const Value& b) const {
        return bitwise(a.ones ^ b.ones, a.unknown | b.unknown, a, b);
    }
    [[nodiscard]] Value lookup(const Table& table, const Value& index) const {
        Integer every = -1;
        Integer some = 0;
        std::optional<std::pair<Integer, Integer>> ends;
        for (std::size_t i = 0; i < table.codes.size(); ++i) {
            if (!index.contains(Integer(static_cast<std::int64_t>(i)))) continue;
            const Integer& code = table.codes[i];
            every = every & code;
            some = some | code;
            ends = ends ? std::pair(min(ends->first, code), max(ends->second, code))
                        : std::pair(code, code);
        }
        GW_CHECK(ends.has_value(), "no entry of the table can be looked up");
        return made(every, every ^ some, ends->first, ends->second);
    }
    [[nodiscard]] Value popcount(const Value& a) const {
        int sure = 0;
        int maybe = 0;
        for (int i = 0; i < a.hi.magnitude_bits(); ++i) {
            sure += a.ones.bit(i) ? 1 : 0;
            maybe += a.unknown.bit(i) ? 1 : 0;
        }
        return known_range(sure, sure + maybe);
    }
};

// The square of z·2^k, z odd or even, is 0 or 1 modulo 4 on the grid of 2^2k.
KnownBits as_square(KnownBits product, const KnownBits& operand) {
    if (operand.is_constant()) return product;
    const int position = 2 * operand.low_zeros() + 1;
    const Integer bit = Integer::power_of_two(position);
    product.unknown = product.unknown & (Integer(-1) ^ bit);
    product.ones = product.ones & (Integer(-1) ^ bit);
    return reduced({product.ones, product.unknown, max(product.lo, Integer(0)), product.hi});
}

}  // namespace

bool KnownBits::contains(const Integer& code) const {
    return lo <= code && code <= hi && ((code ^ ones) & (Integer(-1) ^ unknown)).is_zero();
}

KnownBits known_constant(const Integer& value) {
    return {value, 0, value, value};
}

KnownBits known_range(const Integer& lo, const Integer& hi) {
    return reduced({0, -1, lo, hi});
}

KnownBits known_shifted(const KnownBits& x, int up) {
    return {x.ones << up, x.unknown << up, x.lo << up, x.hi << up};
}

KnownBits known_low_bits(const KnownBits& x, int count) {
    if (x.lo.sign() >= 0 && x.hi.magnitude_bits() <= count) return x;
    return made(x.ones.low_bits(count), x.unknown.low_bits(count), 0, mask(count));
}

std::vector<KnownBits> known_bits(const Program& program) {
    std::vector<KnownBits> out;
    out.reserve(program.size());
    for (const Node& node : program.nodes()) {
        if (node.op == Op::kInput) {
            out.push_back(known_range(node.range.lo, node.range.hi));
            continue;
        }
        std::vector<KnownBits> operands;
        for (const ValueId arg : node.operands()) operands.push_back(out[arg.index()]);
        KnownBits value = eval<Domain>(Domain{}, program, node, operands);
        value = intersected(value, node.range.lo, node.range.hi);
        const bool is_square = node.op == Op::kMul && node.args[0] == node.args[1] &&
                               node.format.holds(operands[0].lo * operands[0].lo) &&
                               node.format.holds(operands[0].hi * operands[0].hi);
        out.push_back(is_square ? as_square(std::move(value), operands[0]) : std::move(value));
    }
    return out;
}

}  // namespace gatewright::dfg
