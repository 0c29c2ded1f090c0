// SPDX-License-Identifier: Apache-2.0
#include "cmvm/input_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace gatewright::cmvm {
namespace {

int unsigned_width(std::int64_t code) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(code)));
}

// Width of the narrowest two's-complement or unsigned code for [lo, hi].
int width_of(std::int64_t lo, std::int64_t hi) {
    if (lo >= 0) return unsigned_width(hi);
    return 1 + std::max(unsigned_width(~lo), unsigned_width(hi < 0 ? ~hi : hi));
}

}  // namespace

std::optional<InputGrid> InputGrid::make(std::span<const fixed::Interval> inputs) {
    constexpr int kMostBits = 32;
    InputGrid grid;
    int finest = inputs.empty() ? 0 : inputs[0].frac;
    for (const fixed::Interval& input : inputs) finest = std::max(finest, input.frac);
    for (const fixed::Interval& input : inputs) {
        if (input.lo.magnitude_bits() > kMostBits || input.hi.magnitude_bits() > kMostBits ||
            finest - input.frac > kMostBits) {
            return std::nullopt;
        }
        const std::int64_t lo = *input.lo.to_int64();
        const std::int64_t hi = *input.hi.to_int64();
        grid.spans_.push_back(hi - lo);
        grid.sums_.push_back(hi + lo);
        grid.scales_.push_back(finest - input.frac);
    }
    return grid;
}

BitExtent InputGrid::extent(const Coefficient* form) const {
    std::int64_t sum = 0;
    std::int64_t span = 0;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
        sum += form[i] * sums_[i];
        span += (form[i] < 0 ? -form[i] : form[i]) * spans_[i];
        bits |= static_cast<std::uint64_t>(form[i]);
    }
    const std::int64_t hi = (sum + span) / 2;
    const std::int64_t lo = (sum - span) / 2;
    return {bits == 0 ? 0 : std::countr_zero(bits), width_of(lo, hi), width_of(-hi, -lo)};
}

double InputGrid::reach(const Coefficient* form) const {
    double reach = 0;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
        const auto most =
            static_cast<double>(spans_[i]) + std::abs(static_cast<double>(sums_[i])) + 2;
        reach += std::abs(static_cast<double>(form[i])) * most;
    }
    return reach;
}

}  // namespace gatewright::cmvm
