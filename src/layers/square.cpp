// SPDX-License-Identifier: Apache-2.0
#include "layers/square.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Square::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    for (Interval& range : out.elements) range = fixed::squared(range);
    return out;
}

Values Square::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) value = value * value;
    return y;
}

Reals Square::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) value *= value;
    return y;
}

std::vector<dfg::ValueId> Square::lower(model::Lowering& lowering,
                                        std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) y.push_back(lowering.builder.mul(x, x));
    return y;
}

model::LayerFacts Square::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (inputs.empty()) return facts;
    for (const Interval& range : inputs[0].elements) facts.ebops += bits_of(range) * bits_of(range);
    return facts;
}

std::vector<model::Example> Square::examples(Rng& rng) {
    std::vector<model::Example> out;
    out.push_back({std::make_unique<Square>(), {random_type(rng, {2, 2, 2})}});
    out.push_back({std::make_unique<Square>(), {wide_type({2}, 500)}});
    return out;
}

}  // namespace gatewright::layers
