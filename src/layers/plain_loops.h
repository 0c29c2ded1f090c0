// SPDX-License-Identifier: Apache-2.0
//
// Element access for reference() and real(): slow, plain, and not used by infer() or lower().
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace gatewright::layers {

/// Row-major number of the element at a multi-index.
inline std::size_t flat_index(const tensor::Shape& shape, const std::vector<std::int64_t>& index) {
    std::size_t flat = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        flat = flat * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(index[axis]);
    }
    return flat;
}

/// The element at a multi-index.
template <class T>
const T& element_at(const tensor::Tensor<T>& x, const std::vector<std::int64_t>& index) {
    return x.data[flat_index(x.shape, index)];
}

/// The element that `index` of a broadcast result reads (NumPy's rule).
template <class T>
const T& broadcast_at(const tensor::Tensor<T>& x, const std::vector<std::int64_t>& index) {
    std::vector<std::int64_t> own(index.end() - static_cast<std::ptrdiff_t>(x.shape.size()),
                                  index.end());
    for (std::size_t axis = 0; axis < own.size(); ++axis) {
        if (x.shape[axis] == 1) own[axis] = 0;
    }
    return element_at(x, own);
}

/// An axis of a shape, negative from the end.
inline std::size_t axis_of(std::int64_t axis, const tensor::Shape& shape) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(shape.size())
                                             : axis);
}

/// Calls visit(index) for every multi-index of the shape.
template <class Visit>
void for_each_index(const tensor::Shape& shape, Visit visit) {
    tensor::MultiIndex index(shape);
    for (std::size_t i = 0; i < tensor::element_count(shape); ++i, index.next()) visit(*index);
}

}  // namespace gatewright::layers
