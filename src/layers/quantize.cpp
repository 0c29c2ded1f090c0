// SPDX-License-Identifier: Apache-2.0
#include "layers/quantize.h"

#include <fmt/format.h>

#include "layers/example_types.h"

namespace gatewright::layers {

using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Quantize::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    if (type.size() != 1 && type.size() != x.elements.size()) {
        return fail(fmt::format("has {} types for {} elements; give one, or one per element",
                                type.size(), x.elements.size()));
    }
    TensorType out{x.shape, {}};
    for (std::size_t i = 0; i < x.elements.size(); ++i) {
        out.elements.push_back(fixed::cast(x.elements[i], cast(i)));
    }
    return out;
}

Values Quantize::reference(std::span<const Values> inputs) const {
    Values out = inputs[0];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = cast_value(out[i], cast(i));
    return out;
}

Reals Quantize::real(std::span<const Reals> inputs) const {
    return inputs[0];
}

std::vector<dfg::ValueId> Quantize::lower(model::Lowering& lowering,
                                          std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> out;
    for (std::size_t i = 0; i < inputs[0].values.size(); ++i) {
        out.push_back(lowering.builder.cast(inputs[0].values[i], cast(i)));
    }
    return out;
}

Quantize Quantize::part_at(const tensor::Shape& shape, std::size_t position) const {
    Quantize part;
    part.type = entries_at(type, shape, position);
    return part;
}

std::string Quantize::summary() const {
    if (type.size() == 1) return to_string(type[0]);
    return fmt::format("{} types", type.size());
}

std::vector<model::Example> Quantize::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (int i = 0; i < 12; ++i) {
        auto layer = std::make_unique<Quantize>();
        TensorType x = random_type(rng, i % 2 == 0 ? tensor::Shape{3, 2} : tensor::Shape{2, 2, 2});
        for (std::size_t e = 0; e < x.elements.size(); ++e) layer->type.push_back(random_cast(rng));
        out.push_back({std::move(layer), {std::move(x)}});
    }
    for (const int width : {100, 1000}) {
        auto layer = std::make_unique<Quantize>();
        TensorType x = wide_type({14}, width);
        for (std::size_t e = 0; e < x.elements.size(); ++e) {
            fixed::Cast cast{
                .format = {e % 3 != 0, width - 7 - static_cast<int>(e), width / 2 - 20}};
            cast.round = static_cast<fixed::Round>(e % 7);
            cast.overflow = static_cast<fixed::Overflow>(e % 4);
            layer->type.push_back(cast);
        }
        out.push_back({std::move(layer), {std::move(x)}});
    }
    return out;
}

}  // namespace gatewright::layers
