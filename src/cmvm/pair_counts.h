// SPDX-License-Identifier: Apache-2.0
//
// How often each pair (one value, another value, shift between them, same or opposite sign) occurs,
// for one value at a time: an array of counters per other value met, so that a count is one
// increment in a small table.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace gatewright::cmvm {

class PairCounts {
  public:
    using Count = std::uint16_t;  // stays at the largest it holds

    /// Room for digits at this shift; before anything is counted.
    void widen(int shift) {
        widest_ = std::max(widest_, shift);
        stride_ = static_cast<std::size_t>(2 * (2 * widest_ + 1));
    }

    /// Position of a pair in the counters of a value.
    [[nodiscard]] std::size_t index(int shift, unsigned opposite) const {
        return static_cast<std::size_t>(shift + widest_) << 1U | opposite;
    }

    static void increment(Count& count) {
        if (count != std::numeric_limits<Count>::max()) ++count;
    }

    /// Counters of another value.
    Count* of(std::int32_t value) {
        const auto at = static_cast<std::size_t>(value);
        if (at >= slot_of_.size()) slot_of_.resize(at + 1, -1);
        if (slot_of_[at] < 0) {
            slot_of_[at] = static_cast<std::int32_t>(met_.size());
            met_.push_back(value);
            if (met_.size() * stride_ > counts_.size())
                counts_.resize(2 * met_.size() * stride_, 0);
        }
        return counts_.data() + static_cast<std::size_t>(slot_of_[at]) * stride_;
    }

    /// Calls visit(value, shift, opposite, count) for every pair met at least twice, values in
    /// order, and forgets all.
    template <class Visit>
    void take(const Visit& visit) {
        std::sort(met_.begin(), met_.end());
        for (const std::int32_t value : met_) {
            const auto slot = static_cast<std::size_t>(slot_of_[static_cast<std::size_t>(value)]);
            Count* const counts = counts_.data() + slot * stride_;
            for (std::size_t i = 0; i < stride_; ++i) {
                if (counts[i] >= 2) {
                    visit(value, static_cast<int>(i >> 1U) - widest_, (i & 1U) != 0, counts[i]);
                }
            }
            std::fill(counts, counts + stride_, Count{0});
            slot_of_[static_cast<std::size_t>(value)] = -1;
        }
        met_.clear();
    }

  private:
    int widest_ = 0;
    std::size_t stride_ = 2;
    std::vector<std::int32_t> slot_of_;  // per value
    std::vector<std::int32_t> met_;
    std::vector<Count> counts_;
};

}  // namespace gatewright::cmvm
