// SPDX-License-Identifier: Apache-2.0
//
// The delay and area model of each op, in terms of what an FPGA builds it from: LUT levels and
// carry chains. Carry chains are counted with the bits they really use: the low bits that only one
// operand of an addition has pass through (docs/rtl.md).
#include <algorithm>
#include <cmath>

#include "schedule/liveness.h"
#include "schedule/schedule.h"
#include "schedule/wires.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;

// LUT levels that combine `bits` bits into one.
int reduction_levels(int bits, int lut_inputs) {
    int levels = 0;
    for (double reach = 1; reach < bits; reach *= lut_inputs) ++levels;
    return levels;
}

// One LUT reads lut_inputs index bits; each further level of multiplexers selects by two more.
int table_levels(int index_bits, int lut_inputs) {
    return index_bits <= lut_inputs ? 1 : 1 + (index_bits - lut_inputs + 1) / 2;
}

double lut_path(int levels, const Device& device) {
    return levels == 0 ? 0 : levels * device.lut_ps + (levels - 1) * device.net_ps;
}

double carry_path(int bits, const Device& device) {
    if (bits <= 0) return 0;
    const int further_blocks =
        device.carry_block_bits > 0 ? (bits - 1) / device.carry_block_bits : 0;
    return device.carry_entry_ps + bits * device.carry_ps_per_bit +
           further_blocks * device.carry_block_ps;
}

// What a net of one bit costs more when it steers a word of this width: each bit of the word is a
// LUT that reads it. Nets before an op are counted by its users, as if each were one LUT.
double steering_ps(int width, const Device& device) {
    return net_ps(device, static_cast<std::size_t>(std::max(1, width))) - net_ps(device, 1);
}

// Low bits of a ± b·2^shift that only one operand has: they pass the carry chain by. All bits if
// the operands lie side by side and nothing is added.
int pass_through_bits(const Program& program, const Node& node) {
    const Node& a = program[node.args[0]];
    const Node& b = program[node.args[1]];
    const int up_a = node.format.frac - a.format.frac;
    const int up_b = node.format.frac - (b.format.frac - node.shift);
    const bool is_add = node.op == Op::kAdd;
    if (is_add && !a.format.is_signed && up_b >= up_a + a.format.width) return node.format.width;
    if (is_add && !b.format.is_signed && up_a >= up_b + b.format.width) return node.format.width;
    return is_add ? std::max(up_a, up_b) : std::max(0, up_b - up_a);
}

// Bits of carry chain in a ± b·2^shift.
int adder_bits(const Program& program, const Node& node) {
    return std::max(0, node.format.width - pass_through_bits(program, node));
}

// A LUT of a device that takes one more around a chain, and its net; 0 ps: the device takes none.
double extra_level(double ps, const Device& device) {
    return ps > 0 ? ps + device.net_ps : 0;
}

double difference_path(int bits, const Device& device) {
    return bits <= 0 ? 0 : extra_level(device.inversion_ps, device) + carry_path(bits, device);
}

double comparison_path(int bits, const Device& device) {
    if (bits <= 0) return 0;
    return difference_path(bits, device) + extra_level(device.comparison_exit_ps, device);
}

// Bits two operands take side by side on a common grid, as a comparison sees them.
int comparison_bits(const Program& program, const Node& node) {
    const auto a = program[node.args[0]].format;
    const auto b = program[node.args[1]].format;
    const int frac = std::max(a.frac, b.frac);
    return std::max(a.width + frac - a.frac, b.width + frac - b.frac);
}

// A constant zero operand turns min and max into a look at the sign bit.
bool has_zero_operand(const Program& program, const Node& node) {
    const auto is_zero = [&](std::size_t i) {
        const auto code = constant_code(program[node.args[i]]);
        return code && code->is_zero();
    };
    return is_zero(0) || is_zero(1);
}

