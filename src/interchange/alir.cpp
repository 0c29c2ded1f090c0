// SPDX-License-Identifier: Apache-2.0
#include "interchange/alir.h"

#include <fmt/format.h>

#include <limits>

#include "interchange/model_array.h"
#include "support/check.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

namespace {

constexpr std::int64_t kAny64 = std::numeric_limits<std::int64_t>::max();

enum Code : int {
    kNegateCode = -2,
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
    kSumCode = 11,
};

class OpReader {
  public:
    OpReader(const Json& json, std::int64_t version) : json_(json), version_(version) {}

    Result<SlotOp> read() {
        GW_TRY_STATUS(expect_array(json_, "the op", 4, 6));
        const Json::Array& fields = json_.as_array();
        GW_TRY_STATUS(expect_array(fields[0], "its addresses", 0, kMostSlots));
        GW_TRY_STATUS(expect_array(fields[2], "its data", 0, kMostSlots));
        GW_TRY(code_, read_integer(json_, 1, "opcode", -128, 127));
        GW_TRY(op_.range, read_range(fields[3]));
        for (std::size_t i = 0; i < fields[0].as_array().size(); ++i) {
            GW_TRY(const std::int64_t slot, read_integer(fields[0], i, "address", 0, kMostSlots));
            op_.operands.push_back({static_cast<std::int32_t>(slot)});
        }
        GW_TRY_STATUS(read_code());
        return std::move(op_);
    }

  private:
    Result<std::int64_t> data(std::size_t index, std::string_view what,
                              std::int64_t most = kAny64) const {
        return read_integer(json_.as_array()[2], index, what, -most, most);
    }
    Status expect_operands(std::size_t count) const {
        if (op_.operands.size() == count) return {};
        return fail(
            fmt::format("opcode {} reads {} slots, not {}", code_, count, op_.operands.size()));
    }
    Status set(Opcode opcode, std::size_t operands) {
        op_.opcode = opcode;
        return expect_operands(operands);
    }
    Status read_shift(std::size_t operand, std::size_t index) {
        GW_TRY(const std::int64_t shift, data(index, "shift", kMostShiftInFile));
        op_.operands[operand].shift = static_cast<int>(shift);
        return {};
    }
    Status read_index(std::string_view what) {
        GW_TRY(const std::int64_t index, data(0, what, kMostSlots));
        op_.index = static_cast<std::int32_t>(index);
        return {};
    }

    Status read_code() {
        switch (code_) {
            case kNegateCode:
                GW_TRY_STATUS(set(Opcode::kLinear, 1));
                op_.operands[0].negate = true;
                return {};
            case kInputCode:
                GW_TRY_STATUS(set(Opcode::kInput, 0));
                return read_index("input");
            case kAddCode:
            case kSubCode:
                GW_TRY_STATUS(set(Opcode::kLinear, 2));
                op_.operands[1].negate = code_ == kSubCode;
                return read_shift(1, 0);
            case kReluCode:
                return set(Opcode::kRelu, 1);
            case kQuantizeCode:
                GW_TRY_STATUS(set(Opcode::kQuantize, 1));
                return version_ < kAlirVersion ? Status{} : read_shift(0, 0);
            case kAddConstantCode:
                return read_add_constant();
            case kConstantCode: {
                GW_TRY_STATUS(set(Opcode::kLinear, 0));
                GW_TRY(const std::int64_t value, data(0, "value"));
                op_.offset = Dyadic(Integer(value), -op_.range.frac);
                return {};
            }
            case kSelectCode:
                GW_TRY_STATUS(set(Opcode::kSelect, 3));
                return read_shift(1, 0);
            case kMultiplyCode:
                return set(Opcode::kMultiply, 2);
            case kTableCode:
                GW_TRY_STATUS(set(Opcode::kTable, 1));
                return read_index("table");
            default:
                return read_bits_or_sum();
        }
    }

    Status read_bits_or_sum() {
        switch (code_) {
            case kUnaryBitsCode: {
                GW_TRY(const std::int64_t sub, read_integer(json_.as_array()[2], 0, "kind", 0, 2));
                return set(kUnaryBits[static_cast<std::size_t>(sub)], 1);
            }
            case kBinaryBitsCode: {
                GW_TRY(const std::int64_t sub, read_integer(json_.as_array()[2], 1, "kind", 0, 2));
                GW_TRY_STATUS(set(kBinaryBits[static_cast<std::size_t>(sub)], 2));
                return read_shift(1, 0);
            }
            case kSumCode:
                return read_sum();
            default:
                return fail(
                    fmt::format("opcode {} is unknown; ALIR {} has -2 to 11", code_, kAlirVersion));
        }
    }

