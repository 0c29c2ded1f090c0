// SPDX-License-Identifier: Apache-2.0
#include "interchange/to_dataflow.h"

#include <algorithm>
#include <optional>

#include "support/check.h"

namespace gatewright::interchange {

using dfg::ValueId;
using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

class Translator {
  public:
    Translator(const SlotProgram& program, dfg::Builder& builder, std::span<const ValueId> inputs)
        : program_(program), builder_(builder), inputs_(inputs) {}

    std::vector<ValueId> translate() {
        for (const SlotOp& op : program_.ops) {
            op_ = &op;
            slots_.push_back(builder_.cast(result(), {op.format()}));
        }
        std::vector<ValueId> out;
        for (const SlotOutput& output : program_.outputs) {
            if (output.slot < 0) {
                out.push_back(builder_.constant(0));
                continue;
            }
            const ValueId value =
                builder_.scaled(slots_[static_cast<std::size_t>(output.slot)], output.shift);
            out.push_back(output.negate ? builder_.negate(value) : value);
        }
        return out;
    }

  private:
    [[nodiscard]] const SlotOp& source(std::size_t i) const {
        return program_.ops[static_cast<std::size_t>(op_->operands[i].slot)];
    }
    [[nodiscard]] ValueId plain(std::size_t i) const {
        return slots_[static_cast<std::size_t>(op_->operands[i].slot)];
    }
    ValueId operand(std::size_t i) {
        const ValueId value = builder_.scaled(plain(i), op_->operands[i].shift);
        return op_->operands[i].negate ? builder_.negate(value) : value;
    }
    [[nodiscard]] Dyadic step() const { return {1, -op_->range.frac}; }

    // The value's low bits on this grid, as an unsigned number of exactly this format.
    ValueId bits_of(ValueId value, int width, int frac) {
        const Format format{false, width, frac};
        if (builder_[value].format == format) return value;
        dfg::Node node;
        node.op = dfg::Op::kCast;
        node.args = {value, {}, {}};
        node.format = format;
        node.range = on_grid(fixed::cast(builder_[value].range, {format}), frac);
        return builder_.make_as_is(std::move(node));
    }

    ValueId result() {
        switch (op_->opcode) {
            case Opcode::kInput: {
                const auto input = static_cast<std::size_t>(op_->index);
                return builder_.scaled(inputs_[input], program_.input_shifts[input]);
            }
            case Opcode::kLinear:
                return sum();
            case Opcode::kQuantize:
                return operand(0);
            case Opcode::kRelu:
                return builder_.max(operand(0), builder_.constant(0));
            case Opcode::kSelect:
                return builder_.select(msb_of(2), operand(0), operand(1));
            case Opcode::kMultiply:
                return builder_.mul(operand(0), operand(1));
            case Opcode::kTable:
                return lookup();
            case Opcode::kNot:  // ~code = -1 - code
                return builder_.sub(builder_.constant(-step()), operand(0));
            case Opcode::kAny:
                return one_step_if(inverted(builder_.equal(operand(0), builder_.constant(0))));
            case Opcode::kAll:
                return all();
            case Opcode::kAnd:
            case Opcode::kOr:
            case Opcode::kXor:
                return bitwise();
        }
        GW_UNREACHABLE("opcode");
    }

    ValueId sum() {
        // What is added comes first, so that nothing has to be negated on its own.
        ValueId total = builder_.constant(op_->offset);
        for (const bool negated : {false, true}) {
            for (std::size_t i = 0; i < op_->operands.size(); ++i) {
                const SlotOperand& term = op_->operands[i];
                if (term.negate != negated) continue;
                total = negated ? builder_.sub(total, plain(i), term.shift)
                                : builder_.add(total, plain(i), term.shift);
            }
        }
        return total;
    }

    // comparisons give 0 or 1; the slot wants 0 or one step.
    ValueId one_step_if(ValueId bit) { return builder_.scaled(bit, -op_->range.frac); }

    // A folded comparison has forgotten that it has a bit.
    ValueId inverted(ValueId bit) {
        const Interval& range = builder_[bit].range;
        if (range.is_constant()) return builder_.constant(range.lo.is_zero() ? 1 : 0);
        return builder_.bit_not(bit);
    }

