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

using Combine = std::function<ValueId(ValueId, ValueId)>;

// One axis: lines of `extent` values, `inner` apart, become one value per position. Lines that are
// not read later on give any of their values.
struct AxisStep {
    const Sliding& sliding;
    std::size_t axis;
    std::size_t inner;
    const Combine& combine;

    [[nodiscard]] std::vector<ValueId> under(std::span<const ValueId> line, std::int64_t p) const {
        const model::Window& w = sliding.window;
        std::vector<ValueId> taps;
        for (std::int64_t t = 0; t < w.size[axis]; ++t) {
            const std::int64_t at = p * w.stride[axis] + t * w.dilation[axis] - w.before[axis];
            if (at < 0 || at >= w.extent[axis]) continue;
            taps.push_back(line[static_cast<std::size_t>(at) * inner]);
        }
        return taps;
    }
    void append(std::span<const ValueId> block, bool is_read, std::vector<ValueId>& out) const {
        for (std::int64_t p = 0; p < sliding.positions[axis]; ++p) {
            for (std::size_t i = 0; i < inner; ++i) {
                std::vector<ValueId> taps = under(block.subspan(i), p);
                if (!is_read) taps.resize(1);
                out.push_back(balanced_tree(std::move(taps), combine));
            }
        }
    }
};

}  // namespace

std::vector<ValueId> combine_windows(const Sliding& sliding, std::span<const ValueId> x,
                                     const Combine& combine) {
    tensor::Shape shape = sliding.window.extent;
    shape.push_back(static_cast<std::int64_t>(x.size() / tensor::element_count(shape)));
    std::vector<ValueId> values(x.begin(), x.end());
    for (std::size_t axis = sliding.positions.size(); axis-- > 0;) {
        const AxisStep step{sliding, axis, tensor::strides(shape)[axis], combine};
        const std::size_t block = step.inner * static_cast<std::size_t>(shape[axis]);
        const std::vector<bool> read =
            axis > 0 ? read_indices(sliding, axis - 1) : std::vector<bool>(1, true);
        std::vector<ValueId> next;
        for (std::size_t o = 0; o < values.size() / block; ++o) {
            step.append(std::span(values).subspan(o * block, block), read[o % read.size()], next);
        }
        shape[axis] = sliding.positions[axis];
        values = std::move(next);
    }
    return values;
}

}  // namespace gatewright::layers
