// SPDX-License-Identifier: Apache-2.0
#include "interchange/dais.h"

#include <fmt/format.h>

#include <limits>

#include "interchange/model_array.h"
#include "support/check.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

namespace {

constexpr std::int64_t kLeast64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost64 = std::numeric_limits<std::int64_t>::max();

enum Code : int {
    kInputCode = -1,
    kAddCode = 0,
    kSubCode = 1,
    kReluCode = 2,
    kQuantizeCode = 3,
    kAddConstantCode = 4,
    kConstantCode = 5,
    kSelectCode = 6,
    kMultiplyCode = 7,
    kTableCode = 8,
    kUnaryBitsCode = 9,
    kBinaryBitsCode = 10,
};

class OpReader {
  public:
    explicit OpReader(const Json& json) : json_(json) {}

    Result<SlotOp> read() {
        GW_TRY_STATUS(expect_array(json_, "the op", 5, 7));
        GW_TRY(first_, read_integer(json_, 0, "id0", -1, kMostSlots));
        GW_TRY(second_, read_integer(json_, 1, "id1", -1, kMostSlots));
        GW_TRY(code_, read_integer(json_, 2, "opcode", -10, 10));
        GW_TRY(data_, read_integer(json_, 3, "data", kLeast64, kMost64));
        GW_TRY(op_.range, read_range(json_.as_array()[4]));
        GW_TRY_STATUS(read_code());
        return std::move(op_);
    }

  private:
    void operand(std::int64_t slot, bool negate = false, int shift = 0) {
        op_.operands.push_back({static_cast<std::int32_t>(slot), shift, negate});
    }
    // The signed 32-bit number in the low or high half of the data.
    [[nodiscard]] std::int32_t low() const { return static_cast<std::int32_t>(data_); }
    [[nodiscard]] std::int32_t high() const { return static_cast<std::int32_t>(data_ >> 32U); }

    Status read_code() {
        const bool negative = code_ < kInputCode;
        switch (negative ? -code_ : code_) {
            case kInputCode:
                op_.opcode = Opcode::kInput;
                op_.index = static_cast<std::int32_t>(first_);
                return {};
            case kAddCode:
            case kSubCode:
                GW_TRY_STATUS(read_integer(json_, 3, "shift", -kMostShiftInFile, kMostShiftInFile));
                op_.opcode = Opcode::kLinear;
                operand(first_);
                operand(second_, code_ == kSubCode, static_cast<int>(data_));
                return {};
            case kReluCode:
            case kQuantizeCode:
                op_.opcode =
                    code_ == kReluCode || -code_ == kReluCode ? Opcode::kRelu : Opcode::kQuantize;
                operand(first_, negative);
                return {};
            case kSelectCode:
                op_.opcode = Opcode::kSelect;
                operand(first_);
                operand(second_, negative, high());
                operand(low());
                return {};
            case kUnaryBitsCode:
                GW_TRY_STATUS(read_integer(json_, 3, "kind", 0, 2));
                op_.opcode = kUnaryBits[static_cast<std::size_t>(data_)];
                operand(first_, negative);
                return {};
            default:
                return negative ? unknown() : read_unsigned_code();
        }
    }

    Status read_unsigned_code() {
        switch (code_) {
            case kAddConstantCode:
            case kConstantCode:
                op_.opcode = Opcode::kLinear;
                op_.offset = Dyadic(Integer(data_), -op_.range.frac);
                if (code_ == kConstantCode) return {};
                op_.offset_frac = op_.range.frac;
                operand(first_);
                return {};
            case kMultiplyCode:
                op_.opcode = Opcode::kMultiply;
                operand(first_);
                operand(second_);
                return {};
            case kTableCode:
                GW_TRY_STATUS(read_integer(json_, 3, "table", 0, kMostSlots));
                op_.opcode = Opcode::kTable;
                op_.index = static_cast<std::int32_t>(data_);
                operand(first_);
                return {};
            case kBinaryBitsCode: {
                const auto kind = static_cast<std::uint64_t>(data_) >> 56U;
                if (kind >= kBinaryBits.size())
                    return fail(fmt::format("bitwise op {} is unknown; expected 0 to 2", kind));
                op_.opcode = kBinaryBits[kind];
                operand(first_, ((data_ >> 32U) & 1) != 0);
                operand(second_, ((data_ >> 33U) & 1) != 0, low());
                return {};
            }
            default:
                return unknown();
        }
    }

    [[nodiscard]] Status unknown() const {
        return fail(
            fmt::format("opcode {} is unknown; DAIS 1 has -9, -6, -3, -2 and -1 to 10", code_));
    }

