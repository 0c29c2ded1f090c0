// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// The inputs one behind the other along `axis`; all other sizes agree.
class Concatenate final : public model::LayerOf<Concatenate> {
  public:
    static constexpr std::string_view kKind = "concatenate";
    static constexpr std::string_view kSummary = "Joins tensors along one axis.";

    std::int64_t axis = -1;

    template <class Visitor>
    void fields(Visitor& v) {
        v.defaulted("axis", axis, -1, "axis to join along, negative from the end");
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
