// SPDX-License-Identifier: Apache-2.0
#include "interchange/from_dataflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dfg/affine.h"
#include "dfg/semantics.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

constexpr int kMostBits = 53;
constexpr int kTableBits = 24;  // of the low half of a table whose entries exceed 32 bits

// code = value of the slot · 2^scale, an integer in [range.lo, range.hi] that is a multiple of
// 2^(scale - the slot's fraction bits). The slot -1 is the constant 0.
struct Code {
    std::int32_t slot = -1;
    int scale = 0;
    Integer lo;
    Integer hi;
    /// A slot that is negative exactly if this code (0 or 1) is 1; -1: none is known.
    std::int32_t sign_slot = -1;
};

// The domain of dfg/semantics.h whose values are slots under construction.
class SlotDomain {
  public:
    using Value = Code;

    explicit SlotDomain(SlotProgram& out) : out_(out) {}

    Code input(std::int32_t index, const Interval& range) {
        SlotOp op;
        op.opcode = Opcode::kInput;
        op.index = index;
        op.range = range;
        const Code code = append(std::move(op), range.frac);
        return range.is_constant() ? constant(range.lo) : code;
    }

    Code constant(const Integer& value) const {
        if (value.is_zero()) return {};
        SlotOp op;
        op.opcode = Opcode::kLinear;
        op.offset = Dyadic(value, 0);
        const int zeros = value.trailing_zeros();
        op.range = {value >> zeros, value >> zeros, -zeros};
        return append(std::move(op), 0);
    }

    Code add(const Code& a, const Code& b) const { return sum(a, b, false); }
    Code sub(const Code& a, const Code& b) const { return sum(a, b, true); }

    Code mul(const Code& a, const Code& b) const {
        if (a.slot < 0 || b.slot < 0) return {};
        const bool square = a.slot == b.slot;
        const Integer mixed = square ? Integer(0) : a.lo * b.hi;
        const std::array corners = {a.lo * b.lo, mixed, square ? mixed : a.hi * b.lo, a.hi * b.hi};
        SlotOp op;
        op.opcode = Opcode::kMultiply;
        op.operands = {{a.slot}, {b.slot}};
        return append_codes(std::move(op), *std::min_element(corners.begin(), corners.end()),
                            *std::max_element(corners.begin(), corners.end()), a.scale + b.scale,
                            frac_of(a) + frac_of(b));
    }

    Code shl(const Code& a, int bits) const {
        if (a.slot < 0) return a;
        return {a.slot, a.scale + bits, a.lo << bits, a.hi << bits};
    }

    Code shr(const Code& a, int bits) const {
        if (a.slot < 0) return a;
        if (frac_of(a) <= a.scale - bits)  // nothing is dropped
            return {a.slot, a.scale - bits, a.lo >> bits, a.hi >> bits};
        return quantize(a, a.scale - bits, a.lo >> bits, a.hi >> bits);
    }

    Code low_bits(const Code& a, int bits) const {
        if (a.slot < 0 || bits == 0) return {};
        if (a.lo >= 0 && a.hi < Integer::power_of_two(bits)) return a;
        const int zeros = a.scale - frac_of(a);  // low bits that are always 0
        if (zeros >= bits) return {};
        const Integer all = Integer::power_of_two(bits) - Integer::power_of_two(zeros);
        return quantize(a, a.scale, 0, all);
    }

    /// What semantics.h makes of low_bits and a subtraction, as the one op it is.
    Code wrap(const Code& a, const Format& format) const {
        if (a.slot < 0 || format.width == 0) return {};
        if (never_wraps_ || (format.holds(a.lo) && format.holds(a.hi))) return a;
        const int zeros = a.scale - frac_of(a);
        if (zeros >= format.width) return {};
        const Integer hi = (format.max_code() >> zeros) << zeros;
        return quantize(a, a.scale, format.min_code(), hi);
    }

    Code less(const Code& a, const Code& b) const {
        const Code difference = sub(a, b);
        if (difference.hi < 0) return constant(1);
        if (difference.lo >= 0) return {};
        Code out = choose_by_sign(difference, constant(1), {});
        out.sign_slot = difference.slot;
        return out;
    }

    Code equal(const Code& a, const Code& b) const {
        const Code difference = sub(a, b);
        if (difference.slot < 0) return constant(1);
        if (difference.lo > 0 || difference.hi < 0) return {};
        SlotOp op;
        op.opcode = Opcode::kAny;
        op.operands = {{difference.slot}};
        const Code key = sub(append_codes(std::move(op), 0, 1, 0, 0), constant(1));  // 0 or -1
        Code out = sub({}, key);
        out.sign_slot = key.slot;
        return out;
    }

