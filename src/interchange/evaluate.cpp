// SPDX-License-Identifier: Apache-2.0
#include "interchange/evaluate.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;

namespace {

class Interpreter {
  public:
    Interpreter(const SlotProgram& program, std::span<const Dyadic> inputs)
        : program_(program), inputs_(inputs) {
        for (const SlotOp& op : program.ops) {
            op_ = &op;
            const Integer code = result();
            codes_.push_back(op.format().wrap(code));
        }
    }

    [[nodiscard]] Dyadic output(const SlotOutput& output) const {
        if (output.slot < 0) return 0;
        const Dyadic value = value_of(output.slot).shifted(output.shift);
        return output.negate ? -value : value;
    }

  private:
    [[nodiscard]] const SlotOp& source(std::size_t i) const {
        return program_.ops[static_cast<std::size_t>(op_->operands[i].slot)];
    }
    [[nodiscard]] Dyadic value_of(std::int32_t slot) const {
        const auto index = static_cast<std::size_t>(slot);
        return {codes_[index], -program_.ops[index].range.frac};
    }
    // The operand with its sign and shift.
    [[nodiscard]] Dyadic operand(std::size_t i) const {
        const SlotOperand& operand = op_->operands[i];
        const Dyadic value = value_of(operand.slot).shifted(operand.shift);
        return operand.negate ? -value : value;
    }
    // The value in steps of this slot, rounded down.
    [[nodiscard]] Integer in_steps(const Dyadic& value) const {
        const int up = op_->range.frac + value.exponent();
        return up >= 0 ? value.mantissa() << up : value.mantissa() >> -up;
    }

    [[nodiscard]] Integer result() const {
        switch (op_->opcode) {
            case Opcode::kInput: {
                const auto input = static_cast<std::size_t>(op_->index);
                return in_steps(inputs_[input].shifted(program_.input_shifts[input]));
            }
            case Opcode::kLinear: {
                Dyadic sum = op_->offset;
                for (std::size_t i = 0; i < op_->operands.size(); ++i) sum += operand(i);
                return in_steps(sum);
            }
            case Opcode::kQuantize:
                return in_steps(operand(0));
            case Opcode::kRelu:
                return operand(0).sign() < 0 ? Integer(0) : in_steps(operand(0));
            case Opcode::kSelect: {
                const auto key = static_cast<std::size_t>(op_->operands[2].slot);
                return in_steps(msb(codes_[key], source(2).format()) ? operand(0) : operand(1));
            }
            case Opcode::kMultiply:
                return in_steps(operand(0) * operand(1));
            case Opcode::kTable:
                return looked_up();
            case Opcode::kNot:
                return Integer(-1) - in_steps(operand(0));
            case Opcode::kAny:
                return operand(0).is_zero() ? 0 : 1;
            case Opcode::kAll: {
                const int width = source(0).format().width;
                const Integer bits = operand(0).code_at(source(0).range.frac).low_bits(width);
                return bits == Integer::power_of_two(width) - 1 ? 1 : 0;
            }
            case Opcode::kAnd:
                return in_steps(operand(0)) & in_steps(operand(1));
            case Opcode::kOr:
                return in_steps(operand(0)) | in_steps(operand(1));
            case Opcode::kXor:
                return in_steps(operand(0)) ^ in_steps(operand(1));
        }
        GW_UNREACHABLE("opcode");
    }

    // A code outside the range, which a right program never has, reads the nearest entry.
    [[nodiscard]] Integer looked_up() const {
        const SlotTable& table = program_.tables[static_cast<std::size_t>(op_->index)];
        const fixed::Interval& range = source(0).range;
        const Integer& code = codes_[static_cast<std::size_t>(op_->operands[0].slot)];
        const Integer index = max(range.lo, min(range.hi, code)) - range.lo;
        return table.codes[static_cast<std::size_t>(*index.to_int64())];
    }

    const SlotProgram& program_;
    std::span<const Dyadic> inputs_;
    const SlotOp* op_ = nullptr;
    std::vector<Integer> codes_;
};

}  // namespace

std::vector<Dyadic> evaluate(const SlotProgram& program, std::span<const Dyadic> inputs) {
    GW_CHECK(inputs.size() == program.input_shifts.size(), "wrong number of inputs");
    const Interpreter interpreter(program, inputs);
    std::vector<Dyadic> out;
    for (const SlotOutput& output : program.outputs) out.push_back(interpreter.output(output));
    return out;
}

}  // namespace gatewright::interchange