    const Json& json_;
    std::int64_t first_ = 0;
    std::int64_t second_ = 0;
    std::int64_t code_ = 0;
    std::int64_t data_ = 0;
    SlotOp op_;
};

Result<SlotProgram> read_stage(const Json& json) {
    return read_model_array(json, [](const Json& op) { return OpReader(op).read(); });
}

// `next` after `first`: its inputs are the first's outputs.
Result<SlotProgram> chain(SlotProgram first, SlotProgram next) {
    if (first.outputs.size() != next.input_shifts.size()) {
        return fail(fmt::format("it has {} inputs, the stage before it {} outputs",
                                next.input_shifts.size(), first.outputs.size()));
    }
    const auto slots = static_cast<std::int32_t>(first.ops.size());
    const auto tables = static_cast<std::int32_t>(first.tables.size());
    for (SlotOp& op : next.ops) {
        for (SlotOperand& operand : op.operands) operand.slot += slots;
        if (op.opcode == Opcode::kTable) op.index += tables;
        if (op.opcode == Opcode::kInput) {
            const auto input = static_cast<std::size_t>(op.index);
            const SlotOutput& source = first.outputs[input];
            op.opcode = source.slot < 0 ? Opcode::kLinear : Opcode::kQuantize;
            op.index = 0;
            if (source.slot >= 0) {
                op.operands = {
                    {source.slot, source.shift + next.input_shifts[input], source.negate}};
            }
        }
        first.ops.push_back(std::move(op));
    }
    for (SlotOutput& output : next.outputs) {
        if (output.slot >= 0) output.slot += slots;
    }
    first.outputs = std::move(next.outputs);
    for (SlotTable& table : next.tables) first.tables.push_back(std::move(table));
    return first;
}

class Writer {
  public:
    explicit Writer(const SlotProgram& program) : program_(program) {}

    Json write() {
        for (const SlotOp& op : program_.ops) {
            op_ = &op;
            places_.push_back(write_op());
        }
        return write_model_array(program_, std::move(ops_), places_);
    }

  private:
    struct Value {
        std::int32_t place = -1;
        Interval range;
    };

    std::int32_t append(std::int32_t a, std::int32_t b, int code, std::int64_t data,
                        const Interval& range) {
        ops_.push_back(Json::Array{a, b, code, data, write_range(range), 0.0, 0.0});
        return static_cast<std::int32_t>(ops_.size()) - 1;
    }
    [[nodiscard]] Value value_of(const SlotOperand& operand) const {
        const auto slot = static_cast<std::size_t>(operand.slot);
        return {places_[slot], program_.ops[slot].range};
    }
    // ±x·2^shift, exactly: the range of the result.
    [[nodiscard]] Interval scaled(const SlotOperand& operand) const {
        Interval range = value_of(operand).range;
        range.frac -= operand.shift;
        return operand.negate ? -range : range;
    }
    // A slot of its own for ±x·2^shift: 0 ± x·2^shift.
    Value whole(const SlotOperand& operand) {
        const Value value = value_of(operand);
        if (!operand.negate && operand.shift == 0) return value;
        const Interval range = scaled(operand);
        const std::int32_t zero = append(-1, -1, kConstantCode, 0, {0, 0, range.frac});
        return {
            append(zero, value.place, operand.negate ? kSubCode : kAddCode, operand.shift, range),
            range};
    }

    std::int32_t write_op() {
        const SlotOp& op = *op_;
        const auto first = [&] { return value_of(op.operands[0]).place; };
        switch (op.opcode) {
            case Opcode::kInput:
                return append(op.index, -1, kInputCode, 0, op.range);
            case Opcode::kLinear:
                return write_linear();
            case Opcode::kQuantize:
                return write_quantize(op.operands[0]);
            case Opcode::kRelu:
                return append(first(), -1, op.operands[0].negate ? -kReluCode : kReluCode, 0,
                              op.range);
            case Opcode::kSelect:
                return write_select();
            case Opcode::kMultiply:
                return append(first(), value_of(op.operands[1]).place, kMultiplyCode, 0, op.range);
            case Opcode::kTable:
                return append(first(), -1, kTableCode, op.index, op.range);
            case Opcode::kNot:
            case Opcode::kAny:
            case Opcode::kAll:
                return append(first(), -1, op.operands[0].negate ? -kUnaryBitsCode : kUnaryBitsCode,
                              static_cast<int>(op.opcode) - static_cast<int>(Opcode::kNot),
                              op.range);
            case Opcode::kAnd:
            case Opcode::kOr:
            case Opcode::kXor:
                return write_bitwise();
        }
        GW_UNREACHABLE("opcode");
    }

    // An op 3 has a sign, but no shift.
    std::int32_t write_quantize(const SlotOperand& operand) {
        if (operand.shift != 0)
            return append(whole(operand).place, -1, kQuantizeCode, 0, op_->range);
        return append(value_of(operand).place, -1, operand.negate ? -kQuantizeCode : kQuantizeCode,
                      0, op_->range);
    }

