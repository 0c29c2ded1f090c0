// SPDX-License-Identifier: Apache-2.0
#include "layers/program.h"

#include <fmt/format.h>

#include "interchange/evaluate.h"
#include "interchange/example.h"
#include "interchange/to_dataflow.h"
#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> SlotProgramLayer::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const std::vector<Interval>& x = inputs[0].elements;
    if (x.size() != program.input_shifts.size()) {
        return fail(fmt::format("the program has {} inputs, the layer before it {} elements",
                                program.input_shifts.size(), x.size()));
    }
    dfg::Builder builder("program");
    std::vector<dfg::ValueId> values;
    for (const Interval& range : x) values.push_back(builder.input(format_of(range), range));
    TensorType out{{static_cast<std::int64_t>(program.outputs.size())}, {}};
    for (const dfg::ValueId y : interchange::to_dataflow(program, builder, values))
        out.elements.push_back(builder[y].range);
    return out;
}

Values SlotProgramLayer::reference(std::span<const Values> inputs) const {
    Values y({static_cast<std::int64_t>(program.outputs.size())});
    y.data = interchange::evaluate(program, inputs[0].data);
    return y;
}

Reals SlotProgramLayer::real(std::span<const Reals> inputs) const {
    std::vector<Dyadic> x;
    for (const double value : inputs[0].data)
        x.push_back(Dyadic::from_double(value).value_or(Dyadic(0)));
    Reals y({static_cast<std::int64_t>(program.outputs.size())});
    const std::vector<Dyadic> values = interchange::evaluate(program, x);
    for (std::size_t j = 0; j < values.size(); ++j) y[j] = values[j].to_double();
    return y;
}

std::vector<dfg::ValueId> SlotProgramLayer::lower(model::Lowering& lowering,
                                                  std::span<const Operand> inputs) const {
    return interchange::to_dataflow(program, lowering.builder, inputs[0].values);
}

std::string SlotProgramLayer::summary() const {
    return fmt::format("{} -> {}, {} ops, {} tables", program.input_shifts.size(),
                       program.outputs.size(), program.ops.size(), program.tables.size());
}

std::vector<model::Example> SlotProgramLayer::examples(Rng& rng) {
    std::vector<model::Example> examples;
    for (int i = 0; i < 8; ++i) {
        auto layer = std::make_unique<SlotProgramLayer>();
        layer->program = interchange::example_program(rng);
        TensorType x{{static_cast<std::int64_t>(layer->program.input_shifts.size())},
                     interchange::input_ranges(layer->program)};
        // Every other one reads values that it has to round and wrap.
        if (i % 2 == 1) x = TensorType::uniform(x.shape, Interval::of({true, 9, 4}));
        examples.push_back({std::move(layer), {std::move(x)}});
    }
    return examples;
}

}  // namespace gatewright::layers