    ValueId msb_of(std::size_t i) {
        const Format format = source(i).format();
        if (format.width == 0) return builder_.constant(0);
        if (format.is_signed) return builder_.less(plain(i), builder_.constant(0));
        const Dyadic half(Integer::power_of_two(format.width - 1), -format.frac);
        return builder_.less_equal(builder_.constant(half), plain(i));
    }

    ValueId all() {
        const Format format = source(0).format();
        const Dyadic ones(Integer::power_of_two(format.width) - 1, -format.frac);
        if (format.width == 0) return builder_.constant(step());
        const ValueId bits = bits_of(operand(0), format.width, format.frac);
        return one_step_if(builder_.equal(bits, builder_.constant(ones)));
    }

    ValueId bitwise() {
        const int frac = op_->range.frac;
        // Wide enough for both with a sign: the widths the slots have, the bits that the shift
        // adds, one for a negation and one for the sign.
        int width = 1;
        for (const std::size_t i : {0U, 1U}) {
            const Format format = source(i).format();
            const int finer = frac - (format.frac - op_->operands[i].shift);
            if (format.width > 0) width = std::max(width, format.width + finer + 2);
        }
        const ValueId x = bits_of(operand(0), width, frac);
        const ValueId y = bits_of(operand(1), width, frac);
        const ValueId bits = op_->opcode == Opcode::kAnd  ? builder_.bit_and(x, y)
                             : op_->opcode == Opcode::kOr ? builder_.bit_or(x, y)
                                                          : builder_.bit_xor(x, y);
        // Read back as two's complement.
        return builder_.cast(bits, {Format{true, width, frac}});
    }

    // By the bits of the operand's code: entry p is for the code that reads p as an unsigned
    // number.
    ValueId lookup() {
        const SlotTable& table = program_.tables[static_cast<std::size_t>(op_->index)];
        const Interval& range = source(0).range;
        const Format format = source(0).format();
        std::vector<Integer> codes;
        for (std::int64_t p = 0; p < std::int64_t{1} << static_cast<unsigned>(format.width); ++p) {
            const Integer code = format.wrap(p);
            const Integer index = max(range.lo, min(range.hi, code)) - range.lo;
            codes.emplace_back(table.codes[static_cast<std::size_t>(*index.to_int64())]);
        }
        const ValueId bits = bits_of(plain(0), format.width, format.frac);
        return builder_.table(bits, "t" + std::to_string(op_->index), std::move(codes), table.frac);
    }

    const SlotProgram& program_;
    dfg::Builder& builder_;
    std::span<const ValueId> inputs_;
    const SlotOp* op_ = nullptr;
    std::vector<ValueId> slots_;
};

}  // namespace

std::vector<ValueId> to_dataflow(const SlotProgram& program, dfg::Builder& builder,
                                 std::span<const ValueId> inputs) {
    return Translator(program, builder, inputs).translate();
}

std::vector<Interval> input_ranges(const SlotProgram& program) {
    std::vector<std::optional<Interval>> ranges(program.input_shifts.size());
    for (const SlotOp& op : program.ops) {
        if (op.opcode != Opcode::kInput) continue;
        const auto input = static_cast<std::size_t>(op.index);
        Interval range = op.range;
        range.frac += program.input_shifts[input];
        if (!ranges[input]) {
            ranges[input] = range;
            continue;
        }
        if (range == *ranges[input]) continue;
        const Interval other = Interval::of(format_of(*ranges[input]));
        ranges[input] = hull(other, Interval::of(format_of(range)));
    }
    std::vector<Interval> out;
    for (const auto& range : ranges) out.push_back(range.value_or(Interval{0, 0, 0}));
    return out;
}

dfg::Program to_dataflow(const SlotProgram& program, std::string name) {
    dfg::Builder builder(std::move(name));
    std::vector<ValueId> inputs;
    for (const Interval& range : input_ranges(program))
        inputs.push_back(builder.input(format_of(range), range));
    for (const ValueId value : to_dataflow(program, builder, inputs)) builder.output(value);
    return std::move(builder).finish();
}

}  // namespace gatewright::interchange
