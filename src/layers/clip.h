// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// min(max(x, lo), hi).
class Clip final : public Pointwise<Clip> {
  public:
    static constexpr std::string_view kKind = "clip";
    static constexpr std::string_view kSummary = "min(max(x, lo), hi).";

    fixed::Dyadic lo;
    fixed::Dyadic hi;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("lo", lo, "smallest result");
        v.required("hi", hi, "largest result, not below lo");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
