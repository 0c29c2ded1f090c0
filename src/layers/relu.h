// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// max(x, 0), optionally cut at `max_value`.
class Relu final : public Pointwise<Relu> {
  public:
    static constexpr std::string_view kKind = "relu";
    static constexpr std::string_view kSummary = "max(x, 0), optionally cut at max_value.";

    bool has_max = false;
    fixed::Dyadic max_value;

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("has_max", has_max, "cut the result at max_value");
        v.optional("max_value", max_value, "largest result, not negative");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