    Status read_add_constant() {
        GW_TRY_STATUS(set(Opcode::kLinear, 1));
        GW_TRY(const std::int64_t value, data(0, "value"));
        GW_TRY(const std::int64_t shift, data(1, "shift", kMostShiftInFile));
        op_.offset = Dyadic(Integer(value), static_cast<int>(-shift));
        op_.offset_frac = static_cast<int>(shift);
        return {};
    }

    Status read_sum() {
        op_.opcode = Opcode::kLinear;
        const std::size_t terms = op_.operands.size();
        if (terms == 0) return fail("a sum of nothing");
        GW_TRY_STATUS(expect_array(json_.as_array()[2], "its data", 2 * terms, 2 * terms));
        for (std::size_t i = 0; i < terms; ++i) {
            GW_TRY(const std::int64_t plus, read_integer(json_.as_array()[2], 2 * i, "sign", 0, 1));
            op_.operands[i].negate = plus == 0;
            GW_TRY_STATUS(read_shift(i, 2 * i + 1));
        }
        return {};
    }

    const Json& json_;
    std::int64_t version_;
    std::int64_t code_ = 0;
    SlotOp op_;
};

class Writer {
  public:
    explicit Writer(const SlotProgram& program) : program_(program) {}

    Json write() {
        for (const SlotOp& op : program_.ops) {
            op_ = &op;
            places_.push_back(write_op());
        }
        Json out = Json::object();
        out.set("meta", "ALIRModel").set("spec_version", kAlirVersion);
        out.set("model", write_model_array(program_, std::move(ops_), places_));
        return out;
    }

  private:
    struct Value {
        std::int32_t place = 0;
        Interval range;
    };

    std::int32_t append(Json::Array addresses, int code, Json::Array data, const Interval& range) {
        ops_.push_back(
            Json::Array{std::move(addresses), code, std::move(data), write_range(range), 0.0, 0.0});
        return static_cast<std::int32_t>(ops_.size()) - 1;
    }
    [[nodiscard]] Value value_of(const SlotOperand& operand) const {
        const auto slot = static_cast<std::size_t>(operand.slot);
        return {places_[slot], program_.ops[slot].range};
    }
    // The operand without its sign, that is, an op of its own if it has one.
    Value without_sign(const SlotOperand& operand) {
        const Value value = value_of(operand);
        if (!operand.negate) return value;
        const Interval negated = -value.range;
        return {append({value.place}, kNegateCode, {}, negated), negated};
    }
    // The operand without sign and shift.
    Value whole(const SlotOperand& operand) {
        const Value value = without_sign(operand);
        if (operand.shift == 0) return value;
        const Interval scaled{value.range.lo, value.range.hi, value.range.frac - operand.shift};
        return {append({value.place}, kQuantizeCode, {operand.shift}, scaled), scaled};
    }

    std::int32_t write_op() {
        const SlotOp& op = *op_;
        switch (op.opcode) {
            case Opcode::kInput:
                return append({}, kInputCode, {op.index}, op.range);
            case Opcode::kLinear:
                return write_linear();
            case Opcode::kQuantize:
                return append({without_sign(op.operands[0]).place}, kQuantizeCode,
                              {op.operands[0].shift}, op.range);
            case Opcode::kRelu:
                return append({without_sign(op.operands[0]).place}, kReluCode, {}, op.range);
            case Opcode::kSelect: {
                const std::int32_t other = without_sign(op.operands[1]).place;
                return append(
                    {value_of(op.operands[0]).place, other, value_of(op.operands[2]).place},
                    kSelectCode, {op.operands[1].shift}, op.range);
            }
            case Opcode::kMultiply:
                return append({value_of(op.operands[0]).place, value_of(op.operands[1]).place},
                              kMultiplyCode, {}, op.range);
            case Opcode::kTable:
                return append({value_of(op.operands[0]).place}, kTableCode, {op.index}, op.range);
            case Opcode::kNot:
            case Opcode::kAny:
            case Opcode::kAll:
                return append({bits_of(op.operands[0])}, kUnaryBitsCode,
                              {static_cast<int>(op.opcode) - static_cast<int>(Opcode::kNot)},
                              op.range);
            case Opcode::kAnd:
            case Opcode::kOr:
            case Opcode::kXor: {
                const std::int32_t a = without_sign(op.operands[0]).place;
                const std::int32_t b = without_sign(op.operands[1]).place;
                return append({a, b}, kBinaryBitsCode,
                              {op.operands[1].shift,
                               static_cast<int>(op.opcode) - static_cast<int>(Opcode::kAnd)},
                              op.range);
            }
        }
        GW_UNREACHABLE("opcode");
    }

