// SPDX-License-Identifier: Apache-2.0
//
// Constant-kernel Einstein sums, as Keras' EinsumDense and HGQ2's QEinsumDense write them:
// "abc,cd->abd". The first letter of the input and of the output is the batch axis (which
// Gatewright's shapes leave out); "..." stands for leading axes that pass through. Each letter is
// one of
//   contracted   in input and kernel          summed over
//   new          in kernel and output         made by the kernel
//   shared       in all three                 its own kernel slice per index
//   passed       in input and output          the same kernel for every index
// so the layer is one constant matrix product per index of the passed and shared letters.
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Constant-kernel einsum plus bias, exactly.
class EinsumDense final : public model::LayerOf<EinsumDense> {
  public:
    static constexpr std::string_view kKind = "einsum_dense";
    static constexpr std::string_view kSummary =
        "Einstein sum with a constant kernel plus bias, exact.";

    std::string equation;  ///< "abc,cd->abd"; the first letter is the batch axis
    model::Values kernel;
    model::Values bias;  ///< empty data: none; else broadcasts to the output (without batch axis)
    std::vector<std::int64_t> kernel_bits;
    std::vector<std::int64_t> bias_bits;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("equation", equation,
                   "input,kernel->output; the first letter is the batch axis");
        v.required("kernel", kernel, "weights, with the kernel's axes of the equation");
        v.optional("bias", bias, "added; its shape broadcasts to the output's");
        v.optional("kernel_bits", kernel_bits,
                   "bits of each weight's quantizer, for EBOPs (row-major)");
        v.optional("bias_bits", bias_bits, "bits of each bias' quantizer, for EBOPs");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
