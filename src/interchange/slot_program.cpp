// SPDX-License-Identifier: Apache-2.0
#include "interchange/slot_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace gatewright::interchange {
namespace {

constexpr int kMostShift = 256;
constexpr int kMostWidth = 512;
constexpr int kMostTableBits = 20;

std::optional<std::size_t> wanted_operands(Opcode opcode) {
    switch (opcode) {
        case Opcode::kInput:
            return 0;
        case Opcode::kQuantize:
        case Opcode::kRelu:
        case Opcode::kTable:
        case Opcode::kNot:
        case Opcode::kAny:
        case Opcode::kAll:
            return 1;
        case Opcode::kMultiply:
        case Opcode::kAnd:
        case Opcode::kOr:
        case Opcode::kXor:
            return 2;
        case Opcode::kSelect:
            return 3;
        case Opcode::kLinear:
            break;
    }
    return std::nullopt;
}

bool takes_shift(Opcode opcode, std::size_t operand) {
    switch (opcode) {
        case Opcode::kLinear:
        case Opcode::kQuantize:
            return true;
        case Opcode::kSelect:
        case Opcode::kAnd:
        case Opcode::kOr:
        case Opcode::kXor:
            return operand == 1;
        default:
            return false;
    }
}

bool is_zero(const fixed::Interval& range) {
    return range.lo.is_zero() && range.hi.is_zero();
}

enum class ZeroSlots : std::uint8_t { kLeftOut, kAtStepOne };

// Fraction bits of the exact result; nullopt where any step will do. Both tools forget the step of
// a slot that is always 0: its step counts as 1, or not at all.
std::optional<int> exact_frac(const SlotProgram& program, const SlotOp& op, ZeroSlots zeros) {
    const auto frac = [&](std::size_t i) -> std::optional<int> {
        const SlotOperand& operand = op.operands[i];
        const fixed::Interval& range = program.ops[static_cast<std::size_t>(operand.slot)].range;
        if (!is_zero(range)) return range.frac - operand.shift;
        return zeros == ZeroSlots::kLeftOut ? std::nullopt : std::optional(-operand.shift);
    };
    switch (op.opcode) {
        case Opcode::kLinear: {
            std::optional<int> most = op.offset_frac;
            for (std::size_t i = 0; i < op.operands.size(); ++i) most = std::max(most, frac(i));
            return op.operands.empty() ? std::nullopt : most;
        }
        case Opcode::kQuantize:
        case Opcode::kRelu:
        case Opcode::kNot:
            return frac(0);
        case Opcode::kSelect:
        case Opcode::kAnd:
        case Opcode::kOr:
        case Opcode::kXor:
            return std::max(frac(0), frac(1));
        case Opcode::kMultiply:
            if (!frac(0) || !frac(1)) return std::nullopt;
            return *frac(0) + *frac(1);
        case Opcode::kInput:
        case Opcode::kTable:
        case Opcode::kAny:
        case Opcode::kAll:
            return std::nullopt;
    }
    return std::nullopt;
}

// A step finer than the exact result's, or a coarser one where nothing is rounded, has no meaning
// in either tool.
Status check_step(const SlotProgram& program, const SlotOp& op) {
    const auto exact = exact_frac(program, op, ZeroSlots::kLeftOut);
    const auto with_zeros = exact_frac(program, op, ZeroSlots::kAtStepOne);
    if (!exact || is_zero(op.range)) return {};
    const bool rounds = op.opcode == Opcode::kLinear || op.opcode == Opcode::kQuantize ||
                        op.opcode == Opcode::kRelu;
    const bool fine = op.range.frac == *exact || op.range.frac == with_zeros ||
                      (rounds && op.range.frac < std::max(exact, with_zeros));
    if (fine) return {};
    return fail(fmt::format("its step is 2^{}, its operands give 2^{}", -op.range.frac, -*exact));
}

Status check_table(const SlotProgram& program, const SlotOp& op) {
    if (op.index < 0 || static_cast<std::size_t>(op.index) >= program.tables.size()) {
        return fail(fmt::format("reads table {} of {}", op.index, program.tables.size()));
    }
    const SlotTable& table = program.tables[static_cast<std::size_t>(op.index)];
    const fixed::Interval& range = program.ops[static_cast<std::size_t>(op.operands[0].slot)].range;
    const fixed::Integer codes = range.hi - range.lo + 1;
    if (format_of(range).width > kMostTableBits) {
        return fail(fmt::format("reads a table by {} bits; at most {} are made a table",
                                format_of(range).width, kMostTableBits));
    }
    if (table.codes.empty() ||
        codes != fixed::Integer(static_cast<std::int64_t>(table.codes.size()))) {
        return fail(fmt::format("reads a table of {} entries by a slot of {} codes ({})",
                                table.codes.size(), codes.to_string(), fixed::to_string(range)));
    }
    if (table.frac != op.range.frac) {
        return fail(fmt::format("its step is 2^{}, its table's 2^{}", -op.range.frac, -table.frac));
    }
    return {};
}

Status check_op(const SlotProgram& program, std::size_t index) {
    const SlotOp& op = program.ops[index];
    if (op.range.hi < op.range.lo || op.range.frac < -kMostShift || op.range.frac > kMostShift ||
        op.format().width > kMostWidth) {
        return fail(fmt::format("range {} is empty or out of limits", fixed::to_string(op.range)));
    }
    const auto wanted = wanted_operands(op.opcode);
    if (wanted && op.operands.size() != *wanted) {
        return fail(fmt::format("has {} operands instead of {}", op.operands.size(), *wanted));
    }
    for (std::size_t i = 0; i < op.operands.size(); ++i) {
        const SlotOperand& operand = op.operands[i];
        if (operand.slot < 0 || static_cast<std::size_t>(operand.slot) >= index) {
            return fail(fmt::format("reads slot {}, which does not come before it", operand.slot));
        }
        const int most = takes_shift(op.opcode, i) ? kMostShift : 0;
        if (operand.shift < -most || operand.shift > most) {
            return fail(fmt::format("shift {} is out of limits", operand.shift));
        }
    }
    if (op.offset.exponent() < -2 * kMostShift || op.offset.exponent() > 2 * kMostShift) {
        return fail("its constant is out of limits");
    }
    if (!op.offset.is_zero() && !op.operands.empty() &&
        op.offset.frac() > op.offset_frac.value_or(-2 * kMostShift)) {
        return fail("its constant is finer than it says");
    }
    const bool reads_input = op.opcode == Opcode::kInput;
    if (reads_input &&
        (op.index < 0 || static_cast<std::size_t>(op.index) >= program.input_shifts.size())) {
        return fail(fmt::format("reads input {} of {}", op.index, program.input_shifts.size()));
    }
    if (op.opcode == Opcode::kTable) GW_TRY_STATUS(check_table(program, op));
    return check_step(program, op);
}

}  // namespace

