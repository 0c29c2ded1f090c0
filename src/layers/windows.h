// SPDX-License-Identifier: Apache-2.0
//
// Geometry of layers that slide a window over the leading axes of a tensor (its last axis are the
// channels): convolution and pooling. Used by infer(), lower() and repetition(); the references
// walk multi-indices by themselves (plain_loops.h), so that a mistake here does not go unseen.
//
// Along one axis, position p of n_out = floor((before + n + after - d·(k-1) - 1) / s) + 1 reads the
// inputs p·s + t·d - before for t = 0 .. k-1. Frontends say "valid", "same" and "causal" by the
// numbers before and after: 0 and 0; total = max((ceil(n/s)-1)·s + d·(k-1)+1 - n, 0), half of it
// (rounded down) before; d·(k-1) and 0.
#pragma once

#include <vector>

#include "model/layer.h"

namespace gatewright::layers {

/// A window as a layer states it: lists with one number per leading axis of the input. Empty
/// strides and dilation are 1 everywhere, empty paddings 0.
struct WindowAttributes {
    tensor::Shape size;
    tensor::Shape strides;
    tensor::Shape dilation;
    tensor::Shape padding_before;
    tensor::Shape padding_after;
};

/// A window over a tensor of known shape.
struct Sliding {
    model::Window window;
    tensor::Shape positions;  ///< where it is applied: the leading axes of the output

    [[nodiscard]] std::size_t position_count() const { return tensor::element_count(positions); }
    [[nodiscard]] std::size_t tap_count() const { return tensor::element_count(window.size); }
    /// Per tap (row-major) the input position (row-major) that output position `position` reads;
    /// -1: outside the input.
    [[nodiscard]] std::vector<std::int64_t> taps_at(std::size_t position) const;
};

/// Errors say which list does not fit which axis, and where a window finds no place.
Result<Sliding> place_window(const tensor::Shape& input, const WindowAttributes& attributes);

/// Taps inside the input at position p of one axis.
std::int64_t count_inside(const model::Window& window, std::size_t axis, std::int64_t p);

/// The window of a layer that treats every position by itself.
model::Window pointwise_window(const tensor::Shape& input);

}  // namespace gatewright::layers
