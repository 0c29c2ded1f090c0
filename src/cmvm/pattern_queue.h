// SPDX-License-Identifier: Apache-2.0
//
// Patterns by worth, for the greedy choice. While sums are rewritten, digits of existing values
// only disappear, so a pattern's worth only falls after it enters: the queue keeps upper bounds,
// and the caller re-counts the pattern at the top and puts it back when it has fallen. No counts
// need upkeep.
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
        Pattern pattern;
        std::int32_t count = 0;   ///< occurrences when last counted; never fewer than now
        std::int32_t weight = 1;  ///< worth of one saved adder, > 0
        std::int32_t next = -1;
    };

    /// A pattern that occurs less than twice saves nothing and is dropped.
    void push(Entry entry) {
        if (entry.count < 2) return;
        const std::int64_t worth = std::int64_t{entry.count - 1} * entry.weight;
        const auto bucket = static_cast<std::size_t>(std::min<std::int64_t>(worth, kHighestBucket));
        if (bucket >= first_.size()) first_.resize(bucket * 2, -1);
        entry.next = first_[bucket];
        first_[bucket] = allocate(entry);
        top_ = std::max(top_, bucket);
    }

    /// Takes the entry with the highest worth, the youngest of equals.
    std::optional<Entry> pop() {
        while (top_ > 0 && first_[top_] < 0) --top_;
        const std::int32_t id = first_[top_];
        if (id < 0) return std::nullopt;
        const Entry entry = entries_[static_cast<std::size_t>(id)];
        first_[top_] = entry.next;
        free_.push_back(id);
        return entry;
    }

  private:
    static constexpr std::int64_t kHighestBucket = 1 << 20;

    std::int32_t allocate(const Entry& entry) {
        if (free_.empty()) {
            entries_.push_back(entry);
            return static_cast<std::int32_t>(entries_.size()) - 1;
        }
        const std::int32_t id = free_.back();
        free_.pop_back();
        entries_[static_cast<std::size_t>(id)] = entry;
        return id;
    }

    std::vector<Entry> entries_;
    std::vector<std::int32_t> free_;
    std::vector<std::int32_t> first_ = std::vector<std::int32_t>(64, -1);  // per worth
    std::size_t top_ = 0;
};

}  // namespace gatewright::cmvm
