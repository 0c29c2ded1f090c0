// SPDX-License-Identifier: Apache-2.0
//
// Sets of shifts as 64-bit masks.
#pragma once

#include <bit>
#include <cstdint>

namespace gatewright::cmvm {

inline std::uint64_t bit(int shift) {
    return std::uint64_t{1} << static_cast<unsigned>(shift);
}

inline std::uint64_t shifted(std::uint64_t mask, int left) {
    return left >= 0 ? mask << static_cast<unsigned>(left) : mask >> static_cast<unsigned>(-left);
}

/// Calls visit(shift) for every set bit, lowest first.
template <class Visit>
void for_each_bit(std::uint64_t mask, const Visit& visit) {
    for (; mask != 0; mask &= mask - 1) visit(std::countr_zero(mask));
}

}  // namespace gatewright::cmvm
