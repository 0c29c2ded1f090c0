// SPDX-License-Identifier: Apache-2.0
//
// Machine code before registers: each instruction computes one whole vector, and a lane value wider
// than 16 bits is several vectors. Inputs and constants are leaves that live in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulate/jit.h"

namespace gatewright::emulate {

using VectorId = std::uint32_t;

enum class VectorOp : std::uint8_t {
    kInput,     ///< leaf: at `immediate` bytes of the working memory
    kConstant,  ///< leaf: constant number `immediate`
    kAdd,
    kSub,
    kMul,
    kMulLow32,  ///< of the unsigned low halves of 64-bit lanes
    kShiftLeft,
    kShiftRight,         ///< arithmetic
    kShiftRightLogical,  ///< zeros come in
    kAnd,
    kOr,
    kXor,
    kMin,
    kMax,
    kGreater,
    kEqual,
    kBlend,          ///< a (mask) ? c : b
    kUnpackLow,      ///< lanes of a and b in turns, from the low half of each 128 bits
    kUnpackHigh,     ///< from the high half
    kPack,           ///< two vectors of twice the width, with signed saturation
    kEvenDwords,     ///< dwords 0 and 2 of each 128 bits of a, then of b
    kShuffleBytes,   ///< table a (16 bytes, in each 128 bits), indices b; index >= 128 gives 0
    kPermuteWords,   ///< AVX-512: indices a, table of 32 words b
    kPermuteWords2,  ///< AVX-512: low table a, indices b, high table c, 32 words each
    kDot,            ///< words of a and b multiplied, neighbours added to dwords
    kDotAdd,         ///< the same of b and c, added to a
    kGather,         ///< dwords or quadwords at indices a of the table at byte `immediate`
};

struct VectorInst {
    VectorOp op = VectorOp::kInput;
    std::uint8_t bits = 16;
    std::uint8_t count = 0;
    std::array<VectorId, 3> args{};
    std::int64_t immediate = 0;
};

/// 64 bytes; the first vector_bits / 8 are used.
using VectorConstant = std::array<std::uint8_t, 64>;

struct VectorProgram {
    VectorUnit unit = VectorUnit::kAvx2;
    std::vector<VectorInst> insts;
    std::vector<VectorConstant> constants;
    std::vector<std::byte> tables;  ///< for gathers
    struct Output {
        VectorId value = 0;
        std::uint32_t part = 0;  ///< number of the output vector
    };
    std::vector<Output> outputs;
    std::uint32_t input_vectors = 0;
    std::uint32_t output_vectors = 0;

    [[nodiscard]] std::size_t vector_bytes() const { return unit == VectorUnit::kAvx512 ? 64 : 32; }
    [[nodiscard]] bool is_leaf(VectorId id) const {
        return insts[id].op == VectorOp::kInput || insts[id].op == VectorOp::kConstant;
    }
    [[nodiscard]] bool has_gathers() const;
};

/// `inputs` and `outputs` get the lanes' places: inputs in bytes of the working memory, outputs in
/// bytes of the output area.
VectorProgram expand(const LaneProgram& lanes, VectorUnit unit, DotUnit dot,
                     std::vector<Slot>& inputs, std::vector<Slot>& outputs);

/// Orders of the instructions (leaves left out) to choose from.
std::vector<std::vector<VectorId>> candidate_orders(const VectorProgram& program);

/// Where an operand is.
struct Place {
    enum class Kind : std::uint8_t { kNone, kRegister, kInput, kConstant, kSpill, kOutput };
    Kind kind = Kind::kNone;
    std::uint32_t index = 0;  ///< register, byte of the memory, constant, spill slot, output vector
};

struct PlacedInst {
    enum class Kind : std::uint8_t { kCompute, kLoad, kStore, kMove };
    Kind kind = Kind::kCompute;
    VectorId inst = 0;  ///< kCompute
    Place target;
    std::array<Place, 3> args;
};

struct PlacedCode {
    std::vector<PlacedInst> insts;
    std::uint32_t spill_slots = 0;
    JitStats stats;
    /// What the order costs: fewer is better.
    [[nodiscard]] std::size_t cost() const;
};

/// Registers for the instructions in this order: a value leaves its register when it is the one
/// needed last (Belady); what is in memory is read by the instruction that needs it.
PlacedCode allocate_registers(const VectorProgram& program, const std::vector<VectorId>& order);

}  // namespace gatewright::emulate
