// SPDX-License-Identifier: Apache-2.0
#include "opt/comparisons.h"

#include <algorithm>

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

class Comparison {
  public:
    Comparison(Copier& copier, const std::vector<std::uint32_t>& uses, ValueId id)
        : copier_(copier), source_(copier.source()), uses_(uses), id_(id), op_(source_[id].op) {}

    std::optional<ValueId> simpler() {
        if (const auto same = value_of_bit()) return same;
        for (const std::size_t side : {0U, 1U}) {
            if (!is_inner_sum(arg(side))) continue;
            if (is_constant_zero(source_, arg(1 - side))) {
                const auto compared = node(arg(side)).op == Op::kSub ? operands_of_difference(side)
                                                                     : operands_of_sum(side);
                if (compared) return compared;
            }
            if (const auto moved = constant_moved(side)) return moved;
        }
        return common_term();
    }

  private:
    [[nodiscard]] const Node& node(ValueId id) const { return source_[id]; }
    [[nodiscard]] ValueId arg(std::size_t i) const { return node(id_).args[i]; }
    Builder& builder() { return copier_.builder_for(id_); }

    // A sum that only this comparison reads, and that never wraps.
    [[nodiscard]] bool is_inner_sum(ValueId id) const {
        const Node& n = node(id);
        return (n.op == Op::kAdd || n.op == Op::kSub) && uses_[id.index()] == 1 &&
               never_wraps(source_, n);
    }

    // The comparison of two new values, `left` standing on side `side`.
    ValueId compared(std::size_t side, ValueId left, ValueId right, Op op) {
        if (side == 1) std::swap(left, right);
        Builder& b = builder();
        switch (op) {
            case Op::kLess:
                return b.less(left, right);
            case Op::kLessEqual:
                return b.less_equal(left, right);
            default:
                return b.equal(left, right);
        }
    }

    ValueId term(const Node& sum, std::size_t i) {
        const ValueId value = copier_.made(sum.args[i]);
        return i == 1 ? builder().scaled(value, sum.shift) : value;
    }

    std::optional<ValueId> value_of_bit() {
        if (op_ != Op::kEqual) return std::nullopt;
        for (const std::size_t side : {0U, 1U}) {
            const Node& constant = node(arg(1 - side));
            if (!is_bit(node(arg(side))) || constant.op != Op::kConstant) continue;
            const ValueId bit = copier_.made(arg(side));
            if (constant.range.min() == Dyadic(1)) return bit;
            if (constant.range.min().is_zero()) return builder().bit_not(bit);
        }
        return std::nullopt;
    }

    std::optional<ValueId> operands_of_difference(std::size_t side) {
        const Node& difference = node(arg(side));
        return compared(side, term(difference, 0), term(difference, 1), op_);
    }

    // a + b < 0 on the coarser grid of the two, on which floor(a) + b has the same sign.
    std::optional<ValueId> operands_of_sum(std::size_t side) {
        const bool is_negative = op_ == Op::kLess && side == 0;
        const bool is_not_negative = op_ == Op::kLessEqual && side == 1;
        if (!is_negative && !is_not_negative) return std::nullopt;
        const Node& sum = node(arg(side));
        Builder& b = builder();
        ValueId fine = term(sum, 0);
        ValueId coarse = term(sum, 1);
        if (b[fine].format.frac < b[coarse].format.frac) std::swap(fine, coarse);
        const Format own = b[coarse].format;
        const Format format{true, own.width + (own.is_signed ? 0 : 1), own.frac};
        const ValueId inverted = b.slice(b.bit_not(copier_.in_format(coarse, format)), 0, format);
        const Format exact{true, fixed::kMaxWidth * 3, own.frac};
        const ValueId floored = b.cast(fine, Cast{.format = exact});
        return is_negative ? b.less_equal(floored, inverted) : b.less(inverted, floored);
    }

    // x + k < c, k - x < c and x - k < c, on either side.
    std::optional<ValueId> constant_moved(std::size_t side) {
        const Node& sum = node(arg(side));
        const Node& limit = node(arg(1 - side));
        if (limit.op != Op::kConstant) return std::nullopt;
        Builder& b = builder();
        for (const std::size_t i : {0U, 1U}) {
            const Node& k = node(sum.args[i]);
            if (k.op != Op::kConstant) continue;
            const Dyadic moved = i == 1 ? k.range.min().shifted(sum.shift) : k.range.min();
            const ValueId x = term(sum, 1 - i);
            if (sum.op == Op::kAdd) {
                return compared(side, x, b.constant(limit.range.min() - moved), op_);
            }
            if (i == 1) return compared(side, x, b.constant(limit.range.min() + moved), op_);
            return compared(1 - side, x, b.constant(moved - limit.range.min()), op_);
        }
        return std::nullopt;
    }

    // a + x < b + x; a - x < b - x; x - a < x - b.
    std::optional<ValueId> common_term() {
        if (!is_inner_sum(arg(0)) || !is_inner_sum(arg(1))) return std::nullopt;
        const Node& left = node(arg(0));
        const Node& right = node(arg(1));
        if (left.op != right.op) return std::nullopt;
        const bool either = left.op == Op::kAdd && left.shift == 0 && right.shift == 0;
        for (const std::size_t i : {0U, 1U}) {
            for (const std::size_t j : {0U, 1U}) {
                const bool same_place = i == j && (i == 0 || left.shift == right.shift);
                if (left.args[i] != right.args[j] || !(same_place || either)) continue;
                const bool swaps = left.op == Op::kSub && i == 0;
                return compared(swaps ? 1 : 0, term(left, 1 - i), term(right, 1 - j), op_);
            }
        }
        return std::nullopt;
    }

    Copier& copier_;
    const Program& source_;
    const std::vector<std::uint32_t>& uses_;
    ValueId id_;
    Op op_;
};

}  // namespace

bool is_bit(const Node& node) {
    return !node.format.is_signed && node.format.width == 1 && node.format.frac == 0;
}

std::optional<ValueId> simpler_comparison(Copier& copier, const std::vector<std::uint32_t>& uses,
                                          ValueId id) {
    return Comparison(copier, uses, id).simpler();
}

}  // namespace gatewright::opt
