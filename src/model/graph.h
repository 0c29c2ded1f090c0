// SPDX-License-Identifier: Apache-2.0
//
// A model: layers in topological order, each with one output tensor. `origin` is the layer of the
// user's file that a node came from (a QDense becomes quantize + dense + relu, all of the same
// origin); nodes of one origin become one hardware kernel and one row of the report.
//
// TypedGraph is a Graph whose every edge has its shape and exact per-element range; infer_types()
// is the only way to get one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/layer.h"
#include "support/strong_id.h"

namespace gatewright::model {

struct GraphNode {
    std::string name;
    std::string origin;
    std::unique_ptr<Layer> layer;
    std::vector<LayerId> inputs;
};

class Graph {
  public:
    std::string name = "model";
    std::string format;  ///< what it was read from: "Keras 3 (HGQ2)", "native JSON" ...

    Graph() = default;
    Graph(const Graph& other);
    Graph& operator=(const Graph& other);
    Graph(Graph&&) noexcept = default;
    Graph& operator=(Graph&&) noexcept = default;

    /// Inputs must already be in the graph. The name is made unique by a suffix; an empty origin
    /// becomes the name.
    LayerId add(std::string node_name, std::string origin, std::unique_ptr<Layer> layer,
                std::vector<LayerId> inputs);
    template <class L>
    LayerId add(std::string node_name, std::string origin, L layer, std::vector<LayerId> inputs) {
        return add(std::move(node_name), std::move(origin),
                   std::unique_ptr<Layer>(std::make_unique<L>(std::move(layer))),
                   std::move(inputs));
    }
    void add_output(LayerId id) { outputs_.push_back(id); }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const GraphNode& operator[](LayerId id) const { return nodes_[id.index()]; }
    [[nodiscard]] GraphNode& operator[](LayerId id) { return nodes_[id.index()]; }
    [[nodiscard]] const std::vector<GraphNode>& nodes() const { return nodes_; }
    [[nodiscard]] std::vector<GraphNode>& nodes() { return nodes_; }
    /// Nodes of kind "input", in order.
    [[nodiscard]] std::vector<LayerId> inputs() const;
    [[nodiscard]] const std::vector<LayerId>& outputs() const { return outputs_; }
    void set_outputs(std::vector<LayerId> outputs) { outputs_ = std::move(outputs); }

  private:
    std::vector<GraphNode> nodes_;
    std::vector<LayerId> outputs_;
};

class TypedGraph {
  public:
    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const TensorType& type(LayerId id) const { return types_[id.index()]; }
    /// Types of the inputs of a node.
    [[nodiscard]] std::vector<TensorType> input_types(LayerId id) const;

  private:
    friend Result<TypedGraph> infer_types(Graph graph);
    Graph graph_;
    std::vector<TensorType> types_;
};

/// Infers every edge. All failing layers are reported at once, each by name.
Result<TypedGraph> infer_types(Graph graph);

/// Exact values of all nodes for one event; `inputs` in the order of graph.inputs(), already on
/// their input formats' grids.
std::vector<Values> evaluate_reference(const Graph& graph, std::span<const Values> inputs);
/// The ideal real-valued model.
std::vector<Reals> evaluate_real(const Graph& graph, std::span<const Reals> inputs);

}  // namespace gatewright::model
