// SPDX-License-Identifier: Apache-2.0
#include "opt/node_cost.h"

#include <algorithm>

#include "opt/table_cost.h"
#include "support/check.h"

namespace gatewright::opt {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Format;

// Bit positions of a code: lowest and highest, in units of log2 of the value.
struct Span {
    int low = 0;
    int high = 0;  // sign bit included; low - 1 for width 0
    bool is_signed = false;
};

Span span_of(const Format& format, int shift) {
    return {shift - format.frac, shift - format.frac + format.width - 1, format.is_signed};
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

// LUT6 tree over n inputs: every LUT takes in five new ones.
std::int64_t lut_tree(std::int64_t inputs) {
    return inputs <= 1 ? 0 : divide_up(inputs - 1, 5);
}

bool is_constant(const Program& program, ValueId id) {
    return program[id].op == Op::kConstant;
}

bool is_zero(const Program& program, ValueId id) {
    return is_constant(program, id) && program[id].range.lo.is_zero();
}

// Bits the operands of a comparison have on their common grid.
int compared_bits(const Program& program, const Node& node) {
    const Span a = span_of(program[node.args[0]].format, 0);
    const Span b = span_of(program[node.args[1]].format, 0);
    return std::max(a.high, b.high) - std::min(a.low, b.low) + 1;
}

bool has_constant_operand(const Program& program, const Node& node) {
    return is_constant(program, node.args[0]) || is_constant(program, node.args[1]);
}

// Measured: 2/3 LUT per bit (one LUT6 compares a bit and a half into the carry), a small tree for a
// constant.
std::int64_t less_luts(const Program& program, const Node& node) {
    const int bits = compared_bits(program, node);
    return has_constant_operand(program, node) ? lut_tree(bits) : divide_up(2 * bits, 3);
}

NodeCost adder_cost(const Program& program, const Node& node) {
    NodeCost cost;
    const Span a = span_of(program[node.args[0]].format, 0);
    const Span b = span_of(program[node.args[1]].format, node.shift);
    const bool subtracts = node.op == Op::kSub;
    if (subtracts && is_zero(program, node.args[0])) {
        cost.ops.negations = 1;  // inverters fold into the carry chain's inputs: no LUT
        return cost;
    }
    cost.ops.adders = 1;
    const int s = subtracts ? b.low : std::max(a.low, b.low);
    cost.cells = std::max(0, span_of(node.format, 0).high - s + 1);
    if (has_constant_operand(program, node)) return cost;
    // A LUT where both bring a bit; a signed operand's sign bit goes on upwards.
    const Span& shorter = a.high < b.high ? a : b;
    const int top = shorter.is_signed ? std::max(a.high, b.high) : shorter.high;
    cost.lut = std::max(0, top - std::max(a.low, b.low) + 1);
    return cost;
}

// Measured on `*` of 4 to 12 bits: partial products and their carry-save tree, which grows with the
// shorter operand.
std::int64_t multiplier_luts(const Format& a, const Format& b) {
    const std::int64_t shorter = std::min(a.width, b.width);
    const std::int64_t longer = std::max(a.width, b.width);
    return shorter <= 1 ? longer : longer * shorter * (110 + 9 * shorter) / 100;
}

// The RTL adds one carry bit that the dropped bits, and for some modes the sign or the lowest kept
// bit, decide. Adding a single bit costs carry cells but no LUT; deciding it does.
std::int64_t rounding_luts(fixed::Round round, int drop) {
    switch (round) {
        case fixed::Round::kTrn:
        case fixed::Round::kRnd:
            return 0;  // no carry, or the highest dropped bit itself
        case fixed::Round::kTrnZero:
        case fixed::Round::kRndZero:
        case fixed::Round::kRndMinInf:
        case fixed::Round::kRndInf:
        case fixed::Round::kRndConv:
            return lut_tree(drop + 1);
    }
    GW_UNREACHABLE("rounding mode");
}

// Every result bit is a function of itself and the bits above the result; more than four of those
// are first brought together.
std::int64_t clamp_luts(const Format& from, const Format& to) {
    const int above = std::max(0, from.integer_bits() - to.integer_bits()) + 1;
    const std::int64_t detection = above <= 5 ? 0 : 2 * lut_tree(above);
    return to.width - (to.is_signed ? 1 : 0) + detection;
}

NodeCost cast_cost(const Program& program, const Node& node) {
    NodeCost cost;
    const Node& source = program[node.args[0]];
    const int drop = source.format.frac - node.format.frac;
    if (drop > 0 && node.round != fixed::Round::kTrn) {
        cost.ops.roundings = 1;
        cost.lut += rounding_luts(node.round, drop);
    }
    if (!can_overflow(source.range, node.cast())) return cost;
    const std::int64_t clamp = clamp_luts(source.format, node.format);
    switch (node.overflow) {
        case fixed::Overflow::kWrap:
            if (node.saturation_bits == 0) return cost;
            cost.lut += clamp;
            break;
        case fixed::Overflow::kSat:
        case fixed::Overflow::kSatZero:
        case fixed::Overflow::kWrapSm:
            cost.lut += clamp;
            break;
        case fixed::Overflow::kSatSym:
            // Also the most negative code is out of range: all its bits are compared.
            cost.lut += clamp + (node.format.is_signed ? lut_tree(node.format.width) : 0);
            break;
    }
    cost.ops.saturations = 1;
    return cost;
}

NodeCost extremum_cost(const Program& program, const Node& node) {
    NodeCost cost;
    cost.ops.muxes = 1;
    cost.lut = node.format.width;
    // Against 0 (relu) the sign bit is the comparison, against a constant it merges into the
    // choice.
    if (is_zero(program, node.args[0]) || is_zero(program, node.args[1])) return cost;
    if (!has_constant_operand(program, node)) cost.lut += less_luts(program, node);
    return cost;
}

}  // namespace

OpCounts& OpCounts::operator+=(const OpCounts& other) {
    adders += other.adders;
    ternary_adders += other.ternary_adders;
    negations += other.negations;
    multipliers += other.multipliers;
    tables += other.tables;
    muxes += other.muxes;
    saturations += other.saturations;
    roundings += other.roundings;
    comparators += other.comparators;
    bitwise += other.bitwise;
    popcounts += other.popcounts;
    return *this;
}

bool is_gate(const Program& program, const Node& node) {
    if (node.op == Op::kMax) {
        return is_zero(program, node.args[0]) || is_zero(program, node.args[1]);
    }
    return node.op == Op::kSelect &&
           (is_zero(program, node.args[1]) || is_zero(program, node.args[2]));
}

NodeCost node_cost(const Program& program, const Node& node) {
    NodeCost cost;
    const auto operand = [&](std::size_t i) -> const Node& { return program[node.args[i]]; };
    switch (node.op) {
        case Op::kInput:
        case Op::kConstant:
        case Op::kConcat:
        case Op::kSlice:
            return cost;  // wires
        case Op::kAdd:
        case Op::kSub:
            return adder_cost(program, node);
        case Op::kMul:
            cost.ops.multipliers = 1;
            cost.lut = multiplier_luts(operand(0).format, operand(1).format);
            return cost;
        case Op::kCast:
            return cast_cost(program, node);
        case Op::kSelect:
            cost.ops.muxes = 1;
            cost.lut = node.format.width;
            return cost;
        case Op::kLess:
        case Op::kLessEqual:
            cost.ops.comparators = 1;
            cost.lut = less_luts(program, node);
            return cost;
        case Op::kEqual: {
            cost.ops.comparators = 1;
            const std::int64_t bits = compared_bits(program, node);
            cost.lut = lut_tree(has_constant_operand(program, node) ? bits : 2 * bits);
            return cost;
        }
        case Op::kMin:
        case Op::kMax:
            return extremum_cost(program, node);
        case Op::kTable:
            cost.ops.tables = 1;
            cost.lut =
                table_luts(program.table(node.table), operand(0).format.width, node.format.width);
            return cost;
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
            cost.ops.bitwise = 1;
            cost.lut = has_constant_operand(program, node) ? 0 : node.format.width;
            return cost;
        case Op::kNot:
            cost.ops.bitwise = 1;  // folds into the reader's LUT
            return cost;
        case Op::kPopcount:
            cost.ops.popcounts = 1;
            cost.lut = divide_up(7 * operand(0).format.width, 6);  // measured on 16 and 24 bits
            return cost;
    }
    GW_UNREACHABLE("op without a cost");
}

}  // namespace gatewright::opt
