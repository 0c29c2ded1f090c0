// SPDX-License-Identifier: Apache-2.0
//
// What a layer of a model is to Gatewright. A layer states its attributes (fields, reflected to
// JSON, help and docs), its shape and exact range rule (infer), an independent plain-loop
// `reference` on exact numbers, the ideal real-valued function it stands for (`real`), and how it
// becomes dataflow (`lower`). reference and lower are two derivations of the same function and
// share no helper: the conformance suite holds them against each other on every example.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmvm/linear.h"
#include "dfg/builder.h"
#include "fixed/dyadic.h"
#include "fixed/interval.h"
#include "support/json.h"
#include "support/result.h"
#include "support/rng.h"
#include "tensor/tensor.h"

namespace gatewright::model {

/// What an edge carries, without the batch axis: a shape and the exact range of every element.
struct TensorType {
    tensor::Shape shape;
    std::vector<fixed::Interval> elements;  ///< row-major, element_count(shape) of them

    /// All elements alike.
    static TensorType uniform(tensor::Shape shape, const fixed::Interval& range);
    friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// Formats of a tensor in a few words: "s8.3", or "0 to 9 bits, frac 2 to 6, 3 of 16 constant".
std::string format_summary(const TensorType& type);

/// Exact values of one event on an edge.
using Values = tensor::Tensor<fixed::Dyadic>;
/// The same in floating point, for the ideal model.
using Reals = tensor::Tensor<double>;

/// What lowering may use beside the values.
struct Lowering {
    dfg::Builder& builder;
    cmvm::SolveParams cmvm;
    cmvm::Cache& cache;
};

/// An edge during lowering: one dataflow value per element.
struct Operand {
    const TensorType& type;
    std::span<const dfg::ValueId> values;
};

/// Numbers a person asks of a layer (gatewright inspect, report).
struct LayerFacts {
    std::size_t weights = 0;  ///< parameters, zero or not
    std::size_t nonzero_weights = 0;
    double max_error = 0;  ///< of tables: largest |entry - function| over reachable codes
    double ebops = 0;      ///< effective bit operations (HGQ: arithmetic.md §5.2)
};

class Layer;

/// Which positions of an input one position of the output reads. A position is an index into the
/// leading axes of a tensor, all but its last (the channels); a tensor of one axis has one position
/// and a window without axes. Tap (t_0, t_1 ...) of output position (p_0, p_1 ...) is input
/// position p_i · stride_i + t_i · dilation_i - before_i; outside the input it reads 0. Stride 0
/// broadcasts.
struct Window {
    tensor::Shape extent;    ///< positions of the input, per axis
    tensor::Shape size;      ///< taps, per axis
    tensor::Shape stride;    ///< of the output's positions
    tensor::Shape dilation;  ///< between taps
    tensor::Shape before;    ///< padding before the first position; negative: cropped
    friend bool operator==(const Window&, const Window&) = default;
};

/// A layer as one small layer at every position of its output: what streaming and reuse build on.
/// Equal parts are one piece of hardware; parts that differ (a type per pixel, an average at the
/// edge) share it by position.
struct Repetition {
    tensor::Shape positions;      ///< of the output: its shape without the last axis
    std::vector<Window> windows;  ///< one per input
    /// The layer at output position p (row-major index). Its input i has shape [taps · channels]
    /// (taps row-major, each with all channels of input i), its output [channels of the output];
    /// reading zeros at taps outside the input it gives exactly what the whole layer gives.
    std::function<std::unique_ptr<Layer>(std::size_t position)> part;
};

class Layer {
  public:
    virtual ~Layer() = default;
    Layer() = default;
    Layer(const Layer&) = default;
    Layer& operator=(const Layer&) = default;

    /// Name in model files and in layers.def: "dense", "relu".
    [[nodiscard]] virtual std::string_view kind() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Layer> clone() const = 0;
    /// All fields, weights included; layers::make_layer() reads it back.
    [[nodiscard]] virtual Json attributes() const = 0;

    /// Type of the output. The error says what does not fit (shapes, axes, table sizes); the caller
    /// adds the layer's name. Ranges must contain every reference result for inputs in range.
    [[nodiscard]] virtual Result<TensorType> infer(std::span<const TensorType> inputs) const = 0;
    /// Plain loops over exact values. Only called with inputs that infer() accepted.
    [[nodiscard]] virtual Values reference(std::span<const Values> inputs) const = 0;
    /// The function this layer approximates, in doubles: quantizers do nothing, tables are
    /// functions.
    [[nodiscard]] virtual Reals real(std::span<const Reals> inputs) const = 0;
    /// Emits dataflow; one value per output element.
    [[nodiscard]] virtual std::vector<dfg::ValueId> lower(
        Lowering& lowering, std::span<const Operand> inputs) const = 0;
    /// How this layer repeats over positions; nullopt: it is one function of the whole event. Only
    /// called with inputs that infer() accepted, as the next.
    [[nodiscard]] virtual std::optional<Repetition> repetition(std::span<const TensorType>) const {
        return std::nullopt;
    }
    /// For a layer of one input that only moves elements: per output element (row-major) the input
    /// element it is, or -1 for the constant 0.
    [[nodiscard]] virtual std::optional<std::vector<std::int64_t>> rearrangement(
        std::span<const TensorType>) const {
        return std::nullopt;
    }
    [[nodiscard]] virtual LayerFacts facts(std::span<const TensorType>) const { return {}; }
    /// One phrase for reports and the RTL comment: "16 -> 64, 177 of 1024 weights kept".
    [[nodiscard]] virtual std::string summary() const { return {}; }
};

/// A layer with input types, as the conformance suite wants them.
struct Example {
    std::unique_ptr<Layer> layer;
    std::vector<TensorType> inputs;
};

/// One field of a layer for help and docs.
struct FieldDoc {
    std::string name;
    std::string type;
    std::string meaning;
    bool required = false;
};

/// What the registry knows of a layer kind.
struct LayerDef {
    std::string_view kind;
    std::string_view summary;  ///< one sentence for `gatewright layers` and the docs
    Result<std::unique_ptr<Layer>> (*from_json)(const Json& attributes);
    std::vector<FieldDoc> (*fields)();
    /// Random small instances that cover the layer's options.
    std::vector<Example> (*examples)(Rng& rng);
};

}  // namespace gatewright::model
