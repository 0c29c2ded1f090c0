// SPDX-License-Identifier: Apache-2.0
//
// The emulator's own instruction set: the flat program as operations on lanes of 16, 32 or 64 bits,
// one lane per event. Each value has its own lane width, chosen from its exact range; a change of
// width is an instruction that costs something. A lane holds a value's code shifted left by a
// constant that the lowering chose (exponents.h), so most additions need no shift.
//
// Lanes are two's complement; sums and products are taken modulo the lane, which is exact because
// the lowering has proven that every stored value fits. Two machines run this program: the block
// interpreter (block_interpreter.h, any processor) and the just-in-time compiler (expand.h and
// following, x86-64 with AVX2 or AVX-512). Operations past 64 bits are kExact: exact integers, one
// event at a time, interpreter only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dfg/program.h"

namespace gatewright::emulate {

using LaneId = std::uint32_t;

enum class LaneOp : std::uint8_t {
    kInput,     ///< input number `immediate`, modulo the lane
    kConstant,  ///< `immediate`
    kAdd,       ///< a + b, as all arithmetic modulo the lane
    kSub,
    kMul,
    kShiftLeft,   ///< a << immediate, 0 < immediate < lane
    kShiftRight,  ///< a >> immediate, arithmetic
    kAnd,
    kOr,
    kXor,
    kMin,  ///< signed
    kMax,
    kGreater,   ///< a > b ? -1 : 0
    kEqual,     ///< a == b ? -1 : 0
    kBlend,     ///< a (a mask, 0 or -1) ? b : c
    kExtend,    ///< the same number in a wider lane
    kTruncate,  ///< the same number in a narrower lane, where it fits
    kLookup,    ///< tables[immediate][a], 0 <= a < entries
    kPopcount,  ///< ones in the lane
    kPair,      ///< words a and b of 16-bit lanes as the low and high half of a 32-bit lane
    kDot,       ///< products of the halves of a and of `immediate`, added: 32-bit lanes
    kExact,     ///< node `immediate` of the program, on the codes of its operands
};

/// Operands of `op`; of kExact: those of its node.
int operand_count(LaneOp op);

/// Lane width of values that are exact integers of any size.
inline constexpr int kWide = 0;

struct LaneInst {
    LaneOp op = LaneOp::kConstant;
    std::uint8_t bits = 16;  ///< of the result's lane: 16, 32, 64 or kWide
    std::uint8_t count = 0;  ///< operands
    std::array<LaneId, 3> args{};
    std::int64_t immediate = 0;
    friend bool operator==(const LaneInst&, const LaneInst&) = default;
};

struct LaneTable {
    int index_bits = 0;
    std::vector<std::int64_t> entries;  ///< 2^index_bits
    friend bool operator==(const LaneTable&, const LaneTable&) = default;
};

struct LaneProgram {
    std::vector<LaneInst> insts;  ///< operands first
    /// For input number i: which element of the program's inputs. Inputs nobody reads are not here.
    std::vector<std::uint32_t> input_elements;
    std::vector<LaneId> outputs;
    std::vector<LaneTable> tables;
    bool needs_exact = false;  ///< has kExact or wide lanes: only the interpreter runs it

    [[nodiscard]] std::size_t count(LaneOp op) const;
};

}  // namespace gatewright::emulate
