// SPDX-License-Identifier: Apache-2.0
//
// What the emulator runs: the flat program as a list of instructions on slots. A slot is one block
// of kLanes events of one value. Slots are reused as soon as their value is dead (linear scan over
// the program's order), so a network of ten thousand operations works in a few hundred kilobytes:
// in cache.
//
// Most operations become one loop of two or three machine operations per lane (Code); the rest go
// through dfg/semantics.h over whole blocks (kGeneric), and the few whose intermediate values
// exceed the lane through exact integers, lane by lane (kExact). Which of the three is decided
// here, from the exact ranges, once per program: the loops themselves check nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "dfg/program.h"

namespace gatewright::emulate {

/// Events per block. 256 lanes of 32 bits are one KiB per slot.
inline constexpr std::size_t kLanes = 256;

enum class Code : std::uint8_t {
    kAdd,           ///< (a << shift_a) + (b << shift_b)
    kSub,           ///< (a << shift_a) - (b << shift_b)
    kMul,           ///< a · b
    kQuantize,      ///< (a + bias) >> drop, or a << -drop
    kQuantizeEven,  ///< the same to nearest, ties to even; bias = half - 1
    kMin,           ///< of the shifted operands, as kMax, kLess, kLessEqual
    kMax,
    kLess,
    kLessEqual,
    kSelect,   ///< a != 0 ? b << shift_b : c << shift_c
    kTable,    ///< table[a mod 2^width of a]
    kGeneric,  ///< dfg::eval over the block
    kExact,    ///< dfg::evaluate_node per lane
};

/// How a result is brought into its format after the main operation.
enum class Finish : std::uint8_t { kNone, kWrapSigned, kWrapUnsigned, kClamp };

struct Instruction {
    Code code = Code::kExact;
    Finish finish = Finish::kNone;
    std::uint32_t node = 0;  ///< index in the program
    std::uint32_t target = 0;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
    int shift_a = 0;
    int shift_b = 0;
    int shift_c = 0;
    int drop = 0;
    int width = 0;  ///< of the wrapped result, or of a table's index
    std::int64_t bias = 0;
    std::int64_t lo = 0;  ///< clamp bounds
    std::int64_t hi = 0;
    std::uint32_t table = 0;
};

struct PlanInput {
    std::uint32_t element = 0;  ///< of the design's inputs
    std::uint32_t slot = 0;
    fixed::Format format;
};

struct PlanConstant {
    std::uint32_t slot = 0;
    std::int64_t code = 0;
};

struct LanePlan {
    int lane_bits = 64;  ///< 32 or 64
    std::uint32_t slots = 0;
    std::vector<PlanInput> inputs;        ///< only those that are read
    std::vector<PlanConstant> constants;  ///< their slots are never reused
    std::vector<Instruction> instructions;
    std::vector<std::uint32_t> output_slots;  ///< one per output; outputs' slots are never reused
    std::vector<std::vector<std::int64_t>> tables;
};

/// True if the codes of every value that reaches an output fit int64.
bool fits_int64(const dfg::Program& program);

/// The plan in 32-bit lanes if every operation allows it, else in 64-bit lanes. fits_int64() must
/// hold.
LanePlan make_plan(const dfg::Program& program);

}  // namespace gatewright::emulate
