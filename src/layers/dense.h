// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// y[..., j] = Σ_i x[..., i] · kernel[i, j] + bias[j], exactly, on the last axis.
class Dense final : public Pointwise<Dense> {
  public:
    static constexpr std::string_view kKind = "dense";
    static constexpr std::string_view kSummary =
        "Matrix times vector plus bias on the last axis, exact: no rounding, no overflow.";

    model::Values kernel;             ///< [inputs, outputs]
    std::vector<fixed::Dyadic> bias;  ///< empty, or one per output
    /// Bits of each weight's quantizer without the sign ([inputs, outputs]; empty: those the value
    /// needs) and of each bias, for effective bit operations.
    std::vector<std::int64_t> kernel_bits;
    std::vector<std::int64_t> bias_bits;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("kernel", kernel, "weights [inputs, outputs]");
        v.optional("bias", bias, "one number per output");
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
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);

  private:
    [[nodiscard]] std::size_t inputs() const { return static_cast<std::size_t>(kernel.shape[0]); }
    [[nodiscard]] std::size_t outputs() const { return static_cast<std::size_t>(kernel.shape[1]); }
};

}  // namespace gatewright::layers
