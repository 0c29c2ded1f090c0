// SPDX-License-Identifier: Apache-2.0
//
// Any function of one number as a lookup table over all input codes. An entry is the function's
// exact value rounded once, by the rounding and overflow mode of `type` (real_function.h), so the
// table is correct to the last bit and depends on no math library. Where the function has no value,
// or an infinite one, the entry is: +infinity the largest value of `type`, -infinity the smallest,
// no value 0.
//
// Instead of a function a model file may bring the table itself: `values`, indexed by the code of
// `input_type` (two's-complement bits as an unsigned number).
#pragma once

#include "layers/pointwise.h"

namespace gatewright::layers {

/// y = type(f(x)) for every input code; elements with equal formats share one table.
class UnaryTable final : public Pointwise<UnaryTable> {
  public:
    static constexpr std::string_view kKind = "unary_table";
    static constexpr std::string_view kSummary =
        "Any function of one number as a table over all input codes, correctly rounded.";

    std::string function;           ///< name in real_function.h, or empty when `values` are given
    fixed::Dyadic alpha = 1;        ///< parameter of elu, leaky ... where the function has one
    fixed::Dyadic input_scale = 1;  ///< f(input_scale·x + input_offset)
    fixed::Dyadic input_offset;
    fixed::Dyadic output_scale = 1;       ///< times f
    std::vector<fixed::Dyadic> values;    ///< explicit table: the value for each code of input_type
    std::vector<fixed::Cast> input_type;  ///< x is cast to this first; empty: the incoming codes
    std::vector<fixed::Cast> type;  ///< of the results; empty only with `values` (exact values)

    template <class Visitor>
    void fields(Visitor& v) {
        v.optional("function", function, "sigmoid, tanh, exp, ...; see docs/layers.md");
        v.defaulted("alpha", alpha, 1, "parameter of functions that have one (elu, power)");
        v.defaulted("input_scale", input_scale, 1, "x is multiplied by this before the function");
        v.optional("input_offset", input_offset, "added to the scaled x before the function");
        v.defaulted("output_scale", output_scale, 1, "factor of the function's value");
        v.optional("values", values, "explicit table, one number per code of input_type");
        v.optional("input_type", input_type,
                   "x is cast to this type first; one, or one per element");
        v.optional("type", type, "type of the results; one, or one per element");
    }

    [[nodiscard]] Result<model::TensorType> infer(
        std::span<const model::TensorType> inputs) const override;
    [[nodiscard]] model::Values reference(std::span<const model::Values> inputs) const override;
    [[nodiscard]] model::Reals real(std::span<const model::Reals> inputs) const override;
    [[nodiscard]] std::vector<dfg::ValueId> lower(
        model::Lowering& lowering, std::span<const model::Operand> inputs) const override;
    [[nodiscard]] model::LayerFacts facts(std::span<const model::TensorType> inputs) const override;
    /// The layer at one position of an input of this shape.
    [[nodiscard]] UnaryTable part_at(const tensor::Shape& shape, std::size_t position) const;
    [[nodiscard]] std::string summary() const override;
    static std::vector<model::Example> examples(Rng& rng);

    /// Largest |table entry - function| over all codes the inputs can take (0 for explicit values).
    [[nodiscard]] double max_error(const model::TensorType& input) const;
};

}  // namespace gatewright::layers
