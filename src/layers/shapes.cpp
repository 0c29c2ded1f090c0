// SPDX-License-Identifier: Apache-2.0
#include "layers/shapes.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatewright::layers {

using tensor::Shape;

Result<std::size_t> resolve_axis(std::int64_t axis, const Shape& shape) {
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t index = axis < 0 ? axis + rank : axis;
    if (index < 0 || index >= rank) {
        return fail(
            fmt::format("axis {} does not exist in shape {}; axes count from 0 without the batch "
                        "axis, or from -1 backwards",
                        axis, tensor::to_string(shape)));
    }
    return static_cast<std::size_t>(index);
}

Result<std::vector<std::size_t>> resolve_axes(std::span<const std::int64_t> axes,
                                              const Shape& shape) {
    std::vector<std::size_t> out;
    for (const std::int64_t axis : axes) {
        GW_TRY(const std::size_t index, resolve_axis(axis, shape));
        if (std::find(out.begin(), out.end(), index) != out.end()) {
            return fail(fmt::format("axis {} is named twice", axis));
        }
        out.push_back(index);
    }
    if (axes.empty()) {
        for (std::size_t i = 0; i < shape.size(); ++i) out.push_back(i);
    }
    std::sort(out.begin(), out.end());
    return out;
}

Status expect_reasonable(const Shape& shape) {
    constexpr std::size_t kMaxElements = std::size_t{1} << 24U;
    std::size_t count = 1;
    for (const std::int64_t dim : shape) {
        if (dim <= 0 || static_cast<std::size_t>(dim) > kMaxElements / count) {
            return fail(
                fmt::format("result has shape {}; sizes must be positive, with at most {} elements",
                            tensor::to_string(shape), kMaxElements));
        }
        count *= static_cast<std::size_t>(dim);
    }
    return {};
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
    Shape out(std::max(a.size(), b.size()), 1);
    for (std::size_t back = 1; back <= out.size(); ++back) {
        const std::int64_t x = back <= a.size() ? a[a.size() - back] : 1;
        const std::int64_t y = back <= b.size() ? b[b.size() - back] : 1;
        if (x != y && x != 1 && y != 1) {
            return fail(
                fmt::format("shapes {} and {} do not broadcast: sizes {} and {} meet; they must be "
                            "equal, or one of them 1",
                            tensor::to_string(a), tensor::to_string(b), x, y));
        }
        out[out.size() - back] = std::max(x, y);
    }
    GW_TRY_STATUS(expect_reasonable(out));
    return out;
}

std::vector<std::size_t> broadcast_map(const Shape& from, const Shape& to) {
    const std::vector<std::size_t> steps = tensor::strides(from);
    const std::size_t lead = to.size() - from.size();
    std::vector<std::size_t> out;
    out.reserve(tensor::element_count(to));
    tensor::MultiIndex index(to);
    for (std::size_t i = 0; i < tensor::element_count(to); ++i, index.next()) {
        std::size_t source = 0;
        for (std::size_t axis = 0; axis < from.size(); ++axis) {
            if (from[axis] != 1)
                source += steps[axis] * static_cast<std::size_t>((*index)[lead + axis]);
        }
        out.push_back(source);
    }
    return out;
}

std::vector<std::vector<std::size_t>> lines_along(const Shape& shape, std::size_t axis) {
    const std::size_t inner = tensor::strides(shape)[axis];
    const auto length = static_cast<std::size_t>(shape[axis]);
    const std::size_t outer = length == 0 ? 0 : tensor::element_count(shape) / (inner * length);
    std::vector<std::vector<std::size_t>> lines;
    for (std::size_t o = 0; o < outer; ++o) {
        for (std::size_t i = 0; i < inner; ++i) {
            std::vector<std::size_t>& line = lines.emplace_back();
            for (std::size_t k = 0; k < length; ++k) line.push_back((o * length + k) * inner + i);
        }
    }
    return lines;
}

Shape without_axis(Shape shape, std::size_t axis, AxisFate fate) {
    if (fate == AxisFate::kKept) {
        shape[axis] = 1;
    } else {
        shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
    }
    return shape;
}

}  // namespace gatewright::layers
