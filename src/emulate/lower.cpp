// SPDX-License-Identifier: Apache-2.0
#include "emulate/lower.h"

#include <algorithm>
#include <unordered_map>

#include "dfg/semantics.h"
#include "emulate/exponents.h"
#include "emulate/lane_builder.h"
#include "emulate/lane_domain.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;
using fixed::Integer;

// A value in a lane: its code shifted left by `shift`.
struct Form {
    int bits = 0;
    int shift = 0;
    LaneId id = 0;
};

// A comparison's result as 0 and -1; `inverted` if -1 means false.
struct Mask {
    LaneId id = 0;
    bool inverted = false;
};

// Sums computed side by side: two accumulators each, and a few registers more.
constexpr std::size_t kSumsAtOnce = 5;

// A sum that is computed as a product: where it is among the groups.
struct Dense {
    std::size_t group = 0;
    std::size_t sum = 0;
};

std::vector<bool> live_nodes(const dfg::Program& program) {
    std::vector<bool> live(program.size(), false);
    for (const ValueId output : program.outputs()) live[output.index()] = true;
    for (std::size_t i = program.size(); i-- > 0;) {
        if (!live[i]) continue;
        for (const ValueId arg : program.nodes()[i].operands()) live[arg.index()] = true;
    }
    return live;
}

class Lowering {
  public:
    Lowering(const dfg::Program& program, DotUnit unit)
        : program_(program),
          ranges_(program),
          live_(live_nodes(program)),
          storage_(choose_storage(program, ranges_, live_)),
          forms_(program.size()),
          masks_(program.size()),
          dense_(find_dense_sums(program, ranges_, live_, unit)) {
        for (std::size_t g = 0; g < dense_.size(); ++g) {
            for (std::size_t s = 0; s < dense_[g].sums.size(); ++s)
                dense_of_[dense_[g].sums[s].sum.index()] = {g, s};
        }
    }

