// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// y = x·scale + offset, exactly: input scaling, batch normalization, a bias of its own. Each list
/// has one number for all elements, one per index of `axis`, or one per element (row-major); an
/// empty scale is 1, an empty offset is 0.
class Affine final : public Pointwise<Affine> {
  public:
    static constexpr std::string_view kKind = "affine";
    static constexpr std::string_view kSummary =
        "x * scale + offset, exact; per tensor, per index of one axis, or per element.";

    std::vector<fixed::Dyadic> scale;
    std::vector<fixed::Dyadic> offset;
    std::int64_t axis = -1;

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("scale", scale, "factors: one, one per index of axis, or one per element");
        v.optional("offset", offset, "numbers added after scaling, counted as scale");
        v.defaulted("axis", axis, -1, "the axis scale and offset run along, negative from the end");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    /// The layer at one position of an input of this shape.
    [[nodiscard]] Affine part_at(const tensor::Shape& shape, std::size_t position) const;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
