// SPDX-License-Identifier: Apache-2.0
#include "emulate/plan.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "fixed/convert.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

std::vector<bool> live_nodes(const Program& program) {
    std::vector<bool> live(program.size(), false);
    for (const dfg::ValueId output : program.outputs()) live[output.index()] = true;
    for (std::size_t i = program.size(); i-- > 0;) {
        if (!live[i]) continue;
        for (const dfg::ValueId arg : program.nodes()[i].operands()) live[arg.index()] = true;
    }
    return live;
}

bool fits(const Format& format, int bits) {
    return format.width <= (format.is_signed ? bits : bits - 1);
}

// Ranges that hold for every input code. Claims of inner nodes are proven (dfg::verify_ranges), but
// only for inputs within the inputs' claims; if those are narrower than their formats, the
// ranges are derived anew, for events outside the claims must still give the interpreter's bits.
class Ranges {
  public:
    explicit Ranges(const Program& program) : program_(program) {
        for (const dfg::ValueId input : program.inputs()) {
            claims_hold_ =
                claims_hold_ && program[input].range == Interval::of(program[input].format);
        }
        if (claims_hold_) return;
        for (const dfg::Table& table : program.tables()) derived_.append_table(table);
        for (Node node : program.nodes()) {
            if (node.op != Op::kConstant) node.range = dfg::result_range(derived_, node);
            if (node.range.frac != node.format.frac)
                node.range = on_grid(node.range, node.format.frac);
            derived_.append(std::move(node));
        }
    }

    [[nodiscard]] const Interval& of(dfg::ValueId id) const {
        return claims_hold_ ? program_[id].range : derived_[id].range;
    }

    // True if the exact result of add or sub always lies in the node's format. A claim narrower
    // than the whole format can only have been proven by a linear form or interval that does not
    // wrap.
    [[nodiscard]] bool sum_fits(const Node& node, const Interval& exact) const {
        if (holds(node, exact)) return true;
        return claims_hold_ && node.range != Interval::of(node.format);
    }
    [[nodiscard]] static bool holds(const Node& node, const Interval& exact) {
        const Interval aligned =
            exact.frac < node.format.frac ? on_grid(exact, node.format.frac) : exact;
        return node.format.holds(aligned.lo) && node.format.holds(aligned.hi);
    }

  private:
    const Program& program_;
    Program derived_;
    bool claims_hold_ = true;
};

// Chooses the instruction for each node in lanes of `bits` bits.
class Selector {
  public:
    Selector(const Program& program, const Ranges& ranges, int bits)
        : program_(program), ranges_(ranges), bits_(bits) {}

    /// Everything but the slots.
    [[nodiscard]] Instruction select(const Node& node) const {
        if (auto fast = fast_form(node)) return *fast;
        Instruction out;
        out.code = generic_fits(node) ? Code::kGeneric : Code::kExact;
        return out;
    }

  private:
    [[nodiscard]] const Format& format(const Node& node, std::size_t i) const {
        return program_[node.args[i]].format;
    }
    [[nodiscard]] const Interval& range(const Node& node, std::size_t i) const {
        return ranges_.of(node.args[i]);
    }
    [[nodiscard]] bool in_lane(const Integer& value) const {
        return value.magnitude_bits() < bits_;
    }
    [[nodiscard]] bool in_lane(const Interval& interval, int shift, const Integer& bias = 0) const {
        return in_lane((interval.lo << shift) + bias) && in_lane((interval.hi << shift) + bias);
    }

    void wrap(Instruction& out, const Node& node) const {
        out.finish = node.format.is_signed ? Finish::kWrapSigned : Finish::kWrapUnsigned;
        out.width = node.format.width;
    }

