// SPDX-License-Identifier: Apache-2.0
#include "opt/rounding.h"

#include <array>
#include <optional>

#include "opt/copier.h"
#include "support/check.h"

namespace gatewright::opt {
namespace {

using dfg::Builder;
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

// No value of `source` overflows in it: only its rounding matters.
Cast rounding_only(int frac, Round round) {
    return {Format{true, fixed::kMaxWidth * 3, frac}, round, Overflow::kWrap, 0};
}

class RoundingPass {
  public:
    RoundingPass(const Program& source, PassCount& count)
        : source_(source), copier_(source), uses_(source.use_counts()), count_(count) {}

    Program run() {
        return rewrite_values(copier_, count_.rewrites, [&](ValueId id) { return rewritten(id); });
    }

  private:
    [[nodiscard]] const Node& node(ValueId id) const { return source_[id]; }

    std::optional<ValueId> rewritten(ValueId id) {
        const Node& cast = node(id);
        if (cast.op != Op::kCast || cast.format.width == 0) return std::nullopt;
        if (const auto inner = relu_operand(cast.args[0])) return behind_cast(id, *inner);
        if (cast.round != Round::kRnd) return std::nullopt;
        const auto rounded = with_half_absorbed(id, cast.args[0]);
        if (!rounded) return std::nullopt;
        return copier_.builder_for(id).cast(*rounded, after_rounding(cast));
    }

    // What a cast does once its value is on its grid.
    static Cast after_rounding(const Node& cast) {
        return {cast.format, Round::kTrn, cast.overflow, cast.saturation_bits};
    }

    // x of max(x, 0) that only one node reads.
    [[nodiscard]] std::optional<ValueId> relu_operand(ValueId id) const {
        const Node& relu = node(id);
        if (relu.op != Op::kMax || uses_[id.index()] != 1) return std::nullopt;
        for (const std::size_t i : {0U, 1U}) {
            const ValueId x = relu.args[i];
            if (!is_constant_zero(source_, relu.args[1 - i])) continue;
            if (!never_wraps(source_, relu)) return std::nullopt;
            return x;
        }
        return std::nullopt;
    }

    std::optional<ValueId> behind_cast(ValueId id, ValueId x) {
        const Node& cast = node(id);
        const Interval& positive = node(cast.args[0]).range;
        const bool overflows = can_overflow(positive, cast.cast());
        const bool wraps = cast.overflow == Overflow::kWrap && cast.saturation_bits == 0;
        const bool drops = node(x).format.frac > cast.format.frac;
        if (!overflows) {
            if (!drops) return std::nullopt;  // nothing is cast at all
            Builder& b = copier_.builder_for(id);
            return b.max(rounded(id, x), b.constant(0));
        }
        if (wraps) {
            const ValueId y = rounded(id, x);
            Builder& b = copier_.builder_for(id);
            const ValueId low = b.cast(y, after_rounding(cast));
            return b.select(sign_bit(b, y), b.constant(0), low);
        }
        const bool clamps = cast.overflow == Overflow::kSat || cast.overflow == Overflow::kSatSym;
        if (!clamps) return std::nullopt;
        const Format to{false, cast.format.magnitude_bits(), cast.format.frac};
        const ValueId y = rounded(id, x);
        return copier_.builder_for(id).cast(y, {to, Round::kTrn, Overflow::kSat, 0});
    }

    // x on the cast's grid, rounded as the cast does.
    ValueId rounded(ValueId id, ValueId x) {
        const Node& cast = node(id);
        if (cast.round == Round::kRnd) {
            if (const auto sum = with_half_absorbed(id, x)) {
                return copier_.builder_for(id).cast(*sum,
                                                    rounding_only(cast.format.frac, Round::kTrn));
            }
        }
        return copier_.builder_for(id).cast(copier_.made(x),
                                            rounding_only(cast.format.frac, cast.round));
    }

    // x + half of the cast's step, if a constant within x can take it.
    std::optional<ValueId> with_half_absorbed(ValueId id, ValueId x) {
        const Node& cast = node(id);
        if (node(x).format.frac <= cast.format.frac) return std::nullopt;
        const Dyadic half(Integer(1), -(cast.format.frac + 1));
        for (const Place place : {Place::kConstant, Place::kBelow}) {
            if (takes(x, half, place)) return plus(x, half, place);
        }
        return std::nullopt;
    }

