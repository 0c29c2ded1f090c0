// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// Brings every element into a fixed-point type: quantize, then overflow.
class Quantize final : public Pointwise<Quantize> {
  public:
    static constexpr std::string_view kKind = "quantize";
    static constexpr std::string_view kSummary =
        "Casts every element to a fixed-point type, with its rounding and overflow mode.";

    std::vector<fixed::Cast> type;  ///< one for all elements, or one per element (row-major)

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("type", type,
                   "target type, for example fixed<8,3,RND,SAT>; one, or one per element");
    }
    [[nodiscard]] const fixed::Cast& cast(std::size_t i) const {
        return type.size() == 1 ? type[0] : type[i];
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    /// The layer at one position of an input of this shape.
    [[nodiscard]] Quantize part_at(const tensor::Shape& shape, std::size_t position) const;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