    [[nodiscard]] std::optional<Instruction> fast_form(const Node& node) const {
        switch (node.op) {
            case Op::kAdd:
            case Op::kSub:
                return sum(node);
            case Op::kMul:
                return product(node);
            case Op::kCast:
                return quantize(node);
            case Op::kMin:
                return compared(node, Code::kMin, node.format.frac);
            case Op::kMax:
                return compared(node, Code::kMax, node.format.frac);
            case Op::kLess:
                return compared(node, Code::kLess,
                                std::max(format(node, 0).frac, format(node, 1).frac));
            case Op::kLessEqual:
                return compared(node, Code::kLessEqual,
                                std::max(format(node, 0).frac, format(node, 1).frac));
            case Op::kSelect:
                return choice(node);
            case Op::kTable: {
                Instruction out;
                out.code = Code::kTable;
                out.width = format(node, 0).width;
                out.table = static_cast<std::uint32_t>(node.table.index());
                return out;
            }
            case Op::kSlice: {
                Instruction out;
                out.code = Code::kQuantize;
                out.drop = std::min(node.shift, bits_ - 1);
                wrap(out, node);
                return out;
            }
            case Op::kInput:
            case Op::kConstant:
            case Op::kEqual:
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
            case Op::kNot:
            case Op::kConcat:
            case Op::kPopcount:
                return std::nullopt;
        }
        GW_UNREACHABLE("op");
    }

    // Sums are taken modulo the lane; that is exact when the result fits its format, and when it is
    // wrapped.
    [[nodiscard]] std::optional<Instruction> sum(const Node& node) const {
        Instruction out;
        out.code = node.op == Op::kAdd ? Code::kAdd : Code::kSub;
        out.shift_a = node.format.frac - format(node, 0).frac;
        out.shift_b = node.format.frac - (format(node, 1).frac - node.shift);
        if (out.shift_a >= bits_ || out.shift_b >= bits_) return std::nullopt;
        const Interval& b = range(node, 1);
        const Interval scaled_b{b.lo, b.hi, b.frac - node.shift};
        const Interval exact =
            node.op == Op::kAdd ? range(node, 0) + scaled_b : range(node, 0) - scaled_b;
        if (!ranges_.sum_fits(node, exact)) wrap(out, node);
        return out;
    }

    [[nodiscard]] std::optional<Instruction> product(const Node& node) const {
        Instruction out;
        out.code = Code::kMul;
        if (!Ranges::holds(node, range(node, 0) * range(node, 1))) wrap(out, node);
        return out;
    }

    [[nodiscard]] std::optional<Instruction> compared(const Node& node, Code code, int frac) const {
        Instruction out;
        out.code = code;
        out.shift_a = frac - format(node, 0).frac;
        out.shift_b = frac - format(node, 1).frac;
        if (!in_lane(range(node, 0), out.shift_a) || !in_lane(range(node, 1), out.shift_b)) {
            return std::nullopt;
        }
        const bool is_value = code == Code::kMin || code == Code::kMax;
        if (!is_value && node.format.width == 1 && !node.format.is_signed) return out;
        if (!is_value || !Ranges::holds(node, hull(range(node, 0), range(node, 1))))
            wrap(out, node);
        return out;
    }

    [[nodiscard]] std::optional<Instruction> choice(const Node& node) const {
        Instruction out;
        out.code = Code::kSelect;
        out.shift_b = node.format.frac - format(node, 1).frac;
        out.shift_c = node.format.frac - format(node, 2).frac;
        if (out.shift_b >= bits_ || out.shift_c >= bits_) return std::nullopt;
        if (!Ranges::holds(node, hull(range(node, 1), range(node, 2)))) wrap(out, node);
        return out;
    }

    [[nodiscard]] std::optional<Instruction> quantize(const Node& node) const {
        Instruction out;
        out.code = Code::kQuantize;
        out.drop = format(node, 0).frac - node.format.frac;
        const Interval& x = range(node, 0);
        Integer bias = 0;
        if (out.drop > 0) {
            if (!set_rounding(out, node, bias)) return std::nullopt;
        } else if (!in_lane(x, -out.drop)) {
            return std::nullopt;
        }
        const Interval rounded{fixed::round_code(x.lo, out.drop, node.round),
                               fixed::round_code(x.hi, out.drop, node.round), node.format.frac};
        if (out.code == Code::kQuantize && node.round == fixed::Round::kTrn) {
            out.drop = std::min(out.drop, bits_ - 1);
        }
        return finish_cast(out, node, rounded) ? std::optional(out) : std::nullopt;
    }

