// SPDX-License-Identifier: Apache-2.0
#include "support/model_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/design.h"
#include "dfg/interpreter.h"
#include "support/examples.h"

namespace gatewright::testing {

using fixed::Dyadic;
using fixed::Integer;

namespace {

std::vector<Integer> input_codes(const arch::Design& design, const tensor::Tensor<double>& inputs,
                                 std::size_t event, std::size_t width) {
    std::vector<Integer> codes;
    for (const arch::Port& port : design.inputs) {
        for (const fixed::Cast& cast : port.elements) {
            const double value = inputs[event * width + codes.size()];
            codes.push_back(cast_code(Dyadic::from_double(value).value(), cast));
        }
    }
    return codes;
}

std::vector<Dyadic> output_values(const arch::Design& design, const std::vector<Integer>& codes) {
    std::vector<Dyadic> out;
    for (const arch::Port& port : design.outputs) {
        for (const fixed::Cast& cast : port.elements) {
            out.emplace_back(codes[out.size()], -cast.format.frac);
        }
    }
    return out;
}

std::size_t reference_mismatches(const model::Graph& graph, const arch::Design& design,
                                 const std::vector<Integer>& codes,
                                 const std::vector<Dyadic>& expected) {
    const auto values = model::evaluate_reference(graph, port_values(design, codes));
    std::size_t next = 0;
    std::size_t wrong = 0;
    for (const LayerId output : graph.outputs()) {
        for (const Dyadic& value : values[output.index()].data)
            if (value != expected[next++]) ++wrong;
    }
    return wrong;
}

}  // namespace

Result<ModelRun> run_model(const model::Graph& graph, const tensor::Tensor<double>& inputs,
                           std::size_t reference_events) {
    GW_TRY(const model::TypedGraph typed, model::infer_types(graph));
    const arch::Design design = arch::build_design(typed);
    const arch::FlatProgram flat = arch::flatten(design);
    std::size_t width = 0;
    for (const arch::Port& port : design.inputs) width += port.elements.size();
    if (inputs.shape.empty() || width == 0 || inputs.size() % width != 0 ||
        inputs.size() / width != static_cast<std::size_t>(inputs.shape[0])) {
        return fail(fmt::format("inputs {} do not fit {} elements", tensor::to_string(inputs.shape),
                                width));
    }
    ModelRun run;
    const std::size_t events = inputs.size() / width;
    for (std::size_t event = 0; event < events; ++event) {
        const std::vector<Integer> codes = input_codes(design, inputs, event, width);
        const std::vector<Dyadic> y = output_values(design, dfg::interpret(flat.program, codes));
        for (const Dyadic& value : y) run.outputs.data.push_back(value.to_double());
        if (event < reference_events)
            run.reference_mismatches += reference_mismatches(graph, design, codes, y);
    }
    run.outputs.shape = {inputs.shape[0],
                         static_cast<std::int64_t>(run.outputs.data.size() / events)};
    for (std::size_t id = 0; id < graph.size(); ++id) {
        run.ebops += graph.nodes()[id].layer->facts(typed.input_types(LayerId(id))).ebops;
    }
    return run;
}

double accuracy(const tensor::Tensor<double>& outputs, const tensor::Tensor<std::int64_t>& labels,
                std::size_t classes) {
    const std::size_t width = static_cast<std::size_t>(outputs.shape[1]);
    std::size_t right = 0;
    for (std::size_t event = 0; event < labels.size(); ++event) {
        const auto row = outputs.data.begin() + static_cast<std::ptrdiff_t>(event * width);
        const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
        if (best - row == labels[event]) ++right;
    }
    return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace gatewright::testing
