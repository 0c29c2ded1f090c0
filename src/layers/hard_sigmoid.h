// SPDX-License-Identifier: Apache-2.0
//
// The piecewise linear stand-ins for sigmoid and tanh. Keras 2 has slope 0.2 (the float32 number,
// which is a dyadic rational like every float) and shift 0.5; QKeras and hls4ml have 0.5 and 0.5.
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// clip(slope·x + shift, 0, 1), exactly.
class HardSigmoid final : public Pointwise<HardSigmoid> {
  public:
    static constexpr std::string_view kKind = "hard_sigmoid";
    static constexpr std::string_view kSummary = "clip(slope * x + shift, 0, 1), exact.";

    fixed::Dyadic slope;
    fixed::Dyadic shift;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("slope", slope, "0.5 in QKeras, 0.2 as float32 in Keras 2");
        v.required("shift", shift, "0.5 in all of them");
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

/// 2·hard_sigmoid(x) - 1: clip(2·(slope·x + shift) - 1, -1, 1), exactly.
class HardTanh final : public Pointwise<HardTanh> {
  public:
    static constexpr std::string_view kKind = "hard_tanh";
    static constexpr std::string_view kSummary = "2 * hard_sigmoid(x) - 1, exact.";

    fixed::Dyadic slope;
    fixed::Dyadic shift;

    template <class Visitor>
    void fields(Visitor& v) {
        v.required("slope", slope, "slope of the hard sigmoid inside");
        v.required("shift", shift, "shift of the hard sigmoid inside");
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

}  // namespace gatewright::layers
