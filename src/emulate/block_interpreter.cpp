// SPDX-License-Identifier: Apache-2.0
#include "emulate/block_interpreter.h"

#include <algorithm>

#include "dfg/interpreter.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

using fixed::Integer;

// The working set of a block stays within this; blocks are never shorter than kShortest events.
constexpr std::size_t kCacheBytes = 24576;
constexpr std::size_t kShortest = 64;
constexpr std::size_t kLongest = 512;

// Slots by width; a dead value's slot is taken again first.
class SlotAllocator {
  public:
    Slot take(int bits) {
        std::vector<std::uint32_t>& free = free_[index(bits)];
        if (!free.empty()) {
            const std::uint32_t offset = free.back();
            free.pop_back();
            return {offset, bits};
        }
        std::uint32_t& next = bits == kWide ? wide_ : bytes_;
        const std::uint32_t offset = next;
        next += bits == kWide ? 1 : static_cast<std::uint32_t>(bits / 8);
        return {offset, bits};
    }
    void give_back(const Slot& slot) { free_[index(slot.bits)].push_back(slot.offset); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t wide() const { return wide_; }

  private:
    static std::size_t index(int bits) { return static_cast<std::size_t>(bits) / 16; }
    std::array<std::vector<std::uint32_t>, 5> free_;
    std::uint32_t bytes_ = 0;
    std::uint32_t wide_ = 0;
};

bool takes_constants(LaneOp op) {
    return operand_count(op) == 2;
}

}  // namespace

BlockInterpreter::BlockInterpreter(const dfg::Program& program, LaneProgram lanes)
    : program_(program), lanes_(std::move(lanes)) {
    make_steps();
    for (const LaneTable& table : lanes_.tables) {
        tables16_.emplace_back(table.entries.begin(), table.entries.end());
        tables32_.emplace_back(table.entries.begin(), table.entries.end());
    }
}

void BlockInterpreter::make_steps() {
    std::vector<std::uint32_t> uses(lanes_.insts.size(), 0);
    std::vector<bool> needs_slot(lanes_.insts.size(), false);  // constants
    for (const LaneInst& inst : lanes_.insts) {
        for (std::size_t a = 0; a < inst.count; ++a) {
            ++uses[inst.args[a]];
            const bool immediate = inst.op != LaneOp::kExact && takes_constants(inst.op);
            const std::size_t other = inst.args[immediate ? 1 - a : a];
            const bool both = immediate && lanes_.insts[other].op == LaneOp::kConstant && a == 0;
            if (!immediate || both) needs_slot[inst.args[a]] = true;
        }
    }
    for (const LaneId output : lanes_.outputs) {
        ++uses[output];
        needs_slot[output] = true;
    }
    SlotAllocator slots;
    std::vector<Slot> slot(lanes_.insts.size());
    inputs_.resize(lanes_.input_elements.size());
    for (std::size_t i = 0; i < lanes_.insts.size(); ++i) {
        const LaneInst& inst = lanes_.insts[i];
        if (inst.op == LaneOp::kInput) {
            slot[i] = slots.take(inst.bits);
            inputs_[static_cast<std::size_t>(inst.immediate)] = slot[i];
        } else if (inst.op == LaneOp::kConstant && needs_slot[i]) {
            slot[i] = slots.take(inst.bits);
            constants_.emplace_back(slot[i], inst.immediate);
            ++uses[i];
        }
    }
    for (std::size_t i = 0; i < lanes_.insts.size(); ++i) {
        const LaneInst& inst = lanes_.insts[i];
        if (inst.op == LaneOp::kInput || inst.op == LaneOp::kConstant) continue;
        Step step{inst, slots.take(inst.bits), {}, {}, {}};
        slot[i] = step.target;
        for (std::size_t a = 0; a < inst.count; ++a) {
            const LaneInst& operand = lanes_.insts[inst.args[a]];
            step.args[a] = slot[inst.args[a]];
            step.args[a].bits = operand.bits;
            step.is_constant[a] = operand.op == LaneOp::kConstant;
            step.constants[a] = operand.immediate;
        }
        steps_.push_back(step);
        for (std::size_t a = 0; a < inst.count; ++a) {
            const LaneId arg = inst.args[a];
            if (--uses[arg] == 0 && (lanes_.insts[arg].op != LaneOp::kConstant))
                slots.give_back(slot[arg]);
        }
    }
    for (const LaneId output : lanes_.outputs) {
        outputs_.push_back(slot[output]);
        outputs_.back().bits = lanes_.insts[output].bits;
    }
    bytes_per_event_ = std::max<std::size_t>(slots.bytes(), 2);
    wide_slots_ = slots.wide();
    const std::size_t fitting = kCacheBytes / bytes_per_event_ / 32 * 32;
    block_ = std::clamp(fitting, kShortest, kLongest);
}

void BlockInterpreter::run_exact(const Step& step, std::byte* memory, Integer* wide,
                                 std::size_t events) const {
    const dfg::Node& node = program_.nodes()[static_cast<std::size_t>(step.inst.immediate)];
    std::array<Integer, 3> operands;
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t a = 0; a < step.inst.count; ++a) {
            const Slot& slot = step.args[a];
            const std::byte* at = memory + slot.offset * block_;
            if (slot.bits == kWide) operands[a] = wide[slot.offset * block_ + e];
            if (slot.bits == 16) operands[a] = reinterpret_cast<const std::int16_t*>(at)[e];
            if (slot.bits == 32) operands[a] = reinterpret_cast<const std::int32_t*>(at)[e];
            if (slot.bits == 64) operands[a] = reinterpret_cast<const std::int64_t*>(at)[e];
        }
        Integer code =
            dfg::evaluate_node(program_, node, std::span(operands.data(), step.inst.count));
        const Slot& target = step.target;
        std::byte* to = memory + target.offset * block_;
        if (target.bits == kWide) {
            wide[target.offset * block_ + e] = std::move(code);
            continue;
        }
        const std::int64_t value = *code.to_int64();
        if (target.bits == 16)
            reinterpret_cast<std::int16_t*>(to)[e] = static_cast<std::int16_t>(value);
        if (target.bits == 32)
            reinterpret_cast<std::int32_t*>(to)[e] = static_cast<std::int32_t>(value);
        if (target.bits == 64) reinterpret_cast<std::int64_t*>(to)[e] = value;
    }
}

void BlockInterpreter::prepare(std::byte* memory) const {
    for (const auto& [slot, value] : constants_) {
        std::byte* at = memory + slot.offset * block_;
        if (slot.bits == 16)
            std::fill_n(reinterpret_cast<std::int16_t*>(at), block_,
                        static_cast<std::int16_t>(value));
        if (slot.bits == 32)
            std::fill_n(reinterpret_cast<std::int32_t*>(at), block_,
                        static_cast<std::int32_t>(value));
        if (slot.bits == 64) std::fill_n(reinterpret_cast<std::int64_t*>(at), block_, value);
    }
}

void BlockInterpreter::run(std::byte* memory, Integer* wide, std::size_t events) const {
    run_lanes(memory, wide, events);
}

}  // namespace gatewright::emulate
