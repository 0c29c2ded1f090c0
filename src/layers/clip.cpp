// SPDX-License-Identifier: Apache-2.0
#include "layers/clip.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Clip::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    if (hi < lo) {
        return fail(fmt::format("hi = {} is below lo = {}", hi.to_double(), lo.to_double()));
    }
    TensorType out = inputs[0];
    for (Interval& range : out.elements) {
        range = min(max(range, Interval::constant(lo)), Interval::constant(hi));
    }
    return out;
}

Values Clip::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) {
        if (value < lo) {
            value = lo;
        } else if (value > hi) {
            value = hi;
        }
    }
    return y;
}

Reals Clip::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) value = std::clamp(value, lo.to_double(), hi.to_double());
    return y;
}

std::vector<dfg::ValueId> Clip::lower(model::Lowering& lowering,
                                      std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) {
        y.push_back(b.min(b.max(x, b.constant(lo)), b.constant(hi)));
    }
    return y;
}

std::string Clip::summary() const {
    return fmt::format("to [{}, {}]", lo.to_double(), hi.to_double());
}

std::vector<model::Example> Clip::examples(Rng& rng) {
    std::vector<model::Example> out;
    const std::pair<Dyadic, Dyadic> bounds[] = {
        {-1, 1}, {0, 6}, {Dyadic(-13, -3), Dyadic(5, -6)}, {2, 2}, {-9, -3}};
    for (const auto& [lo, hi] : bounds) {
        auto layer = std::make_unique<Clip>();
        layer->lo = lo;
        layer->hi = hi;
        out.push_back({std::move(layer), {random_type(rng, {2, 1, 3})}});
    }
    return out;
}

}  // namespace gatewright::layers
