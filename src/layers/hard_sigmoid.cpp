// SPDX-License-Identifier: Apache-2.0
#include "layers/hard_sigmoid.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/emit.h"
#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

Interval clipped(const Interval& range, int lo, int hi) {
    return min(max(range, Interval::constant(lo)), Interval::constant(hi));
}

dfg::ValueId emit_clipped(dfg::Builder& b, dfg::ValueId x, int lo, int hi) {
    return b.min(b.max(x, b.constant(lo)), b.constant(hi));
}

Dyadic hard_sigmoid(const Dyadic& x, const Dyadic& slope, const Dyadic& shift) {
    const Dyadic line = slope * x + shift;
    if (line < Dyadic(0)) return 0;
    return line < Dyadic(1) ? line : Dyadic(1);
}

template <class Layer>
std::vector<model::Example> slope_examples(Rng& rng) {
    std::vector<model::Example> out;
    const Dyadic float_fifth = *Dyadic::from_double(0.2F);
    const std::pair<Dyadic, Dyadic> lines[] = {{Dyadic(1, -1), Dyadic(1, -1)},
                                               {float_fifth, Dyadic(1, -1)},
                                               {Dyadic(-3, -3), Dyadic(3, -2)},
                                               {0, Dyadic(1, -2)},
                                               {1, 0}};
    for (const auto& [slope, shift] : lines) {
        auto layer = std::make_unique<Layer>();
        layer->slope = slope;
        layer->shift = shift;
        out.push_back({std::move(layer), {random_type(rng, {1, 2, 3})}});
    }
    return out;
}

}  // namespace

Result<TensorType> HardSigmoid::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    for (Interval& range : out.elements) {
        range = clipped(scaled(range, slope) + Interval::constant(shift), 0, 1);
    }
    return out;
}

Values HardSigmoid::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) value = hard_sigmoid(value, slope, shift);
    return y;
}

Reals HardSigmoid::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) {
        value = std::clamp(slope.to_double() * value + shift.to_double(), 0.0, 1.0);
    }
    return y;
}

std::vector<dfg::ValueId> HardSigmoid::lower(model::Lowering& lowering,
                                             std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) {
        y.push_back(emit_clipped(lowering.builder, emit_affine(lowering, x, slope, shift), 0, 1));
    }
    return y;
}

std::string HardSigmoid::summary() const {
    return fmt::format("clip({} x + {}, 0, 1)", slope.to_double(), shift.to_double());
}

std::vector<model::Example> HardSigmoid::examples(Rng& rng) {
    return slope_examples<HardSigmoid>(rng);
}

// 2·clip(t, 0, 1) - 1 = clip(2t - 1, -1, 1): one linear form, then the clip.
Result<TensorType> HardTanh::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    for (Interval& range : out.elements) {
        const Interval offset = Interval::constant(shift.shifted(1) - Dyadic(1));
        range = clipped(scaled(range, slope.shifted(1)) + offset, -1, 1);
    }
    return out;
}

Values HardTanh::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) value = Dyadic(2) * hard_sigmoid(value, slope, shift) - Dyadic(1);
    return y;
}

Reals HardTanh::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) {
        value = 2 * std::clamp(slope.to_double() * value + shift.to_double(), 0.0, 1.0) - 1;
    }
    return y;
}

std::vector<dfg::ValueId> HardTanh::lower(model::Lowering& lowering,
                                          std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) {
        const dfg::ValueId line =
            emit_affine(lowering, x, slope.shifted(1), shift.shifted(1) - Dyadic(1));
        y.push_back(emit_clipped(lowering.builder, line, -1, 1));
    }
    return y;
}

std::string HardTanh::summary() const {
    return fmt::format("2 clip({} x + {}, 0, 1) - 1", slope.to_double(), shift.to_double());
}

std::vector<model::Example> HardTanh::examples(Rng& rng) {
    return slope_examples<HardTanh>(rng);
}

}  // namespace gatewright::layers
