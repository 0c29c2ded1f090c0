// SPDX-License-Identifier: Apache-2.0
#include "arch/part_program.h"

#include "dfg/builder.h"
#include "support/check.h"

namespace gatewright::arch {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;

// Appends a part's operations for these inputs; the values of its outputs.
std::vector<ValueId> copy(const dfg::Program& program, std::span<const ValueId> inputs,
                          dfg::Builder& builder) {
    std::vector<ValueId> values;
    values.reserve(program.size());
    std::size_t next_input = 0;
    for (const Node& original : program.nodes()) {
        if (original.op == Op::kInput) {
            values.push_back(inputs[next_input++]);
            continue;
        }
        Node node = original;
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i) {
            node.args[i] = values[node.args[i].index()];
        }
        if (node.op == Op::kTable) {
            const dfg::Table& table = program.table(node.table);
            node.table = builder.intern_table(table.name, table.codes);
        }
        builder.set_layer(node.layer);
        values.push_back(builder.make_as_is(std::move(node)));
    }
    std::vector<ValueId> outputs;
    for (const ValueId output : program.outputs()) outputs.push_back(values[output.index()]);
    return outputs;
}

// The same value in another format that holds it.
ValueId in_format(dfg::Builder& builder, ValueId value, const fixed::Format& format) {
    if (builder[value].format == format || builder[value].op == Op::kConstant) return value;
    Node node;
    node.op = Op::kCast;
    node.args = {value, {}, {}};
    node.format = format;
    return builder.make(std::move(node));
}

// Chooses among one value per part, neighbours being often equal.
ValueId choose(dfg::Builder& builder, ValueId number, std::span<const ValueId> values) {
    ValueId chosen = values.back();
    for (std::size_t part = values.size() - 1; part-- > 0;) {
        if (values[part] == chosen) continue;
        const auto constant = builder.constant(static_cast<int>(part));
        chosen = builder.select(builder.equal(number, constant), values[part], chosen);
    }
    return chosen;
}

}  // namespace

fixed::Format part_number_format(std::size_t parts) {
    const fixed::Integer last(static_cast<std::int64_t>(parts) - 1);
    return {false, last.magnitude_bits(), 0};
}

dfg::Program merge_parts(const StagedDesign& design, const Stage& stage) {
    const auto& work = std::get<Compute>(stage.work);
    const dfg::Program& first = work.parts.front().program;
    dfg::Builder builder(stage.name);
    std::vector<ValueId> inputs;
    for (const ValueId id : first.inputs()) {
        builder.set_layer(first[id].layer);
        inputs.push_back(builder.input(first[id].format, first[id].range));
    }
    ValueId number;
    if (work.parts.size() > 1) {
        const auto last = static_cast<std::int64_t>(work.parts.size()) - 1;
        number = builder.input(part_number_format(work.parts.size()), fixed::Interval{0, last, 0});
    }
    std::vector<std::vector<ValueId>> outputs;
    for (const Part& part : work.parts) outputs.push_back(copy(part.program, inputs, builder));
    const Stream& output = design[stage.output];
    for (std::size_t c = 0; c < output.channels(); ++c) {
        std::vector<ValueId> values;
        for (const auto& part : outputs) values.push_back(part[c]);
        builder.output(in_format(builder, choose(builder, number, values), output.formats[c]));
    }
    return std::move(builder).finish();
}

}  // namespace gatewright::arch
