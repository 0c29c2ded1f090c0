// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Sum of products of two inputs over one axis of each, no kernel of constants involved:
/// y[i..., j...] = Σ_k x[i..., k] · w[j..., k]. The axes left over from the first input come first,
/// then those of the second; two vectors give shape [1] (as Keras' Dot does).
class Dot final : public model::LayerOf<Dot> {
  public:
    static constexpr std::string_view kKind = "dot";
    static constexpr std::string_view kSummary =
        "Sum of products of two inputs over one axis of each, exact.";

    std::vector<std::int64_t> axes;  ///< empty (the last axis of each), or two

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("axes", axes,
                   "the axis of each input that is summed over; left out: the last ones");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
