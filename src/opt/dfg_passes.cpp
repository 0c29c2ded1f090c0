// SPDX-License-Identifier: Apache-2.0
#include "opt/dfg_passes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "dfg/affine.h"
#include "dfg/builder.h"
#include "dfg/interpreter.h"
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

Interval intersection(const Interval& a, const Interval& b) {
    return {max(a.lo, b.lo), min(a.hi, b.hi), a.frac};
}

// k if the value is exactly 2^k.
std::optional<int> power_of_two(const Node& node) {
    if (node.op != Op::kConstant) return std::nullopt;
    const Dyadic value = node.range.min();
    if (!(value.mantissa() == Integer(1))) return std::nullopt;
    return value.exponent();
}

class Rebuild {
  public:
    explicit Rebuild(const Program& source)
        : source_(source), builder_(source.name), proven_(dfg::affine_ranges(source)) {}

    Program run() {
        const std::vector<bool> live = needed_values(source_);
        made_.resize(source_.size());
        constants_.resize(source_.size());
        for (std::size_t i = 0; i < source_.size(); ++i) {
            if (!live[i]) continue;
            builder_.set_layer(source_.nodes()[i].layer);
            made_[i] = rebuild(ValueId(i));
        }
        for (const ValueId output : source_.outputs()) {
            builder_.set_layer(source_[output].layer);
            builder_.output(in_format(output));
        }
        return remove_dead_values(std::move(builder_).finish());
    }

  private:
    [[nodiscard]] ValueId made(ValueId id) const { return made_[id.index()]; }

    // Same value as `id`; its code on the source's grid.
    ValueId on_source_grid(ValueId id) {
        const ValueId value = made(id);
        if (builder_[value].format.frac == source_[id].format.frac) return value;
        return in_format(id);
    }

    // Same value as `id` in exactly the source's format: for ops that look at bits, and for
    // outputs.
    ValueId in_format(ValueId id) {
        const ValueId value = made(id);
        const Format& wanted = source_[id].format;
        if (builder_[value].format == wanted) return value;
        const Node& node = builder_[value];
        if (node.op == Op::kConstant) {
            Node constant;
            constant.op = Op::kConstant;
            constant.format = wanted;
            const Integer code = node.range.min().code_at(wanted.frac);
            constant.range = {code, code, wanted.frac};
            return append_exactly(std::move(constant));
        }
        Node cast;
        cast.op = Op::kCast;
        cast.args = {value, {}, {}};
        cast.format = wanted;
        return append_exactly(std::move(cast));
    }

    // A node whose format must stay as it is.
    ValueId append_exactly(Node node) {
        if (node.op != Op::kConstant) {
            node.range = on_grid(result_range(builder_.program(), node), node.format.frac);
        }
        return builder_.make_as_is(std::move(node));
    }

    // The constant code of a node whose operands are all constant.
    std::optional<Integer> folded(const Node& node) {
        std::vector<Integer> operands;
        for (const ValueId arg : node.operands()) {
            if (!constants_[arg.index()]) return std::nullopt;
            operands.push_back(*constants_[arg.index()]);
        }
        return dfg::evaluate_node(source_, node, operands);
    }

    ValueId rebuild(ValueId id) {
        const Node& node = source_[id];
        if (node.op == Op::kInput) return builder_.input(node.format, node.range);
        const Interval range = intersection(node.range, proven_[id.index()]);
        auto code = range.is_constant() ? std::optional(range.lo) : folded(node);
        if (code) {
            const ValueId constant = builder_.constant(Dyadic(*code, -node.format.frac));
            constants_[id.index()] = std::move(code);
            return constant;
        }
        switch (node.op) {
            case Op::kInput:
            case Op::kConstant:
                break;
            case Op::kAdd:
            case Op::kSub:
            case Op::kMul:
            case Op::kSelect:
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
            case Op::kMin:
            case Op::kMax:
                return exact_then_wrap(node, range);
            case Op::kCast:
                return rebuild_cast(node);
            case Op::kSlice:
                return rebuild_slice(node);
            case Op::kTable:
                return builder_.table(in_format(node.args[0]), source_.table(node.table).name,
                                      source_.table(node.table).codes, node.format.frac);
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
            case Op::kNot:
                return builder_.make(with_operands(node, &Rebuild::on_source_grid));
            case Op::kConcat:
                return builder_.make(with_operands(node, &Rebuild::in_format));
            case Op::kPopcount: {
                Node copy = with_operands(node, &Rebuild::in_format);
                return wrapped(builder_.make(std::move(copy)), node.format);
            }
        }
        GW_UNREACHABLE("op");
    }

