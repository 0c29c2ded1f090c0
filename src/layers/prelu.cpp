// SPDX-License-Identifier: Apache-2.0
#include "layers/prelu.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/shapes.h"
#include "layers/slopes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Prelu::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    const auto common = broadcast_shapes(alpha.shape, out.shape);
    if (!common || *common != out.shape || alpha.data.empty()) {
        return fail(fmt::format(
            "alpha has shape {}, which does not broadcast to the input's {}; sizes must be "
            "equal, or 1 where a slope is shared",
            tensor::to_string(alpha.shape), tensor::to_string(out.shape)));
    }
    const auto slope_of = broadcast_map(alpha.shape, out.shape);
    for (std::size_t i = 0; i < out.elements.size(); ++i) {
        out.elements[i] = bent_range(out.elements[i], alpha[slope_of[i]]);
    }
    return out;
}

Values Prelu::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        if (y[flat].sign() < 0) y[flat] = y[flat] * broadcast_at(alpha, index);
        ++flat;
    });
    return y;
}

Reals Prelu::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        if (y[flat] < 0) y[flat] *= broadcast_at(alpha, index).to_double();
        ++flat;
    });
    return y;
}

std::vector<dfg::ValueId> Prelu::lower(model::Lowering& lowering,
                                       std::span<const Operand> inputs) const {
    const auto slope_of = broadcast_map(alpha.shape, inputs[0].type.shape);
    std::vector<dfg::ValueId> y;
    for (std::size_t i = 0; i < slope_of.size(); ++i) {
        y.push_back(emit_bent(lowering, inputs[0].values[i], alpha[slope_of[i]]));
    }
    return y;
}

model::LayerFacts Prelu::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    facts.weights = alpha.size();
    for (const Dyadic& slope : alpha.data) facts.nonzero_weights += slope.is_zero() ? 0U : 1U;
    if (inputs.empty() || !infer(inputs)) return facts;
    const auto slope_of = broadcast_map(alpha.shape, inputs[0].shape);
    for (std::size_t i = 0; i < slope_of.size(); ++i) {
        facts.ebops += bits_of(inputs[0].elements[i]) * bits_of(alpha[slope_of[i]]);
    }
    return facts;
}

Prelu Prelu::part_at(const tensor::Shape& shape, std::size_t position) const {
    if (alpha.size() == 1) return *this;
    const auto slope_of = broadcast_map(alpha.shape, shape);
    Prelu part;
    part.alpha = Values({shape.back()});
    for (std::size_t c = 0; c < part.alpha.size(); ++c) {
        part.alpha[c] = alpha[slope_of[position * part.alpha.size() + c]];
    }
    return part;
}

std::string Prelu::summary() const {
    return fmt::format("{} slopes", alpha.size());
}

std::vector<model::Example> Prelu::examples(Rng& rng) {
    std::vector<model::Example> out;
    const std::pair<tensor::Shape, tensor::Shape> cases[] = {
        {{2, 3}, {2, 3}}, {{2, 1}, {2, 3}},       {{3}, {2, 3}},         {{1}, {2, 3}},
        {{}, {2, 3}},     {{2, 1, 3}, {2, 2, 3}}, {{2, 2, 1}, {2, 2, 3}}};
    for (const auto& [slopes, input] : cases) {
        auto layer = std::make_unique<Prelu>();
        layer->alpha = Values(slopes);
        for (Dyadic& slope : layer->alpha.data) slope = random_weight(rng);
        out.push_back({std::move(layer), {random_type(rng, input)}});
    }
    return out;
}

}  // namespace gatewright::layers
