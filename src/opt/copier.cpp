// SPDX-License-Identifier: Apache-2.0
#include "opt/copier.h"

#include "dfg/affine.h"
#include "support/check.h"

namespace gatewright::opt {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::TableId;
using dfg::ValueId;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

Copier::Copier(const Program& source)
    : source_(source), builder_(source.name), made_(source.size()) {}

dfg::Builder& Copier::builder_for(ValueId id) {
    builder_.set_layer(source_[id].layer);
    return builder_;
}

void Copier::copy(ValueId id) {
    const Node& node = source_[id];
    builder_for(id);
    if (node.op == Op::kInput) {
        made_[id.index()] = builder_.input(node.format, node.range);
        return;
    }
    Node copy = node;
    for (std::size_t i = 0; i < dfg::arity(node.op); ++i) {
        copy.args[i] = made(node.args[i]);
        GW_CHECK(copy.args[i].valid(), "operand that was not made again");
    }
    if (node.op == Op::kTable) {
        const dfg::Table& table = source_.table(node.table);
        copy.table = builder_.intern_table(table.name, table.codes);
    }
    made_[id.index()] = builder_.make_as_is(std::move(copy));
}

void Copier::replace(ValueId id, ValueId value) {
    builder_for(id);
    made_[id.index()] = in_format(value, source_[id].format);
}

ValueId Copier::in_format(ValueId value, const Format& format) {
    const Node& node = builder_[value];
    if (node.format == format) return value;
    Node cast;
    if (node.op == Op::kConstant) {
        cast.op = Op::kConstant;
        cast.format = format;
        const fixed::Dyadic exact = node.range.min();
        const Integer code = format.wrap(exact.mantissa() << (exact.exponent() + format.frac));
        cast.range = {code, code, format.frac};
        return builder_.make_as_is(std::move(cast));
    }
    cast.op = Op::kCast;
    cast.args = {value, {}, {}};
    cast.format = format;
    cast.range = on_grid(result_range(builder_.program(), cast), format.frac);
    return builder_.make_as_is(std::move(cast));
}

Program Copier::finish() {
    for (const ValueId output : source_.outputs()) builder_.output(made(output));
    return with_provable_ranges(remove_dead_values(std::move(builder_).finish()));
}

namespace {

// One round: the claims of a node's operands decide what is provable of it, so widening one may
// take the proof from others.
bool widen_unproven(Program& program) {
    const std::vector<Interval> provable = dfg::affine_ranges(program);
    bool changed = false;
    Program out;
    out.name = program.name;
    for (const dfg::Table& table : program.tables()) out.append_table(table);
    for (std::size_t i = 0; i < program.size(); ++i) {
        Node node = program.nodes()[i];
        const Interval& range = provable[i];
        const bool is_given = node.op == Op::kInput || node.op == Op::kConstant;
        if (!is_given && (range.lo < node.range.lo || range.hi > node.range.hi)) {
            node.range = range;
            changed = true;
        }
        out.append(std::move(node));
    }
    for (const ValueId output : program.outputs()) out.append_output(output);
    program = std::move(out);
    return changed;
}

}  // namespace

Program with_provable_ranges(Program program) {
    while (widen_unproven(program)) continue;
    return program;
}

std::vector<bool> needed_values(const Program& program) {
    std::vector<bool> live(program.size(), false);
    for (const ValueId input : program.inputs()) live[input.index()] = true;
    for (const ValueId output : program.outputs()) live[output.index()] = true;
    for (std::size_t i = program.size(); i-- > 0;) {
        if (!live[i]) continue;
        for (const ValueId arg : program.nodes()[i].operands()) live[arg.index()] = true;
    }
    return live;
}

Program remove_dead_values(const Program& program) {
    const std::vector<bool> live = needed_values(program);
    Program out;
    out.name = program.name;
    std::vector<ValueId> moved(program.size());
    std::vector<TableId> tables(program.tables().size());
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (!live[i]) continue;
        Node node = program.nodes()[i];
        for (std::size_t k = 0; k < dfg::arity(node.op); ++k)
            node.args[k] = moved[node.args[k].index()];
        if (node.op == Op::kTable) {
            TableId& table = tables[node.table.index()];
            if (!table.valid()) table = out.append_table(program.table(node.table));
            node.table = table;
        }
        moved[i] = out.append(std::move(node));
    }
    for (const ValueId output : program.outputs()) out.append_output(moved[output.index()]);
    return out;
}

ValueId sign_bit(dfg::Builder& builder, ValueId value) {
    const Format format = builder[value].format;
    if (!format.is_signed || format.width == 0) return builder.constant(0);
    return builder.slice(value, format.width - 1, Format{false, 1, 0});
}

bool never_wraps(const Program& program, const Node& node) {
    Node wide = node;
    wide.format = {true, fixed::kMaxWidth * 3, node.format.frac};
    const Interval exact = result_range(program, wide);
    if (exact.frac > node.format.frac) return false;
    const Interval here = on_grid(exact, node.format.frac);
    return node.format.holds(here.lo) && node.format.holds(here.hi);
}

bool is_constant_zero(const Program& program, ValueId id) {
    const Node& node = program[id];
    return node.op == Op::kConstant && node.range.lo.is_zero();
}

}  // namespace gatewright::opt
