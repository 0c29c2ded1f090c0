// SPDX-License-Identifier: Apache-2.0
#include "layers/windows.h"

#include <fmt/format.h>

#include "layers/shapes.h"

namespace gatewright::layers {

using tensor::Shape;

namespace {

// Sizes and paddings of more than this are a mistake in the file, and would overflow products.
constexpr std::int64_t kMost = std::int64_t{1} << 24;
constexpr std::size_t kMostReads = std::size_t{1} << 26U;

Result<Shape> one_per_axis(const Shape& list, std::string_view name, std::size_t axes,
                           std::int64_t fallback) {
    if (list.empty()) return Shape(axes, fallback);
    if (list.size() != axes) {
        return fail(fmt::format("{} has {} numbers for an input with {} axes before the channels",
                                name, list.size(), axes));
    }
    const std::int64_t least = fallback;  // 1 for sizes and steps, 0 for paddings
    for (const std::int64_t value : list) {
        if (value < least || value > kMost) {
            return fail(fmt::format("{} {} is out of range: numbers from {} to {}", name,
                                    tensor::to_string(list), least, kMost));
        }
    }
    return list;
}

}  // namespace

Result<Sliding> place_window(const Shape& input, const WindowAttributes& attributes) {
    if (input.size() < 2) {
        return fail(fmt::format(
            "the input has shape {}; a window needs at least one axis before the channels",
            tensor::to_string(input)));
    }
    const std::size_t axes = input.size() - 1;
    Sliding out;
    model::Window& window = out.window;
    window.extent.assign(input.begin(), input.end() - 1);
    GW_TRY(window.size, one_per_axis(attributes.size, "the window", axes, 1));
    GW_TRY(window.stride, one_per_axis(attributes.strides, "strides", axes, 1));
    GW_TRY(window.dilation, one_per_axis(attributes.dilation, "dilation", axes, 1));
    GW_TRY(window.before, one_per_axis(attributes.padding_before, "padding_before", axes, 0));
    GW_TRY(const Shape after, one_per_axis(attributes.padding_after, "padding_after", axes, 0));
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const std::int64_t span = window.dilation[axis] * (window.size[axis] - 1) + 1;
        const std::int64_t padded = window.before[axis] + window.extent[axis] + after[axis];
        if (span > padded) {
            return fail(fmt::format(
                "the window spans {} positions along axis {}, which has {} ({} with padding): pad "
                "more, or make the window smaller",
                span, axis, window.extent[axis], padded));
        }
        out.positions.push_back((padded - span) / window.stride[axis] + 1);
    }
    GW_TRY_STATUS(expect_reasonable(out.positions));
    GW_TRY_STATUS(expect_reasonable(window.size));
    if (out.tap_count() > kMostReads / out.position_count()) {
        return fail(fmt::format("a window of {} taps at {} positions; at most {} taps in all",
                                out.tap_count(), out.position_count(), kMostReads));
    }
    return out;
}

std::vector<std::int64_t> Sliding::taps_at(std::size_t position) const {
    std::vector<std::int64_t> taps{0};
    std::size_t rest = position;
    std::size_t inner = position_count();
    for (std::size_t axis = 0; axis < positions.size(); ++axis) {
        inner /= static_cast<std::size_t>(positions[axis]);
        const auto p = static_cast<std::int64_t>(rest / inner);
        rest %= inner;
        std::vector<std::int64_t> next;
        next.reserve(taps.size() * static_cast<std::size_t>(window.size[axis]));
        for (const std::int64_t lead : taps) {
            for (std::int64_t t = 0; t < window.size[axis]; ++t) {
                const std::int64_t at =
                    p * window.stride[axis] + t * window.dilation[axis] - window.before[axis];
                const bool inside = lead >= 0 && at >= 0 && at < window.extent[axis];
                next.push_back(inside ? lead * window.extent[axis] + at : -1);
            }
        }
        taps = std::move(next);
    }
    return taps;
}

std::int64_t count_inside(const model::Window& window, std::size_t axis, std::int64_t p) {
    std::int64_t count = 0;
    for (std::int64_t t = 0; t < window.size[axis]; ++t) {
        const std::int64_t at =
            p * window.stride[axis] + t * window.dilation[axis] - window.before[axis];
        count += at >= 0 && at < window.extent[axis] ? 1 : 0;
    }
    return count;
}

model::Window pointwise_window(const Shape& input) {
    const Shape extent(input.begin(), input.empty() ? input.end() : input.end() - 1);
    const Shape ones(extent.size(), 1);
    return {extent, ones, ones, ones, Shape(extent.size(), 0)};
}

}  // namespace gatewright::layers
