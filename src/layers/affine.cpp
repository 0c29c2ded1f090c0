// SPDX-License-Identifier: Apache-2.0
#include "layers/affine.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

enum class Spread { kAll, kAxis, kElement };

// How a list of factors runs over the elements of `shape`; nullopt if its length fits nothing.
std::optional<Spread> spread_of(std::size_t count, const tensor::Shape& shape, std::size_t axis) {
    if (count <= 1) return Spread::kAll;
    if (axis < shape.size() && count == static_cast<std::size_t>(shape[axis])) return Spread::kAxis;
    if (count == tensor::element_count(shape)) return Spread::kElement;
    return std::nullopt;
}

// The list with one entry per element.
Result<std::vector<Dyadic>> expand(const std::vector<Dyadic>& list, const Dyadic& fallback,
                                   std::string_view name, const tensor::Shape& shape,
                                   std::size_t axis) {
    const std::size_t count = tensor::element_count(shape);
    const auto spread = spread_of(list.size(), shape, axis);
    if (!spread) {
        return fail(fmt::format(
            "{} has {} numbers for shape {}: give one, {} (one per index of axis {}) or {}", name,
            list.size(), tensor::to_string(shape), axis < shape.size() ? shape[axis] : 1, axis,
            count));
    }
    std::vector<Dyadic> out;
    out.reserve(count);
    const std::size_t inner = axis < shape.size() ? tensor::strides(shape)[axis] : 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (list.empty()) {
            out.push_back(fallback);
        } else if (*spread == Spread::kAll) {
            out.push_back(list[0]);
        } else {
            out.push_back(list[*spread == Spread::kElement ? i : i / inner % list.size()]);
        }
    }
    return out;
}

// A scalar has no axis; every list of one number fits it.
Result<std::size_t> affine_axis(std::int64_t axis, const tensor::Shape& shape) {
    if (shape.empty()) return std::size_t{0};
    return resolve_axis(axis, shape);
}

// For the references: the factor of one element, by its multi-index.
Dyadic factor_at(const std::vector<Dyadic>& list, const Dyadic& fallback,
                 const tensor::Shape& shape, std::int64_t axis,
                 const std::vector<std::int64_t>& index, std::size_t flat) {
    if (list.empty()) return fallback;
    if (list.size() == 1) return list[0];
    const std::size_t own_axis = axis_of(axis, shape);
    if (static_cast<std::int64_t>(list.size()) == shape[own_axis]) {
        return list[static_cast<std::size_t>(index[own_axis])];
    }
    return list[flat];
}

}  // namespace

Result<TensorType> Affine::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    GW_TRY(const std::size_t along, affine_axis(axis, out.shape));
    GW_TRY(const auto scales, expand(scale, 1, "scale", out.shape, along));
    GW_TRY(const auto offsets, expand(offset, 0, "offset", out.shape, along));
    for (std::size_t i = 0; i < out.elements.size(); ++i) {
        out.elements[i] = scaled(out.elements[i], scales[i]) + Interval::constant(offsets[i]);
    }
    return out;
}

Values Affine::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        y[flat] = y[flat] * factor_at(scale, 1, y.shape, axis, index, flat) +
                  factor_at(offset, 0, y.shape, axis, index, flat);
        ++flat;
    });
    return y;
}

Reals Affine::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        y[flat] = y[flat] * factor_at(scale, 1, y.shape, axis, index, flat).to_double() +
                  factor_at(offset, 0, y.shape, axis, index, flat).to_double();
        ++flat;
    });
    return y;
}

std::vector<dfg::ValueId> Affine::lower(model::Lowering& lowering,
                                        std::span<const Operand> inputs) const {
    const tensor::Shape& shape = inputs[0].type.shape;
    const std::size_t along = affine_axis(axis, shape).value();
    const auto scales = expand(scale, 1, "scale", shape, along).value();
    const auto offsets = expand(offset, 0, "offset", shape, along).value();
    std::vector<dfg::ValueId> y;
    for (std::size_t i = 0; i < inputs[0].values.size(); ++i) {
        y.push_back(emit_affine(lowering, inputs[0].values[i], scales[i], offsets[i]));
    }
    return y;
}

model::LayerFacts Affine::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    facts.weights = scale.size() + offset.size();
    for (const auto* list : {&scale, &offset}) {
        for (const Dyadic& number : *list) facts.nonzero_weights += number.is_zero() ? 0U : 1U;
    }
    if (inputs.empty()) return facts;
    const TensorType& x = inputs[0];
    const auto along = affine_axis(axis, x.shape);
    if (!along) return facts;
    const auto scales = expand(scale, 1, "scale", x.shape, *along);
    const auto offsets = expand(offset, 0, "offset", x.shape, *along);
    if (!scales || !offsets) return facts;
    for (std::size_t i = 0; i < x.elements.size(); ++i) {
        facts.ebops += bits_of(x.elements[i]) * bits_of((*scales)[i]) + bits_of((*offsets)[i]);
    }
    return facts;
}

Affine Affine::part_at(const tensor::Shape& shape, std::size_t position) const {
    const std::size_t along = affine_axis(axis, shape).value();
    const auto own = [&](const std::vector<Dyadic>& list) -> std::vector<Dyadic> {
        switch (spread_of(list.size(), shape, along).value()) {
            case Spread::kAll:
                return list;
            case Spread::kElement:
                return entries_at(list, shape, position);
            case Spread::kAxis:
                break;
        }
        if (along + 1 == shape.size()) return list;
        const std::size_t inner = tensor::strides(shape)[along];
        const std::size_t first = position * static_cast<std::size_t>(shape.back());
        return {list[first / inner % list.size()]};
    };
    Affine part;
    part.scale = own(scale);
    part.offset = own(offset);
    return part;
}

std::string Affine::summary() const {
    if (scale.empty()) return fmt::format("{} offsets", offset.size());
    return fmt::format("{} factors, {} offsets", scale.size(), offset.size());
}

std::vector<model::Example> Affine::examples(Rng& rng) {
    std::vector<model::Example> out;
    const tensor::Shape shape{3, 2, 4};
    const std::size_t counts[] = {0, 1, 4, 24, 3, 2};
    const std::int64_t axes[] = {-1, -1, -1, 0, 0, 1};
    for (std::size_t i = 0; i < std::size(counts); ++i) {
        auto layer = std::make_unique<Affine>();
        layer->axis = axes[i];
        for (std::size_t n = 0; n < counts[i]; ++n) layer->scale.push_back(random_weight(rng));
        const std::size_t offsets = counts[(i + 1) % 2 == 0 ? i : 1];
        for (std::size_t n = 0; n < offsets; ++n) layer->offset.push_back(random_weight(rng));
        out.push_back({std::move(layer), {random_type(rng, shape)}});
    }
    // A double-precision factor too long for an adder graph, on wide inputs and on a scalar.
    for (const tensor::Shape& wide : {tensor::Shape{2}, tensor::Shape{}}) {
        auto layer = std::make_unique<Affine>();
        layer->scale = {Dyadic(fixed::Integer::power_of_two(70) + 3, -71)};
        layer->offset = {Dyadic(-5, -3)};
        out.push_back({std::move(layer), {wide_type(wide, 100)}});
    }
    return out;
}

}  // namespace gatewright::layers
