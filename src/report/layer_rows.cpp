// SPDX-License-Identifier: Apache-2.0
#include "report/layer_rows.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::report {
namespace {

using model::LayerFacts;

Json shape_json(const tensor::Shape& shape) {
    return Json::array_of(shape);
}

void describe(Json& row, const model::TypedGraph& typed, const arch::Kernel& kernel) {
    const model::Graph& graph = typed.graph();
    Json kinds = Json::array();
    LayerFacts facts;
    for (const LayerId id : kernel.layers) {
        kinds.push_back(graph[id].layer->kind());
        const LayerFacts own = graph[id].layer->facts(typed.input_types(id));
        facts.weights += own.weights;
        facts.nonzero_weights += own.nonzero_weights;
        facts.ebops += own.ebops;
        facts.max_error = std::max(facts.max_error, own.max_error);
    }
    GW_CHECK(!kernel.layers.empty(), "a kernel without layers");
    const auto inputs = typed.input_types(kernel.layers.front());
    const model::TensorType& output = typed.type(kernel.layers.back());
    row.set("kinds", std::move(kinds));
    row.set("description", kernel.description);
    row.set("input_shape", inputs.empty() ? Json::array() : shape_json(inputs.front().shape));
    row.set("output_shape", shape_json(output.shape));
    row.set("formats", model::format_summary(output));
    row.set("weights", facts.weights);
    row.set("kept_weights", facts.nonzero_weights);
    row.set("ebops", facts.ebops);
    row.set("max_error", facts.max_error);
}

}  // namespace

Json layer_rows(const model::TypedGraph& graph, const arch::Design& design,
                const ResourceReport& resources) {
    GW_CHECK(resources.kernels.size() == design.kernels.size(), "resources of another design");
    Json rows = Json::array();
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        const Resources& own = resources.kernels[k];
        Json row = Json::object();
        row.set("name", design.kernels[k].name);
        describe(row, graph, design.kernels[k]);
        row.set("adders", own.ops.adders);
        row.set("cells", own.cells);
        row.set("lut", own.estimate.lut);
        row.set("register_bits", own.register_bits);
        row.set("first_cycle", own.first_cycle);
        row.set("last_cycle", own.last_cycle);
        rows.push_back(std::move(row));
    }
    return rows;
}

Json timeline_rows(const arch::Design& design, const ResourceReport& resources) {
    Json rows = Json::array();
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        Json row = Json::object();
        row.set("kernel", design.kernels[k].name);
        row.set("first_cycle", resources.kernels[k].first_cycle);
        row.set("last_cycle", resources.kernels[k].last_cycle);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace gatewright::report
