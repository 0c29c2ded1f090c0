// SPDX-License-Identifier: Apache-2.0
#include "report/statistics.h"

#include <algorithm>
#include <cmath>

#include "dfg/interpreter.h"
#include "layers/registry.h"
#include "model/fields.h"
#include "support/check.h"

namespace gatewright::report {
namespace {

using fixed::Dyadic;
using fixed::Integer;

double quantile(const std::vector<double>& sorted, double q) {
    if (sorted.empty()) return 0;
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double part = position - static_cast<double>(below);
    return sorted[below] + part * (sorted[above] - sorted[below]);
}

// The numbers of a field if it is one of those that hold parameters.
std::vector<Dyadic> numbers_of(const Json& attributes, const model::FieldDoc& field) {
    const Json* json = attributes.find(field.name);
    if (json == nullptr) return {};
    if (field.type == model::kFieldTypeName<model::Values>) {
        model::Values values;
        if (model::read_field(*json, values)) return std::move(values.data);
    } else if (field.type == model::kFieldTypeName<std::vector<Dyadic>>) {
        std::vector<Dyadic> values;
        if (model::read_field(*json, values)) return values;
    }
    return {};
}

Box weight_box(const std::string& layer, const std::string& field,
               const std::vector<Dyadic>& numbers) {
    std::vector<double> values;
    int lowest = 0;
    bool any = false;
    for (const Dyadic& number : numbers) {
        values.push_back(number.to_double());
        if (number.is_zero()) continue;
        lowest = any ? std::min(lowest, number.exponent()) : number.exponent();
        any = true;
    }
    Box box = box_of(layer, field, std::move(values));
    if (!any) return box;
    box.lsb = std::ldexp(1.0, lowest);
    // Smallest 2^n - lsb that reaches the largest magnitude.
    box.limit = std::exp2(std::floor(std::log2(box.max)) + 1) - box.lsb;
    return box;
}

}  // namespace

Box box_of(std::string layer, std::string what, std::vector<double> values) {
    Box box;
    box.layer = std::move(layer);
    box.what = std::move(what);
    box.count = values.size();
    for (double& value : values) value = std::abs(value);
    std::erase(values, 0.0);
    if (box.count > 0) {
        box.zero_fraction =
            static_cast<double>(box.count - values.size()) / static_cast<double>(box.count);
    }
    std::sort(values.begin(), values.end());
    box.min = quantile(values, 0);
    box.p5 = quantile(values, 0.05);
    box.p25 = quantile(values, 0.25);
    box.median = quantile(values, 0.5);
    box.p75 = quantile(values, 0.75);
    box.p95 = quantile(values, 0.95);
    box.max = quantile(values, 1);
    return box;
}

std::vector<Box> weight_boxes(const model::Graph& graph) {
    std::vector<Box> boxes;
    for (const model::GraphNode& node : graph.nodes()) {
        const model::LayerDef* def = layers::find_layer(node.layer->kind());
        GW_CHECK(def != nullptr, "a layer of no registered kind");
        const Json attributes = node.layer->attributes();
        for (const model::FieldDoc& field : def->fields()) {
            const std::vector<Dyadic> numbers = numbers_of(attributes, field);
            if (!numbers.empty()) boxes.push_back(weight_box(node.origin, field.name, numbers));
        }
    }
    return boxes;
}

std::vector<Box> activation_boxes(const arch::Design& design, std::span<const std::int64_t> codes,
                                  const ActivationParams& params) {
    std::size_t inputs = 0;
    for (const arch::Port& port : design.inputs) inputs += port.elements.size();
    GW_CHECK(inputs > 0 && codes.size() % inputs == 0, "codes of whole events");
    const std::size_t events = std::min(codes.size() / inputs, params.max_events);
    std::vector<std::vector<double>> values(design.kernels.size());
    std::vector<std::vector<Integer>> outputs(design.kernels.size());
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t k = 0; k < design.kernels.size(); ++k) {
            const arch::Kernel& kernel = design.kernels[k];
            std::vector<Integer> operands;
            for (const arch::Source& source : kernel.inputs) {
                operands.push_back(source.kernel.valid()
                                       ? outputs[source.kernel.index()][source.index]
                                       : Integer(codes[e * inputs + source.index]));
            }
            outputs[k] = dfg::interpret(kernel.program, operands);
            for (std::size_t o = 0; o < outputs[k].size(); ++o) {
                const int frac = kernel.program[kernel.program.outputs()[o]].format.frac;
                values[k].push_back(std::ldexp(outputs[k][o].to_double(), -frac));
            }
        }
    }
    std::vector<Box> boxes;
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        const dfg::Program& program = design.kernels[k].program;
        Box box = box_of(design.kernels[k].name, "output", std::move(values[k]));
        for (const dfg::ValueId output : program.outputs()) {
            const fixed::Format& format = program[output].format;
            if (format.width == 0) continue;
            const double step = std::ldexp(1.0, -format.frac);
            box.lsb = box.lsb == 0 ? step : std::min(box.lsb, step);
            const double top =
                std::max(std::abs(format.min_code().to_double()), format.max_code().to_double());
            box.limit = std::max(box.limit, top * step);
        }
        boxes.push_back(std::move(box));
    }
    return boxes;
}

Json to_json(const Box& box) {
    Json out = Json::object();
    out.set("layer", box.layer);
    out.set("what", box.what);
    out.set("min", box.min);
    out.set("p5", box.p5);
    out.set("p25", box.p25);
    out.set("median", box.median);
    out.set("p75", box.p75);
    out.set("p95", box.p95);
    out.set("max", box.max);
    out.set("zero_fraction", box.zero_fraction);
    out.set("count", box.count);
    out.set("lsb", box.lsb);
    out.set("limit", box.limit);
    return out;
}

Json to_json(std::span<const Box> boxes) {
    Json out = Json::array();
    for (const Box& box : boxes) out.push_back(to_json(box));
    return out;
}

}  // namespace gatewright::report
