// SPDX-License-Identifier: Apache-2.0
//
// What DAIS v1 (da4ml) and ALIR v4 (alkaid) have in common, as one record: a list of slots, each
// written by one op from earlier slots. A slot has a range {lo, hi, step}, and its type is the
// narrowest format that holds the range; every result is rounded down to the step and wrapped into
// that format. (Their interpreters wrap only where a program may need it, so programs whose ranges
// are right mean the same.) Packed payloads, negative opcodes and the two ways to write a sum are
// matters of the files: dais.h, alir.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fixed/dyadic.h"
#include "fixed/interval.h"
#include "support/result.h"

namespace gatewright::interchange {

enum class Opcode : std::uint8_t {
    kInput,     ///< input `index` · 2^(its shift)
    kLinear,    ///< Σ ±operand·2^shift + offset
    kQuantize,  ///< ±operand·2^shift, wraps
    kRelu,      ///< max(±operand, 0), wraps
    kSelect,    ///< msb of operand 2 ? operand 0 : ±operand 1·2^shift, wraps
    kMultiply,
    kTable,  ///< table `index`, by the code of the operand less the lowest code of its range
    kNot,    ///< every bit of ±operand inverted
    kAny,    ///< 1 step if any bit of ±operand is set
    kAll,    ///< 1 step if all bits of ±operand's width are set
    kAnd,    ///< bitwise: ±operand 0 with ±operand 1·2^shift, sign-extended
    kOr,
    kXor,
};

std::string_view to_string(Opcode opcode);

struct SlotOperand {
    std::int32_t slot = 0;
    int shift = 0;
    bool negate = false;
    friend bool operator==(const SlotOperand&, const SlotOperand&) = default;
};

struct SlotOp {
    Opcode opcode = Opcode::kInput;
    std::vector<SlotOperand> operands;
    fixed::Dyadic offset;  ///< kLinear
    /// kLinear with operands: fraction bits that the offset is written with, if it is written.
    std::optional<int> offset_frac;
    std::int32_t index = 0;  ///< kInput, kTable
    fixed::Interval range;

    [[nodiscard]] fixed::Format format() const { return format_of(range); }
    friend bool operator==(const SlotOp&, const SlotOp&) = default;
};

/// ±slot·2^shift; slot -1 is the constant 0.
struct SlotOutput {
    std::int32_t slot = -1;
    int shift = 0;
    bool negate = false;
    friend bool operator==(const SlotOutput&, const SlotOutput&) = default;
};

/// Codes at `frac` fraction bits, for the codes of the operand's range in increasing order.
struct SlotTable {
    std::vector<std::int64_t> codes;
    int frac = 0;
    friend bool operator==(const SlotTable&, const SlotTable&) = default;
};

struct SlotProgram {
    std::vector<int> input_shifts;  ///< one per input
    std::vector<SlotOp> ops;
    std::vector<SlotOutput> outputs;
    std::vector<SlotTable> tables;
    friend bool operator==(const SlotProgram&, const SlotProgram&) = default;
};

/// What must hold before anything is computed: operands come first, indices exist, tables have the
/// length of their operand's range, steps are those an op can give. The error names the slot.
Status check(const SlotProgram& program);

/// The msb of a value of `format` is set from here on: 2^(width-1) codes if unsigned, below 0 if
/// signed.
inline bool msb(const fixed::Integer& code, const fixed::Format& format) {
    return format.width > 0 && code.bit(format.width - 1);
}

}  // namespace gatewright::interchange
