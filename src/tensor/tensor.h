// SPDX-License-Identifier: Apache-2.0
//
// Dense row-major arrays. A Shape has no batch axis unless the text says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/check.h"

namespace gatewright::tensor {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions; 1 for a scalar.
inline std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    for (const std::int64_t dim : shape) count *= static_cast<std::size_t>(dim);
    return count;
}

/// Elements to skip for a step along each axis.
inline std::vector<std::size_t> strides(const Shape& shape) {
    std::vector<std::size_t> out(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) {
        out[axis - 1] = out[axis] * static_cast<std::size_t>(shape[axis]);
    }
    return out;
}

/// "[16, 5]"
std::string to_string(const Shape& shape);

template <class T>
struct Tensor {
    Shape shape;
    std::vector<T> data;

    Tensor() = default;
    explicit Tensor(Shape s) : shape(std::move(s)), data(element_count(shape)) {}
    Tensor(Shape s, std::vector<T> d) : shape(std::move(s)), data(std::move(d)) {
        GW_CHECK(data.size() == element_count(shape), "tensor data does not fill its shape");
    }
    [[nodiscard]] std::size_t size() const { return data.size(); }
    [[nodiscard]] const T& operator[](std::size_t i) const { return data[i]; }
    [[nodiscard]] T& operator[](std::size_t i) { return data[i]; }
    friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// Row-major index of every multi-index of `shape`, visited in order.
class MultiIndex {
  public:
    explicit MultiIndex(const Shape& shape) : shape_(shape), index_(shape.size(), 0) {}
    [[nodiscard]] const std::vector<std::int64_t>& operator*() const { return index_; }
    /// Steps to the next index; wraps to all zeros after the last.
    void next() {
        for (std::size_t axis = shape_.size(); axis-- > 0;) {
            if (++index_[axis] < shape_[axis]) return;
            index_[axis] = 0;
        }
    }

  private:
    Shape shape_;
    std::vector<std::int64_t> index_;
};

}  // namespace gatewright::tensor