    // "All bits" of a negated value means the bits of the value's width: -x is all ones when x is
    // one, so the negation must be able to say -1.
    std::int32_t bits_of(const SlotOperand& operand) {
        const Value value = value_of(operand);
        if (!operand.negate) return value.place;
        Interval range = -value.range;
        if (op_->opcode == Opcode::kAll && format_of(value.range).width > 1)
            range = hull(range, {-1, 0, range.frac});
        return append({value.place}, kNegateCode, {}, range);
    }

    std::int32_t write_linear() {
        const SlotOp& op = *op_;
        if (op.operands.empty()) {
            const int up = op.range.frac - op.offset.frac();
            const Integer code = op.offset.mantissa() << up;
            return append({}, kConstantCode, {*code.to_int64()}, op.range);
        }
        if (!op.offset_frac) return write_sum(op.operands, op.range);
        Value sum = whole(op.operands[0]);
        if (op.operands.size() > 1) {
            sum.range = exact_sum();
            sum.place = write_sum(op.operands, sum.range);
        }
        const int shift = *op.offset_frac;
        const Integer code = op.offset.code_at(shift);
        return append({sum.place}, kAddConstantCode, {*code.to_int64(), shift}, op.range);
    }

    [[nodiscard]] Interval exact_sum() const {
        Interval total{0, 0, op_->range.frac};
        for (const SlotOperand& operand : op_->operands) {
            const Interval& range = value_of(operand).range;
            const Interval scaled{range.lo, range.hi, range.frac - operand.shift};
            total = operand.negate ? total - scaled : total + scaled;
        }
        return total;
    }

    std::int32_t write_sum(const std::vector<SlotOperand>& terms, const Interval& range) {
        if (terms.size() == 1) {
            const bool only_negates =
                terms[0].shift == 0 && value_of(terms[0]).range.frac == range.frac;
            if (terms[0].negate && only_negates)
                return append({value_of(terms[0]).place}, kNegateCode, {}, range);
            return append({without_sign(terms[0]).place}, kQuantizeCode, {terms[0].shift}, range);
        }
        if (terms.size() == 2) {
            const bool swap = terms[0].negate && !terms[1].negate;
            const std::int32_t a = whole(terms[swap ? 1 : 0]).place;
            const SlotOperand& b = terms[swap ? 0 : 1];
            return append({a, value_of(b).place}, b.negate ? kSubCode : kAddCode, {b.shift}, range);
        }
        Json::Array addresses;
        Json::Array data;
        for (const SlotOperand& term : terms) {
            addresses.emplace_back(value_of(term).place);
            data.emplace_back(term.negate ? 0 : 1);
            data.emplace_back(term.shift);
        }
        return append(std::move(addresses), kSumCode, std::move(data), range);
    }

    const SlotProgram& program_;
    const SlotOp* op_ = nullptr;
    Json::Array ops_;
    std::vector<std::int32_t> places_;
};

}  // namespace

bool is_alir(const Json& json) {
    return json.is_object() && json.contains("meta") && json.contains("spec_version");
}

Result<SlotProgram> read_alir(const Json& json) {
    GW_TRY(const std::string meta, json.get_string("meta"));
    if (meta == "ALIRFSM") {
        return fail(
            "holds a state machine (ALIRFSM); only combinational programs (ALIRModel) are read: "
            "save its logic blocks one by one");
    }
    if (meta != "ALIRModel" && meta != "DAISModel") {
        return fail(fmt::format("\"meta\" is \"{}\", expected \"ALIRModel\"", meta));
    }
    GW_TRY(const std::int64_t version, json.get_integer("spec_version"));
    if (version != kAlirVersion && version != 3) {
        return fail(fmt::format(
            "ALIR version {}; 3 and 4 are read. Load the file with alkaid 0.8 and save it again "
            "to get version 4",
            version));
    }
    const Json* model = json.find("model");
    if (model == nullptr) return fail("'model' is missing");
    return read_model_array(*model,
                            [version](const Json& op) { return OpReader(op, version).read(); });
}

Json write_alir(const SlotProgram& program) {
    return Writer(program).write();
}

}  // namespace gatewright::interchange
