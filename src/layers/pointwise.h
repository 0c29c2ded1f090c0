// SPDX-License-Identifier: Apache-2.0
//
// Layers that treat every position (index into all axes but the last) by itself: how their
// repetition() is made from one function, the layer as it is at one position. Where a layer has one
// parameter per element, its part has those of the position.
#pragma once

#include <memory>

#include "layers/windows.h"
#include "model/fields.h"

namespace gatewright::layers {

/// One window per input, inputs broadcast against each other by NumPy's rule: an axis of size 1, or
/// one that an input lacks, has stride 0. nullopt if the result is a scalar, which has no channels.
std::optional<model::Repetition> broadcast_repetition(
    std::span<const model::TensorType> inputs,
    std::function<std::unique_ptr<model::Layer>(std::size_t position)> part);

/// What a list with one entry for all, or one per element, has at a position.
template <class T>
std::vector<T> entries_at(const std::vector<T>& list, const tensor::Shape& shape,
                          std::size_t position) {
    if (list.size() <= 1) return list;
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(position) * shape.back();
    return {first, first + shape.back()};
}

/// Base of layers of one input whose positions do not meet. Self may have part_at(shape, position);
/// else every position is the layer itself.
template <class Self>
class Pointwise : public model::LayerOf<Self> {
  public:
    [[nodiscard]] std::optional<model::Repetition> repetition(
        std::span<const model::TensorType> inputs) const override {
        const Self& self = static_cast<const Self&>(*this);
        return broadcast_repetition(
            inputs.first(1), [self, shape = inputs[0].shape](std::size_t position) {
                return std::make_unique<Self>(self.part_at(shape, position));
            });
    }
    [[nodiscard]] Self part_at(const tensor::Shape&, std::size_t) const {
        return static_cast<const Self&>(*this);
    }
};

/// True if `axis` is the last one of the shape.
bool is_last_axis(std::int64_t axis, const tensor::Shape& shape);

/// For layers along one axis: they repeat if that is the last one, which must stay in the result.
template <class Self>
std::optional<model::Repetition> line_repetition(std::span<const model::TensorType> inputs,
                                                 const Self& layer) {
    if (!is_last_axis(layer.axis, inputs[0].shape)) return std::nullopt;
    Self part = layer;
    part.axis = -1;
    return broadcast_repetition(
        inputs, [part = std::move(part)](std::size_t) { return std::make_unique<Self>(part); });
}

}  // namespace gatewright::layers
