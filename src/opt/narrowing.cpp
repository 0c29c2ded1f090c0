// SPDX-License-Identifier: Apache-2.0
#include "opt/narrowing.h"

#include <algorithm>
#include <optional>

#include "dfg/known_bits.h"
#include "opt/copier.h"

namespace gatewright::opt {
namespace {

using dfg::Builder;
using dfg::KnownBits;
using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Cast;
using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;
using fixed::Overflow;
using fixed::Round;

// Low bits that are 1 in all of them.
int low_ones(const KnownBits& x) {
    const Integer not_one = Integer(-1) ^ x.ones;
    return not_one.is_zero() ? 0 : not_one.trailing_zeros();
}

int equal_low_bits(const KnownBits& a, const KnownBits& b) {
    const Integer open = a.unknown | b.unknown | (a.ones ^ b.ones);
    return open.is_zero() ? 0 : open.trailing_zeros();
}

// Low bits of a and b, on one grid, that cannot decide the comparison.
int undeciding_low_bits(Op op, const KnownBits& a, const KnownBits& b) {
    const int same = equal_low_bits(a, b);
    switch (op) {
        case Op::kLess:
            return std::max({same, b.low_zeros(), low_ones(a)});
        case Op::kLessEqual:
            return std::max({same, a.low_zeros(), low_ones(b)});
        default:
            return same;
    }
}

// Bits from here on are known and the same in both; nullopt if not even the sign is.
std::optional<int> deciding_bits(const KnownBits& a, const KnownBits& b) {
    int bits = 0;
    for (const Integer* end : {&a.hi, &b.lo, &b.hi}) {
        const Integer differing = a.lo ^ *end;
        if (differing.sign() < 0) return std::nullopt;
        bits = std::max(bits, differing.magnitude_bits());
    }
    return bits;
}

int signed_width(const KnownBits& x) {
    return std::max(x.lo.magnitude_bits(), x.hi.magnitude_bits()) + 1;
}

bool is_plain_wrap(const Node& node) {
    return node.op == Op::kCast && node.round == Round::kTrn && node.overflow == Overflow::kWrap &&
           node.saturation_bits == 0;
}

class KnownBitsPass {
  public:
    KnownBitsPass(const Program& source, PassCount& count)
        : source_(source),
          copier_(source),
          known_(dfg::known_bits(source)),
          needed_(needed_values(source)),
          gains_(gaining_readers()),
          count_(count) {}

    Program run() {
        for (std::size_t i = 0; i < source_.size(); ++i) {
            const ValueId id(i);
            const auto value = needed_[i] ? rewritten(id) : std::nullopt;
            if (value) {
                copier_.replace(id, *value);
                ++count_.rewrites;
            } else {
                copier_.copy(id);
            }
            if (needed_[i]) narrow(id);
        }
        return copier_.finish();
    }

  private:
    [[nodiscard]] const Node& node(ValueId id) const { return source_[id]; }
    [[nodiscard]] const KnownBits& known(ValueId id) const { return known_[id.index()]; }
    [[nodiscard]] ValueId made(ValueId id) const { return copier_.made(id); }
    Builder& builder(ValueId id) { return copier_.builder_for(id); }

    static bool computes_with_bits(Op op) {
        switch (op) {
            case Op::kAdd:
            case Op::kSub:
            case Op::kMul:
            case Op::kCast:
            case Op::kSelect:
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
            case Op::kMin:
            case Op::kMax:
                return true;
            default:
                return false;
        }
    }

    // Values with a reader that needs less hardware for fewer bits, and is not itself the wiring
    // which takes the known bits away.
    [[nodiscard]] std::vector<bool> gaining_readers() const {
        std::vector<bool> gains(source_.size(), false);
        for (std::size_t i = 0; i < source_.size(); ++i) {
            const Node& reader = source_.nodes()[i];
            if (!needed_[i] || is_plain_wrap(reader) || !computes_with_bits(reader.op)) continue;
            for (const ValueId arg : reader.operands()) gains[arg.index()] = true;
        }
        return gains;
    }

    std::optional<ValueId> rewritten(ValueId id) {
        const Node& n = node(id);
        if (n.op == Op::kInput || n.op == Op::kConstant) return std::nullopt;
        if (known(id).is_constant()) {
            return builder(id).constant(Dyadic(known(id).lo, -n.format.frac));
        }
        switch (n.op) {
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
                return comparison(id);
            case Op::kAdd:
                return side_by_side(id);
            case Op::kSub:
                return complement(id);
            case Op::kMul:
                return gated(id);
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
                return decided_bits(id);
            case Op::kCast:
                return plain_cast(id);
            case Op::kSelect:
                return decided_choice(id);
            default:
                return std::nullopt;
        }
    }

