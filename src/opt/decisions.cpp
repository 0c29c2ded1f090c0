// SPDX-License-Identifier: Apache-2.0
#include "opt/decisions.h"

#include <optional>

#include "opt/copier.h"

namespace gatewright::opt {
namespace {

using dfg::Builder;
using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

class DecisionsPass {
  public:
    DecisionsPass(const Program& source, PassCount& count)
        : source_(source), copier_(source), uses_(source.use_counts()), count_(count) {}

    Program run() {
        return rewrite_values(copier_, count_.rewrites, [&](ValueId id) { return rewritten(id); });
    }

  private:
    [[nodiscard]] const Node& node(ValueId id) const { return source_[id]; }
    [[nodiscard]] ValueId made(ValueId id) const { return copier_.made(id); }

    std::optional<ValueId> rewritten(ValueId id) {
        const Node& n = node(id);
        switch (n.op) {
            case Op::kNot:
                return double_negation(n);
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
                return same_operands(id);
            case Op::kSelect:
                return choice(id);
            case Op::kLess:
                return sign_of_difference(id);
            case Op::kMin:
            case Op::kMax:
                return clamp(id);
            case Op::kTable:
                return one_bit_table(id);
            default:
                return std::nullopt;
        }
    }

    [[nodiscard]] bool is_bit(ValueId id) const {
        return !node(id).format.is_signed && node(id).format.width == 1 &&
               node(id).format.frac == 0;
    }

    [[nodiscard]] std::optional<ValueId> double_negation(const Node& n) const {
        const Node& inner = node(n.args[0]);
        if (inner.op != Op::kNot || n.format != inner.format) return std::nullopt;
        if (node(inner.args[0]).format != n.format) return std::nullopt;
        return made(inner.args[0]);
    }

    std::optional<ValueId> same_operands(ValueId id) {
        const Node& n = node(id);
        if (n.args[0] != n.args[1] || node(n.args[0]).format != n.format) return std::nullopt;
        return n.op == Op::kXor ? copier_.builder_for(id).constant(0) : made(n.args[0]);
    }

    std::optional<ValueId> choice(ValueId id) {
        const Node& n = node(id);
        const auto [condition, if_true, if_false] = n.args;
        const Node& c = node(condition);
        if (holds_both(n) && is_bit(condition)) {
            if (c.op == Op::kNot && is_bit(c.args[0])) {
                return copier_.builder_for(id).select(made(c.args[0]), made(if_false),
                                                      made(if_true));
            }
            const bool is_flag = node(if_true).op == Op::kConstant &&
                                 node(if_true).range.min() == Dyadic(1) &&
                                 is_constant_zero(source_, if_false);
            if (is_flag) return made(condition);
        }
        if (!holds_both(n)) return std::nullopt;
        if (const auto same = nested_choice(id)) return same;
        return extremum(id);
    }

    // The choice itself never wraps.
    [[nodiscard]] bool holds_both(const Node& n) const {
        return fits(n, n.args[1]) && fits(n, n.args[2]);
    }

    [[nodiscard]] bool fits(const Node& n, ValueId value) const {
        const Interval& range = node(value).range;
        if (range.frac > n.format.frac) return false;
        const Interval here = on_grid(range, n.format.frac);
        return n.format.holds(here.lo) && n.format.holds(here.hi);
    }

    std::optional<ValueId> nested_choice(ValueId id) {
        const Node& n = node(id);
        const auto [condition, if_true, if_false] = n.args;
        const Node& a = node(if_true);
        const Node& b = node(if_false);
        if (a.op == Op::kSelect && a.args[0] == condition && fits(a, a.args[1])) {
            return copier_.builder_for(id).select(made(condition), made(a.args[1]), made(if_false));
        }
        if (b.op == Op::kSelect && b.args[0] == condition && fits(b, b.args[2])) {
            return copier_.builder_for(id).select(made(condition), made(if_true), made(b.args[2]));
        }
        return std::nullopt;
    }

    std::optional<ValueId> extremum(ValueId id) {
        const Node& n = node(id);
        const Node& c = node(n.args[0]);
        if (c.op != Op::kLess && c.op != Op::kLessEqual) return std::nullopt;
        Builder& b = copier_.builder_for(id);
        if (c.args[0] == n.args[1] && c.args[1] == n.args[2]) {
            return b.min(made(n.args[1]), made(n.args[2]));
        }
        if (c.args[0] == n.args[2] && c.args[1] == n.args[1]) {
            return b.max(made(n.args[1]), made(n.args[2]));
        }
        return std::nullopt;
    }

    std::optional<ValueId> sign_of_difference(ValueId id) {
        const Node& n = node(id);
        const Node& difference = node(n.args[0]);
        if (!is_constant_zero(source_, n.args[1]) || difference.op != Op::kSub) return std::nullopt;
        if (difference.shift != 0 || uses_[n.args[0].index()] != 1) return std::nullopt;
        if (!never_wraps(source_, difference)) return std::nullopt;
        return copier_.builder_for(id).less(made(difference.args[0]), made(difference.args[1]));
    }

    // The constant operand of a min or max, and the other one.
    struct Limit {
        Dyadic limit;
        ValueId other;
    };
    [[nodiscard]] std::optional<Limit> limit_of(const Node& n) const {
        for (const std::size_t i : {0U, 1U}) {
            const Node& constant = node(n.args[i]);
            if (constant.op == Op::kConstant) return Limit{constant.range.min(), n.args[1 - i]};
        }
        return std::nullopt;
    }

    std::optional<ValueId> clamp(ValueId id) {
        const Node& outer = node(id);
        const auto outer_limit = limit_of(outer);
        if (!outer_limit || uses_[outer_limit->other.index()] != 1) return std::nullopt;
        const Node& inner = node(outer_limit->other);
        const Op opposite = outer.op == Op::kMin ? Op::kMax : Op::kMin;
        const auto inner_limit = inner.op == opposite ? limit_of(inner) : std::nullopt;
        if (!inner_limit || !never_wraps(source_, inner) || !never_wraps(source_, outer)) {
            return std::nullopt;
        }
        const Node& x = node(inner_limit->other);
        const Interval limits = outer.op == Op::kMin ? hull(Interval::constant(inner_limit->limit),
                                                            Interval::constant(outer_limit->limit))
                                                     : hull(Interval::constant(outer_limit->limit),
                                                            Interval::constant(inner_limit->limit));
        if (limits.frac > x.format.frac || limits.is_constant()) return std::nullopt;
        const Interval on_x = on_grid(limits, x.format.frac);
        const Format format = format_of(on_x);
        if (Interval::of(format) != on_x) return std::nullopt;
        return copier_.builder_for(id).cast(made(inner_limit->other),
                                            {format, fixed::Round::kTrn, fixed::Overflow::kSat, 0});
    }

    std::optional<ValueId> one_bit_table(ValueId id) {
        const Node& n = node(id);
        if (node(n.args[0]).format.width != 1) return std::nullopt;
        const auto& codes = source_.table(n.table).codes;
        Builder& b = copier_.builder_for(id);
        return b.select(made(n.args[0]), b.constant(Dyadic(codes[1], -n.format.frac)),
                        b.constant(Dyadic(codes[0], -n.format.frac)));
    }

    const Program& source_;
    Copier copier_;
    std::vector<std::uint32_t> uses_;
    PassCount& count_;
};

}  // namespace

Program simplify_decisions(const Program& program, PassCount& count) {
    return DecisionsPass(program, count).run();
}

}  // namespace gatewright::opt
