// SPDX-License-Identifier: Apache-2.0
#include "arch/stage_inputs.h"

#include <algorithm>

#include "arch/delay_line.h"
#include "support/check.h"

namespace gatewright::arch {

using model::Window;

namespace {

std::size_t channels_under(const StreamView& view, const Window& window) {
    return view.size() / tensor::element_count(window.extent);
}

Window trivial_window(const tensor::Shape& positions) {
    const tensor::Shape ones(positions.size(), 1);
    return {positions, ones, ones, ones, tensor::Shape(positions.size(), 0)};
}

void add_axis(Window& window, std::int64_t size) {
    window.extent.push_back(size);
    window.size.push_back(size);
    window.stride.push_back(size);
    window.dilation.push_back(1);
    window.before.push_back(0);
}

// The stream's word that position `position` of the view is; -1: zeros; nullopt: neither.
std::optional<std::int64_t> whole_word(const StreamView& view, std::int64_t position,
                                       std::size_t channels) {
    const auto per_word = static_cast<std::int64_t>(channels);
    const std::size_t begin = static_cast<std::size_t>(position) * channels;
    const std::int64_t first = view.source(begin);
    if (first >= 0 && first % per_word != 0) return std::nullopt;
    for (std::size_t c = 1; c < channels; ++c) {
        const std::int64_t expected = first < 0 ? -1 : first + static_cast<std::int64_t>(c);
        if (view.source(begin + c) != expected) return std::nullopt;
    }
    return first < 0 ? -1 : first / per_word;
}

tensor::Shape index_in(std::int64_t position, const tensor::Shape& shape) {
    tensor::Shape index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        index[axis] = position % shape[axis];
        position /= shape[axis];
    }
    return index;
}

// A view that shifts positions (padding, cropping) read by a window is a shifted window over the
// stream. The shift is that of the first element that is not 0; then every tap of every position
// must agree.
std::optional<Window> shifted_window(const Stream& stream, const StreamView& view,
                                     const Window& window, const tensor::Shape& positions) {
    const std::size_t channels = stream.channels();
    const std::size_t axes = window.extent.size();
    if (channels_under(view, window) != channels || stream.shape.size() != axes + 1) {
        return std::nullopt;
    }
    const auto first = std::find_if(view.from.begin(), view.from.end(),
                                    [](std::int64_t source) { return source >= 0; });
    if (first == view.from.end()) return std::nullopt;
    const auto per_word = static_cast<std::int64_t>(channels);
    const tensor::Shape to = index_in((first - view.from.begin()) / per_word, window.extent);
    Window shifted = window;
    shifted.extent.assign(stream.shape.begin(), stream.shape.end() - 1);
    const tensor::Shape from = index_in(*first / per_word, shifted.extent);
    for (std::size_t axis = 0; axis < axes; ++axis) shifted.before[axis] += to[axis] - from[axis];
    for (std::size_t p = 0; p < tensor::element_count(positions); ++p) {
        for (std::size_t tap = 0; tap < tensor::element_count(window.size); ++tap) {
            const std::int64_t seen = input_position(window, positions, p, tap);
            const auto expected = seen < 0 ? -1 : whole_word(view, seen, channels);
            if (!expected || input_position(shifted, positions, p, tap) != *expected) {
                return std::nullopt;
            }
        }
    }
    if (!delay_line(shifted, positions)) return std::nullopt;
    return shifted;
}

// The window without padding, over a stream with the zeros written out.
StageInput padded_input(StreamBuilder& streams, StreamId source, const Window& window,
                        const tensor::Shape& positions, const StreamReader& reader) {
    Window padded = window;
    const std::size_t axes = window.extent.size();
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const std::size_t lead = axes - std::min(axes, positions.size());
        const std::int64_t count = axis < lead ? 1 : positions[axis + positions.size() - axes];
        padded.extent[axis] =
            (count - 1) * window.stride[axis] + (window.size[axis] - 1) * window.dilation[axis] + 1;
        padded.before[axis] = 0;
    }
    Window all = window;  // every position of the padded input, one tap
    all.size.assign(axes, 1);
    all.stride.assign(axes, 1);
    const auto channels = static_cast<std::int64_t>(streams[source].channels());
    std::vector<std::int64_t> from;
    for (std::size_t p = 0; p < tensor::element_count(padded.extent); ++p) {
        const std::int64_t word = input_position(all, padded.extent, p, 0);
        for (std::int64_t c = 0; c < channels; ++c) {
            from.push_back(word < 0 ? -1 : word * channels + c);
        }
    }
    tensor::Shape shape = padded.extent;
    shape.push_back(channels);
    const StreamId stream =
        streams.rearranged(source, std::move(from), std::move(shape),
                           static_cast<std::size_t>(channels), reader.name + "_pad", reader.layer);
    return {stream, padded};
}

}  // namespace

StageInput whole_event_input(StreamBuilder& streams, const StreamView& view,
                             const StreamReader& reader) {
    return {streams.in_words(view, view.size(), reader.name + "_event", reader.layer), {}};
}

StageInput one_word_input(StreamBuilder& streams, const StreamView& view, const Window& window,
                          const tensor::Shape& positions, const StreamReader& reader) {
    const std::size_t taps = tensor::element_count(window.size);
    const std::size_t channels = channels_under(view, window);
    std::vector<std::int64_t> from;
    for (std::size_t p = 0; p < tensor::element_count(positions); ++p) {
        for (std::size_t tap = 0; tap < taps; ++tap) {
            const std::int64_t word = input_position(window, positions, p, tap);
            for (std::size_t c = 0; c < channels; ++c) {
                from.push_back(
                    word < 0 ? -1 : view.source(static_cast<std::size_t>(word) * channels + c));
            }
        }
    }
    tensor::Shape shape = positions;
    shape.push_back(static_cast<std::int64_t>(taps * channels));
    const StreamId stream = streams.rearranged(view.stream, std::move(from), std::move(shape),
                                               taps * channels, reader.name + "_in", reader.layer);
    return {stream, trivial_window(positions)};
}

StageInput window_input(StreamBuilder& streams, const StreamView& view, Window window,
                        tensor::Shape& positions, const StreamReader& reader) {
    const std::size_t channels = channels_under(view, window);
    const std::size_t stream_channels = streams[view.stream].channels();
    StreamId source = view.stream;
    if (!view.from.empty()) {
        if (const auto shifted = shifted_window(streams[view.stream], view, window, positions)) {
            return {view.stream, *shifted};
        }
    }
    if (view.from.empty() && channels % stream_channels == 0) {
        if (channels != stream_channels) {  // the same words, several to a position
            add_axis(window, static_cast<std::int64_t>(channels / stream_channels));
            positions.push_back(1);
        }
    } else {
        source = streams.in_words(view, channels, reader.name + "_in", reader.layer);
    }
    if (delay_line(window, positions)) return {source, window};
    const StageInput padded = padded_input(streams, source, window, positions, reader);
    if (delay_line(padded.window, positions)) return padded;
    StreamView by_words{source, {}, window.extent};
    by_words.shape.push_back(static_cast<std::int64_t>(streams[source].channels()));
    return one_word_input(streams, by_words, window, positions, reader);
}

bool reaches_outside(const Window& window, const tensor::Shape& positions, std::size_t tap) {
    for (std::size_t p = 0; p < tensor::element_count(positions); ++p) {
        if (input_position(window, positions, p, tap) < 0) return true;
    }
    return false;
}

}  // namespace gatewright::arch