    // The narrowest format that holds the known bits; its readers will not see the others. Sums
    // and moved points get theirs from their operands, and stay linear forms.
    void narrow(ValueId id) {
        const KnownBits& bits = known(id);
        const Op op = node(id).op;
        if (op == Op::kConstant || op == Op::kAdd || op == Op::kSub || op == Op::kSlice) return;
        if (bits.is_constant() || !gains_[id.index()]) return;
        const int zeros = bits.low_zeros();
        const Interval kept{bits.lo >> zeros, bits.hi >> zeros, node(id).format.frac - zeros};
        const Format format = format_of(kept);
        const int width = std::min(node(id).format.width, format_of(node(id).range).width);
        if (format.width >= width) return;
        copier_.replace(id, builder(id).cast(made(id), Cast{.format = format}));
        ++count_.rewrites;
    }

    // `id` on the grid of `frac`, coarser or finer.
    [[nodiscard]] KnownBits on_grid(ValueId id, int frac, int shift = 0) const {
        return known_shifted(known(id), frac - (node(id).format.frac - shift));
    }

    std::optional<ValueId> comparison(ValueId id) {
        const Node& n = node(id);
        const int frac = std::max(node(n.args[0]).format.frac, node(n.args[1]).format.frac);
        KnownBits a = on_grid(n.args[0], frac);
        KnownBits b = on_grid(n.args[1], frac);
        const int below = undeciding_low_bits(n.op, a, b);
        a = known_shifted(a, -below);
        b = known_shifted(b, -below);
        const int width = std::max(signed_width(a), signed_width(b));
        const auto kept = deciding_bits(a, b);
        const bool cuts_top = kept && *kept < width - 1;
        if (below == 0 && !cuts_top) return std::nullopt;
        const Format format{!cuts_top, cuts_top ? *kept : width, frac - below};
        Node same = n;
        Builder& to = builder(id);
        for (const std::size_t i : {0U, 1U}) {
            same.args[i] = to.cast(made(n.args[i]), Cast{.format = format});
        }
        return to.make(std::move(same));
    }

    // a + b·2^s as one above the other. Where the formats alone say so it is wiring already.
    std::optional<ValueId> side_by_side(ValueId id) {
        const Node& n = node(id);
        if (!never_wraps(source_, n)) return std::nullopt;
        const int frac = n.format.frac;
        const KnownBits a = on_grid(n.args[0], frac);
        const KnownBits b = on_grid(n.args[1], frac, n.shift);
        for (const bool a_is_low : {true, false}) {
            const KnownBits& low = a_is_low ? a : b;
            const KnownBits& high = a_is_low ? b : a;
            const int below = high.low_zeros();
            if (below == 0 || low.lo.sign() < 0 || low.hi.magnitude_bits() > below) continue;
            if (high.is_constant() && low.is_constant()) continue;
            if (is_apart(n, a_is_low ? 0 : 1, below)) return std::nullopt;
            return joined(id, a_is_low ? 0 : 1, high, below);
        }
        return std::nullopt;
    }

    // The format of the low operand ends where that of the other one begins.
    [[nodiscard]] bool is_apart(const Node& n, std::size_t low, int below) const {
        const auto lowest = [&](std::size_t i) {
            return n.format.frac - (node(n.args[i]).format.frac - (i == 1 ? n.shift : 0));
        };
        const Format& format = node(n.args[low]).format;
        return !format.is_signed && lowest(low) + format.width <= below &&
               lowest(1 - low) >= lowest(low) + format.width;
    }

    ValueId joined(ValueId id, std::size_t low, const KnownBits& high, int below) {
        const Node& n = node(id);
        Builder& b = builder(id);
        const auto scaled = [&](std::size_t i) {
            return i == 1 ? b.scaled(made(n.args[1]), n.shift) : made(n.args[0]);
        };
        const Interval above{high.lo >> below, high.hi >> below, n.format.frac - below};
        const Format top = format_of(above);
        // What is known to be constant may come out narrower: all bits are given their place.
        const ValueId upper = copier_.in_format(b.cast(scaled(1 - low), Cast{.format = top}), top);
        const ValueId lower = copier_.in_format(scaled(low), Format{false, below, n.format.frac});
        return b.slice(b.concat(upper, lower), 0,
                       Format{top.is_signed, top.width + below, n.format.frac});
    }

