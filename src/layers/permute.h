// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Axis i of the output is axis dims[i] of the input (0 is the first axis after the batch).
class Permute final : public model::LayerOf<Permute> {
  public:
    static constexpr std::string_view kKind = "permute";
    static constexpr std::string_view kSummary = "Reorders the axes.";

    std::vector<std::int64_t> dims;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("dims", dims, "input axis of each output axis, from 0, without the batch axis");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::optional<std::vector<std::int64_t>> rearrangement(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
