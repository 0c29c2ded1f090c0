// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Index of the first largest element along one axis, as an unsigned integer; or its one-hot code.
class Argmax final : public model::LayerOf<Argmax> {
  public:
    static constexpr std::string_view kKind = "argmax";
    static constexpr std::string_view kSummary =
        "Index (or one-hot code) of the first largest element along one axis.";

    std::int64_t axis = -1;
    bool keep_axis = false;
    bool one_hot = false;

    template <class Visitor>
    void fields(Visitor& v) {
        v.defaulted("axis", axis, -1, "axis to search along, negative from the end");
        v.optional("keep_axis", keep_axis, "the searched axis stays, with size 1");
        v.optional("one_hot", one_hot, "1 at the index and 0 elsewhere, in the input's shape");
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
