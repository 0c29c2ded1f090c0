// SPDX-License-Identifier: Apache-2.0
#include "layers/relu.h"

#include <algorithm>

#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Relu::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    if (has_max && max_value.sign() < 0) return fail("max_value is negative");
    TensorType out = inputs[0];
    for (Interval& range : out.elements) {
        range = max(range, Interval::constant(0));
        if (has_max) range = min(range, Interval::constant(max_value));
    }
    return out;
}

Values Relu::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) {
        if (value.sign() < 0) value = 0;
        if (has_max && value > max_value) value = max_value;
    }
    return y;
}

Reals Relu::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) {
        value = std::max(value, 0.0);
        if (has_max) value = std::min(value, max_value.to_double());
    }
    return y;
}

std::vector<dfg::ValueId> Relu::lower(model::Lowering& lowering,
                                      std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) {
        const dfg::ValueId positive = b.max(x, b.constant(0));
        y.push_back(has_max ? b.min(positive, b.constant(max_value)) : positive);
    }
    return y;
}

std::vector<model::Example> Relu::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const bool cut : {false, true}) {
        auto layer = std::make_unique<Relu>();
        layer->has_max = cut;
        if (cut) layer->max_value = Dyadic(fixed::Integer(rng.between(0, 20)), -2);
        out.push_back({std::move(layer), {random_type(rng, {2, 2, 2})}});
    }
    out.push_back({std::make_unique<Relu>(), {wide_type({2}, 1000)}});
    return out;
}

}  // namespace gatewright::layers
