// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// A port of the design. Real values offered to the emulator are brought into `type` by its
/// rounding and overflow modes; the hardware port carries the codes.
class Input final : public model::LayerOf<Input> {
  public:
    static constexpr std::string_view kKind = "input";
    static constexpr std::string_view kSummary =
        "A port of the design: a shape and a type per element.";

    tensor::Shape shape;
    std::vector<fixed::Cast> type;  ///< one for all elements, or one per element (row-major)

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("shape", shape, "shape of one event, without the batch axis");
        v.required("type", type,
                   "type of the port, with the modes used to convert real input values");
    }
    /// The cast of element i.
    [[nodiscard]] const fixed::Cast& cast(std::size_t i) const {
        return type.size() == 1 ? type[0] : type[i];
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    /// Takes the event's values as its one operand and casts them.
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    /// Takes the event's values as its one operand; the caller has made the input nodes.
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