    // The bias that turns truncation into the rounding mode; false for modes that need the sign.
    [[nodiscard]] bool set_rounding(Instruction& out, const Node& node, Integer& bias) const {
        switch (node.round) {
            case fixed::Round::kTrn:
                return true;
            case fixed::Round::kRnd:
                bias = Integer::power_of_two(out.drop - 1);
                break;
            case fixed::Round::kRndMinInf:
                bias = Integer::power_of_two(out.drop - 1) - 1;
                break;
            case fixed::Round::kRndConv:
                out.code = Code::kQuantizeEven;
                bias = Integer::power_of_two(out.drop - 1) - 1;
                break;
            case fixed::Round::kTrnZero:
            case fixed::Round::kRndZero:
            case fixed::Round::kRndInf:
                return false;
        }
        if (!in_lane(bias) || !in_lane(range(node, 0), 0, bias + 1)) return false;
        out.bias = *bias.to_int64();
        return true;
    }

    [[nodiscard]] static bool symmetric_bottom(const Node& node, const Interval& rounded) {
        return node.overflow == fixed::Overflow::kSatSym && node.format.is_signed &&
               rounded.lo < -node.format.max_code();
    }

    [[nodiscard]] bool finish_cast(Instruction& out, const Node& node,
                                   const Interval& rounded) const {
        const bool inside = node.format.holds(rounded.lo) && node.format.holds(rounded.hi);
        if (inside && !symmetric_bottom(node, rounded)) return true;
        switch (node.overflow) {
            case fixed::Overflow::kWrap:
                if (node.saturation_bits != 0) return false;
                wrap(out, node);
                return true;
            case fixed::Overflow::kSat:
            case fixed::Overflow::kSatSym: {
                const bool symmetric =
                    node.overflow == fixed::Overflow::kSatSym && node.format.is_signed;
                const Integer lo = symmetric ? -node.format.max_code() : node.format.min_code();
                out.finish = Finish::kClamp;
                out.lo = *lo.to_int64();
                out.hi = *node.format.max_code().to_int64();
                return node.format.width > 0;
            }
            case fixed::Overflow::kSatZero:
            case fixed::Overflow::kWrapSm:
                return false;
        }
        GW_UNREACHABLE("overflow mode");
    }

    // True if no intermediate value of dfg::eval can leave the lane.
    [[nodiscard]] bool generic_fits(const Node& node) const {
        int need = node.format.width + 2;
        for (std::size_t i = 0; i < arity(node.op); ++i) {
            const Format& operand = format(node, i);
            int bits = operand.width + 2;
            if (node.op == Op::kCast) {
                const int drop = operand.frac - node.format.frac;
                bits = std::max(bits + std::max(0, -drop), drop + 2) + 1;
            } else if (node.op == Op::kConcat) {
                bits = format(node, 0).width + format(node, 1).width + 2;
            } else if (node.op == Op::kEqual) {
                bits += std::max(format(node, 0).frac, format(node, 1).frac) - operand.frac;
            } else if (node.op == Op::kMin || node.op == Op::kMax || node.op == Op::kLess ||
                       node.op == Op::kLessEqual || node.op == Op::kSelect || node.op == Op::kAdd ||
                       node.op == Op::kSub || node.op == Op::kMul) {
                return false;  // fast_form() refused it: too wide
            }
            need = std::max(need, bits);
        }
        return need <= bits_;
    }

    const Program& program_;
    const Ranges& ranges_;
    int bits_;
};