    std::optional<ValueId> complement(ValueId id) {
        const Node& n = node(id);
        const Node& from = node(n.args[0]);
        const Node& x = node(n.args[1]);
        if (from.op != Op::kConstant || x.format.is_signed || x.format.width == 0) {
            return std::nullopt;
        }
        const Dyadic all = Interval::of(x.format).max().shifted(n.shift);
        if (!(from.range.min() == all) || !never_wraps(source_, n)) return std::nullopt;
        Builder& b = builder(id);
        return b.scaled(b.bit_not(made(n.args[1])), n.shift);
    }

    std::optional<ValueId> gated(ValueId id) {
        const Node& n = node(id);
        if (!never_wraps(source_, n)) return std::nullopt;
        for (const std::size_t i : {0U, 1U}) {
            const KnownBits& y = known(n.args[i]);
            const int bit = y.low_zeros();
            if (!(y.lo == 0 && y.hi == Integer::power_of_two(bit) && y.ones.is_zero())) continue;
            if (!(y.unknown == y.hi)) continue;
            Builder& b = builder(id);
            const ValueId x = made(n.args[1 - i]);
            return b.select(made(n.args[i]), b.scaled(x, bit - node(n.args[i]).format.frac),
                            b.constant(0));
        }
        return std::nullopt;
    }

    std::optional<ValueId> decided_bits(ValueId id) {
        const Node& n = node(id);
        for (const std::size_t i : {0U, 1U}) {
            const ValueId kept = n.args[i];
            if (node(kept).format != n.format) continue;
            const KnownBits& x = known(kept);
            const KnownBits& other = known(n.args[1 - i]);
            const Integer not_one = Integer(-1) ^ other.ones;
            const bool is_x = n.op == Op::kAnd ? (x.possible() & not_one).is_zero()
                              : n.op == Op::kOr
                                  ? (other.possible() & (Integer(-1) ^ x.ones)).is_zero()
                                  : other.possible().is_zero();
            if (is_x) return made(kept);
        }
        return std::nullopt;
    }

    std::optional<ValueId> plain_cast(ValueId id) {
        const Node& n = node(id);
        const Node& x = node(n.args[0]);
        const int drop = x.format.frac - n.format.frac;
        Cast cast = n.cast();
        if (drop > 0) cast.round = simpler_rounding(cast.round, known(n.args[0]), drop);
        const Interval within{known(n.args[0]).lo, known(n.args[0]).hi, x.format.frac};
        const bool checks = cast.overflow != Overflow::kWrap || cast.saturation_bits > 0;
        if (checks && !can_overflow(within, cast)) {
            cast.overflow = Overflow::kWrap;
            cast.saturation_bits = 0;
        }
        if (cast.round == n.round && cast.overflow == n.overflow &&
            cast.saturation_bits == n.saturation_bits) {
            return std::nullopt;
        }
        return builder(id).cast(made(n.args[0]), cast);
    }

    static Round simpler_rounding(Round round, const KnownBits& x, int drop) {
        if (round == Round::kTrn) return round;
        const KnownBits dropped = known_low_bits(x, drop);
        const Integer half = Integer::power_of_two(drop - 1);
        if (round == Round::kTrnZero) {
            return dropped.hi.is_zero() || x.lo.sign() >= 0 ? Round::kTrn : round;
        }
        const bool tie_goes_down = round == Round::kRndMinInf;
        if (dropped.hi < half || (tie_goes_down && dropped.hi == half)) return Round::kTrn;
        return dropped.contains(half) ? round : Round::kRnd;
    }

    std::optional<ValueId> decided_choice(ValueId id) {
        const Node& n = node(id);
        const KnownBits& condition = known(n.args[0]);
        if (condition.is_constant()) {
            return wrapped(id, condition.lo.is_zero() ? n.args[2] : n.args[1]);
        }
        if (condition.contains(0)) return std::nullopt;
        return wrapped(id, n.args[1]);
    }

    // An operand where the choice stood: brought into the format, as the choice did.
    ValueId wrapped(ValueId id, ValueId operand) {
        return builder(id).cast(made(operand), Cast{.format = node(id).format});
    }

    const Program& source_;
    Copier copier_;
    std::vector<KnownBits> known_;
    std::vector<bool> needed_;
    std::vector<bool> gains_;
    PassCount& count_;
};

}  // namespace

Program narrow_by_known_bits(const Program& program, PassCount& count) {
    return KnownBitsPass(program, count).run();
}

}  // namespace gatewright::opt
