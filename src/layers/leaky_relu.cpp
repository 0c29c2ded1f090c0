// SPDX-License-Identifier: Apache-2.0
#include "layers/leaky_relu.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/example_types.h"
#include "layers/slopes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> LeakyRelu::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    for (Interval& range : out.elements) range = bent_range(range, alpha);
    return out;
}

Values LeakyRelu::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) {
        if (value.sign() < 0) value = value * alpha;
    }
    return y;
}

Reals LeakyRelu::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) {
        if (value < 0) value *= alpha.to_double();
    }
    return y;
}

std::vector<dfg::ValueId> LeakyRelu::lower(model::Lowering& lowering,
                                           std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) y.push_back(emit_bent(lowering, x, alpha));
    return y;
}

model::LayerFacts LeakyRelu::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (inputs.empty()) return facts;
    for (const Interval& range : inputs[0].elements) facts.ebops += bits_of(range) * bits_of(alpha);
    return facts;
}

std::string LeakyRelu::summary() const {
    return fmt::format("slope {}", alpha.to_double());
}

std::vector<model::Example> LeakyRelu::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const Dyadic& slope :
         {Dyadic(1, -3), Dyadic(77, -8), Dyadic(0), Dyadic(3), Dyadic(-5, -2), Dyadic(1)}) {
        auto layer = std::make_unique<LeakyRelu>();
        layer->alpha = slope;
        out.push_back({std::move(layer), {random_type(rng, {3, 1, 2})}});
    }
    auto layer = std::make_unique<LeakyRelu>();
    layer->alpha = Dyadic(3, -4);
    out.push_back({std::move(layer), {wide_type({2}, 100)}});
    return out;
}

}  // namespace gatewright::layers
