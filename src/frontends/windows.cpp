// SPDX-License-Identifier: Apache-2.0
#include "frontends/windows.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatewright::frontends {

namespace {

/// Larger windows, steps and paddings than any real network has; keeps products within 64 bits.
constexpr std::int64_t kMaxSize = std::int64_t{1} << 20U;

std::int64_t extent(const WindowAxis& axis) {
    return axis.dilation * (axis.size - 1) + 1;
}

Result<Padding> read_padding(const Json& config, std::size_t rank) {
    GW_TRY(const std::string text, config.string_or("padding", "valid"));
    if (text == "valid") return Padding::kValid;
    if (text == "same") return Padding::kSame;
    if (text == "causal" && rank == 1) return Padding::kCausal;
    return fail(fmt::format("has padding '{}'; known are valid, same{}", text.substr(0, 40),
                            rank == 1 ? " and causal" : ""));
}

/// Keeps the value, or collects the problem.
template <class T>
void keep(Result<T> found, T& into, Problems& problems) {
    if (found) {
        into = std::move(*found);
    } else {
        problems.add(found.error().message);
    }
}

std::string joined(const Problems& problems) {
    std::string text;
    for (const std::string& message : problems.messages()) {
        text += (text.empty() ? "" : "; ") + message;
    }
    return text;
}

}  // namespace

Result<tensor::Shape> read_sizes(const Json& config, std::string_view key, std::size_t rank,
                                 const tensor::Shape& fallback) {
    const Json* value = config.find(key);
    if (value == nullptr || value->is_null()) {
        if (fallback.size() == rank) return fallback;
        return fail(fmt::format("has no '{}'", key));
    }
    tensor::Shape out;
    if (value->is_integer()) out.assign(rank, value->as_integer());
    if (value->is_array()) {
        GW_TRY(out, config.get_integers(key));
    }
    const bool fits = out.size() == rank && std::all_of(out.begin(), out.end(), [](auto size) {
                          return size >= 1 && size <= kMaxSize;
                      });
    if (fits) return out;
    return fail(fmt::format("has {} {}, expected {} positive sizes up to {}", key,
                            value->dump().substr(0, 60), rank, kMaxSize));
}

Result<std::vector<Zeros>> read_margins(const Json& config, std::string_view key,
                                        std::size_t rank) {
    const Json* value = config.find(key);
    const auto misfit = [&] {
        return fail(fmt::format(
            "has {} {}, expected n, or [before, after] for each of {} axes up "
            "to {}",
            key, value == nullptr ? "null" : value->dump().substr(0, 60), rank, kMaxSize));
    };
    if (value == nullptr) return misfit();
    const auto is_size = [](const Json& json) {
        return json.is_integer() && json.as_integer() >= 0 && json.as_integer() <= kMaxSize;
    };
    const auto is_pair = [&](const Json& json) {
        return json.is_array() && json.as_array().size() == 2 && is_size(json.as_array()[0]) &&
               is_size(json.as_array()[1]);
    };
    const auto pair = [](const Json& a, const Json& b) {
        return Zeros{a.as_integer(), b.as_integer()};
    };
    if (is_size(*value)) return std::vector<Zeros>(rank, pair(*value, *value));
    if (rank == 1 && is_pair(*value)) {
        return std::vector<Zeros>{pair(value->as_array()[0], value->as_array()[1])};
    }
    if (!value->is_array() || value->as_array().size() != rank) return misfit();
    std::vector<Zeros> out;
    for (const Json& axis : value->as_array()) {
        if (!is_size(axis) && !is_pair(axis)) return misfit();
        out.push_back(axis.is_integer() ? pair(axis, axis)
                                        : pair(axis.as_array()[0], axis.as_array()[1]));
    }
    return out;
}

Result<ChannelAxis> read_channel_axis(const Json& config) {
    GW_TRY(const std::string text, config.string_or("data_format", "channels_last"));
    if (text == "channels_last") return ChannelAxis::kLast;
    if (text == "channels_first") return ChannelAxis::kFirst;
    return fail(fmt::format("has data_format '{}'; known are channels_last and channels_first",
                            text.substr(0, 40)));
}

Result<WindowConfig> read_window(const Json& config, std::size_t rank, std::string_view size_key) {
    WindowConfig out;
    Problems problems;
    const tensor::Shape ones(rank, 1);
    keep(read_sizes(config, size_key, rank, {}), out.size, problems);
    const bool is_pool = size_key == "pool_size";
    keep(read_sizes(config, "strides", rank, is_pool && !out.size.empty() ? out.size : ones),
         out.strides, problems);
    keep(read_sizes(config, "dilation_rate", rank, ones), out.dilation, problems);
    keep(read_padding(config, rank), out.padding, problems);
    keep(read_channel_axis(config), out.channels, problems);
    keep(config.integer_or("groups", 1), out.groups, problems);
    if (out.groups < 1) problems.add(fmt::format("has {} groups, expected at least 1", out.groups));
    const Json* extra = config.find("output_padding");
    if (extra != nullptr && !extra->is_null()) {
        // 0 is a value of its own here: it differs from none given.
        tensor::Shape sizes;
        if (extra->is_integer()) sizes.assign(rank, extra->as_integer());
        if (extra->is_array()) keep(config.get_integers("output_padding"), sizes, problems);
        const bool fits = sizes.size() == rank &&
                          std::all_of(sizes.begin(), sizes.end(),
                                      [](auto size) { return size >= 0 && size <= kMaxSize; });
        if (!fits) problems.add("has an output_padding that is no size per axis");
        out.output_padding = std::move(sizes);
    }
    if (!problems.empty()) return fail(joined(problems));
    return out;
}

