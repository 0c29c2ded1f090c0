// SPDX-License-Identifier: Apache-2.0
//
// Patterns by worth, for the greedy choice. While sums are rewritten, digits of existing values
// only disappear, so a pattern's worth only falls after it enters: the queue keeps upper bounds,
// and the caller re-counts the pattern at the top and puts it back when it has fallen. No counts
// need upkeep. There are millions of entries for a large matrix, so they are small and lie in the
// order in which they are taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace gatewright::cmvm {

/// a + b·2^shift, or minus the second term; a < b, or a == b and shift > 0.
struct Pattern {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t shift = 0;
    bool subtract = false;
};

class PatternQueue {
  public:
    struct Entry {
        std::uint64_t key = 0;    ///< the pattern as a number
        std::int32_t count = 0;   ///< occurrences when last counted; never fewer than now
        std::int32_t weight = 1;  ///< worth of one saved adder, > 0
    };

    /// A pattern that occurs less than twice saves nothing and is dropped.
    void push(const Entry& entry) {
        if (entry.count < 2) return;
        const std::int64_t worth = std::int64_t{entry.count - 1} * entry.weight;
        const auto bucket = static_cast<std::size_t>(std::min<std::int64_t>(worth, kHighestBucket));
        if (bucket >= buckets_.size()) buckets_.resize(2 * bucket);
        buckets_[bucket].push_back(entry);
        top_ = std::max(top_, bucket);
    }

    /// Takes the entry with the highest worth, the youngest of equals.
    std::optional<Entry> pop() {
        while (top_ > 0 && buckets_[top_].empty()) --top_;
        if (buckets_[top_].empty()) return std::nullopt;
        const Entry entry = buckets_[top_].back();
        buckets_[top_].pop_back();
        return entry;
    }

  private:
    static constexpr std::int64_t kHighestBucket = 1 << 20;

    std::vector<std::vector<Entry>> buckets_ = std::vector<std::vector<Entry>>(64);  // per worth
    std::size_t top_ = 0;
};

}  // namespace gatewright::cmvm
