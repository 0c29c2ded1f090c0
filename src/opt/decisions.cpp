// SPDX-License-Identifier: Apache-2.0
#include "opt/decisions.h"

#include <optional>

#include "opt/comparisons.h"
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
                return negation(id);
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
                return same_operands(id);
            case Op::kSelect:
                return choice(id);
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
                return simpler_comparison(copier_, uses_, id);
            case Op::kMin:
            case Op::kMax:
                if (const auto kept = absorbed(id)) return kept;
                return clamp(id);
            case Op::kTable:
                return one_bit_table(id);
            default:
                return std::nullopt;
        }
    }

    [[nodiscard]] bool is_bit(ValueId id) const { return opt::is_bit(node(id)); }
    [[nodiscard]] bool is_only_read_here(ValueId id) const { return uses_[id.index()] == 1; }

    std::optional<ValueId> negation(ValueId id) {
        const Node& n = node(id);
        const Node& inner = node(n.args[0]);
        if (inner.op == Op::kNot) {
            const bool same = n.format == inner.format && node(inner.args[0]).format == n.format;
            return same ? std::optional(made(inner.args[0])) : std::nullopt;
        }
        if (!is_bit(id) || !is_bit(n.args[0]) || !is_only_read_here(n.args[0])) return std::nullopt;
        Builder& b = copier_.builder_for(id);
        if (inner.op == Op::kLess) return b.less_equal(made(inner.args[1]), made(inner.args[0]));
        if (inner.op == Op::kLessEqual) return b.less(made(inner.args[1]), made(inner.args[0]));
        return std::nullopt;
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
            if (is_one(if_true) && is_constant_zero(source_, if_false)) return made(condition);
            if (is_one(if_false) && is_constant_zero(source_, if_true)) {
                return copier_.builder_for(id).bit_not(made(condition));
            }
        }
        if (!holds_both(n)) return std::nullopt;
        if (const auto same = nested_choice(id)) return same;
        if (const auto one = one_choice_of_two(id)) return one;
        if (const auto shared = shared_operation(id)) return shared;
        return extremum(id);
    }

    [[nodiscard]] bool is_one(ValueId id) const {
        return node(id).op == Op::kConstant && node(id).range.min() == Dyadic(1);
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

    // Two choices with an operand in common, the inner one read by nobody else.
    std::optional<ValueId> one_choice_of_two(ValueId id) {
        const Node& n = node(id);
        if (!is_bit(n.args[0])) return std::nullopt;
        for (const std::size_t arm : {1U, 2U}) {
            const Node& inner = node(n.args[arm]);
            const ValueId other = n.args[3 - arm];
            if (inner.op != Op::kSelect || !is_only_read_here(n.args[arm]) || !holds_both(inner) ||
                !is_bit(inner.args[0])) {
                continue;
            }
            for (const std::size_t same : {1U, 2U}) {
                if (inner.args[same] != other) continue;
                Builder& b = copier_.builder_for(id);
                const ValueId d = made(inner.args[0]);
                // The other arm of the inner choice: taken where both say so.
                const ValueId picks = same == 2 ? d : b.bit_not(d);
                const ValueId c = made(n.args[0]);
                const ValueId both = b.bit_and(arm == 1 ? c : b.bit_not(c), picks);
                return b.select(both, made(inner.args[3 - same]), made(other));
            }
        }
        return std::nullopt;
    }

    // c ? op(a, x) : op(b, x) -> op(c ? a : b, x)
    std::optional<ValueId> shared_operation(ValueId id) {
        const Node& n = node(id);
        const Node& a = node(n.args[1]);
        const Node& b = node(n.args[2]);
        if (a.op != b.op || a.shift != b.shift || !is_only_read_here(n.args[1]) ||
            !is_only_read_here(n.args[2]) || n.args[1] == n.args[2]) {
            return std::nullopt;
        }
        const bool commutes = a.op == Op::kMul || a.op == Op::kMin || a.op == Op::kMax ||
                              (a.op == Op::kAdd && a.shift == 0);
        if (!commutes && a.op != Op::kAdd && a.op != Op::kSub) return std::nullopt;
        if (!never_wraps(source_, a) || !never_wraps(source_, b)) return std::nullopt;
        for (const std::size_t i : {0U, 1U}) {
            for (const std::size_t j : {0U, 1U}) {
                if (a.args[i] != b.args[j] || (i != j && !commutes)) continue;
                Builder& to = copier_.builder_for(id);
                Node shared = a;
                shared.args[i] = made(a.args[i]);
                shared.args[1 - i] =
                    to.select(made(n.args[0]), made(a.args[1 - i]), made(b.args[1 - j]));
                return to.make(std::move(shared));
            }
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

    // min(a, max(a, b)) and max(a, min(a, b)).
    std::optional<ValueId> absorbed(ValueId id) {
        const Node& outer = node(id);
        const Op opposite = outer.op == Op::kMin ? Op::kMax : Op::kMin;
        if (!never_wraps(source_, outer)) return std::nullopt;
        for (const std::size_t i : {0U, 1U}) {
            const Node& inner = node(outer.args[1 - i]);
            if (inner.op != opposite || !never_wraps(source_, inner)) continue;
            if (inner.args[0] == outer.args[i] || inner.args[1] == outer.args[i]) {
                return made(outer.args[i]);
            }
        }
        return std::nullopt;
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