Zeros window_zeros(const WindowAxis& axis, Padding padding) {
    if (padding == Padding::kValid) return {};
    if (padding == Padding::kCausal) return {extent(axis) - 1, 0};
    const std::int64_t outputs = (axis.input + axis.stride - 1) / axis.stride;
    const std::int64_t total =
        std::max<std::int64_t>((outputs - 1) * axis.stride + extent(axis) - axis.input, 0);
    return {total / 2, total - total / 2};
}

Zeros transposed_zeros(const WindowAxis& axis, Padding padding, std::int64_t output_padding) {
    const std::int64_t spread = (axis.input - 1) * axis.stride + 1;  // with zeros in between
    const bool same = padding == Padding::kSame;
    std::int64_t outputs = axis.input * axis.stride;
    if (!same) outputs += std::max<std::int64_t>(extent(axis) - axis.stride, 0);
    if (output_padding >= 0) {
        outputs = spread - 1 + extent(axis) + output_padding;
        if (same) outputs -= extent(axis) / 2 * 2;
    }
    // What the convolution from output to input would have padded before its input.
    const std::int64_t cut =
        same ? std::max<std::int64_t>(spread - 1 + extent(axis) - outputs, 0) / 2 : 0;
    const std::int64_t before = extent(axis) - 1 - cut;
    return {before, outputs - 1 + extent(axis) - before - spread};
}

namespace {

WindowAxis axis_of(const WindowConfig& window, const tensor::Shape& input, std::size_t axis) {
    return {input[axis], window.size[axis], window.strides[axis], window.dilation[axis]};
}

}  // namespace

void set_window(const WindowConfig& window, const tensor::Shape& input, layers::Conv& conv) {
    conv.strides = window.strides;
    conv.dilation = window.dilation;
    for (std::size_t axis = 0; axis < window.size.size(); ++axis) {
        const Zeros zeros = window_zeros(axis_of(window, input, axis), window.padding);
        conv.padding_before.push_back(zeros.before);
        conv.padding_after.push_back(zeros.after);
    }
}

void set_window(const WindowConfig& window, const tensor::Shape& input, layers::PoolWindow& pool) {
    pool.size = window.size;
    pool.strides = window.strides;
    for (std::size_t axis = 0; axis < window.size.size(); ++axis) {
        const Zeros zeros = window_zeros(axis_of(window, input, axis), window.padding);
        pool.padding_before.push_back(zeros.before);
        pool.padding_after.push_back(zeros.after);
    }
}

void set_transposed(const WindowConfig& window, const tensor::Shape& input, layers::Conv& conv) {
    conv.dilation = window.dilation;
    for (std::size_t axis = 0; axis < window.size.size(); ++axis) {
        const std::int64_t extra = window.output_padding.empty() ? -1 : window.output_padding[axis];
        const Zeros zeros = transposed_zeros(axis_of(window, input, axis), window.padding, extra);
        conv.padding_before.push_back(zeros.before);
        conv.padding_after.push_back(zeros.after);
    }
}

std::vector<std::size_t> transposed_kernel_order(const tensor::Shape& stored) {
    const std::size_t rank = stored.size() - 2;
    tensor::Shape made = stored;
    std::swap(made[rank], made[rank + 1]);
    const auto steps = tensor::strides(stored);
    std::vector<std::size_t> out(tensor::element_count(made), 0);
    tensor::MultiIndex at(made);
    for (std::size_t n = 0; n < out.size(); ++n, at.next()) {
        for (std::size_t axis = 0; axis < rank; ++axis) {
            out[n] += steps[axis] * static_cast<std::size_t>(stored[axis] - 1 - (*at)[axis]);
        }
        out[n] += steps[rank] * static_cast<std::size_t>((*at)[rank + 1]);
        out[n] += steps[rank + 1] * static_cast<std::size_t>((*at)[rank]);
    }
    return out;
}

std::vector<std::int64_t> to_channels_last(std::size_t rank) {
    std::vector<std::int64_t> out;
    for (std::size_t axis = 1; axis < rank; ++axis) out.push_back(static_cast<std::int64_t>(axis));
    out.push_back(0);
    return out;
}

std::vector<std::int64_t> to_channels_first(std::size_t rank) {
    std::vector<std::int64_t> out = {static_cast<std::int64_t>(rank) - 1};
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) {
        out.push_back(static_cast<std::int64_t>(axis));
    }
    return out;
}

}  // namespace gatewright::frontends
