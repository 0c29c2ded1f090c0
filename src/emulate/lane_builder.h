// SPDX-License-Identifier: Apache-2.0
//
// Appends lane instructions, equal ones once.
#pragma once

#include <map>
#include <span>
#include <unordered_map>

#include "emulate/lane_program.h"

namespace gatewright::emulate {

class LaneBuilder {
  public:
    LaneId emit(LaneOp op, int bits, std::array<LaneId, 3> args, std::int64_t immediate = 0);
    LaneId emit_exact(int bits, std::span<const LaneId> args, std::size_t node);

    LaneId constant(int bits, std::int64_t value);
    /// The low bits of an integer of any size, read as a signed lane.
    LaneId constant(int bits, const fixed::Integer& value);
    LaneId add(int bits, LaneId a, LaneId b) { return emit(LaneOp::kAdd, bits, {a, b}); }
    LaneId sub(int bits, LaneId a, LaneId b) { return emit(LaneOp::kSub, bits, {a, b}); }
    LaneId bit_and(int bits, LaneId a, LaneId b) { return emit(LaneOp::kAnd, bits, {a, b}); }
    LaneId masked(int bits, LaneId a, std::int64_t mask) {
        return bit_and(bits, a, constant(bits, mask));
    }
    /// By `count` >= 0 bits: 0 is the operand itself, bits or more is what is left of it.
    LaneId shift_left(int bits, LaneId a, int count);
    LaneId shift_right(int bits, LaneId a, int count);
    std::uint32_t table(LaneTable table);

    [[nodiscard]] int bits(LaneId id) const { return program_.insts[id].bits; }
    /// Only what outputs need, renumbered.
    [[nodiscard]] LaneProgram finish(std::vector<LaneId> outputs, std::size_t inputs) &&;

  private:
    struct Hash {
        std::size_t operator()(const LaneInst& inst) const;
    };
    LaneProgram program_;
    std::unordered_map<LaneInst, LaneId, Hash> known_;
    std::map<std::vector<std::int64_t>, std::uint32_t> table_numbers_;
};

}  // namespace gatewright::emulate
