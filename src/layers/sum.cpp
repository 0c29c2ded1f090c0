// SPDX-License-Identifier: Apache-2.0
#include "layers/sum.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pointwise.h"
#include "layers/pool_taps.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

struct SumPlan {
    tensor::Shape shape;
    std::vector<std::vector<std::size_t>> terms;  // input elements of each output
};

Result<SumPlan> plan_sum(const tensor::Shape& in, const std::vector<std::int64_t>& axes,
                         AxisFate fate) {
    GW_TRY(const auto summed, resolve_axes(axes, in));
    tensor::Shape full = in;  // the output with size 1 on every summed axis
    for (const std::size_t axis : summed) full[axis] = 1;
    const std::vector<std::size_t> target = broadcast_map(full, in);
    SumPlan plan;
    plan.terms.resize(tensor::element_count(full));
    for (std::size_t i = 0; i < target.size(); ++i) plan.terms[target[i]].push_back(i);
    plan.shape = full;
    if (fate == AxisFate::kRemoved) {
        for (auto axis = summed.rbegin(); axis != summed.rend(); ++axis) {
            plan.shape = without_axis(plan.shape, *axis, AxisFate::kRemoved);
        }
    }
    return plan;
}

template <class T>
tensor::Tensor<T> sum_plainly(const tensor::Tensor<T>& x, const Sum& layer, const T& factor) {
    std::vector<bool> summed(x.shape.size(), layer.axes.empty());
    for (const std::int64_t axis : layer.axes) summed[axis_of(axis, x.shape)] = true;
    tensor::Shape full = x.shape;
    tensor::Shape kept;
    for (std::size_t axis = 0; axis < full.size(); ++axis) {
        if (!summed[axis]) kept.push_back(full[axis]);
        if (summed[axis]) full[axis] = 1;
    }
    tensor::Tensor<T> y(layer.keep_axes ? full : kept);
    std::size_t flat = 0;
    for_each_index(x.shape, [&](const std::vector<std::int64_t>& index) {
        std::size_t out = 0;
        for (std::size_t axis = 0; axis < full.size(); ++axis) {
            if (!summed[axis]) {
                out = out * static_cast<std::size_t>(full[axis]) +
                      static_cast<std::size_t>(index[axis]);
            }
        }
        y[out] += x[flat++] * factor;
    });
    return y;
}

}  // namespace

Result<TensorType> Sum::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const AxisFate fate = keep_axes ? AxisFate::kKept : AxisFate::kRemoved;
    GW_TRY(const SumPlan plan, plan_sum(inputs[0].shape, axes, fate));
    TensorType out{plan.shape, {}};
    for (const auto& terms : plan.terms) {
        Interval sum = inputs[0].elements[terms[0]];
        for (std::size_t i = 1; i < terms.size(); ++i) sum = sum + inputs[0].elements[terms[i]];
        out.elements.push_back(scaled(sum, scale));
    }
    return out;
}

Values Sum::reference(std::span<const Values> inputs) const {
    return sum_plainly(inputs[0], *this, scale);
}
Reals Sum::real(std::span<const Reals> inputs) const {
    return sum_plainly(inputs[0], *this, scale.to_double());
}

std::vector<dfg::ValueId> Sum::lower(model::Lowering& lowering,
                                     std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const AxisFate fate = keep_axes ? AxisFate::kKept : AxisFate::kRemoved;
    const SumPlan plan = plan_sum(inputs[0].type.shape, axes, fate).value();
    std::vector<dfg::ValueId> y;
    for (const auto& terms : plan.terms) {
        std::vector<dfg::ValueId> values;
        for (const std::size_t term : terms) values.push_back(inputs[0].values[term]);
        const dfg::ValueId sum =
            balanced_tree(std::move(values), [&](auto p, auto q) { return b.add(p, q); });
        y.push_back(emit_affine(lowering, sum, scale, 0));
    }
    return y;
}

std::optional<model::Repetition> Sum::repetition(std::span<const TensorType> inputs) const {
    const tensor::Shape& shape = inputs[0].shape;
    const auto summed = resolve_axes(axes, shape).value();
    if (shape.empty() || summed.empty()) return std::nullopt;
    if (summed.back() + 1 == shape.size()) {
        if (summed.size() > 1 || !keep_axes) return std::nullopt;
        Sum along_channels = *this;
        along_channels.axes = {-1};
        return broadcast_repetition(inputs, [part = std::move(along_channels)](std::size_t) {
            return std::make_unique<Sum>(part);
        });
    }
    model::Repetition out;
    model::Window window;
    window.extent.assign(shape.begin(), shape.end() - 1);
    const tensor::Shape ones(window.extent.size(), 1);
    window.size = ones;
    window.stride = ones;
    window.dilation = ones;
    window.before.assign(window.extent.size(), 0);
    out.positions = window.extent;
    for (const std::size_t axis : summed) {
        window.size[axis] = window.extent[axis];
        window.stride[axis] = window.extent[axis];
        out.positions[axis] = 1;
    }
    out.windows = {std::move(window)};
    AverageTaps part;
    part.channels = shape.back();
    part.scale = scale;
    out.part = [part = std::move(part)](std::size_t) {
        return std::make_unique<AverageTaps>(part);
    };
    return out;
}

model::LayerFacts Sum::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (inputs.empty()) return facts;
    const auto plan = plan_sum(inputs[0].shape, axes, AxisFate::kKept);
    if (!plan) return facts;
    for (const auto& terms : plan->terms) {
        double sum = 0;
        double least = bits_of(inputs[0].elements[terms[0]]);
        for (const std::size_t term : terms) {
            const double bits = bits_of(inputs[0].elements[term]);
            sum += bits;
            least = std::min(least, bits);
        }
        facts.ebops += 0.65 * (sum - least);
    }
    return facts;
}

std::string Sum::summary() const {
    const std::string over =
        axes.empty() ? "all axes" : fmt::format("axes {}", fmt::join(axes, ", "));
    if (scale == Dyadic(1)) return "over " + over;
    return fmt::format("over {}, times {}", over, scale.to_double());
}

std::vector<model::Example> Sum::examples(Rng& rng) {
    std::vector<model::Example> out;
    const tensor::Shape shapes[] = {{4}, {2, 3}, {2, 3}, {2, 3, 2}, {2, 2, 2}, {5}};
    const std::vector<std::int64_t> axes_of[] = {{}, {0}, {-1}, {0, 2}, {1}, {}};
    const Dyadic scales[] = {Dyadic(1, -2), 1, Dyadic(3, -4), -1, Dyadic(1, -1), 0};
    for (std::size_t i = 0; i < std::size(shapes); ++i) {
        for (const bool keep : {false, true}) {
            auto layer = std::make_unique<Sum>();
            layer->axes = axes_of[i];
            layer->scale = scales[i];
            layer->keep_axes = keep;
            out.push_back({std::move(layer), {random_type(rng, shapes[i])}});
        }
    }
    return out;
}

}  // namespace gatewright::layers
