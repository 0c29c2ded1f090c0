// SPDX-License-Identifier: Apache-2.0
//
// How often each two-term pattern occurs among the rows of a network: an open-addressing hash table
// from a pattern's key to its count. A count that falls to zero keeps its place until the table is
// next rebuilt, so removal never has to move entries.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "cmvm/sharing.h"

namespace gatewright::cmvm {

/// a·2^up_a + b·2^up_b, or minus the second term; one of the shifts is 0.
struct TermPair {
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::int32_t distance = 0;  ///< shift of b minus shift of a
    bool subtract = false;
};

/// Equal for pairs that are equal up to a common shift and sign.
inline std::uint64_t pair_key(Digit x, Digit y) {
    if (y.value < x.value || (x.value == y.value && y.shift < x.shift)) std::swap(x, y);
    std::uint64_t key = static_cast<std::uint64_t>(x.value);
    key = key << 24U | static_cast<std::uint64_t>(y.value);
    key = key << 8U | static_cast<std::uint64_t>(y.shift - x.shift + 64);
    return key << 1U | (x.negative != y.negative ? 1U : 0U);
}

inline TermPair pair_of(std::uint64_t key) {
    return {static_cast<std::int32_t>(key >> 33U), static_cast<std::int32_t>(key >> 9U & 0xFFFFFFU),
            static_cast<std::int32_t>(key >> 1U & 0xFFU) - 64, (key & 1U) != 0};
}

class PatternCounts {
  public:
    PatternCounts() : slots_(kFirstSize) {}

    void add(std::uint64_t key, std::int32_t change) {
        Slot& slot = slots_[place(key)];
        if (!slot.used) {
            slot = {key, 0, true};
            ++used_;
        }
        slot.count += change;
        if (used_ * 2 > slots_.size()) rebuild();
    }
    [[nodiscard]] std::int32_t count(std::uint64_t key) const { return slots_[place(key)].count; }

  private:
    static constexpr std::size_t kFirstSize = 1024;
    struct Slot {
        std::uint64_t key = 0;
        std::int32_t count = 0;
        bool used = false;
    };

    [[nodiscard]] std::size_t place(std::uint64_t key) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = (key * 0x9E3779B97F4A7C15U >> 20U) & mask;
        while (slots_[at].used && slots_[at].key != key) at = (at + 1) & mask;
        return at;
    }

    void rebuild() {
        std::size_t alive = 0;
        for (const Slot& slot : slots_) alive += slot.count != 0 ? 1 : 0;
        std::vector<Slot> old(std::max(kFirstSize, std::size_t{1} << std::bit_width(alive * 4)));
        old.swap(slots_);
        used_ = alive;
        for (const Slot& slot : old) {
            if (slot.count != 0) slots_[place(slot.key)] = slot;
        }
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace gatewright::cmvm
