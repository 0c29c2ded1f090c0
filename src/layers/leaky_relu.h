// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// x for x >= 0, alpha·x below, exactly.
class LeakyRelu final : public Pointwise<LeakyRelu> {
  public:
    static constexpr std::string_view kKind = "leaky_relu";
    static constexpr std::string_view kSummary = "x for x >= 0, alpha * x below, exact.";

    fixed::Dyadic alpha;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("alpha", alpha, "slope for x < 0");
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
