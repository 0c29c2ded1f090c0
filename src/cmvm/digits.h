// SPDX-License-Identifier: Apache-2.0
//
// Weights as sums of signed powers of two. The canonical form has the fewest digits and no two
// neighbours; a weight has other forms as short as that (3 = 4 - 1 = 2 + 1), and which of them
// shares most with the rest of a matrix is for the search to find out.
#pragma once

#include <cstdint>
#include <vector>

#include "cmvm/construction.h"
#include "support/rng.h"

namespace gatewright::cmvm {

/// Canonical signed digits of weight · value (Reitwieser 1960).
void append_signed_digits(std::int32_t value, std::int64_t weight, std::vector<Digit>& digits);
/// Turns a share of the digit pairs "1 0 -1" of every value into "0 1 1": other forms as short as
/// the canonical one. The digits of a value follow each other, lowest first.
void recode(std::vector<Digit>& digits, double share, Rng& rng);
/// How many digits the canonical form has.
int signed_digit_count(std::int64_t weight);

}  // namespace gatewright::cmvm