    Node with_operands(const Node& node, ValueId (Rebuild::*operand)(ValueId)) {
        Node copy = node;
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i)
            copy.args[i] = (this->*operand)(node.args[i]);
        return copy;
    }

    // The value's low bits in `format`; the value itself if it fits.
    ValueId wrapped(ValueId value, const Format& format) {
        return builder_.cast(value, Cast{.format = format});
    }

    // Ops on values (not on bits): their exact result, narrowed to what is proven of it, or
    // wrapped.
    ValueId exact_then_wrap(const Node& node, const Interval& range) {
        if (node.op == Op::kMul) {
            for (const std::size_t i : {0U, 1U}) {
                if (const auto k = power_of_two(builder_[made(node.args[i])])) {
                    return wrapped(moved_point(made(node.args[1 - i]), *k), node.format);
                }
            }
        }
        Node copy = node;
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i) copy.args[i] = made(node.args[i]);
        const bool linear = node.op == Op::kAdd || node.op == Op::kSub;
        // A range narrower than the format can only be proven of a linear form that never wraps.
        if (linear && !(range == Interval::of(node.format)) && never_wraps(node, range)) {
            copy.format.frac = dfg::result_frac(builder_.program(), copy);
            const int drop = node.format.frac - copy.format.frac;
            if (drop >= 0) {
                // The rebuilt operands lie on a grid that may be coarser, and so does their sum.
                const Interval known{-(-range.lo >> drop), range.hi >> drop, copy.format.frac};
                return builder_.make(std::move(copy), &known);
            }
        }
        return wrapped(builder_.make(std::move(copy)), node.format);
    }

    // Interval arithmetic gives the whole format for a sum that may wrap; anything narrower was
    // earned.
    [[nodiscard]] bool never_wraps(const Node& node, const Interval& range) const {
        const Interval chained = on_grid(result_range(source_, node), node.format.frac);
        return !(chained == Interval::of(node.format)) || range != chained;
    }

    ValueId moved_point(ValueId value, int shift) {
        const Node& node = builder_[value];
        if (node.op == Op::kSlice && node.shift == 0) {
            const Node& below = builder_[node.args[0]];
            const bool whole =
                node.format.holds(below.range.lo) && node.format.holds(below.range.hi);
            if (whole) {
                return builder_.scaled(node.args[0], shift + below.format.frac - node.format.frac);
            }
        }
        return builder_.scaled(value, shift);
    }

    ValueId rebuild_slice(const Node& node) {
        const Node& operand = source_[node.args[0]];
        const Interval range = intersection(operand.range, proven_[node.args[0].index()]);
        if (node.shift == 0 && node.format.holds(range.lo) && node.format.holds(range.hi)) {
            return moved_point(made(node.args[0]), operand.format.frac - node.format.frac);
        }
        return builder_.make(with_operands(node, &Rebuild::on_source_grid));
    }

    ValueId rebuild_cast(const Node& node) {
        ValueId from = made(node.args[0]);
        while (const auto deeper = skip_inner_cast(from, node.cast())) from = *deeper;
        return builder_.cast(from, node.cast());
    }

    // The operand of the inner cast, if the outer cast of it gives the same.
    [[nodiscard]] std::optional<ValueId> skip_inner_cast(ValueId value, const Cast& outer) const {
        const Node& inner = builder_[value];
        if (inner.op != Op::kCast || inner.round != fixed::Round::kTrn ||
            outer.round != fixed::Round::kTrn || outer.format.frac > inner.format.frac) {
            return std::nullopt;
        }
        if (!can_overflow(builder_[inner.args[0]].range, inner.cast())) return inner.args[0];
        const auto keeps_low_bits = [](const Cast& cast) {
            return cast.overflow == fixed::Overflow::kWrap && cast.saturation_bits == 0;
        };
        const bool within = outer.format.integer_bits() <= inner.format.integer_bits();
        if (keeps_low_bits(outer) && keeps_low_bits(inner.cast()) && within) return inner.args[0];
        return std::nullopt;
    }

    const Program& source_;
    Builder builder_;
    std::vector<Interval> proven_;
    std::vector<ValueId> made_;                      // per source value
    std::vector<std::optional<Integer>> constants_;  // codes in the source's formats
};

}  // namespace

Program simplify(const Program& program, const SimplifyParams& params, SimplifyStats* stats) {
    Program best = remove_dead_values(program);
    int rounds = 0;
    while (rounds < params.rounds) {
        Program next = Rebuild(best).run();
        ++rounds;
        // Equal sizes still narrow formats; a larger program splits wrapping ops and gains nothing.
        if (next.size() > best.size()) break;
        const bool done = next.size() == best.size() && rounds > 1;
        best = std::move(next);
        if (done) break;
    }
    if (stats != nullptr) *stats = {program.size(), best.size(), rounds};
    return best;
}

}  // namespace gatewright::opt
