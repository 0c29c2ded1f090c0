// SPDX-License-Identifier: Apache-2.0
#include "layers/patch_memo.h"

namespace gatewright::layers {

std::vector<std::uint32_t> RangeNumbers::of(std::span<const fixed::Interval> ranges) {
    std::vector<std::uint32_t> out;
    out.reserve(ranges.size());
    const fixed::Interval* previous = nullptr;
    for (const fixed::Interval& range : ranges) {
        if (previous != nullptr && *previous == range) {
            out.push_back(out.back());
            continue;
        }
        previous = &range;
        if (range.lo.is_zero() && range.hi.is_zero()) {
            out.push_back(0);
            continue;
        }
        const auto [found, is_new] =
            numbers_.emplace(range, static_cast<std::uint32_t>(ranges_.size()));
        if (is_new) ranges_.push_back(range);
        out.push_back(found->second);
    }
    return out;
}

}  // namespace gatewright::layers
