// SPDX-License-Identifier: Apache-2.0
#include "model/graph.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatewright::model {

Graph::Graph(const Graph& other)
    : name(other.name), format(other.format), outputs_(other.outputs_) {
    for (const GraphNode& node : other.nodes_) {
        nodes_.push_back({node.name, node.origin, node.layer->clone(), node.inputs});
    }
}

Graph& Graph::operator=(const Graph& other) {
    Graph copy(other);
    return *this = std::move(copy);
}

LayerId Graph::add(std::string node_name, std::string origin, std::unique_ptr<Layer> layer,
                   std::vector<LayerId> inputs) {
    for (const LayerId input : inputs) {
        GW_CHECK(input.valid() && input.index() < nodes_.size(), "layer input does not precede it");
    }
    const auto taken = [&](const std::string& candidate) {
        return std::any_of(nodes_.begin(), nodes_.end(),
                           [&](const GraphNode& node) { return node.name == candidate; });
    };
    std::string unique = node_name;
    for (int i = 1; taken(unique); ++i) unique = fmt::format("{}_{}", node_name, i);
    if (origin.empty()) origin = unique;
    nodes_.push_back({std::move(unique), std::move(origin), std::move(layer), std::move(inputs)});
    return LayerId(nodes_.size() - 1);
}

std::vector<LayerId> Graph::inputs() const {
    std::vector<LayerId> out;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].layer->kind() == "input") out.emplace_back(i);
    }
    return out;
}

std::vector<TensorType> TypedGraph::input_types(LayerId id) const {
    std::vector<TensorType> out;
    for (const LayerId input : graph_[id].inputs) out.push_back(types_[input.index()]);
    return out;
}

Result<TypedGraph> infer_types(Graph graph) {
    TypedGraph typed;
    Problems problems;
    std::vector<bool> known;
    for (const GraphNode& node : graph.nodes()) {
        std::vector<TensorType> inputs;
        bool complete = true;
        for (const LayerId input : node.inputs) {
            complete = complete && known[input.index()];
            inputs.push_back(typed.types_[input.index()]);
        }
        typed.types_.emplace_back();
        known.push_back(false);
        if (!complete) continue;  // a consequence of a problem already reported
        auto type = node.layer->infer(inputs);
        if (!type) {
            problems.add(fmt::format("layer '{}' ({}): {}", node.name, node.layer->kind(),
                                     type.error().message));
            continue;
        }
        GW_CHECK(type->elements.size() == tensor::element_count(type->shape),
                 "inferred type is ragged");
        typed.types_.back() = std::move(*type);
        known.back() = true;
    }
    if (graph.inputs().empty()) problems.add("the model has no input layer");
    if (graph.outputs().empty()) problems.add("the model has no output");
    if (!problems.empty()) {
        return tl::unexpected<Error>(
            problems.to_error(fmt::format("model '{}' cannot be compiled:", graph.name)));
    }
    typed.graph_ = std::move(graph);
    return typed;
}

namespace {

template <class T, class Evaluate>
std::vector<T> evaluate(const Graph& graph, std::span<const T> inputs, Evaluate evaluate_layer) {
    std::vector<T> values;
    std::size_t next_input = 0;
    for (const GraphNode& node : graph.nodes()) {
        std::vector<T> operands;
        for (const LayerId input : node.inputs) operands.push_back(values[input.index()]);
        if (node.layer->kind() == "input") operands.push_back(inputs[next_input++]);
        values.push_back(evaluate_layer(*node.layer, operands));
    }
    return values;
}

}  // namespace

std::vector<Values> evaluate_reference(const Graph& graph, std::span<const Values> inputs) {
    return evaluate<Values>(graph, inputs,
                            [](const Layer& layer, std::span<const Values> operands) {
                                return layer.reference(operands);
                            });
}

std::vector<Reals> evaluate_real(const Graph& graph, std::span<const Reals> inputs) {
    return evaluate<Reals>(graph, inputs, [](const Layer& layer, std::span<const Reals> operands) {
        return layer.real(operands);
    });
}

}  // namespace gatewright::model