    LaneProgram run() {
        std::size_t element = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const bool is_input = program_.nodes()[i].op == Op::kInput;
            if (live_[i]) lower_node(ValueId(i), element);
            element += is_input ? 1 : 0;
        }
        std::vector<LaneId> outputs;
        for (const ValueId output : program_.outputs()) outputs.push_back(plain(output));
        return std::move(builder_).finish(std::move(outputs), element);
    }

  private:
    [[nodiscard]] int lane(ValueId id) const { return lane_of(storage_.bits[id.index()]); }
    [[nodiscard]] int shift_of(ValueId id) const { return storage_.shift[id.index()]; }
    [[nodiscard]] int bits_of(ValueId id) const { return storage_.bits[id.index()]; }

    // Signed bits of the code shifted left.
    [[nodiscard]] int shifted_bits(ValueId id, int shift) const {
        const Node& node = program_[id];
        if (node.op == Op::kConstant) return (node.range.lo << shift).magnitude_bits() + 1;
        return bits_of(id) + shift;
    }

    void set(ValueId id, int bits, int shift, LaneId lane_id) {
        forms_[id.index()].push_back({bits, shift, lane_id});
    }

    // The code itself, in the narrowest lane that holds it.
    LaneId plain(ValueId id) {
        return lane(id) == kWide ? forms_[id.index()][0].id : get(id, lane(id), 0);
    }

    // The value in a lane of `bits` bits shifted left by `shift`, modulo the lane; the unshifted
    // value fits the lane.
    LaneId get(ValueId id, int bits, int shift) {
        const Node& node = program_[id];
        if (node.op == Op::kConstant) return builder_.constant(bits, node.range.lo << shift);
        std::vector<Form>& forms = forms_[id.index()];
        for (const Form& form : forms) {
            if (form.bits == bits && form.shift == shift) return form.id;
        }
        const LaneId made = convert(id, forms[0], bits, shift);
        forms.push_back({bits, shift, made});
        return made;
    }

    LaneId convert(ValueId id, Form from, int bits, int shift) {
        const int need = bits_of(id);
        if (from.bits < bits) {
            if (shift != from.shift && need + shift <= from.bits) {
                from.id = shifted(from, shift);
                from.shift = shift;
            }
            from.id = builder_.emit(LaneOp::kExtend, bits, {from.id});
        } else if (from.bits > bits) {
            const int room = std::max(0, bits - need);
            const int middle = std::min({from.shift, std::max(shift, 0), room});
            from.id = shifted(from, need + from.shift <= bits ? from.shift : middle);
            from.shift = need + from.shift <= bits ? from.shift : middle;
            from.id = builder_.emit(LaneOp::kTruncate, bits, {from.id});
        }
        from.bits = bits;
        return shifted(from, shift);
    }

    LaneId shifted(const Form& from, int shift) {
        if (shift >= from.shift) return builder_.shift_left(from.bits, from.id, shift - from.shift);
        return builder_.shift_right(from.bits, from.id, from.shift - shift);
    }

    void lower_node(ValueId id, std::size_t element) {
        const Node& node = program_[id];
        if (node.op == Op::kConstant) {
            if (lane(id) == kWide) set(id, kWide, 0, builder_.emit_exact(kWide, {}, id.index()));
            return;
        }
        if (node.op == Op::kInput) return lower_input(id, element);
        bool is_wide = lane(id) == kWide;
        for (const ValueId arg : node.operands()) is_wide = is_wide || lane(arg) == kWide;
        if (is_wide || !lower_in_lanes(id)) lower_exactly(id);
    }

    void lower_exactly(ValueId id) {
        const Node& node = program_[id];
        std::vector<LaneId> args;
        for (const ValueId arg : node.operands()) args.push_back(plain(arg));
        set(id, lane(id), 0, builder_.emit_exact(lane(id), args, id.index()));
    }

    void lower_input(ValueId id, std::size_t element) {
        const int bits = lane(id);
        const LaneId raw =
            builder_.emit(LaneOp::kInput, bits, {}, static_cast<std::int64_t>(element));
        if (bits == kWide) return set(id, kWide, 0, raw);
        wrap(id, bits, raw, 0, 0);
    }

    // Sets the value to bits [from, from + width) of x, as the node's format reads them. `dropped`:
    // how many bits below `from` are not zero.
    void wrap(ValueId id, int bits, LaneId x, int from, int dropped) {
        const fixed::Format& format = program_[id].format;
        const int width = format.width;
        const int shift = shift_of(id);
        if (width == 0) return set(id, bits, 0, builder_.constant(bits, std::int64_t{0}));
        if (!format.is_signed) {
            const Integer ones = Integer::power_of_two(width) - 1;
            if (from >= 0 && shift == from) {
                const LaneId mask = builder_.constant(bits, ones << from);
                return set(id, bits, shift, builder_.bit_and(bits, x, mask));
            }
            const LaneId moved = from >= 0 ? builder_.shift_right(bits, x, from)
                                           : builder_.shift_left(bits, x, -from);
            return set(id, bits, 0, builder_.bit_and(bits, moved, builder_.constant(bits, ones)));
        }
        const int up = bits - width - from;
        const LaneId top = up >= 0 ? builder_.shift_left(bits, x, up) : x;
        if (up >= 0 && shift > 0 && shift == bits - width) {
            const Integer keep = -Integer::power_of_two(shift);
            const LaneId clean =
                dropped > 0 ? builder_.bit_and(bits, top, builder_.constant(bits, keep)) : top;
            return set(id, bits, shift, clean);
        }
        set(id, bits, 0, builder_.shift_right(bits, top, up >= 0 ? bits - width : from));
    }

    bool lower_in_lanes(ValueId id) {
        switch (program_[id].op) {
            case Op::kInput:
            case Op::kConstant:
                break;
            case Op::kAdd:
                return lower_sum(id, LaneOp::kAdd);
            case Op::kSub:
                return lower_sum(id, LaneOp::kSub);
            case Op::kMul:
                return lower_product(id);
            case Op::kCast:
            case Op::kSlice:
                return lower_cast(id);
            case Op::kSelect:
                return lower_select(id);
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
                return lower_comparison(id);
            case Op::kMin:
                return lower_extremum(id, LaneOp::kMin);
            case Op::kMax:
                return lower_extremum(id, LaneOp::kMax);
            case Op::kTable:
                return lower_table(id);
            case Op::kAnd:
                return lower_bitwise(id, LaneOp::kAnd);
            case Op::kOr:
                return lower_bitwise(id, LaneOp::kOr);
            case Op::kXor:
                return lower_bitwise(id, LaneOp::kXor);
            case Op::kNot:
                return lower_not(id);
            case Op::kConcat:
                return lower_concat(id);
            case Op::kPopcount:
                return lower_popcount(id);
        }
        GW_UNREACHABLE("op");
    }

    // Sums [first, last) of a group, pair by pair: a pair's vectors stay in registers while all
    // these sums read them.
    void lower_products(const DenseGroup& group, std::size_t first, std::size_t last) {
        std::vector<std::optional<LaneId>> sums(last - first);
        std::vector<std::size_t> next(last - first, 0);
        for (std::uint32_t pair = 0; 2 * pair < group.atoms.size(); ++pair) {
            for (std::size_t s = first; s < last; ++s) {
                const DenseSum& dense = group.sums[s];
                std::size_t& at = next[s - first];
                if (at == dense.pairs.size() || dense.pairs[at].pair != pair) continue;
                const LaneId product = lower_product(group, dense.pairs[at++]);
                std::optional<LaneId>& sum = sums[s - first];
                if (!sum && dense.offset != 0)
                    sum = builder_.constant(32, std::int64_t{dense.offset});
                sum = sum ? builder_.add(32, *sum, product) : product;
            }
        }
        for (std::size_t s = first; s < last; ++s) {
            const DenseSum& dense = group.sums[s];
            const LaneId constant = builder_.constant(32, std::int64_t{dense.offset});
            set(dense.sum, 32, 0, sums[s - first].value_or(constant));
        }
    }
    LaneId lower_product(const DenseGroup& group, const WeightedPair& weights) {
        const ValueId low = group.atoms[2 * weights.pair];
        const std::size_t second = 2 * weights.pair + std::size_t{1};
        const ValueId high = second < group.atoms.size() ? group.atoms[second] : low;
        const LaneId pair = builder_.emit(LaneOp::kPair, 32, {get(low, 16, 0), get(high, 16, 0)});
        const auto packed = static_cast<std::uint32_t>(static_cast<std::uint16_t>(weights.high))
                                << 16 |
                            static_cast<std::uint16_t>(weights.low);
        return builder_.emit(LaneOp::kDot, 32, {pair}, static_cast<std::int32_t>(packed));
    }

    // Computes the sum, and with it the next ones of its group whose atoms are all there.
    void lower_dense(ValueId id, Dense where) {
        if (!forms_[id.index()].empty()) return;
        const DenseGroup& group = dense_[where.group];
        const bool ready = group.atoms.empty() || group.atoms.back().index() < id.index();
        std::size_t last = where.sum + 1;
        while (ready && last < group.sums.size() && last - where.sum < kSumsAtOnce) ++last;
        lower_products(group, where.sum, last);
    }

    bool lower_sum(ValueId id, LaneOp op) {
        if (const auto dense = dense_of_.find(id.index()); dense != dense_of_.end()) {
            lower_dense(id, dense->second);
            return true;
        }
        const Node& node = program_[id];
        const int bits = std::max({lane(id), lane(node.args[0]), lane(node.args[1])});
        const int shift = shift_of(id);
        const LaneId a = get(node.args[0], bits, shift + alignment(program_, node, 0));
        const LaneId b = get(node.args[1], bits, shift + alignment(program_, node, 1));
        const LaneId sum = builder_.emit(op, bits, {a, b});
        if (takes_any_shift(program_, ranges_, id)) {
            set(id, bits, shift, sum);
        } else {
            wrap(id, bits, sum, 0, 0);
        }
        return true;
    }

    bool lower_product(ValueId id) {
        const Node& node = program_[id];
        const int bits = std::max({lane(id), lane(node.args[0]), lane(node.args[1])});
        const LaneId product = builder_.emit(
            LaneOp::kMul, bits, {get(node.args[0], bits, 0), get(node.args[1], bits, 0)});
        if (Ranges::holds(node, ranges_.of(node.args[0]) * ranges_.of(node.args[1]))) {
            set(id, bits, 0, product);
        } else {
            wrap(id, bits, product, 0, 0);
        }
        return true;
    }

    bool lower_extremum(ValueId id, LaneOp op) {
        const Node& node = program_[id];
        const bool fits = takes_any_shift(program_, ranges_, id);
        const int shift = fits ? shift_of(id) : 0;
        std::array<int, 2> up{};
        int bits = lane(id);
        for (std::size_t i = 0; i < 2; ++i) {
            up[i] = shift + alignment(program_, node, i);
            const int need = lane_of(shifted_bits(node.args[i], up[i]));
            if (need == kWide) return false;
            bits = std::max(bits, need);
        }
        const LaneId a = get(node.args[0], bits, up[0]);
        const LaneId b = get(node.args[1], bits, up[1]);
        const LaneId found = builder_.emit(op, bits, {a, b});
        if (fits) {
            set(id, bits, shift, found);
        } else {
            wrap(id, bits, found, 0, 0);
        }
        return true;
    }

    bool lower_comparison(ValueId id) {
        const Node& node = program_[id];
        const int frac =
            std::max(program_[node.args[0]].format.frac, program_[node.args[1]].format.frac);
        std::array<int, 2> up{};
        int bits = 16;
        for (std::size_t i = 0; i < 2; ++i) {
            up[i] = frac - program_[node.args[i]].format.frac;
            const int need = lane_of(shifted_bits(node.args[i], up[i]));
            if (need == kWide) return false;
            bits = std::max(bits, need);
        }
        const LaneId a = get(node.args[0], bits, up[0]);
        const LaneId b = get(node.args[1], bits, up[1]);
        const bool equal = node.op == Op::kEqual;
        const bool swaps = node.op == Op::kLess;
        const LaneId mask = builder_.emit(equal ? LaneOp::kEqual : LaneOp::kGreater, bits,
                                          {swaps ? b : a, swaps ? a : b});
        const bool inverted = node.op == Op::kLessEqual;
        const LaneId one = builder_.constant(bits, std::int64_t{1});
        const LaneId number =
            inverted ? builder_.add(bits, mask, one) : builder_.bit_and(bits, mask, one);
        if (node.format.width >= (node.format.is_signed ? 2 : 1)) {
            set(id, bits, 0, number);
            masks_[id.index()] = Mask{mask, inverted};
        } else {
            wrap(id, bits, number, 0, 0);
        }
        return true;
    }

    // The condition as a mask in lanes of `bits` bits.
    Mask condition(ValueId id, int bits) {
        Mask mask;
        if (masks_[id.index()]) {
            mask = *masks_[id.index()];
        } else {
            const LaneId zero = builder_.constant(lane(id), std::int64_t{0});
            mask = {builder_.emit(LaneOp::kEqual, lane(id), {get(id, lane(id), 0), zero}), true};
        }
        const int from = builder_.bits(mask.id);
        if (from < bits) mask.id = builder_.emit(LaneOp::kExtend, bits, {mask.id});
        if (from > bits) mask.id = builder_.emit(LaneOp::kTruncate, bits, {mask.id});
        return mask;
    }

    bool lower_select(ValueId id) {
        const Node& node = program_[id];
        const bool fits = takes_any_shift(program_, ranges_, id);
        const int shift = fits ? shift_of(id) : 0;
        const int bits = std::max({lane(id), lane(node.args[1]), lane(node.args[2])});
        const Mask mask = condition(node.args[0], bits);
        LaneId chosen = get(node.args[1], bits, shift + alignment(program_, node, 1));
        LaneId other = get(node.args[2], bits, shift + alignment(program_, node, 2));
        if (mask.inverted) std::swap(chosen, other);
        const LaneId result = builder_.emit(LaneOp::kBlend, bits, {mask.id, chosen, other});
        if (fits) {
            set(id, bits, shift, result);
        } else {
            wrap(id, bits, result, 0, 0);
        }
        return true;
    }

    bool lower_cast(ValueId id) {
        const Node& node = program_[id];
        const auto quantize = quantize_of(program_, ranges_, node);
        if (!quantize) return lower_by_semantics(id);
        if (quantize->drop > 0) {
            lower_dropping(id, *quantize);
        } else {
            lower_appending(id, *quantize);
        }
        return true;
    }

    // No bit is lost: the cast only moves the binary point, then wraps or clamps.
    void lower_appending(ValueId id, const Quantize& q) {
        const ValueId from = program_[id].args[0];
        const int up = -q.drop;
        if (q.finish == Finish::kNone) {
            const int bits = std::max(lane(id), lane(from));
            return set(id, bits, shift_of(id), get(from, bits, shift_of(id) + up));
        }
        const int bits = std::max({lane(id), lane(from), lane_of(q.work_bits)});
        if (q.finish == Finish::kWrap) return wrap(id, bits, get(from, bits, 0), -up, 0);
        set(id, bits, 0, clamp(bits, get(from, bits, up), q));
    }

    void lower_dropping(ValueId id, const Quantize& q) {
        const ValueId from = program_[id].args[0];
        const bool is_constant = program_[from].op == Op::kConstant;
        const int bits = std::max({lane(id), lane(from), lane_of(q.work_bits)});
        const int shift =
            is_constant ? 0 : std::min(forms_[from.index()][0].shift, bits - q.work_bits);
        LaneId x = get(from, bits, shift);
        LaneId odd = 0;
        if (q.to_even) {
            odd = builder_.masked(bits, builder_.shift_right(bits, x, q.drop),
                                  std::int64_t{1} << shift);
        }
        if (q.bias != 0)
            x = builder_.add(bits, x, builder_.constant(bits, Integer(q.bias) << shift));
        if (q.to_even) x = builder_.add(bits, x, odd);
        const int position = shift + q.drop;
        const int result_shift = shift_of(id);
        if (q.finish == Finish::kWrap) return wrap(id, bits, x, position, q.drop);
        if (q.finish == Finish::kNone && result_shift == position && position < bits) {
            const LaneId keep = builder_.constant(bits, -Integer::power_of_two(position));
            return set(id, bits, position, builder_.bit_and(bits, x, keep));
        }
        const LaneId dropped = builder_.shift_right(bits, x, position);
        set(id, bits, 0, q.finish == Finish::kClamp ? clamp(bits, dropped, q) : dropped);
    }

    LaneId clamp(int bits, LaneId x, const Quantize& q) {
        if (q.clamps_low) x = builder_.emit(LaneOp::kMax, bits, {x, builder_.constant(bits, q.lo)});
        if (q.clamps_high)
            x = builder_.emit(LaneOp::kMin, bits, {x, builder_.constant(bits, q.hi)});
        return x;
    }

    // Casts of any mode, by the one normative definition.
    bool lower_by_semantics(ValueId id) {
        const Node& node = program_[id];
        const fixed::Format& from = program_[node.args[0]].format;
        const int drop = from.frac - node.format.frac;
        int need = std::max({node.format.width + 2, from.width + 3 + std::max(0, -drop), drop + 3});
        if (node.op == Op::kSlice) need = std::max(from.width + 2, node.format.width + 2);
        const int bits = lane_of(std::max(need, bits_of(id)));
        if (bits == kWide) return false;
        const LaneDomain domain{builder_, bits};
        const std::array<LaneId, 1> x{get(node.args[0], bits, 0)};
        set(id, bits, 0, dfg::eval(domain, program_, node, std::span<const LaneId>(x)));
        return true;
    }

    // The code's bits as an unsigned number.
    LaneId unsigned_bits(ValueId id, int bits) {
        const LaneId x = get(id, bits, 0);
        if (ranges_.of(id).lo >= 0) return x;
        return builder_.bit_and(
            bits, x, builder_.constant(bits, Integer::power_of_two(program_[id].format.width) - 1));
    }

    bool lower_table(ValueId id) {
        const Node& node = program_[id];
        LaneTable table;
        table.index_bits = program_[node.args[0]].format.width;
        for (const Integer& code : program_.table(node.table).codes)
            table.entries.push_back(*code.to_int64());
        const int bits = std::max({lane(id), lane(node.args[0]), lane_of(table.index_bits + 1)});
        const LaneId index = unsigned_bits(node.args[0], bits);
        const std::uint32_t number = builder_.table(std::move(table));
        set(id, bits, 0, builder_.emit(LaneOp::kLookup, bits, {index}, number));
        return true;
    }

    bool lower_bitwise(ValueId id, LaneOp op) {
        const Node& node = program_[id];
        const int bits = std::max({lane(id), lane(node.args[0]), lane(node.args[1])});
        const LaneId result =
            builder_.emit(op, bits, {get(node.args[0], bits, 0), get(node.args[1], bits, 0)});
        bool fits = !node.format.is_signed;
        for (const ValueId arg : node.operands()) {
            fits = fits && ranges_.of(arg).lo >= 0 && node.format.holds(ranges_.of(arg).hi);
        }
        if (fits) {
            set(id, bits, 0, result);
        } else {
            wrap(id, bits, result, 0, 0);
        }
        return true;
    }

    bool lower_not(ValueId id) {
        const Node& node = program_[id];
        const fixed::Interval& x = ranges_.of(node.args[0]);
        const int bits = std::max(lane(id), lane(node.args[0]));
        const LaneId a = get(node.args[0], bits, 0);
        const fixed::Format& format = node.format;
        if (!format.is_signed && x.lo >= 0 && format.holds(x.hi)) {
            const LaneId ones = builder_.constant(bits, format.max_code());
            set(id, bits, 0, builder_.emit(LaneOp::kXor, bits, {a, ones}));
            return true;
        }
        const LaneId ones = builder_.constant(bits, std::int64_t{-1});
        wrap(id, bits, builder_.emit(LaneOp::kXor, bits, {a, ones}), 0, 0);
        return true;
    }

    bool lower_concat(ValueId id) {
        const Node& node = program_[id];
        const int low_width = program_[node.args[1]].format.width;
        const int need = low_width + program_[node.args[0]].format.width + 1;
        const int bits = std::max(lane(id), lane_of(need));
        if (lane_of(need) == kWide) return false;
        const LaneId high = unsigned_bits(node.args[0], bits);
        const LaneId low = unsigned_bits(node.args[1], bits);
        const LaneId both =
            builder_.emit(LaneOp::kOr, bits, {builder_.shift_left(bits, high, low_width), low});
        if (!node.format.is_signed && node.format.width >= need - 1) {
            set(id, bits, 0, both);
        } else {
            wrap(id, bits, both, 0, 0);
        }
        return true;
    }

    bool lower_popcount(ValueId id) {
        const Node& node = program_[id];
        const int width = program_[node.args[0]].format.width;
        const int bits = std::max({lane(id), lane(node.args[0]), lane_of(width + 1)});
        if (lane_of(width + 1) == kWide) return false;
        const LaneId ones =
            builder_.emit(LaneOp::kPopcount, bits, {unsigned_bits(node.args[0], bits)});
        if (node.format.holds(Integer(width))) {
            set(id, bits, 0, ones);
        } else {
            wrap(id, bits, ones, 0, 0);
        }
        return true;
    }

    const dfg::Program& program_;
    Ranges ranges_;
    std::vector<bool> live_;
    Storage storage_;
    LaneBuilder builder_;
    std::vector<std::vector<Form>> forms_;  // per node; the first is how it was computed
    std::vector<std::optional<Mask>> masks_;
    std::vector<DenseGroup> dense_;
    std::unordered_map<std::size_t, Dense> dense_of_;  // by node
};

}  // namespace

LaneProgram lower(const dfg::Program& program, DotUnit unit) {
    return Lowering(program, unit).run();
}

}  // namespace gatewright::emulate