// What a cast has to do besides moving bits.
struct CastWork {
    int adder_bits = 0;    ///< rounding adds a carry ...
    int carry_levels = 0;  ///< ... that these LUT levels decide from the dropped bits
    int checked_bits = 0;  ///< looked at to find an overflow
};

CastWork cast_work(const Program& program, const Node& node, int lut_inputs) {
    const Node& x = program[node.args[0]];
    const int drop = x.format.frac - node.format.frac;
    CastWork work;
    const bool adds = drop > 0 && node.round != fixed::Round::kTrn &&
                      (node.round != fixed::Round::kTrnZero || x.format.is_signed);
    if (adds) work.adder_bits = std::max(1, x.format.width - drop + 1);
    if (adds && node.round != fixed::Round::kRnd) {
        work.carry_levels =
            std::max(1, reduction_levels(std::min(drop, x.format.width) + 1, lut_inputs));
    }
    const bool wraps = node.overflow == fixed::Overflow::kWrap && node.saturation_bits == 0;
    if (!wraps && fixed::can_overflow(x.range, node.cast())) {
        const int kept = node.format.magnitude_bits();
        work.checked_bits = std::max(1, x.format.width - std::max(0, drop) - kept + 1);
    }
    return work;
}

double cast_delay(const Program& program, const Node& node, const Device& device) {
    const CastWork work = cast_work(program, node, device.lut_inputs);
    double delay = carry_path(work.adder_bits, device);
    if (work.carry_levels > 0) delay += lut_path(work.carry_levels, device) + device.net_ps;
    if (work.checked_bits > 0) {
        if (delay > 0) delay += device.net_ps;
        // The detection joins the final multiplexer's LUT when it is small enough.
        const int levels = reduction_levels(work.checked_bits, device.lut_inputs);
        delay += lut_path(work.checked_bits <= 3 ? 1 : 1 + levels, device);
        delay += steering_ps(node.format.width, device);
    }
    return delay;
}

// Partial products, then a tree of adders; or the multiplier block, which is no slower.
double multiply_delay(const Program& program, const Node& node, const Device& device) {
    const int a = program[node.args[0]].format.width;
    const int b = program[node.args[1]].format.width;
    const int levels = reduction_levels(std::min(a, b), 2);
    if (levels == 0) return device.lut_ps;
    const double adder = carry_path(std::max(a, b) + levels, device);
    return levels * adder + (levels - 1) * device.net_ps;
}

double min_max_delay(const Program& program, const Node& node, const Device& device) {
    const double choice = steering_ps(node.format.width, device) + device.lut_ps;
    if (has_zero_operand(program, node)) return choice;
    return comparison_path(comparison_bits(program, node), device) + device.net_ps + choice;
}

double popcount_delay(const Program& program, const Node& node, const Device& device) {
    const int bits = program[node.args[0]].format.width;
    const int levels = reduction_levels(bits, 2);
    double delay = device.lut_ps;
    for (int level = 2; level < levels; ++level) delay += device.net_ps + carry_path(level, device);
    return bits <= 1 ? 0 : delay;
}

double select_delay(const Program& program, const Node& node, const Device& device) {
    const int condition_bits = program[node.args[0]].format.width;
    return lut_path(1 + reduction_levels(condition_bits, device.lut_inputs), device) +
           steering_ps(node.format.width, device);
}

// Every bit of the index goes to all LUTs of the table.
double table_delay(const Program& program, const Node& node, const Device& device) {
    const int bits = program[node.args[0]].format.width;
    const int luts = node.format.width << std::clamp(bits - device.lut_inputs, 0, 16);
    return lut_path(table_levels(bits, device.lut_inputs), device) + steering_ps(luts, device);
}

}  // namespace

