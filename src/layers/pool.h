// SPDX-License-Identifier: Apache-2.0
//
// Pooling over the axes before the channels; an empty `size` takes the whole input (global
// pooling: the axes stay, with size 1, and a reshape drops them). Padding never takes part in a
// maximum. A mean is
//     y = type( sum_type( Σ x ) · scale / n )
// with n the number of taps inside the input, or of all taps with count_padding. n is seldom a
// power of two, so the layer itself rounds the exact quotient, once, to `type`; without a type all
// quotients must be exact. What tools do, in these terms:
//   Keras, HGQ2           type = the quantizer that follows; "same" padding does not count
//   hls4ml                sum_type = accum_t (the sum wraps as accum_t would: exact for truncation
//                         when x is first quantized to accum_t's fraction), type = accum_t with
//                         TRN_ZERO, then quantize to result_t; count_padding = count_pad
//   hls4ml up to 0.8      type = the data type with TRN_ZERO, then quantize to result_t
//   QKeras                scale = n · q with q the quantized 1/n: exact, no type needed
#pragma once

#include "layers/windows.h"
#include "model/fields.h"

namespace gatewright::layers {

/// The fields every pooling layer has.
struct PoolWindow {
    std::vector<std::int64_t> size;     ///< per axis; empty: the whole input
    std::vector<std::int64_t> strides;  ///< empty: the size
    std::vector<std::int64_t> dilation;
    std::vector<std::int64_t> padding_before;
    std::vector<std::int64_t> padding_after;

    template <class Visitor>
    void window_fields(Visitor& v) {
        v.optional("size", size, "window per axis; left out: the whole input (global pooling)");
        v.optional("strides", strides, "step of the window per axis; left out: its size");
        v.optional("dilation", dilation, "distance of the window's taps per axis; left out: 1");
        v.optional("padding_before", padding_before, "positions before each axis; left out: 0");
        v.optional("padding_after", padding_after, "positions after each axis; left out: 0");
    }
    [[nodiscard]] Result<Sliding> place(const tensor::Shape& input) const;
    [[nodiscard]] std::string window_summary() const;
};

/// Largest element under a window, per channel; padding does not take part.
class MaxPool final : public model::LayerOf<MaxPool>, public PoolWindow {
  public:
    static constexpr std::string_view kKind = "max_pool";
    static constexpr std::string_view kSummary =
        "Largest element under a window, per channel; global without a size.";

    template <class Visitor>
    void fields(Visitor& v) {
        window_fields(v);
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    /// Each position is a max_taps layer.
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

/// Mean under a window, per channel: the exact quotient, rounded once.
class AveragePool final : public model::LayerOf<AveragePool>, public PoolWindow {
  public:
    static constexpr std::string_view kKind = "average_pool";
    static constexpr std::string_view kSummary =
        "Mean under a window, per channel, the exact quotient rounded once; global without a size.";

    bool count_padding = false;
    fixed::Dyadic scale = 1;
    std::vector<fixed::Cast> sum_type;  ///< empty or one
    std::vector<fixed::Cast> type;      ///< empty, one, or one per element of the output

    template <class Visitor>
    void fields(Visitor& v) {
        window_fields(v);
        v.optional("count_padding", count_padding,
                   "divide by all taps; left out: by those inside the input");
        v.defaulted("scale", scale, 1, "factor of the mean, before rounding");
        v.optional("sum_type", sum_type, "the sum is cast to this type before it is divided");
        v.optional("type", type,
                   "the quotient is rounded to this type; one, or one per element of the output; "
                   "left out: quotients must be exact");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    /// Each position is an average_taps layer.
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

}  // namespace gatewright::layers
