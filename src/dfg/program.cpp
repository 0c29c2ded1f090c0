// SPDX-License-Identifier: Apache-2.0
#include "dfg/program.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"

namespace gatewright::dfg {
namespace {

using fixed::Format;
using fixed::Integer;
using fixed::Interval;

struct OpInfo {
    std::string_view text;
    std::size_t arity;
};

constexpr std::array kOps = {
#define GW_OP(name, text, arity) OpInfo{text, arity},
#include "dfg/ops.def"
#undef GW_OP
};

bool within(int value) {
    return -fixed::kMaxFraction <= value && value <= fixed::kMaxFraction;
}

Interval shifted(const Interval& a, int shift) {
    return {a.lo, a.hi, a.frac - shift};
}

Interval table_range(const Program& program, const Node& node) {
    const auto& codes = program.table(node.table).codes;
    const auto [lo, hi] = std::minmax_element(codes.begin(), codes.end());
    return {*lo, *hi, node.format.frac};
}

Interval comparison_range(const Interval& a, const Interval& b, Op op) {
    const Interval difference = a - b;
    const Integer& lo = difference.lo;
    const Integer& hi = difference.hi;
    const bool always = (op == Op::kLess && hi < 0) || (op == Op::kLessEqual && hi <= 0) ||
                        (op == Op::kEqual && lo.is_zero() && hi.is_zero());
    const bool never = (op == Op::kLess && lo >= 0) || (op == Op::kLessEqual && lo > 0) ||
                       (op == Op::kEqual && (lo > 0 || hi < 0));
    return {always ? 1 : 0, never ? 0 : 1, 0};
}

}  // namespace

std::string_view to_string(Op op) {
    return kOps[static_cast<std::size_t>(op)].text;
}
std::size_t arity(Op op) {
    return kOps[static_cast<std::size_t>(op)].arity;
}

ValueId Program::append(Node node) {
    for (const ValueId arg : node.operands()) {
        GW_CHECK(arg.valid() && arg.index() < nodes_.size(), "operand does not precede its use");
    }
    const ValueId id(nodes_.size());
    if (node.op == Op::kInput) inputs_.push_back(id);
    nodes_.push_back(std::move(node));
    return id;
}

TableId Program::append_table(Table table) {
    tables_.push_back(std::move(table));
    return TableId(tables_.size() - 1);
}

std::vector<std::uint32_t> Program::use_counts() const {
    std::vector<std::uint32_t> uses(nodes_.size(), 0);
    for (const Node& node : nodes_) {
        for (const ValueId arg : node.operands()) ++uses[arg.index()];
    }
    for (const ValueId output : outputs_) ++uses[output.index()];
    return uses;
}

int result_frac(const Program& program, const Node& node) {
    const auto frac = [&](std::size_t i) { return program[node.args[i]].format.frac; };
    switch (node.op) {
        case Op::kAdd:
        case Op::kSub:
            return std::max(frac(0), frac(1) - node.shift);
        case Op::kMul:
            return frac(0) + frac(1);
        case Op::kSelect:
            return std::max(frac(1), frac(2));
        case Op::kMin:
        case Op::kMax:
            return std::max(frac(0), frac(1));
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kEqual:
        case Op::kPopcount:
            return 0;
        case Op::kInput:
        case Op::kConstant:
        case Op::kCast:
        case Op::kTable:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kNot:
        case Op::kConcat:
        case Op::kSlice:
            return node.format.frac;
    }
    GW_UNREACHABLE("op");
}

Interval result_range(const Program& program, const Node& node) {
    const auto range = [&](std::size_t i) -> const Interval& {
        return program[node.args[i]].range;
    };
    const auto fit = [&](const Interval& exact) {
        const Interval aligned =
            exact.frac < node.format.frac ? on_grid(exact, node.format.frac) : exact;
        const bool holds = node.format.holds(aligned.lo) && node.format.holds(aligned.hi);
        return holds ? aligned : Interval::of(node.format);
    };
    switch (node.op) {
        case Op::kInput:
            return Interval::of(node.format);
        case Op::kConstant:
            return node.range;
        case Op::kAdd:
            return fit(range(0) + shifted(range(1), node.shift));
        case Op::kSub:
            return fit(range(0) - shifted(range(1), node.shift));
        case Op::kMul:
            if (node.args[0] == node.args[1]) return fit(squared(range(0)));
            return fit(range(0) * range(1));
        case Op::kCast:
            return fit(fixed::cast(range(0), node.cast()));
        case Op::kSelect:
            return fit(hull(range(1), range(2)));
        case Op::kMin:
            return fit(min(range(0), range(1)));
        case Op::kMax:
            return fit(max(range(0), range(1)));
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kEqual:
            return fit(comparison_range(range(0), range(1), node.op));
        case Op::kTable:
            return fit(table_range(program, node));
        case Op::kPopcount:
            return fit({0, program[node.args[0]].format.width, 0});
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kNot:
        case Op::kConcat:
            return Interval::of(node.format);
        case Op::kSlice: {
            // A slice that takes every bit only moves the binary point: the codes stay.
            const Interval& a = range(0);
            const bool whole =
                node.shift == 0 && node.format.holds(a.lo) && node.format.holds(a.hi);
            return whole ? Interval{a.lo, a.hi, node.format.frac} : Interval::of(node.format);
        }
    }
    GW_UNREACHABLE("op");
}

namespace {

Status verify_table(const Program& program, const Node& node) {
    constexpr int kMaxTableBits = 24;
    const int bits = program[node.args[0]].format.width;
    if (!node.table.valid() || node.table.index() >= program.tables().size()) {
        return fail("names no table");
    }
    const auto& codes = program.table(node.table).codes;
    if (bits > kMaxTableBits || codes.size() != (std::size_t{1} << static_cast<unsigned>(bits))) {
        return fail(fmt::format(
            "an index of {} bits needs a table of 2^{} entries (at most 2^{}), the table has {}",
            bits, bits, kMaxTableBits, codes.size()));
    }
    for (const Integer& code : codes) {
        if (!node.format.holds(code)) {
            return fail("a table entry does not fit the format " + fixed::to_string(node.format));
        }
    }
    return {};
}

Status verify_types(const Program& program, const Node& node) {
    if (node.format.frac != result_frac(program, node)) {
        return fail(fmt::format("has {} fraction bits, its operands give {}", node.format.frac,
                                result_frac(program, node)));
    }
    if (node.range.frac != node.format.frac || node.range.hi < node.range.lo ||
        !node.format.holds(node.range.lo) || !node.format.holds(node.range.hi)) {
        return fail(fmt::format("range {} does not fit the format {}", fixed::to_string(node.range),
                                fixed::to_string(node.format)));
    }
    if (node.op == Op::kTable) GW_TRY_STATUS(verify_table(program, node));
    if (node.op == Op::kSlice && node.shift < 0) return fail("the lowest bit is negative");
    const bool sm = node.op == Op::kCast && node.overflow == fixed::Overflow::kWrapSm;
    if (sm && (!node.format.is_signed || node.saturation_bits > 1)) {
        return fail("WRAP_SM is for signed formats with 0 or 1 saturation bits");
    }
    if (node.saturation_bits < 0 || node.saturation_bits > node.format.width) {
        return fail("more saturation bits than bits");
    }
    return {};
}

// What must hold before anything may be computed from the node's formats and operands.
Status verify_shape(const Node& node, std::size_t index) {
    if (node.format.width < 0 || node.format.width > fixed::kMaxWidth ||
        !within(node.format.frac) || !within(node.shift)) {
        return fail(fmt::format("format {} or shift {} is out of limits",
                                fixed::to_string(node.format), node.shift));
    }
    for (const ValueId arg : node.operands()) {
        if (!arg.valid() || arg.index() >= index)
            return fail("an operand does not come before its use");
    }
    return {};
}

}  // namespace

Status verify(const Program& program) {
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        Status status = verify_shape(node, i);
        if (status) status = verify_types(program, node);
        if (!status) {
            return fail_in(fmt::format("{}: value %{} ({})", program.name, i, to_string(node.op)),
                           status.error());
        }
    }
    for (const ValueId output : program.outputs()) {
        if (!output.valid() || output.index() >= program.size()) {
            return fail(fmt::format("{}: an output names no value", program.name));
        }
    }
    return {};
}

}  // namespace gatewright::dfg
