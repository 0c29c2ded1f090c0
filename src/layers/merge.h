// SPDX-License-Identifier: Apache-2.0
//
// Layers that combine tensors element by element, with NumPy broadcasting of their shapes. They
// differ only in how two elements meet, so each is a rule (exact range, exact value, real value,
// dataflow op) under one walk over the elements. More than two inputs are combined in a balanced
// tree.
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// How two elements meet.
struct ElementwiseRule {
    bool takes_many = false;  ///< two or more inputs, else exactly two
    fixed::Interval (*range)(const fixed::Interval& a, const fixed::Interval& b);
    fixed::Dyadic (*value)(const fixed::Dyadic& a, const fixed::Dyadic& b);
    double (*real)(double a, double b);
    dfg::ValueId (*emit)(dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b);
    /// Effective bit operations of one element of the output.
    double (*ebops)(std::span<const double> operand_bits);
};

const ElementwiseRule& add_rule();
const ElementwiseRule& subtract_rule();
const ElementwiseRule& multiply_rule();
const ElementwiseRule& maximum_rule();
const ElementwiseRule& minimum_rule();

Result<model::TensorType> infer_elementwise(const ElementwiseRule& rule,
                                            std::span<const model::TensorType> inputs);
model::Values reference_elementwise(const ElementwiseRule& rule,
                                    std::span<const model::Values> inputs);
model::Reals real_elementwise(const ElementwiseRule& rule, std::span<const model::Reals> inputs);
std::vector<dfg::ValueId> lower_elementwise(const ElementwiseRule& rule, dfg::Builder& builder,
                                            std::span<const model::Operand> inputs);
model::LayerFacts elementwise_facts(const ElementwiseRule& rule,
                                    std::span<const model::TensorType> inputs);
/// Input types that broadcast in every way, two or more of them.
std::vector<std::vector<model::TensorType>> elementwise_example_inputs(const ElementwiseRule& rule,
                                                                       Rng& rng);

/// A layer without fields that is nothing but its rule.
template <class Self, const ElementwiseRule& (*kRule)()>
class Elementwise : public model::LayerOf<Self> {
  public:
    template <class Visitor>
    void fields(Visitor&) {}

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override {
        return infer_elementwise(kRule(), inputs);
    }
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override {
        return reference_elementwise(kRule(), inputs);
    }
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override {
        return real_elementwise(kRule(), inputs);
    }
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override {
        return lower_elementwise(kRule(), lowering.builder, inputs);
    }
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override {
        return broadcast_repetition(inputs, [](std::size_t) { return std::make_unique<Self>(); });
    }
    [[nodiscard]] model::LayerFacts facts(
        std::span<const model::TensorType> inputs) const override {
        return elementwise_facts(kRule(), inputs);
    }
    static std::vector<model::Example> examples(Rng& rng) {
        std::vector<model::Example> out;
        for (auto& inputs : elementwise_example_inputs(kRule(), rng)) {
            out.push_back({std::make_unique<Self>(), std::move(inputs)});
        }
        return out;
    }
};

/// Sum of two or more inputs, exactly.
class Add final : public Elementwise<Add, &add_rule> {
  public:
    static constexpr std::string_view kKind = "add";
    static constexpr std::string_view kSummary =
        "Sum of two or more inputs, exact, with broadcasting.";
};

/// First minus second input, exactly.
class Subtract final : public Elementwise<Subtract, &subtract_rule> {
  public:
    static constexpr std::string_view kKind = "subtract";
    static constexpr std::string_view kSummary =
        "First minus second input, exact, with broadcasting.";
};

/// Product of two or more inputs, exactly.
class Multiply final : public Elementwise<Multiply, &multiply_rule> {
  public:
    static constexpr std::string_view kKind = "multiply";
    static constexpr std::string_view kSummary =
        "Product of two or more inputs, exact, with broadcasting.";
};

/// Largest of two or more inputs.
class Maximum final : public Elementwise<Maximum, &maximum_rule> {
  public:
    static constexpr std::string_view kKind = "maximum";
    static constexpr std::string_view kSummary =
        "Largest of two or more inputs, with broadcasting.";
};

/// Smallest of two or more inputs.
class Minimum final : public Elementwise<Minimum, &minimum_rule> {
  public:
    static constexpr std::string_view kKind = "minimum";
    static constexpr std::string_view kSummary =
        "Smallest of two or more inputs, with broadcasting.";
};

/// Mean of 2, 4, 8 ... inputs: dividing by a power of two is exact. Any other count is refused.
class Average final : public model::LayerOf<Average> {
  public:
    static constexpr std::string_view kKind = "average";
    static constexpr std::string_view kSummary =
        "Mean of a power-of-two number of inputs, exact, with broadcasting.";

    template <class Visitor>
    void fields(Visitor& v) {
        (void)v;
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override {
        return broadcast_repetition(inputs,
                                    [](std::size_t) { return std::make_unique<Average>(); });
    }
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