    Code choose(const Code& condition, const Code& a, const Code& b) const {
        if (condition.slot < 0) return b;
        if (condition.lo > 0) return a;
        if (condition.sign_slot >= 0) {
            Code key = condition;
            key.slot = condition.sign_slot;
            return choose_by_sign(key, a, b);
        }
        return choose_by_sign(sub({}, condition), a, b);
    }

    Code relu(const Code& a) const {
        if (a.slot < 0 || a.lo >= 0) return a;
        if (a.hi <= 0) return {};
        SlotOp op;
        op.opcode = Opcode::kRelu;
        op.operands = {{a.slot}};
        return append_codes(std::move(op), 0, a.hi, a.scale, frac_of(a));
    }

    Code bit_and(const Code& a, const Code& b) const {
        if (a.slot < 0 || b.slot < 0) return {};
        return bitwise(Opcode::kAnd, a, b);
    }
    Code bit_or(const Code& a, const Code& b) const {
        if (a.slot < 0 || b.slot < 0) return a.slot < 0 ? b : a;
        return bitwise(Opcode::kOr, a, b);
    }
    Code bit_xor(const Code& a, const Code& b) const {
        if (a.slot < 0 || b.slot < 0) return a.slot < 0 ? b : a;
        return bitwise(Opcode::kXor, a, b);
    }

    Code lookup(const dfg::Table& table, const Code& index) const {
        if (index.slot < 0) return constant(table.codes[0]);
        // One entry per code of the slot.
        const Interval& range = out_.ops[static_cast<std::size_t>(index.slot)].range;
        const int zeros = index.scale - range.frac;
        const auto first = static_cast<std::size_t>(*(range.lo << zeros).to_int64());
        const auto last = static_cast<std::size_t>(*(range.hi << zeros).to_int64());
        const std::size_t step = std::size_t{1} << static_cast<unsigned>(zeros);
        if (first == last) return constant(table.codes[first]);
        std::vector<Integer> codes;
        for (std::size_t i = first; i <= last; i += step) codes.push_back(table.codes[i]);
        const auto wide = [](const Integer& code) { return code.magnitude_bits() > 31; };
        if (std::none_of(codes.begin(), codes.end(), wide)) return look_up(codes, index);
        std::vector<Integer> low;
        for (Integer& code : codes) {
            low.push_back(code.low_bits(kTableBits));
            code = code >> kTableBits;
        }
        if (std::any_of(codes.begin(), codes.end(), wide)) too_wide_ = true;
        if (too_wide_) return {};
        return add(shl(look_up(codes, index), kTableBits), look_up(low, index));
    }

    Code popcount(const Code& a) const {
        std::vector<Code> bits;
        for (int i = 0; i < a.hi.magnitude_bits(); ++i) bits.push_back(low_bits(shr(a, i), 1));
        while (bits.size() > 1) {
            std::vector<Code> sums;
            for (std::size_t i = 0; i + 1 < bits.size(); i += 2)
                sums.push_back(add(bits[i], bits[i + 1]));
            if (bits.size() % 2 == 1) sums.push_back(bits.back());
            bits = std::move(sums);
        }
        return bits.empty() ? Code{} : bits[0];
    }

    /// For the node that comes next: its result is known to fit its format before it is wrapped.
    void set_never_wraps(bool value) { never_wraps_ = value; }
    /// The widest slot so far needs more than the tools can hold.
    [[nodiscard]] bool too_wide() const { return too_wide_; }

    /// Narrows the range of a slot made just now to what is known of it.
    void narrow(Code& code, const Interval& known) {
        if (code.slot < 0) return;
        const auto index = static_cast<std::size_t>(code.slot);
        SlotOp& op = out_.ops[index];
        const bool last = index + 1 == out_.ops.size();
        if (!last || op.opcode == Opcode::kInput || op.opcode == Opcode::kTable) return;
        const int zeros = code.scale - op.range.frac;
        const Integer lo = max(code.lo, -((-known.lo) >> zeros << zeros));
        const Integer hi = min(code.hi, known.hi >> zeros << zeros);
        if (hi < lo) return;
        if (lo == hi) {
            code = constant(lo);
            return;
        }
        code.lo = lo;
        code.hi = hi;
        op.range = {lo >> zeros, hi >> zeros, op.range.frac};
    }

  private:
    [[nodiscard]] int frac_of(const Code& code) const {
        return code.slot < 0 ? 0 : out_.ops[static_cast<std::size_t>(code.slot)].range.frac;
    }

