// SPDX-License-Identifier: Apache-2.0
//
// Axes and broadcasting for infer() and lower(). The references walk multi-indices by themselves
// (plain_loops.h), so that a mistake here does not go unseen.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::layers {

/// The axis as an index from 0; negative axes count from the end.
Result<std::size_t> resolve_axis(std::int64_t axis, const tensor::Shape& shape);
/// Several axes, each named once, in increasing order; none named means all.
Result<std::vector<std::size_t>> resolve_axes(std::span<const std::int64_t> axes,
                                              const tensor::Shape& shape);

/// Refuses results of more than 2^24 elements, which a small file can ask for by broadcasting.
Status expect_reasonable(const tensor::Shape& shape);
/// NumPy's rule: shapes aligned at the last axis, sizes equal or 1.
Result<tensor::Shape> broadcast_shapes(const tensor::Shape& a, const tensor::Shape& b);
/// For each element of `to` (row-major), the element of `from` it reads.
std::vector<std::size_t> broadcast_map(const tensor::Shape& from, const tensor::Shape& to);

/// The elements that differ only in `axis`: one list of element numbers per line, lines in the
/// order of the other axes.
std::vector<std::vector<std::size_t>> lines_along(const tensor::Shape& shape, std::size_t axis);
/// The shape after `axis` is gone, or has size 1.
enum class AxisFate : std::uint8_t { kRemoved, kKept };
tensor::Shape without_axis(tensor::Shape shape, std::size_t axis, AxisFate fate);

}  // namespace gatewright::layers
