// SPDX-License-Identifier: Apache-2.0
#include "cmvm/pattern_table.h"

#include <algorithm>

namespace gatewright::cmvm {
namespace {

constexpr std::int32_t kHighestBucket = 1 << 16;

std::uint64_t hash(const Pattern& pattern) {
    std::uint64_t key = static_cast<std::uint64_t>(pattern.a);
    key = key << 24U ^ static_cast<std::uint64_t>(pattern.b);
    key = key << 8U ^ static_cast<std::uint64_t>(pattern.shift + 64) << 1U;
    key ^= pattern.subtract ? 1U : 0U;
    key *= 0x9E3779B97F4A7C15U;
    return key ^ key >> 29U;
}

bool equal(const Pattern& x, const Pattern& y) {
    return x.a == y.a && x.b == y.b && x.shift == y.shift && x.subtract == y.subtract;
}

}  // namespace

PatternTable::PatternTable() : slots_(1U << 12U, -1), buckets_(64, -1) {}

std::int32_t PatternTable::find_or_insert(const Pattern& pattern) {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t slot = hash(pattern) & mask;
    while (slots_[slot] >= 0) {
        if (equal(entries_[static_cast<std::size_t>(slots_[slot])].pattern, pattern)) {
            return slots_[slot];
        }
        slot = (slot + 1) & mask;
    }
    const auto id = static_cast<std::int32_t>(entries_.size());
    entries_.push_back({.pattern = pattern});
    slots_[slot] = id;
    if (entries_.size() * 2 > slots_.size()) grow();
    return id;
}

void PatternTable::grow() {
    slots_.assign(slots_.size() * 2, -1);
    const std::uint64_t mask = slots_.size() - 1;
    for (std::size_t id = 0; id < entries_.size(); ++id) {
        std::uint64_t slot = hash(entries_[id].pattern) & mask;
        while (slots_[slot] >= 0) slot = (slot + 1) & mask;
        slots_[slot] = static_cast<std::int32_t>(id);
    }
}

void PatternTable::change(std::int32_t id, std::int32_t by) {
    Entry& entry = entries_[static_cast<std::size_t>(id)];
    entry.count += by;
    entry.barred = 0;
    unlink(id);
    link(id);
}

void PatternTable::bar(std::int32_t id, std::int32_t barred) {
    unlink(id);
    entries_[static_cast<std::size_t>(id)].barred = barred;
    link(id);
}

void PatternTable::link(std::int32_t id) {
    Entry& entry = entries_[static_cast<std::size_t>(id)];
    const std::int32_t usable = entry.count - entry.barred;
    if (usable < 2) return;
    const std::int64_t worth = std::int64_t{usable - 1} * entry.weight;
    entry.bucket = static_cast<std::int32_t>(std::min<std::int64_t>(worth, kHighestBucket));
    if (entry.bucket >= static_cast<std::int32_t>(buckets_.size())) {
        buckets_.resize(static_cast<std::size_t>(entry.bucket) * 2, -1);
    }
    std::int32_t& first = buckets_[static_cast<std::size_t>(entry.bucket)];
    entry.next = first;
    if (first >= 0) entries_[static_cast<std::size_t>(first)].previous = id;
    first = id;
    highest_ = std::max(highest_, entry.bucket);
}

void PatternTable::unlink(std::int32_t id) {
    Entry& entry = entries_[static_cast<std::size_t>(id)];
    if (entry.bucket < 0) return;
    if (entry.next >= 0) entries_[static_cast<std::size_t>(entry.next)].previous = entry.previous;
    if (entry.previous >= 0) {
        entries_[static_cast<std::size_t>(entry.previous)].next = entry.next;
    } else {
        buckets_[static_cast<std::size_t>(entry.bucket)] = entry.next;
    }
    entry.bucket = entry.previous = entry.next = -1;
}

std::optional<std::int32_t> PatternTable::best() {
    while (highest_ > 0 && buckets_[static_cast<std::size_t>(highest_)] < 0) --highest_;
    const std::int32_t id = buckets_[static_cast<std::size_t>(highest_)];
    if (id < 0) return std::nullopt;
    return id;
}

}  // namespace gatewright::cmvm