std::string_view to_string(Opcode opcode) {
    switch (opcode) {
        case Opcode::kInput:
            return "input";
        case Opcode::kLinear:
            return "sum";
        case Opcode::kQuantize:
            return "quantize";
        case Opcode::kRelu:
            return "relu";
        case Opcode::kSelect:
            return "select";
        case Opcode::kMultiply:
            return "multiply";
        case Opcode::kTable:
            return "table";
        case Opcode::kNot:
            return "not";
        case Opcode::kAny:
            return "any";
        case Opcode::kAll:
            return "all";
        case Opcode::kAnd:
            return "and";
        case Opcode::kOr:
            return "or";
        case Opcode::kXor:
            return "xor";
    }
    return "?";
}

Status check(const SlotProgram& program) {
    for (const int shift : program.input_shifts) {
        if (shift < -kMostShift || shift > kMostShift)
            return fail(fmt::format("input shift {} is out of limits", shift));
    }
    for (std::size_t i = 0; i < program.ops.size(); ++i) {
        if (auto status = check_op(program, i); !status) {
            return fail_in(fmt::format("slot {} ({})", i, to_string(program.ops[i].opcode)),
                           status.error());
        }
    }
    for (std::size_t j = 0; j < program.outputs.size(); ++j) {
        const SlotOutput& output = program.outputs[j];
        const bool exists =
            output.slot < 0 || static_cast<std::size_t>(output.slot) < program.ops.size();
        if (!exists || output.shift < -kMostShift || output.shift > kMostShift) {
            return fail(fmt::format("output {}: slot {} with shift {} does not exist", j,
                                    output.slot, output.shift));
        }
    }
    return {};
}

}  // namespace gatewright::interchange
