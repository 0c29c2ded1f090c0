// SPDX-License-Identifier: Apache-2.0
//
// Two graphs grow side by side while a file is read: the quantized network and the same network in
// floating point (no quantizers, weights as trained). A Wire is one tensor in both.
//
// Two things are settled late. A port's type is the quantizer it feeds, so ports start with a type
// wider than any quantizer and bind_ports() replaces it. A table function (tanh ...) has no type of
// its own, so it waits on its wire until the next quantizer gives it one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontends/averages.h"
#include "frontends/import.h"
#include "layers/unary_table.h"
#include "model/graph.h"

namespace gatewright::frontends::keras3 {

/// A table function that waits for its type.
struct PendingTable {
    layers::UnaryTable table;
    std::string name;
    std::string origin;
};

struct Wire {
    LayerId fixed;
    LayerId real;
    bool is_port = false;  ///< an input, or a reshaped one, whose type is still open
    std::shared_ptr<const PendingTable> pending;
};

class Assembly {
  public:
    explicit Assembly(const ImportParams& params) : params_(params) {}

    /// A port; its type is known if `type` is given.
    Wire add_input(const std::string& name, const tensor::Shape& shape,
                   const std::optional<fixed::Cast>& type);

    /// One layer, which both networks have.
    template <class L>
    Result<Wire> add(const std::string& name, const std::string& origin, L layer,
                     const std::vector<Wire>& inputs) {
        L copy = layer;
        return add_pair(name, origin, std::make_unique<L>(std::move(layer)),
                        std::make_unique<L>(std::move(copy)), inputs);
    }
    /// One layer that the two networks have with different numbers.
    Result<Wire> add_pair(const std::string& name, const std::string& origin,
                          std::unique_ptr<model::Layer> quantized,
                          std::unique_ptr<model::Layer> real, const std::vector<Wire>& inputs);
    /// A quantizer; the real network passes by, or is cut where one type for all elements
    /// saturates.
    Result<Wire> quantize(const std::string& name, const std::string& origin,
                          std::vector<fixed::Cast> type, const Wire& input);
    /// A table function; it becomes a layer when the next quantizer gives its type.
    Wire wait_for_type(PendingTable table, const Wire& input) const;

    /// Average pooling; without a type it gets the one of the quantizers that follow.
    Result<Wire> add_average(const std::string& name, layers::AveragePool pool, const Wire& input);

    /// Shape of a wire, without the batch axis.
    [[nodiscard]] const tensor::Shape& shape(const Wire& wire) const {
        return types_[wire.fixed.index()].shape;
    }

    void add_output(const Wire& wire);
    /// Types of the averages that have none. Before bind_ports().
    void settle_averages(Problems& problems);
    /// Gives every open port the type of the quantizer it feeds and leaves that quantizer out.
    void bind_ports(Problems& problems);

    [[nodiscard]] const model::Graph& fixed() const { return fixed_; }
    [[nodiscard]] model::Graph& fixed() { return fixed_; }
    [[nodiscard]] model::Graph& real() { return real_; }

  private:
    /// The wire itself, or the table that waits on it with the type the user gave for its layer.
    Result<Wire> settled(const Wire& wire);
    void bind_port(LayerId port, std::vector<LayerId>& replaced_by, Problems& problems);

    const ImportParams& params_;
    model::Graph fixed_;
    model::Graph real_;
    std::vector<model::TensorType> types_;  ///< of the quantized network's nodes
    OpenAverages open_averages_;
    std::vector<bool> is_open_;  ///< per node: a port that waits for its type
};

}  // namespace gatewright::frontends::keras3
