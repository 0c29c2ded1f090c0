// SPDX-License-Identifier: Apache-2.0
#include "dfg/builder.h"

#include <algorithm>
#include <unordered_map>

#include "support/check.h"

namespace gatewright::dfg {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

void mix(std::size_t& seed, std::size_t value) {
    seed ^= value + 0x9E3779B97F4A7C15U + (seed << 6U) + (seed >> 2U);
}

std::size_t hash_integer(const Integer& value) {
    const auto small = value.to_int64();
    return small ? std::hash<std::int64_t>{}(*small) : std::hash<std::string>{}(value.to_string());
}

struct NodeHash {
    std::size_t operator()(const Node& node) const {
        std::size_t seed = static_cast<std::size_t>(node.op);
        for (const ValueId arg : node.operands()) mix(seed, arg.index());
        mix(seed, static_cast<std::size_t>(node.format.width));
        mix(seed, static_cast<std::size_t>(node.format.frac));
        mix(seed, static_cast<std::size_t>(node.shift));
        mix(seed,
            static_cast<std::size_t>(node.round) * 8 + static_cast<std::size_t>(node.overflow));
        if (node.op == Op::kTable) mix(seed, node.table.index());
        if (node.op == Op::kConstant) mix(seed, hash_integer(node.range.lo));
        return seed;
    }
};

// Same function of the same operands; the layer that asked first keeps the node.
struct NodeEqual {
    bool operator()(const Node& a, const Node& b) const {
        return a.op == b.op && a.format == b.format && a.args == b.args && a.shift == b.shift &&
               a.round == b.round && a.overflow == b.overflow &&
               a.saturation_bits == b.saturation_bits && a.table == b.table &&
               (a.op != Op::kConstant || a.range.lo == b.range.lo);
    }
};

bool keeps_own_format(Op op) {
    switch (op) {
        case Op::kInput:
        case Op::kConstant:
        case Op::kCast:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kNot:
        case Op::kConcat:
        case Op::kSlice:
            return true;
        case Op::kAdd:
        case Op::kSub:
        case Op::kMul:
        case Op::kSelect:
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kEqual:
        case Op::kMin:
        case Op::kMax:
        case Op::kTable:
        case Op::kPopcount:
            return false;
    }
    GW_UNREACHABLE("op");
}

bool is_commutative(const Node& node) {
    switch (node.op) {
        case Op::kAdd:
            return node.shift == 0;
        case Op::kMul:
        case Op::kMin:
        case Op::kMax:
        case Op::kEqual:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
            return true;
        default:
            return false;
    }
}

Format bitwise_format(const Format& a, const Format& b) {
    GW_CHECK(!a.is_signed && !b.is_signed && a.frac == b.frac, "bitwise op on unlike operands");
    return {false, std::max(a.width, b.width), a.frac};
}

}  // namespace

struct Builder::Index {
    std::unordered_map<Node, ValueId, NodeHash, NodeEqual> nodes;
    std::unordered_multimap<std::size_t, TableId> tables;
};

Builder::Builder(std::string name) : index_(std::make_unique<Index>()) {
    program_.name = std::move(name);
}
Builder::~Builder() = default;
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder&&) noexcept = default;

Program Builder::finish() && {
    return std::move(program_);
}

ValueId Builder::intern(Node node) {
    if (node.op == Op::kInput) return program_.append(std::move(node));
    const auto found = index_->nodes.find(node);
    if (found != index_->nodes.end()) return found->second;
    node.layer = layer_;
    Node key = node;
    const ValueId id = program_.append(std::move(node));
    index_->nodes.emplace(std::move(key), id);
    return id;
}

ValueId Builder::constant(const Dyadic& value) {
    Node node;
    node.op = Op::kConstant;
    node.range = Interval::constant(value);
    node.format = format_of(node.range);
    return intern(std::move(node));
}

ValueId Builder::input(const Format& format, std::optional<Interval> range) {
    Node node;
    node.op = Op::kInput;
    node.format = format;
    node.range = range ? on_grid(*range, format.frac) : Interval::of(format);
    GW_CHECK(format.holds(node.range.lo) && format.holds(node.range.hi),
             "input range exceeds format");
    node.layer = layer_;
    return intern(std::move(node));
}

