// SPDX-License-Identifier: Apache-2.0
#include "layers/separable.h"

#include "layers/emit.h"

namespace gatewright::layers {

using dfg::ValueId;

namespace {

// Which indices of an axis any window reads: the rest need not be combined along other axes.
std::vector<bool> read_indices(const Sliding& sliding, std::size_t axis) {
    const model::Window& w = sliding.window;
    std::vector<bool> read(static_cast<std::size_t>(w.extent[axis]), false);
    for (std::int64_t p = 0; p < sliding.positions[axis]; ++p) {
        for (std::int64_t t = 0; t < w.size[axis]; ++t) {
            const std::int64_t at = p * w.stride[axis] + t * w.dilation[axis] - w.before[axis];
            if (at >= 0 && at < w.extent[axis]) read[static_cast<std::size_t>(at)] = true;
        }
    }
    return read;
}

}  // namespace

std::vector<ValueId> combine_windows(const Sliding& sliding, std::span<const ValueId> x,
                                     const std::function<ValueId(ValueId, ValueId)>& combine) {
    const model::Window& w = sliding.window;
    tensor::Shape shape = w.extent;
    shape.push_back(static_cast<std::int64_t>(x.size() / tensor::element_count(w.extent)));
    std::vector<ValueId> values(x.begin(), x.end());
    for (std::size_t axis = w.extent.size(); axis-- > 0;) {
        const std::size_t inner = tensor::strides(shape)[axis];
        const std::size_t outer =
            tensor::element_count(shape) / (inner * static_cast<std::size_t>(shape[axis]));
        const auto extent = static_cast<std::size_t>(shape[axis]);
        // Rows of the axis before this one that no window reads stay as they are.
        const std::vector<bool> read =
            axis > 0 ? read_indices(sliding, axis - 1) : std::vector<bool>(1, true);
        std::vector<ValueId> next;
        for (std::size_t o = 0; o < outer; ++o) {
            for (std::int64_t p = 0; p < sliding.positions[axis]; ++p) {
                for (std::size_t i = 0; i < inner; ++i) {
                    std::vector<ValueId> taps;
                    for (std::int64_t t = 0; t < w.size[axis]; ++t) {
                        const std::int64_t at =
                            p * w.stride[axis] + t * w.dilation[axis] - w.before[axis];
                        if (at < 0 || at >= w.extent[axis]) continue;
                        taps.push_back(
                            values[(o * extent + static_cast<std::size_t>(at)) * inner + i]);
                    }
                    if (!read[o % read.size()]) taps.resize(1);
                    next.push_back(balanced_tree(std::move(taps), combine));
                }
            }
        }
        shape[axis] = sliding.positions[axis];
        values = std::move(next);
    }
    return values;
}

}  // namespace gatewright::layers
