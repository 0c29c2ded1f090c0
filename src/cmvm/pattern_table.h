// SPDX-License-Identifier: Apache-2.0
//
// How often every two-term pattern occurs, and which is worth most: an open-addressing hash table
// from pattern to count, and a bucket queue by worth. Adding and removing one occurrence and
// finding the best pattern take O(1) amortized.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace gatewright::cmvm {

/// a + sign·b·2^shift with a < b, or a == b and shift > 0.
struct Pattern {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t shift = 0;
    bool subtract = false;
};

class PatternTable {
  public:
    struct Entry {
        Pattern pattern;
        std::int32_t count = 0;
        std::int32_t barred = 0;  ///< occurrences that do not fit their sum's depth limit
        std::int32_t weight = 0;  ///< worth of one saved adder
        std::int32_t bucket = -1;
        std::int32_t previous = -1;
        std::int32_t next = -1;
    };

    PatternTable();

    /// One more occurrence; `weigh(pattern)` is asked when the pattern is new.
    template <class Weigh>
    void add(const Pattern& pattern, const Weigh& weigh) {
        const std::int32_t id = find_or_insert(pattern);
        Entry& entry = entries_[static_cast<std::size_t>(id)];
        if (entry.weight == 0) entry.weight = weigh(pattern);
        change(id, 1);
    }
    void remove(const Pattern& pattern) { change(find_or_insert(pattern), -1); }
    /// The pattern that saves most; nullopt when none occurs twice.
    [[nodiscard]] std::optional<std::int32_t> best();
    [[nodiscard]] const Entry& operator[](std::int32_t id) const {
        return entries_[static_cast<std::size_t>(id)];
    }
    /// Says that `barred` of the pattern's occurrences cannot be used now.
    void bar(std::int32_t id, std::int32_t barred);

  private:
    std::int32_t find_or_insert(const Pattern& pattern);
    void change(std::int32_t id, std::int32_t by);
    void link(std::int32_t id);
    void unlink(std::int32_t id);
    void grow();

    std::vector<Entry> entries_;
    std::vector<std::int32_t> slots_;    // hash table of entry ids, -1 empty; size a power of two
    std::vector<std::int32_t> buckets_;  // first entry per worth
    std::int32_t highest_ = 0;           // no bucket above it is used
};

}  // namespace gatewright::cmvm
