// SPDX-License-Identifier: Apache-2.0
//
// Binary and ternary activations. Who counts the threshold itself differs between tools, so it is
// said here: QKeras' binary is x >= 0 -> +1; its ternary gives ±1 for |x| >= threshold (both
// at_threshold); hls4ml's ternary_tanh is +1 for x > 0.5 and -1 for x <= -0.5
// (negative_at_threshold only).
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// Binary: +1 for x >= threshold, else -1 (or 0 with zero_one). Ternary: +1 above the threshold, -1
/// below minus the threshold, 0 between.
class Sign final : public Pointwise<Sign> {
  public:
    static constexpr std::string_view kKind = "sign";
    static constexpr std::string_view kSummary =
        "Binary (+1 / -1, or 1 / 0) or ternary (+1 / 0 / -1) activation with a threshold.";

    bool ternary = false;
    fixed::Dyadic threshold;
    bool positive_at_threshold = true;  ///< x == threshold gives +1
    bool negative_at_threshold = true;  ///< ternary: x == -threshold gives -1
    bool zero_one = false;              ///< binary: 0 in place of -1

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("ternary", ternary, "three results instead of two");
        v.optional("threshold", threshold, "where +1 begins; ternary: not negative");
        v.defaulted("positive_at_threshold", positive_at_threshold, true,
                    "x == threshold gives +1");
        v.defaulted("negative_at_threshold", negative_at_threshold, true,
                    "ternary: x == -threshold gives -1");
        v.optional("zero_one", zero_one, "binary: 0 in place of -1");
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
