// SPDX-License-Identifier: Apache-2.0
#include "layers/top_k_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pointwise.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

// Element i is at least the k-th largest if fewer than k elements exceed it.
std::vector<dfg::ValueId> emit_mask(dfg::Builder& b, const std::vector<dfg::ValueId>& x,
                                    std::int64_t k) {
    std::vector<dfg::ValueId> mask;
    for (std::size_t i = 0; i < x.size(); ++i) {
        std::vector<dfg::ValueId> exceeding;
        for (std::size_t j = 0; j < x.size(); ++j) {
            if (j != i) exceeding.push_back(b.less(x[i], x[j]));
        }
        if (exceeding.empty()) {
            mask.push_back(b.constant(1));
            continue;
        }
        const dfg::ValueId count = balanced_tree(
            std::move(exceeding), [&](dfg::ValueId p, dfg::ValueId q) { return b.add(p, q); });
        mask.push_back(b.less(count, b.constant(Dyadic(static_cast<int>(k)))));
    }
    return mask;
}

// The k-th largest is the least of the marked elements; the others step aside as the largest value.
dfg::ValueId emit_threshold(dfg::Builder& b, const std::vector<dfg::ValueId>& x, std::int64_t k,
                            const Interval& range) {
    if (k == static_cast<std::int64_t>(x.size())) {
        return balanced_tree(x, [&](dfg::ValueId p, dfg::ValueId q) { return b.min(p, q); });
    }
    if (k == 1)
        return balanced_tree(x, [&](dfg::ValueId p, dfg::ValueId q) { return b.max(p, q); });
    const std::vector<dfg::ValueId> mask = emit_mask(b, x, k);
    const dfg::ValueId aside = b.constant(range.max());
    std::vector<dfg::ValueId> kept;
    for (std::size_t i = 0; i < x.size(); ++i) kept.push_back(b.select(mask[i], x[i], aside));
    return balanced_tree(std::move(kept),
                         [&](dfg::ValueId p, dfg::ValueId q) { return b.min(p, q); });
}

// k-th largest of the least values to k-th largest of the largest values.
Interval threshold_range(const TensorType& x, const std::vector<std::size_t>& line,
                         std::int64_t k) {
    std::vector<Dyadic> least;
    std::vector<Dyadic> largest;
    int frac = x.elements[line[0]].frac;
    for (const std::size_t i : line) {
        least.push_back(x.elements[i].min());
        largest.push_back(x.elements[i].max());
        frac = std::max(frac, x.elements[i].frac);
    }
    const auto kth = [&](std::vector<Dyadic>& values) {
        std::sort(values.begin(), values.end(), std::greater<>());
        return values[static_cast<std::size_t>(k - 1)];
    };
    return {kth(least).code_at(frac), kth(largest).code_at(frac), frac};
}

template <class T>
tensor::Tensor<T> top_k_plainly(const tensor::Tensor<T>& x, const TopKThreshold& layer) {
    const std::size_t along = axis_of(layer.axis, x.shape);
    tensor::Tensor<T> y(x.shape);
    if (layer.threshold_only) {
        y.shape[along] = 1;
        y.data.resize(tensor::element_count(y.shape));
    }
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        std::vector<T> sorted;
        std::vector<std::int64_t> other = index;
        for (other[along] = 0; other[along] < x.shape[along]; ++other[along]) {
            sorted.push_back(element_at(x, other));
        }
        std::sort(sorted.begin(), sorted.end());
        const T threshold = sorted[sorted.size() - static_cast<std::size_t>(layer.k)];
        y[flat++] = layer.threshold_only ? threshold : T(element_at(x, index) < threshold ? 0 : 1);
    });
    const bool drops_axis = layer.threshold_only && !layer.keep_axis;
    if (drops_axis) y.shape.erase(y.shape.begin() + static_cast<std::ptrdiff_t>(along));
    return y;
}

}  // namespace

Result<TensorType> TopKThreshold::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const std::size_t along, resolve_axis(axis, x.shape));
    if (k < 1 || k > x.shape[along]) {
        return fail(fmt::format("k is {}; the axis has {} elements, so 1 to {} make sense", k,
                                x.shape[along], x.shape[along]));
    }
    if (!threshold_only) {
        // A mask bit is certain if the element always is, or never is, above enough others: rare
        // enough to leave to the optimizer.
        return TensorType{x.shape, std::vector<Interval>(x.elements.size(), Interval{0, 1, 0})};
    }
    TensorType out{without_axis(x.shape, along, keep_axis ? AxisFate::kKept : AxisFate::kRemoved),
                   {}};
    for (const auto& line : lines_along(x.shape, along))
        out.elements.push_back(threshold_range(x, line, k));
    return out;
}

Values TopKThreshold::reference(std::span<const Values> inputs) const {
    return top_k_plainly(inputs[0], *this);
}
Reals TopKThreshold::real(std::span<const Reals> inputs) const {
    return top_k_plainly(inputs[0], *this);
}

std::vector<dfg::ValueId> TopKThreshold::lower(model::Lowering& lowering,
                                               std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const Operand& x = inputs[0];
    std::vector<dfg::ValueId> y(threshold_only ? 0 : x.values.size());
    for (const auto& line : lines_along(x.type.shape, resolve_axis(axis, x.type.shape).value())) {
        std::vector<dfg::ValueId> values;
        for (const std::size_t i : line) values.push_back(x.values[i]);
        if (threshold_only) {
            y.push_back(emit_threshold(b, values, k, threshold_range(x.type, line, k)));
            continue;
        }
        const std::vector<dfg::ValueId> mask = emit_mask(b, values, k);
        for (std::size_t i = 0; i < line.size(); ++i) y[line[i]] = mask[i];
    }
    return y;
}

// Without its axis the result has no channels to give per position.
std::optional<model::Repetition> TopKThreshold::repetition(
    std::span<const TensorType> inputs) const {
    if (threshold_only && !keep_axis) return std::nullopt;
    return line_repetition(inputs, *this);
}

std::string TopKThreshold::summary() const {
    return fmt::format("{} of the {} largest along axis {}", threshold_only ? "least" : "mask", k,
                       axis);
}

std::vector<model::Example> TopKThreshold::examples(Rng& rng) {
    std::vector<model::Example> out;
    const tensor::Shape shapes[] = {{5}, {1}, {2, 3}, {3, 2}, {2, 4, 2}, {6}};
    const std::int64_t axes[] = {-1, 0, 1, 0, 1, -1};
    for (std::size_t i = 0; i < std::size(shapes); ++i) {
        const std::int64_t length = shapes[i][axis_of(axes[i], shapes[i])];
        for (std::int64_t k = 1; k <= length; ++k) {
            auto layer = std::make_unique<TopKThreshold>();
            layer->k = k;
            layer->axis = axes[i];
            layer->threshold_only = rng.chance(0.5);
            layer->keep_axis = layer->threshold_only && rng.chance(0.5);
            TensorType x = random_type(rng, shapes[i]);
            if (rng.chance(0.5))
                std::fill(x.elements.begin(), x.elements.end(), Interval::of({true, 2, 1}));
            out.push_back({std::move(layer), {std::move(x)}});
        }
    }
    return out;
}

}  // namespace gatewright::layers
