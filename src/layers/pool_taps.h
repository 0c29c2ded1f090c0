// SPDX-License-Identifier: Apache-2.0
//
// One position of a pooling layer: [taps · channels] -> [channels]. What max_pool and average_pool
// repeat, and so what a stream or a folded design instantiates once. At the edges of a padded input
// `taps` names those that take part.
#pragma once

#include "layers/quotient.h"
#include "model/fields.h"

namespace gatewright::layers {

/// Largest over taps, per channel.
class MaxTaps final : public model::LayerOf<MaxTaps> {
  public:
    static constexpr std::string_view kKind = "max_taps";
    static constexpr std::string_view kSummary =
        "One position of max_pool: the largest over taps, per channel.";

    std::int64_t channels = 0;
    std::vector<std::int64_t> taps;  ///< those that take part; empty: all

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("channels", channels, "channels; the input has one group of them per tap");
        v.optional("taps", taps, "numbers of the taps that take part; left out: all");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);
};

/// type(sum_type(Σ over taps) · scale / divisor), per channel.
class AverageTaps final : public model::LayerOf<AverageTaps> {
  public:
    static constexpr std::string_view kKind = "average_taps";
    static constexpr std::string_view kSummary =
        "One position of average_pool: the sum over taps divided and rounded once, per channel.";

    std::int64_t channels = 0;
    std::vector<std::int64_t> taps;  ///< those that take part; empty: all
    std::int64_t divisor = 1;
    fixed::Dyadic scale = 1;
    std::vector<fixed::Cast> sum_type;  ///< empty or one
    std::vector<fixed::Cast> type;      ///< empty, one, or one per channel

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("channels", channels, "channels; the input has one group of them per tap");
        v.optional("taps", taps, "numbers of the taps that take part; left out: all");
        v.defaulted("divisor", divisor, 1, "what the sum is divided by");
        v.defaulted("scale", scale, 1, "factor of the quotient, before rounding");
        v.optional("sum_type", sum_type, "the sum is cast to this type before it is divided");
        v.optional("type", type,
                   "the quotient is rounded to this type; one, or one per channel; left out: it "
                   "must be exact");
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
};

/// Range of type(sum_type(sum) · ratio); without a type the ratio must be exact.
Result<fixed::Interval> mean_range(const fixed::Interval& sum, const Ratio& ratio,
                                   const std::vector<fixed::Cast>& sum_type,
                                   const fixed::Cast* type);
/// The same as dataflow.
dfg::ValueId emit_mean(model::Lowering& lowering, dfg::ValueId sum, const Ratio& ratio,
                       const std::vector<fixed::Cast>& sum_type, const fixed::Cast* type);
/// Effective bit operations of a sum.
double sum_ebops(std::span<const fixed::Interval> terms);

}  // namespace gatewright::layers
