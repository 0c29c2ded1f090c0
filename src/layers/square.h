// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// x², exactly; the result is known not to be negative.
class Square final : public Pointwise<Square> {
  public:
    static constexpr std::string_view kKind = "square";
    static constexpr std::string_view kSummary = "x * x, exact, with a range from 0.";

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
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