    std::int32_t write_linear() {
        const SlotOp& op = *op_;
        if (op.operands.empty()) {
            const Integer code = op.offset.mantissa() << (op.range.frac - op.offset.frac());
            return append(-1, -1, kConstantCode, *code.to_int64(), op.range);
        }
        if (!op.offset_frac && op.operands.size() == 1) return write_quantize(op.operands[0]);
        // An op 4 adds steps of its result, which is no coarser than its operand.
        Value sum = write_sum();
        if (!op.offset_frac) return sum.place;
        const int frac = std::max({sum.range.frac, *op.offset_frac, op.range.frac});
        const Interval fine = on_grid(sum.range, frac);
        const Integer code = op.offset.code_at(frac);
        const Interval total{fine.lo + code, fine.hi + code, frac};
        const bool exact = frac == op.range.frac;
        sum.place =
            append(sum.place, -1, kAddConstantCode, *code.to_int64(), exact ? op.range : total);
        return exact ? sum.place : append(sum.place, -1, kQuantizeCode, 0, op.range);
    }

    // All operands, the first of them one that is added; the last addition writes the op's slot if
    // no constant follows.
    Value write_sum() {
        std::vector<SlotOperand> terms = op_->operands;
        for (std::size_t i = 1; i < terms.size() && terms[0].negate; ++i) {
            if (!terms[i].negate) std::swap(terms[0], terms[i]);
        }
        Value sum = whole(terms[0]);
        for (std::size_t i = 1; i < terms.size(); ++i) {
            const Interval term = scaled(terms[i]);
            const bool last = i + 1 == terms.size() && !op_->offset_frac;
            sum.range = last ? op_->range : sum.range + term;
            sum.place = append(sum.place, value_of(terms[i]).place,
                               terms[i].negate ? kSubCode : kAddCode, terms[i].shift, sum.range);
        }
        return sum;
    }

    std::int32_t write_select() {
        const SlotOp& op = *op_;
        Value key = value_of(op.operands[2]);
        const fixed::Format format = format_of(key.range);
        if (!format.is_signed && format.width > 0) {  // the same bits, read as signed
            key.range = Interval::of({true, format.width, format.frac});
            key.place = append(key.place, -1, kQuantizeCode, 0, key.range);
        }
        const SlotOperand& other = op.operands[1];
        const std::int64_t data =
            (static_cast<std::int64_t>(other.shift) * (std::int64_t{1} << 32U)) |
            static_cast<std::int64_t>(static_cast<std::uint32_t>(key.place));
        return append(value_of(op.operands[0]).place, value_of(other).place,
                      other.negate ? -kSelectCode : kSelectCode, data, op.range);
    }

    std::int32_t write_bitwise() {
        const SlotOp& op = *op_;
        const std::int64_t kind = static_cast<int>(op.opcode) - static_cast<int>(Opcode::kAnd);
        std::int64_t data = kind << 56U;
        data |= static_cast<std::int64_t>(static_cast<std::uint32_t>(op.operands[1].shift));
        if (op.operands[0].negate) data |= std::int64_t{1} << 32U;
        if (op.operands[1].negate) data |= std::int64_t{1} << 33U;
        return append(value_of(op.operands[0]).place, value_of(op.operands[1]).place,
                      kBinaryBitsCode, data, op.range);
    }

    const SlotProgram& program_;
    const SlotOp* op_ = nullptr;
    Json::Array ops_;
    std::vector<std::int32_t> places_;
};

}  // namespace

Result<SlotProgram> read_dais(const Json& json) {
    GW_TRY_STATUS(expect_array(json, "the program", 1, kMostSlots));
    const Json::Array* stages = &json.as_array();
    const auto looks_like_program = [](const Json& value) {
        return value.is_array() && !value.as_array().empty() && value.as_array()[0].is_array();
    };
    // A pipeline is one array deeper, and may be wrapped in a list.
    if (!looks_like_program(json.as_array()[0])) return read_stage(json);
    if (stages->size() == 1 && looks_like_program(stages->front().as_array()[0]))
        stages = &stages->front().as_array();
    SlotProgram out;
    for (std::size_t i = 0; i < stages->size(); ++i) {
        auto stage = read_stage((*stages)[i]);
        if (stage && i > 0) stage = chain(std::move(out), std::move(*stage));
        if (!stage) return fail_in(fmt::format("stage {}", i), stage.error());
        out = std::move(*stage);
    }
    GW_TRY_STATUS(check(out));
    return out;
}

Json write_dais(const SlotProgram& program) {
    return Writer(program).write();
}

}  // namespace gatewright::interchange
