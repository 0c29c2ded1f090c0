// SPDX-License-Identifier: Apache-2.0
//
// Windows over a stream as hardware sees them: words of an event pass through one delay line, and
// each tap of the window is a fixed place in it, for tap (t_0, t_1) of a window over rows of W
// positions trails tap (last, last) by a fixed number of words. With s counted in words from the
// event's first, the window of output position p is complete with word s(p); s grows with p. Near
// an edge some taps hold words of another row, or of the next event: they read 0 (mask).
//
// Words after the event's last (padding at its end) are the next event's first words if they are
// there, else empty steps: so events follow each other without a gap and none waits for the next.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/stages.h"

namespace gatewright::arch {

struct DelayLine {
    std::size_t words = 0;               ///< of an event
    std::vector<std::int64_t> delays;    ///< per tap (row-major): words behind the newest
    std::vector<std::int64_t> complete;  ///< per output position: s(p), strictly growing
    /// Steps after the event's last word until its last output.
    [[nodiscard]] std::int64_t drain() const;
    [[nodiscard]] std::int64_t length() const;  ///< words that are held: the largest delay + 1
};

/// The delay line of a window, or an error if outputs would not come in order or before the
/// event's first word (more padding than taps): the planner then pads by a stage of its own.
Result<DelayLine> delay_line(const model::Window& window, const tensor::Shape& positions);

/// Where a rearrangement moves whole words (channels stay channels): per output word the input word
/// it is, or -1; nullopt if it does not. And how many words of a ring buffer that needs.
struct WordOrder {
    std::vector<std::int64_t> from;
    std::size_t ring = 0;
};
std::optional<WordOrder> word_order(const Rearrange& work, const Stream& input,
                                    const Stream& output);

}  // namespace gatewright::arch
