// SPDX-License-Identifier: Apache-2.0
//
// A whole program of another tool as one layer: da4ml's DAIS or alkaid's ALIR (interchange). Its
// reference is the plain interpreter of those ops; its dataflow is their translation.
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// The ops of a program of da4ml or alkaid, exactly.
class SlotProgramLayer final : public model::LayerOf<SlotProgramLayer> {
  public:
    static constexpr std::string_view kKind = "program";
    static constexpr std::string_view kSummary =
        "A program of da4ml (DAIS) or alkaid (ALIR), exact: all elements in, its outputs out.";

    interchange::SlotProgram program;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("program", program, "the content of an ALIR 4 file");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    /// The program's own values: it has no ideal form beside them.
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