double delay_ps(const Program& program, const Node& node, const Device& device) {
    if (constant_code(node)) return 0;
    switch (node.op) {
        case Op::kInput:
        case Op::kConstant:
        case Op::kNot:  // absorbed by whatever reads it
        case Op::kConcat:
        case Op::kSlice:
            return 0;
        case Op::kAdd:
            return carry_path(adder_bits(program, node), device);
        case Op::kSub:
            return difference_path(adder_bits(program, node), device);
        case Op::kMul:
            return multiply_delay(program, node, device);
        case Op::kCast:
            return cast_delay(program, node, device);
        case Op::kSelect:
            return select_delay(program, node, device);
        case Op::kLess:
        case Op::kLessEqual:
            return comparison_path(comparison_bits(program, node), device);
        case Op::kEqual:
            return lut_path(std::max(1, reduction_levels(2 * comparison_bits(program, node),
                                                         device.lut_inputs)),
                            device);
        case Op::kMin:
        case Op::kMax:
            return min_max_delay(program, node, device);
        case Op::kTable:
            return table_delay(program, node, device);
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
            return device.lut_ps;
        case Op::kPopcount:
            return popcount_delay(program, node, device);
    }
    GW_UNREACHABLE("op without a delay");
}

namespace {

bool takes_three(const Program& program, dfg::ValueId value, const Absorbed& absorbed) {
    const Node& node = program[value];
    if (node.op != Op::kAdd && node.op != Op::kSub) return false;
    return is_absorbed(absorbed, node.args[0]) || is_absorbed(absorbed, node.args[1]);
}

int three_input_bits(const Program& program, dfg::ValueId value, const Absorbed& absorbed) {
    return chain_bits(program, program[value], terms_of(program, value, absorbed));
}

}  // namespace

double delay_ps(const Program& program, dfg::ValueId value, const Device& device,
                const Absorbed& absorbed) {
    if (is_absorbed(absorbed, value)) return 0;
    if (!takes_three(program, value, absorbed)) return delay_ps(program, program[value], device);
    return device.lut_ps + device.net_ps +
           carry_path(three_input_bits(program, value, absorbed), device);
}

double lut_estimate(const Program& program, dfg::ValueId value, const Device& device,
                    const Absorbed& absorbed) {
    if (is_absorbed(absorbed, value)) return 0;
    if (!takes_three(program, value, absorbed))
        return lut_estimate(program, program[value], device);
    return three_input_bits(program, value, absorbed);
}

namespace {

// The computed value an operand is, if only casts that move bits lie between; they keep each bit's
// weight.
dfg::ValueId behind_casts(const Program& program, dfg::ValueId value) {
    while (program[value].op == Op::kCast && is_wiring(program, program[value]))
        value = program[value].args[0];
    return value;
}

// How far a chain of n bits gets in the time: whole blocks only.
double ripple_ps(int bits, const Device& device) {
    const int blocks = device.carry_block_bits > 0 ? bits / device.carry_block_bits : 0;
    return bits * device.carry_ps_per_bit + std::max(0, blocks - 1) * device.carry_block_ps;
}

// A carry chain in a node: its length, and the weight of its lowest bit in the node's grid.
struct Chain {
    int bits = 0;
    int low = 0;
};

// The chain an operand's bits enter, each at its weight.
Chain chain_entered(const Program& program, const Node& node, const Device& device) {
    switch (node.op) {
        case Op::kAdd:
        case Op::kSub:
            return {adder_bits(program, node), pass_through_bits(program, node) - node.format.frac};
        case Op::kCast:
            return {cast_work(program, node, device.lut_inputs).adder_bits, -node.format.frac};
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kMin:
        case Op::kMax:
            if (node.op != Op::kLess && node.op != Op::kLessEqual &&
                has_zero_operand(program, node))
                return {};
            return {comparison_bits(program, node), -std::max(program[node.args[0]].format.frac,
                                                              program[node.args[1]].format.frac)};
        default:
            return {};
    }
}

// Bits of the chain whose sum is the node's result, lowest bit first; 0 if the result comes all at
// once.
int chain_left(const Program& program, const Node& node, const Device& device) {
    if (node.op == Op::kAdd || node.op == Op::kSub) return adder_bits(program, node);
    if (node.op != Op::kCast) return 0;
    const CastWork work = cast_work(program, node, device.lut_inputs);
    return work.checked_bits > 0 ? 0 : work.adder_bits;
}

// Bits of the source's chain past which the user's chain runs; the most there are if operand k is
// not the source.
int shared_bits(const Program& program, dfg::ValueId source, const Node& user, std::size_t k,
                const Device& device) {
    const Chain entered = chain_entered(program, user, device);
    const dfg::ValueId behind = behind_casts(program, user.args[k]);
    const Node& node = program[behind];
    if (node.op == Op::kSlice || node.op == Op::kConcat) return 0;
    if (behind != source) return entered.bits;
    const bool shifted = k == 1 && (user.op == Op::kAdd || user.op == Op::kSub);
    const int top = node.format.width - 1 - node.format.frac + (shifted ? user.shift : 0);
    const int left = chain_left(program, node, device);
    return std::clamp(top - entered.low, 0, std::min(left, entered.bits));
}

}  // namespace