    // Additions that cannot wrap, and moved points, let a constant through.
    [[nodiscard]] bool passes_on(ValueId id) const {
        const Node& n = node(id);
        if (uses_[id.index()] != 1) return false;
        if (n.op == Op::kSlice) {
            const Node& from = node(n.args[0]);
            return n.shift == 0 && n.format.holds(from.range.lo) && n.format.holds(from.range.hi);
        }
        if (n.op != Op::kAdd && n.op != Op::kSub) return false;
        // A claim of less than the whole format is earned by a sum that never wraps.
        return n.range != Interval::of(n.format) || never_wraps(source_, n);
    }

    // What operand i of `id` has to grow by, so that `id` grows by c.
    [[nodiscard]] Dyadic operand_part(const Node& n, std::size_t i, const Dyadic& c) const {
        if (n.op == Op::kSlice) {
            return c.shifted(n.format.frac - node(n.args[0]).format.frac);
        }
        if (i == 0) return c;
        const Dyadic down = c.shifted(-n.shift);
        return n.op == Op::kSub ? -down : down;
    }

    enum class Place {
        kConstant,  ///< a constant that the sum adds anyway
        kBelow,     ///< the bits below the grid of an operand, which are zeros
    };

    // c is one bit below everything the value has: the two lie side by side.
    [[nodiscard]] bool lies_below(ValueId id, const Dyadic& c) const {
        return c.mantissa() == Integer(1) && c.frac() > node(id).format.frac;
    }

    [[nodiscard]] bool takes(ValueId id, const Dyadic& c, Place place) const {
        const Node& n = node(id);
        if (place == Place::kBelow && lies_below(id, c)) return true;
        if (c.frac() > n.format.frac) return false;  // a finer grid costs bits
        if (n.op == Op::kConstant) return place == Place::kConstant;
        if (!passes_on(id)) return false;
        for (std::size_t i = 0; i < dfg::arity(n.op); ++i) {
            if (takes(n.args[i], operand_part(n, i, c), place)) return true;
        }
        return false;
    }

    // The value plus c, made anew down to the place that takes it.
    ValueId plus(ValueId id, const Dyadic& c, Place place) {
        const Node& n = node(id);
        if (place == Place::kBelow && lies_below(id, c)) {
            Builder& b = copier_.builder_for(id);
            return b.add(copier_.made(id), b.constant(c));
        }
        if (n.op == Op::kConstant) return copier_.builder_for(id).constant(n.range.min() + c);
        std::array<ValueId, 2> args{};
        bool placed = false;
        for (std::size_t i = 0; i < dfg::arity(n.op); ++i) {
            const Dyadic part = operand_part(n, i, c);
            const bool here = !placed && takes(n.args[i], part, place);
            placed = placed || here;
            args[i] = here ? plus(n.args[i], part, place) : copier_.made(n.args[i]);
        }
        Builder& b = copier_.builder_for(id);
        if (n.op == Op::kSlice) {
            return b.scaled(args[0], node(n.args[0]).format.frac - n.format.frac);
        }
        Node sum = n;
        sum.args = {args[0], args[1], {}};
        const Interval known = on_result_grid(sum, n.range + Interval::constant(c));
        return b.make(std::move(sum), &known);
    }

    // The new sum may lie on a coarser grid than the old one.
    [[nodiscard]] Interval on_result_grid(const Node& sum, const Interval& range) {
        const int frac = result_frac(copier_.builder().program(), sum);
        if (frac >= range.frac) return on_grid(range, frac);
        const int drop = range.frac - frac;
        return {-(-range.lo >> drop), range.hi >> drop, frac};
    }

    const Program& source_;
    Copier copier_;
    std::vector<std::uint32_t> uses_;
    PassCount& count_;
};

}  // namespace

Program fold_rounding(const Program& program, PassCount& count) {
    return RoundingPass(program, count).run();
}

}  // namespace gatewright::opt
