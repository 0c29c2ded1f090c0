// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// Leaky relu whose slope is a tensor that broadcasts against the input (shared axes have size 1).
class Prelu final : public Pointwise<Prelu> {
  public:
    static constexpr std::string_view kKind = "prelu";
    static constexpr std::string_view kSummary =
        "x for x >= 0, alpha * x below, with trained slopes per element or shared along axes.";

    model::Values alpha;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("alpha", alpha,
                   "slopes; the shape broadcasts to the input's (size 1 on shared axes)");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    /// The layer at one position of an input of this shape.
    [[nodiscard]] Prelu part_at(const tensor::Shape& shape, std::size_t position) const;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
