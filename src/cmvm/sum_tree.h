// SPDX-License-Identifier: Apache-2.0
//
// One sum of digits as a tree of adders with few carry cells. Where and with what sign two partial
// sums meet decides their price: low bits pass through an addition for free, the top grows with the
// range, and a subtracted operand is best the one that starts higher. For a given order of the
// digits, a dynamic program over its intervals, the levels left and the sign in which a partial sum
// is made finds the cheapest tree; a few orders are tried (an order by depth always fits if Kraft's
// inequality holds).
#pragma once

#include <vector>

#include "cmvm/construction.h"

namespace gatewright::cmvm {

/// Whether a sum may come out negated: free where its reader takes either sign, else a negation.
enum class SumSign : std::uint8_t { kAsGiven, kEither };

struct Sum {
    std::vector<Digit> digits;
    int depth_limit = 0;
    SumSign sign = SumSign::kAsGiven;
};

/// Levels needed to add up the digits: ⌈log2 Σ 2^depth⌉ (Kraft).
int least_depth(const Construction& construction, const std::vector<Digit>& digits);
/// Appends the adders of the sum, within its depth limit.
AdderOutput add_up(Construction& construction, const Sum& sum);

}  // namespace gatewright::cmvm