    Code append(SlotOp op, int scale) const {
        const int zeros = scale - op.range.frac;
        if (op.format().width > kMostBits) too_wide_ = true;
        const Code code{static_cast<std::int32_t>(out_.ops.size()), scale, op.range.lo << zeros,
                        op.range.hi << zeros};
        if (op.opcode == Opcode::kLinear && op.operands.empty()) {
            const auto key = std::pair(op.offset.mantissa().to_string(), op.offset.exponent());
            const auto [found, is_new] = constants_.emplace(key, code.slot);
            if (!is_new) return {found->second, scale, code.lo, code.hi};
        }
        out_.ops.push_back(std::move(op));
        return code;
    }

    // A slot of `frac` fraction bits whose code lies in [lo, hi].
    Code append_codes(SlotOp op, const Integer& lo, const Integer& hi, int scale, int frac) const {
        // What never changes is no op: above all, their interpreters forget the step of a zero.
        if (lo == hi) return constant(lo);
        const int zeros = scale - frac;
        op.range = {lo >> zeros, hi >> zeros, frac};
        return append(std::move(op), scale);
    }

    Code quantize(const Code& a, int scale, const Integer& lo, const Integer& hi) const {
        SlotOp op;
        op.opcode = Opcode::kQuantize;
        op.operands = {{a.slot}};
        return append_codes(std::move(op), lo, hi, scale, std::min(frac_of(a), scale));
    }

    Code sum(const Code& a, const Code& b, bool subtract) const {
        if (b.slot < 0) return a;
        SlotOp op;
        op.opcode = Opcode::kLinear;
        const int scale = a.slot < 0 ? b.scale : a.scale;
        const int shift = b.scale - scale;
        int frac = frac_of(b) - shift;
        if (a.slot >= 0) {
            op.operands.push_back({a.slot});
            frac = std::max(frac, frac_of(a));
        } else if (!subtract) {
            return b;
        }
        op.operands.push_back({b.slot, shift, subtract});
        const Integer lo = subtract ? a.lo - b.hi : a.lo + b.lo;
        const Integer hi = subtract ? a.hi - b.lo : a.hi + b.hi;
        if (a.slot == b.slot && shift == 0 && subtract) return {};
        return append_codes(std::move(op), lo, hi, scale, frac);
    }

    // key < 0 ? a : b
    Code choose_by_sign(const Code& key, const Code& a, const Code& b) const {
        if (a.slot < 0 && b.slot < 0) return {};
        SlotOp op;
        op.opcode = Opcode::kSelect;
        const Code first = a.slot < 0 ? zero_like(b) : a;
        const Code second = b.slot < 0 ? zero_like(a) : b;
        if (first.slot == second.slot && first.scale == second.scale) return first;
        const int shift = second.scale - first.scale;
        op.operands = {{first.slot}, {second.slot, shift}, {key.slot}};
        return append_codes(std::move(op), min(a.lo, b.lo), max(a.hi, b.hi), first.scale,
                            std::max(frac_of(first), frac_of(second) - shift));
    }

    // The constant 0 as a slot, on the grid of another.
    Code zero_like(const Code& other) const {
        const int frac = frac_of(other);
        SlotOp op;
        op.opcode = Opcode::kLinear;
        op.range = {0, 0, frac};
        const auto [found, is_new] =
            constants_.emplace(std::pair("0", frac), static_cast<std::int32_t>(out_.ops.size()));
        if (is_new) out_.ops.push_back(std::move(op));
        return {found->second, other.scale, 0, 0};
    }

    Code bitwise(Opcode opcode, const Code& a, const Code& b) const {
        SlotOp op;
        op.opcode = opcode;
        const int shift = b.scale - a.scale;
        op.operands = {{a.slot}, {b.slot, shift}};
        const int frac = std::max(frac_of(a), frac_of(b) - shift);
        const int zeros = a.scale - frac;
        int bits = 0;
        for (const Integer& end : {a.lo, a.hi, b.lo, b.hi})
            bits = std::max(bits, end.magnitude_bits());
        const bool negative = a.lo < 0 || b.lo < 0;
        const Integer top = Integer::power_of_two(std::max(bits, zeros));
        return append_codes(std::move(op), negative ? -top : Integer(0),
                            top - Integer::power_of_two(zeros), a.scale, frac);
    }

    Code look_up(const std::vector<Integer>& codes, const Code& index) const {
        SlotTable table;
        for (const Integer& code : codes) table.codes.push_back(*code.to_int64());
        const auto [lo, hi] = std::minmax_element(table.codes.begin(), table.codes.end());
        if (*lo == *hi) return constant(*lo);
        SlotOp op;
        op.opcode = Opcode::kTable;
        op.operands = {{index.slot}};
        op.range = {*lo, *hi, 0};
        const auto known = std::find(out_.tables.begin(), out_.tables.end(), table);
        op.index = static_cast<std::int32_t>(known - out_.tables.begin());
        if (known == out_.tables.end()) out_.tables.push_back(std::move(table));
        return append(std::move(op), 0);
    }