double overlap_ps(const Program& program, dfg::ValueId source, dfg::ValueId user,
                  const Device& device, const Absorbed& absorbed) {
    if (takes_three(program, user, absorbed) || takes_three(program, source, absorbed)) return 0;
    const Node& node = program[user];
    const Chain entered = chain_entered(program, node, device);
    if (entered.bits == 0) return 0;
    bool reads = false;
    bool is_inverted = node.op != Op::kSub;
    int bits = entered.bits;
    for (std::size_t k = 0; k < node.operands().size(); ++k) {
        const bool is_source = behind_casts(program, node.args[k]) == source;
        reads = reads || is_source;
        is_inverted = is_inverted || (is_source && k == 1);
        bits = std::min(bits, shared_bits(program, source, node, k, device));
    }
    if (!reads) return 0;
    const double avoided = is_inverted ? 0 : extra_level(device.inversion_ps, device);
    return ripple_ps(bits, device) + avoided;
}

double lut_estimate(const Program& program, const Node& node, const Device& device) {
    if (constant_code(node)) return 0;
    const double width = node.format.width;
    const auto operand_width = [&](std::size_t i) { return program[node.args[i]].format.width; };
    switch (node.op) {
        case Op::kInput:
        case Op::kConstant:
        case Op::kNot:
        case Op::kConcat:
        case Op::kSlice:
            return 0;
        case Op::kAdd:
        case Op::kSub:
            return adder_bits(program, node);
        case Op::kMul:
            return operand_width(0) * operand_width(1);
        case Op::kCast: {
            const CastWork work = cast_work(program, node, device.lut_inputs);
            const double detect = std::ceil(work.checked_bits / (device.lut_inputs - 1.0));
            return work.adder_bits + work.carry_levels +
                   (work.checked_bits > 0 ? width + detect : 0);
        }
        case Op::kSelect:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
            return width;
        case Op::kLess:
        case Op::kLessEqual:
            return std::ceil(comparison_bits(program, node) / 2.0);
        case Op::kEqual:
            return std::ceil(comparison_bits(program, node) / (device.lut_inputs / 2.0));
        case Op::kMin:
        case Op::kMax:
            return has_zero_operand(program, node)
                       ? width / 2
                       : width + std::ceil(comparison_bits(program, node) / 2.0);
        case Op::kTable:
            return width * std::max(1.0, std::exp2(operand_width(0) - device.lut_inputs));
        case Op::kPopcount:
            return operand_width(0);
    }
    GW_UNREACHABLE("op without an area");
}

Device loaded_device(const Program& program, const Device& device, const Absorbed& absorbed) {
    double cells = 0;
    const std::vector<bool> live = live_values(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (live[i]) cells += lut_estimate(program, dfg::ValueId(i), device, absorbed);
    }
    return at_size(device, cells);
}

}  // namespace gatewright::schedule