// Linear-scan slots: an operand's slot is free again after its last reader. The target is taken
// before the operands are given back, so no instruction reads what it writes.
class SlotAllocator {
  public:
    std::uint32_t take() {
        if (free_.empty()) return next_++;
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }
    void give_back(std::uint32_t slot) { free_.push_back(slot); }
    [[nodiscard]] std::uint32_t used() const { return next_; }

  private:
    std::vector<std::uint32_t> free_;
    std::uint32_t next_ = 0;
};

std::vector<std::uint32_t> live_uses(const Program& program, const std::vector<bool>& live) {
    std::vector<std::uint32_t> uses(program.size(), 0);
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (!live[i]) continue;
        for (const dfg::ValueId arg : program.nodes()[i].operands()) ++uses[arg.index()];
    }
    for (const dfg::ValueId output : program.outputs()) ++uses[output.index()];
    return uses;
}

std::vector<std::vector<std::int64_t>> plain_tables(const Program& program) {
    std::vector<std::vector<std::int64_t>> tables;
    for (const dfg::Table& table : program.tables()) {
        tables.emplace_back();
        for (const Integer& code : table.codes)
            tables.back().push_back(code.to_int64().value_or(0));
    }
    return tables;
}

// The plan in lanes of `bits` bits; nullopt if 32 are not enough for some operation.
std::optional<LanePlan> plan_in(const Program& program, const Ranges& ranges,
                                const std::vector<bool>& live, int bits) {
    const Selector selector(program, ranges, bits);
    LanePlan plan;
    plan.lane_bits = bits;
    std::vector<std::uint32_t> uses = live_uses(program, live);
    std::vector<std::uint32_t> slot(program.size(), 0);
    SlotAllocator slots;
    // Inputs and constants are filled in before the first instruction, so their slots come first.
    std::uint32_t element = 0;
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        const std::uint32_t this_element = node.op == Op::kInput ? element++ : 0;
        if (!live[i]) continue;
        if (!fits(node.format, bits)) return std::nullopt;
        if (node.op == Op::kInput) {
            slot[i] = slots.take();
            plan.inputs.push_back({this_element, slot[i], node.format});
        } else if (node.op == Op::kConstant) {
            slot[i] = slots.take();
            plan.constants.push_back({slot[i], *node.range.lo.to_int64()});
            ++uses[i];
        }
    }
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        if (!live[i] || node.op == Op::kInput || node.op == Op::kConstant) continue;
        slot[i] = slots.take();
        Instruction instruction = selector.select(node);
        if (instruction.code == Code::kExact && bits < 64) return std::nullopt;
        instruction.node = static_cast<std::uint32_t>(i);
        instruction.target = slot[i];
        const auto operands = node.operands();
        if (!operands.empty()) instruction.a = slot[operands[0].index()];
        if (operands.size() > 1) instruction.b = slot[operands[1].index()];
        if (operands.size() > 2) instruction.c = slot[operands[2].index()];
        plan.instructions.push_back(instruction);
        for (const dfg::ValueId arg : operands) {
            if (--uses[arg.index()] == 0) slots.give_back(slot[arg.index()]);
        }
    }
    for (const dfg::ValueId output : program.outputs())
        plan.output_slots.push_back(slot[output.index()]);
    plan.slots = slots.used();
    plan.tables = plain_tables(program);
    return plan;
}

}  // namespace

bool fits_int64(const Program& program) {
    const std::vector<bool> live = live_nodes(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const bool is_input = program.nodes()[i].op == Op::kInput;
        if ((live[i] || is_input) && !fits(program.nodes()[i].format, 64)) return false;
    }
    return true;
}

LanePlan make_plan(const Program& program) {
    GW_CHECK(fits_int64(program), "program " + program.name + " has values wider than int64");
    const Ranges ranges(program);
    const std::vector<bool> live = live_nodes(program);
    if (auto plan = plan_in(program, ranges, live, 32)) return std::move(*plan);
    auto plan = plan_in(program, ranges, live, 64);
    GW_CHECK(plan.has_value(), "no 64-bit plan for " + program.name);
    return std::move(*plan);
}

}  // namespace gatewright::emulate
