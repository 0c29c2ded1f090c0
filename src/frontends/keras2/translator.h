// SPDX-License-Identifier: Apache-2.0
//
// From Keras layers to ours. One layer of the user's model becomes one or several nodes of the same
// origin: a Dense with relu is dense, quantize (its result type), relu. Every node's type is
// inferred as soon as it is added, so that a shape that does not fit is reported with the user's
// layer name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontends/averages.h"
#include "frontends/import.h"
#include "frontends/keras2/architecture.h"
#include "frontends/keras2/quantizer.h"
#include "frontends/keras2/weights.h"
#include "model/graph.h"

namespace gatewright::frontends::keras2 {

/// kQuantized: weights as the hardware holds them. kTrained: as stored, for the float model.
enum class WeightMode { kQuantized, kTrained };

/// Names that mean different functions in Keras and in QKeras (hard_sigmoid).
enum class Dialect { kKeras, kQKeras };

/// A layer at one place of the graph.
struct Call {
    const LayerSpec& layer;
    std::vector<LayerId> inputs;
};

/// What the functions that translate one layer share. Functions return nullopt after reporting a
/// problem; the graph is then not used, but reading goes on to find the other problems.
class Context {
  public:
    /// The quantized network.
    Context(const ImportParams& params, const Weights& weights)
        : params_(params), weights_(weights), mode_(WeightMode::kQuantized) {}
    /// The trained one: the same nodes with the same shapes, which are not inferred again.
    Context(const ImportParams& params, const Weights& weights, const Context& quantized)
        : params_(params),
          weights_(weights),
          mode_(WeightMode::kTrained),
          known_types_(&quantized.types_) {}

    [[nodiscard]] const ImportParams& params() const { return params_; }
    [[nodiscard]] const Weights& weights() const { return weights_; }
    [[nodiscard]] WeightMode mode() const { return mode_; }
    model::Graph graph;
    Problems problems;
    std::vector<std::string> untyped;  ///< layers that need a type and have none
    std::vector<std::string> warnings;
    OpenAverages open_averages;

    void problem(const LayerSpec& layer, const std::string& message);
    void needs_type(const LayerSpec& layer);

    template <class L>
    std::optional<LayerId> add(const LayerSpec& origin, const std::string& name, L layer,
                               std::vector<LayerId> inputs) {
        return add_layer(origin, name, std::make_unique<L>(std::move(layer)), std::move(inputs));
    }
    /// Adds a node after another one, if that one exists.
    template <class L>
    std::optional<LayerId> then(const LayerSpec& origin, const std::string& name, L layer,
                                std::optional<LayerId> input) {
        if (!input) return std::nullopt;
        return add(origin, name, std::move(layer), {*input});
    }
    /// A node in place of one that could not be made, so that what follows is still checked, all
    /// but its shapes. Only after a problem: the graph is not used then.
    LayerId stand_in(const LayerSpec& origin);
    std::optional<LayerId> quantize(const LayerSpec& origin, const std::string& name,
                                    const fixed::Cast& cast, std::optional<LayerId> input);
    /// Average pooling; without a type it gets the one of the quantizers that follow.
    std::optional<LayerId> add_average(const LayerSpec& origin, layers::AveragePool pool,
                                       LayerId input);
    /// Shape of a node; empty for one behind a problem.
    [[nodiscard]] const tensor::Shape& shape_of(LayerId id) const {
        return types_[id.index()].shape;
    }
    /// Size of a node's last axis; 1 for scalars.
    [[nodiscard]] std::int64_t last_size(LayerId id) const;

    /// A tensor of the layer; a missing or wrong one is a problem.
    std::optional<tensor::Tensor<double>> read(const LayerSpec& layer, const std::string& role);
    /// A number of the configuration, finite.
    std::optional<double> number(const LayerSpec& layer, const char* key, double fallback);

    /// Types for a layer that carries none: its own table over `everywhere`.
    [[nodiscard]] LayerPrecision precision_of(const LayerSpec& layer) const {
        return params_.precision.of(layer.name);
    }
    /// Types the user gave for exactly this layer: what also holds for quantized layers.
    [[nodiscard]] LayerPrecision own_precision_of(const LayerSpec& layer) const;

  private:
    std::optional<LayerId> add_layer(const LayerSpec& origin, const std::string& name,
                                     std::unique_ptr<model::Layer> layer,
                                     std::vector<LayerId> inputs);
    const ImportParams& params_;
    const Weights& weights_;
    WeightMode mode_;
    const std::vector<model::TensorType>* known_types_ = nullptr;
    std::vector<model::TensorType> types_;
    std::vector<bool> stands_in_;  ///< per node: itself or something before it is a stand-in
};

// activations.cpp
/// The activation a layer names in its configuration: text, object or nothing.
std::optional<LayerId> activate(Context& context, const LayerSpec& layer, const Json& activation,
                                Dialect dialect, std::optional<LayerId> input);
std::optional<LayerId> translate_relu(Context& context, const Call& call);
std::optional<LayerId> translate_thresholded_relu(Context& context, const Call& call);
std::optional<LayerId> translate_leaky_relu(Context& context, const Call& call);
std::optional<LayerId> translate_prelu(Context& context, const Call& call);
std::optional<LayerId> translate_elu(Context& context, const Call& call);
std::optional<LayerId> translate_softmax(Context& context, const Call& call);

// quantized_activations.cpp
std::optional<LayerId> quantize_activation(Context& context, const LayerSpec& layer,
                                           const QuantizerSpec& spec, LayerId input);

// weighted_layers.cpp
std::optional<LayerId> translate_dense(Context& context, const Call& call);
std::optional<LayerId> translate_binary_dense(Context& context, const Call& call);
std::optional<LayerId> translate_dense_batchnorm(Context& context, const Call& call);
std::optional<LayerId> translate_batch_normalization(Context& context, const Call& call);

// convolution.cpp
std::optional<LayerId> translate_convolution(Context& context, const Call& call);
/// Axis i of the result is axis order[i].
std::optional<LayerId> permute_axes(Context& context, const LayerSpec& layer,
                                    std::vector<std::int64_t> order, std::optional<LayerId> x);

// spatial.cpp
std::optional<LayerId> translate_pooling(Context& context, const Call& call);
std::optional<LayerId> translate_zero_padding(Context& context, const Call& call);
std::optional<LayerId> translate_cropping(Context& context, const Call& call);
std::optional<LayerId> translate_up_sampling(Context& context, const Call& call);

// translator.cpp
/// The whole model. Problems and untyped layers are left in the context.
void translate(Context& context, const Architecture& model);

}  // namespace gatewright::frontends::keras2
