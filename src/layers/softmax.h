// SPDX-License-Identifier: Apache-2.0
//
// Softmax as hardware computes it, every step exact or a stated cast:
//     d_i = max_j x_j - x_i        exact, >= 0
//     d_i = difference_type(d_i)                         if given
//     e_i = exp_type(exp(-exp_scale · d_i))              table
//     s   = Σ e_i                  exact
//     s   = sum_type(s)                                  if given
//     r   = inverse_type(1 / (s + inverse_epsilon))      table
//     y_i = type(e_i · r)                                exact product if no type is given
// With subtract_max = false: d_i = x_i and e_i = exp_type(exp(exp_scale · d_i)).
// HGQ2's QSoftmax: difference_type and exp_type are the exponent table's quantizers, sum_type and
// inverse_type those of the inverse table, exp_scale its input scaler, inverse_epsilon 1e-7.
// If only the winner is asked for, winner_only leaves the logits as they are: softmax keeps their
// order.
#pragma once

#include "model/fields.h"

namespace gatewright::layers {

/// Softmax along one axis through an exponential and a reciprocal table.
class Softmax final : public model::LayerOf<Softmax> {
  public:
    static constexpr std::string_view kKind = "softmax";
    static constexpr std::string_view kSummary =
        "Softmax along one axis by exact maximum, two tables and one product; or only its order.";

    std::int64_t axis = -1;
    bool winner_only = false;  ///< y = x: same order, no tables
    bool subtract_max = true;
    fixed::Dyadic exp_scale = 1;
    fixed::Dyadic inverse_epsilon;
    std::vector<fixed::Cast> difference_type;  ///< empty or one
    std::vector<fixed::Cast> exp_type;         ///< one, unless winner_only
    std::vector<fixed::Cast> sum_type;         ///< empty or one
    std::vector<fixed::Cast> inverse_type;     ///< one, unless winner_only
    std::vector<fixed::Cast> type;             ///< empty or one

    template <class Visitor>
    void fields(Visitor& v) {
        v.defaulted("axis", axis, -1, "axis that sums to one, negative from the end");
        v.optional("winner_only", winner_only, "leave the logits as they are: the same order");
        v.defaulted("subtract_max", subtract_max, true,
                    "subtract each element from the maximum first");
        v.defaulted("exp_scale", exp_scale, 1, "factor inside the exponential");
        v.optional("inverse_epsilon", inverse_epsilon, "added to the sum inside the reciprocal");
        v.optional("difference_type", difference_type,
                   "cast of max - x (or of x) before the exponential table");
        v.optional("exp_type", exp_type, "type of the exponentials");
        v.optional("sum_type", sum_type, "cast of their sum before the reciprocal table");
        v.optional("inverse_type", inverse_type, "type of the reciprocal");
        v.optional("type", type, "cast of the results; left out: the exact products");
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
