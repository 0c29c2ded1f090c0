// SPDX-License-Identifier: Apache-2.0
#include "layers/concatenate.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pointwise.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

// Items of the inputs in the order of the output: for every index before the axis, the blocks of
// the inputs one after the other.
template <class T, class ItemsOf>
std::vector<T> joined(std::size_t count, std::size_t outer, ItemsOf items_of) {
    std::vector<T> out;
    for (std::size_t o = 0; o < outer; ++o) {
        for (std::size_t n = 0; n < count; ++n) {
            const auto& items = items_of(n);
            const std::size_t block = items.size() / outer;
            for (std::size_t i = 0; i < block; ++i) out.push_back(items[o * block + i]);
        }
    }
    return out;
}

std::size_t outer_count(const tensor::Shape& shape, std::size_t axis) {
    return tensor::element_count(
        {shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis)});
}

template <class T>
tensor::Tensor<T> join_plainly(std::span<const tensor::Tensor<T>> inputs, std::int64_t axis) {
    tensor::Shape shape = inputs[0].shape;
    const std::size_t along = axis_of(axis, shape);
    shape[along] = 0;
    for (const auto& input : inputs) shape[along] += input.shape[along];
    tensor::Tensor<T> y(shape);
    std::size_t flat = 0;
    for_each_index(shape, [&](std::vector<std::int64_t> index) {
        std::size_t n = 0;
        while (index[along] >= inputs[n].shape[along]) index[along] -= inputs[n++].shape[along];
        y[flat++] = element_at(inputs[n], index);
    });
    return y;
}

}  // namespace

Result<TensorType> Concatenate::infer(std::span<const TensorType> inputs) const {
    if (inputs.empty()) return fail("has no inputs");
    tensor::Shape shape = inputs[0].shape;
    GW_TRY(const std::size_t along, resolve_axis(axis, shape));
    for (const TensorType& input : inputs.subspan(1)) {
        tensor::Shape other = input.shape;
        if (other.size() != shape.size()) {
            return fail(fmt::format("joins shapes {} and {}, which have different numbers of axes",
                                    tensor::to_string(shape), tensor::to_string(other)));
        }
        const std::int64_t length = other[along];
        other[along] = shape[along];
        if (other != shape) {
            return fail(
                fmt::format("joins shapes {} and {} along axis {}: their other sizes must agree",
                            tensor::to_string(shape), tensor::to_string(input.shape), along));
        }
        shape[along] += length;
    }
    const std::size_t outer = outer_count(shape, along);
    return TensorType{shape, joined<Interval>(
                                 inputs.size(), outer, [&](std::size_t n) -> const auto& {
                                     return inputs[n].elements;
                                 })};
}

Values Concatenate::reference(std::span<const Values> inputs) const {
    return join_plainly(inputs, axis);
}
Reals Concatenate::real(std::span<const Reals> inputs) const {
    return join_plainly(inputs, axis);
}

std::vector<dfg::ValueId> Concatenate::lower(model::Lowering&,
                                             std::span<const Operand> inputs) const {
    const tensor::Shape& shape = inputs[0].type.shape;
    const std::size_t outer = outer_count(shape, resolve_axis(axis, shape).value());
    return joined<dfg::ValueId>(
        inputs.size(), outer, [&](std::size_t n) -> const auto& { return inputs[n].values; });
}

std::optional<model::Repetition> Concatenate::repetition(std::span<const TensorType> inputs) const {
    const tensor::Shape& shape = inputs[0].shape;
    if (!is_last_axis(axis, shape)) return std::nullopt;
    model::Repetition out;
    out.positions.assign(shape.begin(), shape.end() - 1);
    for (const TensorType& input : inputs) out.windows.push_back(pointwise_window(input.shape));
    out.part = [](std::size_t) { return std::make_unique<Concatenate>(); };
    return out;
}

std::string Concatenate::summary() const {
    return fmt::format("axis {}", axis);
}

std::vector<model::Example> Concatenate::examples(Rng& rng) {
    std::vector<model::Example> out;
    const std::vector<tensor::Shape> shapes[] = {
        {{3}, {2}, {4}}, {{2, 3}, {2, 1}}, {{1, 2, 2}, {3, 2, 2}}, {{2, 1, 2}, {2, 3, 2}}, {{4}}};
    const std::int64_t axes[] = {-1, -1, 0, 1, 0};
    for (std::size_t i = 0; i < std::size(axes); ++i) {
        auto layer = std::make_unique<Concatenate>();
        layer->axis = axes[i];
        std::vector<TensorType> inputs;
        for (const tensor::Shape& shape : shapes[i]) inputs.push_back(random_type(rng, shape));
        out.push_back({std::move(layer), std::move(inputs)});
    }
    return out;
}

}  // namespace gatewright::layers
