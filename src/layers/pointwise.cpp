// SPDX-License-Identifier: Apache-2.0
#include "layers/pointwise.h"

#include "layers/shapes.h"

namespace gatewright::layers {

std::optional<model::Repetition> broadcast_repetition(
    std::span<const model::TensorType> inputs,
    std::function<std::unique_ptr<model::Layer>(std::size_t position)> part) {
    tensor::Shape shape = inputs[0].shape;
    for (const model::TensorType& input : inputs) {
        shape = broadcast_shapes(shape, input.shape).value();
    }
    if (shape.empty()) return std::nullopt;
    model::Repetition out;
    out.positions.assign(shape.begin(), shape.end() - 1);
    for (const model::TensorType& input : inputs) {
        tensor::Shape aligned(shape.size() - input.shape.size(), 1);
        aligned.insert(aligned.end(), input.shape.begin(), input.shape.end());
        model::Window window = pointwise_window(aligned);
        for (std::size_t axis = 0; axis < window.extent.size(); ++axis) {
            if (window.extent[axis] != out.positions[axis]) window.stride[axis] = 0;
        }
        out.windows.push_back(std::move(window));
    }
    out.part = std::move(part);
    return out;
}

bool is_last_axis(std::int64_t axis, const tensor::Shape& shape) {
    const auto along = resolve_axis(axis, shape);
    return along && *along + 1 == shape.size();
}

}  // namespace gatewright::layers
