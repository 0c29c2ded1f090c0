// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// The same elements in row-major order under another shape; [-1] flattens.
class Reshape final : public model::LayerOf<Reshape> {
  public:
    static constexpr std::string_view kKind = "reshape";
    static constexpr std::string_view kSummary =
        "The same elements under another shape; one size may be -1.";

    std::vector<std::int64_t> shape;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("shape", shape, "new shape without the batch axis; -1 once: whatever is left");
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
