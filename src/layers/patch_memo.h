// SPDX-License-Identifier: Apache-2.0
//
// Results that depend only on the ranges a window reads: an image has many positions and few
// different patches of ranges, so infer() works each one out once. Ranges get small numbers first,
// and a patch is the list of its numbers.
#pragma once

#include <map>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "fixed/interval.h"

namespace gatewright::layers {

/// A number per distinct range: equal ranges, equal numbers. Zero is the number of the constant 0.
class RangeNumbers {
  public:
    RangeNumbers() { ranges_.push_back(fixed::Interval::constant(0)); }
    std::vector<std::uint32_t> of(std::span<const fixed::Interval> ranges);
    [[nodiscard]] const fixed::Interval& range(std::uint32_t number) const {
        return ranges_[number];
    }

  private:
    struct Less {
        bool operator()(const fixed::Interval& a, const fixed::Interval& b) const {
            return std::tie(a.frac, a.lo, a.hi) < std::tie(b.frac, b.lo, b.hi);
        }
    };
    std::map<fixed::Interval, std::uint32_t, Less> numbers_;
    std::vector<fixed::Interval> ranges_;
};

/// Results by patch.
template <class Result>
class PatchMemo {
  public:
    using Patch = std::vector<std::uint32_t>;
    /// make() is called once per distinct patch.
    template <class Make>
    const Result& of(const Patch& patch, Make make) {
        const auto found = results_.find(patch);
        if (found != results_.end()) return found->second;
        return results_.emplace(patch, make()).first->second;
    }

  private:
    struct Hash {
        std::size_t operator()(const Patch& patch) const {
            std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
            for (const std::uint32_t number : patch) hash = (hash ^ number) * 0x100000001b3U;
            return static_cast<std::size_t>(hash ^ (hash >> 29U));
        }
    };
    std::unordered_map<Patch, Result, Hash> results_;
};

}  // namespace gatewright::layers