    SlotProgram& out_;
    mutable std::map<std::pair<std::string, int>, std::int32_t> constants_;
    bool never_wraps_ = false;
    mutable bool too_wide_ = false;
};

// True if the node's exact result fits its format, so that bringing it there changes nothing.
bool fits_exactly(const dfg::Program& program, const dfg::Node& node, const Interval& proven) {
    switch (node.op) {
        case dfg::Op::kAdd:
        case dfg::Op::kSub:
        case dfg::Op::kMul:
        case dfg::Op::kMin:
        case dfg::Op::kMax:
        case dfg::Op::kSelect:
            break;
        default:
            return false;
    }
    dfg::Node wide = node;
    wide.format = {true, fixed::kMaxWidth * 3, node.format.frac};
    const Interval exact = on_grid(result_range(program, wide), node.format.frac);
    if (node.format.holds(exact.lo) && node.format.holds(exact.hi)) return true;
    // A sum that only wraps by its operands' ranges: its linear form has a narrower one.
    return proven != on_grid(result_range(program, node), node.format.frac);
}

class Exporter {
  public:
    explicit Exporter(const dfg::Program& program) : program_(program), domain_(out_) {}

    Result<SlotProgram> run() {
        const std::vector<Interval> proven = affine_ranges(program_);
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const dfg::Node& node = program_.nodes()[i];
            domain_.set_never_wraps(fits_exactly(program_, node, proven[i]));
            Code code = translate(node);
            domain_.narrow(code, node.range);
            codes_.push_back(code);
            if (domain_.too_wide()) {
                return fail(fmt::format(
                    "value %{} ({}): needs a number of more than {} bits, which the interchange "
                    "formats do not hold (their tools compute in 64 bits and keep ranges in "
                    "doubles); narrow the types before it",
                    i, to_string(node.op), kMostBits));
            }
        }
        for (const dfg::ValueId id : program_.outputs()) {
            const Code& code = codes_[id.index()];
            const int shift = code.slot < 0 ? 0 : code.scale - program_[id].format.frac;
            out_.outputs.push_back({code.slot, shift, false});
        }
        remove_unused();
        return std::move(out_);
    }

  private:
    Code translate(const dfg::Node& node) {
        if (node.op == dfg::Op::kInput) {
            out_.input_shifts.push_back(0);
            return domain_.input(static_cast<std::int32_t>(out_.input_shifts.size()) - 1,
                                 node.range);
        }
        std::vector<Code> operands;
        for (const dfg::ValueId arg : node.operands()) operands.push_back(codes_[arg.index()]);
        if (node.op == dfg::Op::kMax) {
            for (const std::size_t i : {0U, 1U}) {
                const int up = node.format.frac - program_[node.args[i]].format.frac;
                if (operands[1 - i].slot >= 0) continue;
                return domain_.wrap(domain_.relu(domain_.shl(operands[i], up)), node.format);
            }
        }
        return dfg::eval(domain_, program_, node, std::span<const Code>(operands));
    }

    // Inputs stay: they are the program's ports.
    void remove_unused() {
        std::vector<bool> used(out_.ops.size(), false);
        for (const SlotOutput& output : out_.outputs) {
            if (output.slot >= 0) used[static_cast<std::size_t>(output.slot)] = true;
        }
        for (std::size_t i = out_.ops.size(); i-- > 0;) {
            if (out_.ops[i].opcode == Opcode::kInput) used[i] = true;
            if (!used[i]) continue;
            for (const SlotOperand& operand : out_.ops[i].operands)
                used[static_cast<std::size_t>(operand.slot)] = true;
        }
        std::vector<std::int32_t> place(out_.ops.size(), -1);
        std::vector<SlotOp> kept;
        for (std::size_t i = 0; i < out_.ops.size(); ++i) {
            if (!used[i]) continue;
            for (SlotOperand& operand : out_.ops[i].operands)
                operand.slot = place[static_cast<std::size_t>(operand.slot)];
            place[i] = static_cast<std::int32_t>(kept.size());
            kept.push_back(std::move(out_.ops[i]));
        }
        out_.ops = std::move(kept);
        for (SlotOutput& output : out_.outputs) {
            if (output.slot >= 0) output.slot = place[static_cast<std::size_t>(output.slot)];
        }
    }

    const dfg::Program& program_;
    SlotProgram out_;
    SlotDomain domain_;
    std::vector<Code> codes_;
};

}  // namespace

Result<SlotProgram> from_dataflow(const dfg::Program& program) {
    return Exporter(program).run();
}

}  // namespace gatewright::interchange
