// SPDX-License-Identifier: Apache-2.0
#include "emulate/lane_builder.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::emulate {

using fixed::Integer;

std::size_t LaneBuilder::Hash::operator()(const LaneInst& inst) const {
    std::size_t hash = static_cast<std::size_t>(inst.op) * 131 + inst.bits;
    const auto mix = [&hash](std::uint64_t value) {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29;
    };
    for (std::size_t i = 0; i < inst.count; ++i) mix(inst.args[i] + 1);
    mix(static_cast<std::uint64_t>(inst.immediate));
    return hash;
}

LaneId LaneBuilder::emit(LaneOp op, int bits, std::array<LaneId, 3> args, std::int64_t immediate) {
    LaneInst inst;
    inst.op = op;
    inst.bits = static_cast<std::uint8_t>(bits);
    inst.count = static_cast<std::uint8_t>(operand_count(op));
    inst.args = args;
    inst.immediate = immediate;
    const auto next = static_cast<LaneId>(program_.insts.size());
    const auto [known, is_new] = known_.try_emplace(inst, next);
    if (is_new) program_.insts.push_back(inst);
    return known->second;
}

LaneId LaneBuilder::emit_exact(int bits, std::span<const LaneId> args, std::size_t node) {
    LaneInst inst;
    inst.op = LaneOp::kExact;
    inst.bits = static_cast<std::uint8_t>(bits);
    inst.count = static_cast<std::uint8_t>(args.size());
    std::copy(args.begin(), args.end(), inst.args.begin());
    inst.immediate = static_cast<std::int64_t>(node);
    program_.insts.push_back(inst);
    return static_cast<LaneId>(program_.insts.size() - 1);
}

LaneId LaneBuilder::constant(int bits, std::int64_t value) {
    const int up = 64 - bits;
    const auto lane = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << up) >> up;
    return emit(LaneOp::kConstant, bits, {}, lane);
}

LaneId LaneBuilder::constant(int bits, const Integer& value) {
    const Integer low = value.low_bits(bits);
    return constant(bits,
                    *(low.bit(bits - 1) ? low - Integer::power_of_two(bits) : low).to_int64());
}

LaneId LaneBuilder::shift_left(int bits, LaneId a, int count) {
    GW_CHECK(count >= 0, "shift to the left by less than nothing");
    if (count == 0) return a;
    if (count >= bits) return constant(bits, 0);
    return emit(LaneOp::kShiftLeft, bits, {a}, count);
}

LaneId LaneBuilder::shift_right(int bits, LaneId a, int count) {
    GW_CHECK(count >= 0, "shift to the right by less than nothing");
    if (count == 0) return a;
    return emit(LaneOp::kShiftRight, bits, {a}, std::min(count, bits - 1));
}

std::uint32_t LaneBuilder::table(LaneTable table) {
    const auto next = static_cast<std::uint32_t>(program_.tables.size());
    const auto [known, is_new] = table_numbers_.try_emplace(table.entries, next);
    if (is_new) program_.tables.push_back(std::move(table));
    return known->second;
}

LaneProgram LaneBuilder::finish(std::vector<LaneId> outputs, std::size_t inputs) && {
    std::vector<bool> live(program_.insts.size(), false);
    for (const LaneId output : outputs) live[output] = true;
    for (std::size_t i = live.size(); i-- > 0;) {
        const LaneInst& inst = program_.insts[i];
        for (std::size_t a = 0; live[i] && a < inst.count; ++a) live[inst.args[a]] = true;
    }
    LaneProgram out;
    out.tables = std::move(program_.tables);
    std::vector<LaneId> renamed(live.size(), 0);
    std::vector<std::int64_t> number(inputs, -1);
    for (std::size_t i = 0; i < live.size(); ++i) {
        if (!live[i]) continue;
        LaneInst inst = program_.insts[i];
        for (std::size_t a = 0; a < inst.count; ++a) inst.args[a] = renamed[inst.args[a]];
        if (inst.op == LaneOp::kInput) {
            const auto element = static_cast<std::size_t>(inst.immediate);
            if (number[element] < 0) {
                number[element] = static_cast<std::int64_t>(out.input_elements.size());
                out.input_elements.push_back(static_cast<std::uint32_t>(element));
            }
            inst.immediate = number[element];
        }
        out.needs_exact = out.needs_exact || inst.op == LaneOp::kExact || inst.bits == kWide;
        renamed[i] = static_cast<LaneId>(out.insts.size());
        out.insts.push_back(inst);
    }
    for (const LaneId output : outputs) out.outputs.push_back(renamed[output]);
    return out;
}

}  // namespace gatewright::emulate
