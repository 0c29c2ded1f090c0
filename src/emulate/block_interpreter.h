// SPDX-License-Identifier: Apache-2.0
//
// Runs a lane program on any processor: one instruction at a time over a block of events, each
// value in a slot of its own lane width. Slots are reused as soon as their value is dead, and the
// block is as long as the working set allows within the first-level cache. The loops are plain
// counted loops that the compiler vectorises; on x86-64 they are compiled for AVX-512, AVX2 and the
// baseline, chosen when the program starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "emulate/lane_program.h"
#include "fixed/integer.h"

namespace gatewright::emulate {

/// Where a value lives: `offset` bytes per event of the block (so times the block's events), or
/// number `offset` of the wide slots.
struct Slot {
    std::uint32_t offset = 0;
    int bits = 0;
};

class BlockInterpreter {
  public:
    BlockInterpreter(const dfg::Program& program, LaneProgram lanes);

    /// Events per block.
    [[nodiscard]] std::size_t block() const { return block_; }
    /// Bytes of working memory one block needs, 64-byte aligned.
    [[nodiscard]] std::size_t bytes() const { return bytes_per_event_ * block_; }
    [[nodiscard]] std::size_t wide_slots() const { return wide_slots_; }
    /// Slots of the inputs in lanes.input_elements' order, and of the outputs.
    [[nodiscard]] std::span<const Slot> inputs() const { return inputs_; }
    [[nodiscard]] std::span<const Slot> outputs() const { return outputs_; }
    [[nodiscard]] const LaneProgram& lanes() const { return lanes_; }

    /// What does not change between blocks: constants.
    void prepare(std::byte* memory) const;
    /// `events` <= block(); inputs are in their slots. Wide slots: wide_slots() x block() integers.
    void run(std::byte* memory, fixed::Integer* wide, std::size_t events) const;

  private:
    struct Step {
        LaneInst inst;
        Slot target;
        std::array<Slot, 3> args;
        std::array<bool, 3> is_constant{};  ///< the operand is the immediate `constants[i]`
        std::array<std::int64_t, 3> constants{};
    };
    friend struct StepRunner;
    void make_steps();
    void run_exact(const Step& step, std::byte* memory, fixed::Integer* wide,
                   std::size_t events) const;
    void run_lanes(std::byte* memory, fixed::Integer* wide, std::size_t events) const;

    const dfg::Program& program_;
    LaneProgram lanes_;
    std::vector<Step> steps_;
    std::vector<Slot> inputs_;
    std::vector<Slot> outputs_;
    std::vector<std::pair<Slot, std::int64_t>> constants_;  // those that need a slot
    std::size_t block_ = 0;
    std::size_t bytes_per_event_ = 0;
    std::size_t wide_slots_ = 0;
    std::vector<std::vector<std::int16_t>> tables16_;
    std::vector<std::vector<std::int32_t>> tables32_;
};

}  // namespace gatewright::emulate
