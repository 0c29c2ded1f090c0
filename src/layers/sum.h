// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Sum over axes, times an exact factor: with factor 2^-k a mean over 2^k elements is exact.
class Sum final : public model::LayerOf<Sum> {
  public:
    static constexpr std::string_view kKind = "sum";
    static constexpr std::string_view kSummary =
        "Sum over axes times an exact factor; a mean over a power of two.";

    std::vector<std::int64_t> axes;  ///< empty: all
    bool keep_axes = false;
    fixed::Dyadic scale = 1;

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("axes", axes, "axes to sum over, negative from the end; left out: all");
        v.optional("keep_axes", keep_axes, "summed axes stay, with size 1");
        v.defaulted("scale", scale, 1, "factor of the sum");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    /// A sum that leaves the channels alone is an average_taps layer at each position; one over
    /// the channels alone, kept with size 1, is a sum at each position.
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
