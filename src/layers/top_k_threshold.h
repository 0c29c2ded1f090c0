// SPDX-License-Identifier: Apache-2.0
//
// The k-th largest element as a threshold: what a trigger menu or an attention layer that keeps the
// k best needs. `mask` marks every element that is not below it, so ties at the threshold are all
// kept and the mask has at least k ones.
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Mask (0 or 1 per element) of x >= k-th largest along one axis; or, with threshold_only, the k-th
/// largest value itself (equal elements count as often as they occur).
class TopKThreshold final : public model::LayerOf<TopKThreshold> {
  public:
    static constexpr std::string_view kKind = "top_k_threshold";
    static constexpr std::string_view kSummary =
        "Mask of the elements that are at least the k-th largest along one axis, or that value.";

    std::int64_t k = 0;
    std::int64_t axis = -1;
    bool threshold_only = false;
    bool keep_axis = false;  ///< with threshold_only

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("k", k, "how many are kept, from 1");
        v.defaulted("axis", axis, -1, "axis to compare along, negative from the end");
        v.optional("threshold_only", threshold_only,
                   "give the k-th largest value instead of the mask");
        v.optional("keep_axis", keep_axis, "with threshold_only: the axis stays, with size 1");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
