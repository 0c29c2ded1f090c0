// SPDX-License-Identifier: Apache-2.0
#include "cmvm/digits.h"

#include <bit>

#include "cmvm/bits.h"

namespace gatewright::cmvm {
namespace {

std::uint64_t magnitude(std::int64_t weight) {
    return weight < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(weight)
                      : static_cast<std::uint64_t>(weight);
}

// Set bits are the shifts of the digits with that sign.
struct Masks {
    std::uint64_t positive = 0;
    std::uint64_t negative = 0;
    [[nodiscard]] std::uint64_t any() const { return positive | negative; }
};

// x = 3x/2 - x/2 written in binary, common ones cancelled (Reitwieser 1960): the canonical form.
Masks canonical_digits(std::uint64_t x) {
    const std::uint64_t half = x >> 1U;
    const std::uint64_t three_halves = x + half;
    const std::uint64_t changed = half ^ three_halves;
    return {three_halves & changed, half & changed};
}

}  // namespace

void append_signed_digits(std::int32_t value, std::int64_t weight, std::vector<Digit>& digits) {
    const Masks masks = canonical_digits(magnitude(weight));
    for_each_bit(masks.any(), [&](int shift) {
        const bool negative = (masks.negative & bit(shift)) != 0;
        digits.push_back({value, shift, negative != (weight < 0)});
    });
}

void recode(std::vector<Digit>& digits, double share, Rng& rng) {
    for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
        Digit& low = digits[i];
        Digit& high = digits[i + 1];
        const bool is_pair =
            low.value == high.value && high.shift == low.shift + 2 && high.negative != low.negative;
        if (!is_pair || !rng.chance(share)) continue;
        --high.shift;
        low.negative = high.negative;
    }
}

int signed_digit_count(std::int64_t weight) {
    return std::popcount(canonical_digits(magnitude(weight)).any());
}

}  // namespace gatewright::cmvm
