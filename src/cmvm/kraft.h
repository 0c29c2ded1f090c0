// SPDX-License-Identifier: Apache-2.0
//
// Depth is kept by Kraft's inequality (1949): values at depths d_i can be summed within depth D if
// and only if Σ 2^d_i <= 2^D. Merging a and b changes the left side by 2^max(d_a, d_b) -
// 2^min(d_a, d_b), so every step knows exactly whether its sums still fit and none has to be
// undone.
#pragma once

#include <cstdint>

namespace gatewright::cmvm {

constexpr int kDeepest = 60;  // depth limits stay below, so that Kraft sums fit 64 bits

inline std::uint64_t kraft(int depth) {
    return std::uint64_t{1} << static_cast<unsigned>(depth);
}

}  // namespace gatewright::cmvm
