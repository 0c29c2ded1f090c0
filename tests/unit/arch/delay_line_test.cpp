// SPDX-License-Identifier: Apache-2.0
//
// Delay lines against brute force: words of several events are shifted through a line, and what the
// taps show when a window is complete must be what the window reads.
#include "arch/delay_line.h"

#include <gtest/gtest.h>

#include <deque>

#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::arch {
namespace {

using model::Window;

Window window_of(tensor::Shape extent, tensor::Shape size, tensor::Shape before) {
    const tensor::Shape ones(extent.size(), 1);
    return {std::move(extent), std::move(size), ones, ones, std::move(before)};
}

// Pushes three events back to back; every output must see, on its taps, the words of its own event
// that it reads, in the step the line says, and no two outputs in one step.
void expect_line_shows_windows(const Window& window, const tensor::Shape& positions) {
    const auto line = delay_line(window, positions);
    ASSERT_TRUE(line) << line.error().message;
    const auto words = static_cast<std::int64_t>(line->words);
    constexpr std::int64_t kEvents = 3;
    std::deque<std::int64_t> held;  // newest first; word number over all events
    std::vector<std::size_t> next(kEvents, 0);
    for (std::int64_t step = 0; step < kEvents * words + line->drain(); ++step) {
        held.push_front(step < kEvents * words ? step : -1);
        if (static_cast<std::int64_t>(held.size()) > line->length()) held.pop_back();
        int fired = 0;
        for (std::int64_t event = 0; event < kEvents; ++event) {
            std::size_t& p = next[static_cast<std::size_t>(event)];
            if (p == line->complete.size() || line->complete[p] + event * words != step) continue;
            ++fired;
            for (std::size_t tap = 0; tap < line->delays.size(); ++tap) {
                const std::int64_t expected = input_position(window, positions, p, tap);
                if (expected < 0) continue;  // masked
                const auto delay = static_cast<std::size_t>(line->delays[tap]);
                ASSERT_LT(delay, held.size());
                ASSERT_EQ(held[delay], expected + event * words)
                    << "position " << p << " tap " << tap;
            }
            ++p;
        }
        ASSERT_LE(fired, 1);
    }
    for (const std::size_t p : next) EXPECT_EQ(p, line->complete.size());
}

TEST(DelayLine, SamePaddedThreeByThreeHoldsTwoRowsAndThreeWords) {
    const Window window = window_of({4, 5}, {3, 3}, {1, 1});
    const auto line = delay_line(window, {4, 5});
    ASSERT_TRUE(line);
    EXPECT_EQ(line->delays, (std::vector<std::int64_t>{12, 11, 10, 7, 6, 5, 2, 1, 0}));
    EXPECT_EQ(line->length(), 13);
    EXPECT_EQ(line->complete.front(), 6);  // one row and one word after the first
    EXPECT_EQ(line->complete.back(), 25);
    EXPECT_EQ(line->drain(), 6);
}

TEST(DelayLine, WindowWithoutAxesIsOneWord) {
    const auto line = delay_line({}, {});
    ASSERT_TRUE(line);
    EXPECT_EQ(line->words, 1U);
    EXPECT_EQ(line->delays, std::vector<std::int64_t>{0});
    EXPECT_EQ(line->complete, std::vector<std::int64_t>{0});
}

TEST(DelayLine, RandomWindowsShowWhatTheyRead) {
    Rng rng(testing::test_seed(21));
    int lines = 0;
    for (int round = 0; round < 2000; ++round) {
        Window window;
        tensor::Shape positions;
        const std::int64_t axes = rng.between(1, 3);
        for (std::int64_t axis = 0; axis < axes; ++axis) {
            window.size.push_back(rng.between(1, 3));
            window.stride.push_back(rng.between(1, 3));
            window.dilation.push_back(rng.between(1, 2));
            const std::int64_t reach = (window.size.back() - 1) * window.dilation.back();
            window.extent.push_back(rng.between(reach + 1, reach + 5));
            window.before.push_back(rng.between(-1, reach));
            const std::int64_t after = rng.between(0, reach);
            const std::int64_t room =
                window.before.back() + window.extent.back() + after - reach - 1;
            positions.push_back(std::max<std::int64_t>(room, 0) / window.stride.back() + 1);
        }
        if (!delay_line(window, positions)) continue;
        ++lines;
        ASSERT_NO_FATAL_FAILURE(expect_line_shows_windows(window, positions));
    }
    EXPECT_GT(lines, 500);
}

TEST(DelayLine, MorePaddingThanTapsIsRefused) {
    EXPECT_FALSE(delay_line(window_of({4}, {2}, {3}), {6}));              // before the first word
    EXPECT_FALSE(delay_line(window_of({4}, {1}, {0}), {6}));              // into the next event
    EXPECT_FALSE(delay_line(window_of({3, 4}, {1, 1}, {0, 0}), {3, 6}));  // rows overlap
    EXPECT_TRUE(delay_line(window_of({4}, {2}, {1}), {4}));
}

Stream stream_of(std::size_t words, std::size_t channels) {
    Stream stream;
    stream.words = words;
    stream.formats.resize(channels);
    return stream;
}

TEST(WordOrder, WholeWordsAreSeenAndHalfWordsAreNot) {
    const auto order = word_order({{2, 3, -1, -1, 0, 1}}, stream_of(2, 2), stream_of(3, 2));
    ASSERT_TRUE(order);
    EXPECT_EQ(order->from, (std::vector<std::int64_t>{1, -1, 0}));
    EXPECT_EQ(order->ring, 3U);  // both words are held at the start, and one more to move on
    EXPECT_FALSE(word_order({{1, 2, 3, 0}}, stream_of(2, 2), stream_of(2, 2)));
    EXPECT_FALSE(word_order({{0, -1}}, stream_of(1, 2), stream_of(1, 2)));
    EXPECT_FALSE(word_order({{0, 1}}, stream_of(1, 2), stream_of(2, 1)));
}

// A ring is as small as one that frees its slots in order can be: it holds all from the oldest word
// that is still needed (before the first output: the event's first) to the newest one needed.
TEST(WordOrder, RingHoldsTheWordsThatWait) {
    Rng rng(testing::test_seed(22));
    for (int round = 0; round < 300; ++round) {
        const auto words = rng.between(1, 8);
        std::vector<std::int64_t> from;
        for (int o = 0; o < 10; ++o) from.push_back(rng.between(-1, words - 1));
        std::int64_t most = 1;
        for (std::size_t o = 0; o < from.size(); ++o) {
            std::int64_t newest = 0;
            for (std::size_t past = 0; past <= o; ++past) newest = std::max(newest, from[past]);
            std::int64_t oldest = o == 0 ? 0 : words;
            for (std::size_t later = o; later < from.size(); ++later) {
                if (from[later] >= 0) oldest = std::min(oldest, from[later]);
            }
            most = std::max(most, newest + 1 - oldest);
        }
        const auto order =
            word_order({from}, stream_of(static_cast<std::size_t>(words), 1), stream_of(10, 1));
        ASSERT_TRUE(order);
        ASSERT_EQ(order->ring, static_cast<std::size_t>(most + 1));
    }
}

}  // namespace
}  // namespace gatewright::arch
