// SPDX-License-Identifier: Apache-2.0
//
// Convolution over any number of leading axes, as networks write it (a correlation):
//
//     y[p, o] = bias[o] + Σ_t Σ_c x[p·stride + t·dilation - before, g·C + c] · kernel[t, c, o]
//
// with x = 0 outside, C = input channels / groups, and g the group that output channel o is in. One
// kind is all of them:
//   Conv1D, Conv2D   input [T, C] or [H, W, C]; "valid", "same", "causal" are paddings (windows.h)
//   depthwise        groups = channels; Keras' kernel [k.., C, m] read as [k.., 1, C·m]
//   separable        two layers: depthwise, then pointwise
//   pointwise        a kernel of size 1
//   transposed       insert_zeros by the stride, then conv with the kernel reversed along its
//                    window axes and its channel axes swapped; padding dilation·(k-1) - cut before,
//                    and after what the output's size asks for. So a stream sees a rearrangement
//                    and a window, and there is no second kind of arithmetic.
#pragma once

#include "layers/windows.h"
#include "model/fields.h"

namespace gatewright::layers {

/// Convolution plus bias, exactly.
class Conv final : public model::LayerOf<Conv> {
  public:
    static constexpr std::string_view kKind = "conv";
    static constexpr std::string_view kSummary =
        "Convolution over the axes before the channels plus bias, exact; strides, dilation, "
        "groups, depthwise.";

    model::Values kernel;             ///< [window.., input channels / groups, outputs]
    std::vector<fixed::Dyadic> bias;  ///< empty, or one per output
    std::vector<std::int64_t> strides;
    std::vector<std::int64_t> dilation;
    std::vector<std::int64_t> padding_before;
    std::vector<std::int64_t> padding_after;
    std::int64_t groups = 1;
    std::vector<std::int64_t> kernel_bits;
    std::vector<std::int64_t> bias_bits;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("kernel", kernel, "weights [window.., input channels / groups, outputs]");
        v.optional("bias", bias, "one number per output");
        v.optional("strides", strides, "step of the window per axis; left out: 1");
        v.optional("dilation", dilation, "distance of the window's taps per axis; left out: 1");
        v.optional("padding_before", padding_before, "zeros before each axis; left out: 0");
        v.optional("padding_after", padding_after, "zeros after each axis; left out: 0");
        v.defaulted("groups", groups, 1,
                    "parts of the channels that do not mix; as many as channels: depthwise");
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
    /// Each position is a dense layer on [taps · channels].
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
