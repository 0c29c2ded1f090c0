// SPDX-License-Identifier: Apache-2.0
#include "interchange/example.h"

#include <algorithm>
#include <optional>

#include "support/check.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

constexpr int kMostWidth = 14;
constexpr int kMostTableWidth = 6;

class Generator {
  public:
    explicit Generator(Rng& rng) : rng_(rng) {}

    SlotProgram make() {
        const int inputs = between(1, 3);
        for (int i = 0; i < inputs; ++i) {
            out_.input_shifts.push_back(rng_.chance(0.7) ? 0 : between(-2, 2));
            SlotOp op;
            op.opcode = Opcode::kInput;
            op.index = i;
            op.range = Interval::of({rng_.chance(0.6), between(1, 6), between(-1, 4)});
            out_.ops.push_back(op);
        }
        for (int wanted = between(6, 24), tries = 0; wanted > 0 && tries < 400; ++tries) {
            if (auto op = random_op()) {
                out_.ops.push_back(std::move(*op));
                --wanted;
            }
        }
        for (int outputs = between(1, 3); outputs > 0; --outputs) {
            const bool zero = rng_.chance(0.1);
            out_.outputs.push_back({zero ? -1 : random_slot(), between(-2, 2), rng_.chance(0.3)});
        }
        return std::move(out_);
    }

  private:
    int between(int lo, int hi) { return static_cast<int>(rng_.between(lo, hi)); }
    // Mostly one of the last, so that programs are deep.
    std::int32_t random_slot() {
        const int size = static_cast<int>(out_.ops.size());
        return rng_.chance(0.6) ? between(std::max(0, size - 5), size - 1) : between(0, size - 1);
    }
    [[nodiscard]] const Interval& range(const SlotOperand& operand) const {
        return out_.ops[static_cast<std::size_t>(operand.slot)].range;
    }
    // Of ±x·2^shift.
    [[nodiscard]] Interval signed_range(const SlotOperand& operand) const {
        Interval out = range(operand);
        out.frac -= operand.shift;
        return operand.negate ? -out : out;
    }
    SlotOperand random_operand(bool shifts, bool negates) {
        return {random_slot(), shifts ? between(-2, 2) : 0, negates && rng_.chance(0.4)};
    }

    std::optional<SlotOp> random_op() {
        SlotOp op;
        op.opcode = static_cast<Opcode>(between(1, 12));
        switch (op.opcode) {
            case Opcode::kInput:
                return std::nullopt;
            case Opcode::kLinear:
                return linear(op);
            case Opcode::kQuantize:
            case Opcode::kRelu:
                op.operands = {random_operand(op.opcode == Opcode::kQuantize, true)};
                return rounded(op, signed_range(op.operands[0]).frac);
            case Opcode::kSelect: {
                op.operands = {random_operand(false, false), random_operand(true, true),
                               random_operand(false, false)};
                const int frac =
                    std::max(range(op.operands[0]).frac, signed_range(op.operands[1]).frac);
                op.range = Interval::of({rng_.chance(0.5), between(1, 8), frac});
                return if_small(op);
            }
            case Opcode::kMultiply:
                op.operands = {random_operand(false, false), random_operand(false, false)};
                op.range = range(op.operands[0]) * range(op.operands[1]);
                return if_small(op);
            case Opcode::kTable:
                return table(op);
            case Opcode::kNot:
                op.operands = {random_operand(false, true)};
                op.range = Interval::of({true, kMostWidth, range(op.operands[0]).frac});
                if (!op.operands[0].negate)
                    op.range = Interval::of(format_of(range(op.operands[0])));
                return if_small(op);
            case Opcode::kAny:
            case Opcode::kAll:
                op.operands = {random_operand(false, true)};
                op.range = {0, 1, 0};
                return if_small(op);
            case Opcode::kAnd:
            case Opcode::kOr:
            case Opcode::kXor:
                return bitwise(op);
        }
        return std::nullopt;
    }

    [[nodiscard]] static std::optional<SlotOp> if_small(SlotOp op) {
        const bool zero = op.range.lo.is_zero() && op.range.hi.is_zero();
        if (zero) op.range.frac = 0;  // both tools forget the step of a zero
        const bool small = op.format().width <= kMostWidth && std::abs(op.range.frac) <= 10;
        return small ? std::optional(std::move(op)) : std::nullopt;
    }

    std::optional<SlotOp> linear(SlotOp op) {
        const int terms = between(0, 3);
        std::optional<Interval> total;
        for (int i = 0; i < terms; ++i) {
            op.operands.push_back(random_operand(true, true));
            const Interval term = signed_range(op.operands.back());
            total = total ? *total + term : term;
        }
        if (terms == 0 || (terms == 1 && rng_.chance(0.6))) {
            const int frac = between(-1, 3);
            op.offset = Dyadic(Integer(between(-20, 20)), -frac);
            if (terms > 0) op.offset_frac = frac;
            if (!op.offset.is_zero()) {
                const Interval constant = Interval::constant(op.offset);
                total = total ? *total + constant : constant;
            }
        }
        op.range = total.value_or(Interval{0, 0, 0});
        if (op.offset_frac) op.range = on_grid(op.range, std::max(op.range.frac, *op.offset_frac));
        return if_small(op);
    }

    // Some type no finer than the exact result: it wraps.
    std::optional<SlotOp> rounded(SlotOp op, int frac) {
        op.range = Interval::of({rng_.chance(0.5), between(1, 8), frac - between(0, 2)});
        return if_small(op);
    }

    std::optional<SlotOp> table(SlotOp op) {
        op.operands = {random_operand(false, false)};
        const Interval& index = range(op.operands[0]);
        if (format_of(index).width > kMostTableWidth) return std::nullopt;
        const Format format{rng_.chance(0.5), between(1, 8), between(-1, 4)};
        SlotTable table{{}, format.frac};
        for (Integer code = index.lo; code <= index.hi; code += 1)
            table.codes.push_back(
                rng_.between(*format.min_code().to_int64(), *format.max_code().to_int64()));
        const auto [lo, hi] = std::minmax_element(table.codes.begin(), table.codes.end());
        if (*lo == 0 && *hi == 0) return std::nullopt;
        op.range = {*lo, *hi, format.frac};
        op.index = static_cast<std::int32_t>(out_.tables.size());
        out_.tables.push_back(std::move(table));
        return op;
    }

    std::optional<SlotOp> bitwise(SlotOp op) {
        op.operands = {random_operand(false, true), random_operand(true, true)};
        const Interval a = signed_range(op.operands[0]);
        const Interval b = signed_range(op.operands[1]);
        const int frac = std::max(a.frac, b.frac);
        const bool is_signed = a.lo < 0 || b.lo < 0;
        int width = 0;
        for (const Interval& x : {a, b}) {
            const Format format = format_of(on_grid(x, frac));
            width = std::max(width, format.magnitude_bits());
        }
        op.range = Interval::of({is_signed, width + (is_signed ? 1 : 0), frac});
        return if_small(op);
    }

    Rng& rng_;
    SlotProgram out_;
};

}  // namespace

SlotProgram example_program(Rng& rng) {
    SlotProgram program = Generator(rng).make();
    const Status status = check(program);
    GW_CHECK(status.has_value(), "example program: " + (status ? "" : status.error().message));
    return program;
}

}  // namespace gatewright::interchange