ValueId Builder::make(Node node, const Interval* known) {
    if (is_commutative(node) && node.args[1] < node.args[0]) std::swap(node.args[0], node.args[1]);
    if (const auto simpler = simplify(node)) return *simpler;
    if (!keeps_own_format(node.op)) {
        node.format.frac = result_frac(program_, node);
        // The exact range first, in a format too wide to wrap; then the format that fits it.
        node.format = {true, fixed::kMaxWidth * 3, node.format.frac};
        node.range = result_range(program_, node);
        if (known != nullptr) node.range = on_grid(*known, node.format.frac);
        node.format = format_of(node.range);
    } else {
        node.range = result_range(program_, node);
        if (known != nullptr) node.range = on_grid(*known, node.format.frac);
    }
    if (node.range.is_constant()) return constant(node.range.min());
    return intern(std::move(node));
}

// Identities that need no new node. Each is exact for every operand value in range.
std::optional<ValueId> Builder::simplify(const Node& node) {
    const auto zero = [&](std::size_t i) {
        const Interval& range = program_[node.args[i]].range;
        return range.lo.is_zero() && range.hi.is_zero();
    };
    const auto range = [&](std::size_t i) -> const Interval& {
        return program_[node.args[i]].range;
    };
    switch (node.op) {
        case Op::kAdd:
            if (zero(1)) return node.args[0];
            if (zero(0)) return scaled(node.args[1], node.shift);
            return std::nullopt;
        case Op::kSub:
            if (zero(1)) return node.args[0];
            if (node.args[0] == node.args[1] && node.shift == 0) return constant(0);
            return std::nullopt;
        case Op::kMin:
        case Op::kMax: {
            const bool is_min = node.op == Op::kMin;
            if (node.args[0] == node.args[1]) return node.args[0];
            if (range(0).max() <= range(1).min()) return node.args[is_min ? 0 : 1];
            if (range(1).max() <= range(0).min()) return node.args[is_min ? 1 : 0];
            return std::nullopt;
        }
        case Op::kLess:
            if (node.args[0] == node.args[1]) return constant(0);
            return std::nullopt;
        case Op::kLessEqual:
        case Op::kEqual:
            if (node.args[0] == node.args[1]) return constant(1);
            return std::nullopt;
        case Op::kSelect:
            if (node.args[1] == node.args[2]) return node.args[1];
            if (zero(0)) return node.args[2];
            if (range(0).lo > 0 || range(0).hi < 0) return node.args[1];
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

ValueId Builder::add(ValueId a, ValueId b, int shift, const Interval* known) {
    Node node;
    node.op = Op::kAdd;
    node.args = {a, b, {}};
    node.shift = shift;
    return make(std::move(node), known);
}

ValueId Builder::sub(ValueId a, ValueId b, int shift, const Interval* known) {
    Node node;
    node.op = Op::kSub;
    node.args = {a, b, {}};
    node.shift = shift;
    return make(std::move(node), known);
}

ValueId Builder::negate(ValueId a) {
    return sub(constant(0), a);
}

ValueId Builder::mul(ValueId a, ValueId b) {
    Node node;
    node.op = Op::kMul;
    node.args = {a, b, {}};
    return make(std::move(node));
}

ValueId Builder::scaled(ValueId a, int shift) {
    const Node& source = program_[a];
    if (shift == 0) return a;
    if (source.range.is_constant()) return constant(source.range.min().shifted(shift));
    Node node;
    node.op = Op::kSlice;
    node.args = {a, {}, {}};
    node.format = {source.format.is_signed, source.format.width, source.format.frac - shift};
    return make(std::move(node));
}

ValueId Builder::cast(ValueId a, const Cast& cast) {
    const Interval& from = program_[a].range;
    const Interval to = fixed::cast(from, cast);
    if (cast.format.width == 0 || to.is_constant()) return constant(to.min());
    Node node;
    node.op = Op::kCast;
    node.args = {a, {}, {}};
    if (can_overflow(from, cast)) {
        // Rounding adds, then the sum is compared with the limits: two operations, so that a
        // register can stand between them.
        const bool adds = from.frac > cast.format.frac && cast.round != fixed::Round::kTrn;
        const bool checks = cast.overflow != fixed::Overflow::kWrap || cast.saturation_bits > 0;
        if (adds && checks) {
            const Format exact{true, fixed::kMaxWidth * 3, cast.format.frac};
            const ValueId rounded = this->cast(a, {exact, cast.round});
            return this->cast(
                rounded, {cast.format, fixed::Round::kTrn, cast.overflow, cast.saturation_bits});
        }
        node.format = cast.format;
        node.round = from.frac > cast.format.frac ? cast.round : fixed::Round::kTrn;
        node.overflow = cast.overflow;
        node.saturation_bits = cast.saturation_bits;
        return make(std::move(node));
    }
    if (from.frac <= cast.format.frac) return a;  // no bit is dropped and nothing overflows
    node.format = format_of(to);
    node.round = cast.round;
    return make(std::move(node));
}

ValueId Builder::select(ValueId condition, ValueId if_true, ValueId if_false) {
    Node node;
    node.op = Op::kSelect;
    node.args = {condition, if_true, if_false};
    return make(std::move(node));
}

namespace {
Node binary(Op op, ValueId a, ValueId b) {
    Node node;
    node.op = op;
    node.args = {a, b, {}};
    return node;
}
}  // namespace

ValueId Builder::less(ValueId a, ValueId b) {
    return make(binary(Op::kLess, a, b));
}
ValueId Builder::less_equal(ValueId a, ValueId b) {
    return make(binary(Op::kLessEqual, a, b));
}
ValueId Builder::equal(ValueId a, ValueId b) {
    return make(binary(Op::kEqual, a, b));
}
ValueId Builder::min(ValueId a, ValueId b) {
    return make(binary(Op::kMin, a, b));
}
ValueId Builder::max(ValueId a, ValueId b) {
    return make(binary(Op::kMax, a, b));
}

ValueId Builder::bit_and(ValueId a, ValueId b) {
    Node node = binary(Op::kAnd, a, b);
    node.format = bitwise_format(program_[a].format, program_[b].format);
    return make(std::move(node));
}
ValueId Builder::bit_or(ValueId a, ValueId b) {
    Node node = binary(Op::kOr, a, b);
    node.format = bitwise_format(program_[a].format, program_[b].format);
    return make(std::move(node));
}
ValueId Builder::bit_xor(ValueId a, ValueId b) {
    Node node = binary(Op::kXor, a, b);
    node.format = bitwise_format(program_[a].format, program_[b].format);
    return make(std::move(node));
}
ValueId Builder::bit_not(ValueId a) {
    Node node;
    node.op = Op::kNot;
    node.args = {a, {}, {}};
    node.format = program_[a].format;
    node.format.is_signed = false;
    return make(std::move(node));
}
ValueId Builder::concat(ValueId high, ValueId low) {
    Node node = binary(Op::kConcat, high, low);
    node.format = {false, program_[high].format.width + program_[low].format.width, 0};
    return make(std::move(node));
}
ValueId Builder::slice(ValueId a, int lowest_bit, const Format& format) {
    Node node;
    node.op = Op::kSlice;
    node.args = {a, {}, {}};
    node.shift = lowest_bit;
    node.format = format;
    return make(std::move(node));
}
ValueId Builder::popcount(ValueId a) {
    Node node;
    node.op = Op::kPopcount;
    node.args = {a, {}, {}};
    return make(std::move(node));
}

TableId Builder::intern_table(std::string_view name, std::vector<Integer> codes) {
    std::size_t hash = codes.size();
    for (const Integer& code : codes) mix(hash, hash_integer(code));
    const auto [begin, end] = index_->tables.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
        if (program_.table(it->second).codes == codes) return it->second;
    }
    const TableId id = program_.append_table({std::string(name), std::move(codes)});
    index_->tables.emplace(hash, id);
    return id;
}

ValueId Builder::table(ValueId a, std::string_view name, std::vector<Integer> codes, int frac) {
    GW_CHECK(codes.size() == std::size_t{1} << static_cast<unsigned>(program_[a].format.width),
             "table size does not match its index");
    Node node;
    node.op = Op::kTable;
    node.args = {a, {}, {}};
    node.table = intern_table(name, std::move(codes));
    // A table's result range is the hull of its entries in the format of the entries.
    const auto& entries = program_.table(node.table).codes;
    const auto [lo, hi] = std::minmax_element(entries.begin(), entries.end());
    node.range = {*lo, *hi, frac};
    node.format = format_of(node.range);
    if (node.range.is_constant()) return constant(node.range.min());
    return intern(std::move(node));
}

void Builder::output(ValueId value) {
    program_.append_output(value);
}

}  // namespace gatewright::dfg
