// SPDX-License-Identifier: Apache-2.0
#include "arch/delay_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"

namespace gatewright::arch {
namespace {

// Index of output position `position` along each axis of the window; axes are counted from the
// last, those the output lacks are 0.
tensor::Shape index_along_window(const model::Window& window, const tensor::Shape& positions,
                                 std::size_t position) {
    tensor::Shape index(window.extent.size(), 0);
    std::size_t axis = window.extent.size();
    for (std::size_t p = positions.size(); p-- > 0 && axis-- > 0;) {
        const auto size = static_cast<std::size_t>(positions[p]);
        index[axis] = static_cast<std::int64_t>(position % size);
        position /= size;
    }
    return index;
}

// Words between the newest word a window may hold and tap `tap`.
std::int64_t delay_of_tap(const model::Window& window, std::size_t tap) {
    std::int64_t delay = 0;
    std::int64_t row = 1;  // words per step along the axis
    for (std::size_t axis = window.extent.size(); axis-- > 0;) {
        const auto size = static_cast<std::size_t>(window.size[axis]);
        const auto from_end = static_cast<std::int64_t>(size - 1 - tap % size);
        delay += from_end * window.dilation[axis] * row;
        tap /= size;
        row *= window.extent[axis];
    }
    return delay;
}

// Linear index of the last tap, as if rows followed each other without end.
std::int64_t last_tap_word(const model::Window& window, const tensor::Shape& index) {
    std::int64_t word = 0;
    for (std::size_t axis = 0; axis < window.extent.size(); ++axis) {
        const std::int64_t at = index[axis] * window.stride[axis] +
                                (window.size[axis] - 1) * window.dilation[axis] -
                                window.before[axis];
        word = word * window.extent[axis] + at;
    }
    return word;
}

Status check_order(const DelayLine& line) {
    for (std::size_t p = 1; p < line.complete.size(); ++p) {
        if (line.complete[p] <= line.complete[p - 1]) {
            return fail(fmt::format(
                "the windows of output positions {} and {} are not complete one after the other", p,
                p - 1));
        }
    }
    if (line.complete.empty()) return {};
    if (line.complete.front() < 0) {
        return fail("the first window is complete before the first word: more padding than taps");
    }
    if (line.complete.back() - line.complete.front() >= static_cast<std::int64_t>(line.words)) {
        return fail("outputs of one event reach into those of the next: more padding than taps");
    }
    return {};
}

}  // namespace

std::int64_t input_position(const model::Window& window, const tensor::Shape& positions,
                            std::size_t position, std::size_t tap) {
    const tensor::Shape index = index_along_window(window, positions, position);
    std::int64_t word = 0;
    std::int64_t row = 1;
    for (std::size_t axis = window.extent.size(); axis-- > 0;) {
        const auto size = static_cast<std::size_t>(window.size[axis]);
        const std::int64_t at = index[axis] * window.stride[axis] +
                                static_cast<std::int64_t>(tap % size) * window.dilation[axis] -
                                window.before[axis];
        if (at < 0 || at >= window.extent[axis]) return -1;
        word += at * row;
        tap /= size;
        row *= window.extent[axis];
    }
    return word;
}

std::int64_t DelayLine::drain() const {
    if (complete.empty()) return 0;
    return std::max<std::int64_t>(0, complete.back() - static_cast<std::int64_t>(words) + 1);
}

std::int64_t DelayLine::length() const {
    return delays.empty() ? 1 : *std::max_element(delays.begin(), delays.end()) + 1;
}

Result<DelayLine> delay_line(const model::Window& window, const tensor::Shape& positions) {
    DelayLine line;
    line.words = tensor::element_count(window.extent);
    for (std::size_t tap = 0; tap < tensor::element_count(window.size); ++tap) {
        line.delays.push_back(delay_of_tap(window, tap));
    }
    for (std::size_t p = 0; p < tensor::element_count(positions); ++p) {
        line.complete.push_back(last_tap_word(window, index_along_window(window, positions, p)));
    }
    GW_TRY_STATUS(check_order(line));
    return line;
}

namespace {

// The input word that output word `word` is, -1 for zeros; nullopt if it is neither.
std::optional<std::int64_t> moved_word(std::span<const std::int64_t> from, std::size_t word,
                                       std::size_t channels) {
    const auto per_word = static_cast<std::int64_t>(channels);
    const std::int64_t first = from[word * channels];
    if (first >= 0 && first % per_word != 0) return std::nullopt;
    for (std::size_t c = 0; c < channels; ++c) {
        const std::int64_t expected = first < 0 ? -1 : first + static_cast<std::int64_t>(c);
        if (from[word * channels + c] != expected) return std::nullopt;
    }
    return first < 0 ? -1 : first / per_word;
}

// Slots between the oldest word that a later output needs (before the first output: the event's
// first word) and the newest one that an output needs; and one more, so that a word can be taken
// while another one leaves.
std::size_t ring_words(const std::vector<std::int64_t>& from, std::size_t words) {
    std::vector<std::int64_t> kept(from.size() + 1, static_cast<std::int64_t>(words));
    for (std::size_t o = from.size(); o-- > 0;) {
        kept[o] = from[o] < 0 ? kept[o + 1] : std::min(kept[o + 1], from[o]);
    }
    std::int64_t taken = 1;
    std::int64_t most = 1;
    for (std::size_t o = 0; o < from.size(); ++o) {
        taken = std::max(taken, from[o] + 1);
        most = std::max(most, taken - (o == 0 ? 0 : kept[o]));
    }
    return static_cast<std::size_t>(most) + 1;
}

}  // namespace

std::optional<WordOrder> word_order(const Rearrange& work, const Stream& input,
                                    const Stream& output) {
    if (input.channels() != output.channels()) return std::nullopt;
    GW_CHECK(work.from.size() == output.words * output.channels(), "ragged rearrangement");
    WordOrder order;
    for (std::size_t word = 0; word < output.words; ++word) {
        const auto moved = moved_word(work.from, word, output.channels());
        if (!moved) return std::nullopt;
        order.from.push_back(*moved);
    }
    order.ring = ring_words(order.from, input.words);
    return order;
}

}  // namespace gatewright::arch
