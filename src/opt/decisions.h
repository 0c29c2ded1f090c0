// SPDX-License-Identifier: Apache-2.0
//
// Comparisons and choices.
//
//   rule                                                 why it is exact
//   not not x -> x                                       of one width
//   x and x, x or x -> x; x xor x -> 0                   bit by bit
//   not (a < b) -> b <= a; not (a <= b) -> b < a         one of the two holds
//   not c ? a : b -> c ? b : a                           c of one bit
//   c ? 1 : 0 -> c; c ? 0 : 1 -> not c                   c of one bit
//   c ? (c ? a : b) : d -> c ? a : d                     the inner condition is the outer one
//   c ? a : (c ? b : d) -> c ? a : d                     likewise
//   c ? (d ? a : b) : b -> c and d ? a : b               all three other shapes likewise, with
//   c ? a : (d ? a : b) -> c or d ? a : b                  the inner condition inverted if need be
//   c ? a + x : b + x -> (c ? a : b) + x                 and for -, ·, min, max
//   a < b ? a : b -> min(a, b); a < b ? b : a -> max     equal operands give the same
//   min(a, max(a, b)) -> a, and with min and max swapped absorption
//   a - b < 0 -> a < b; 0 < a - b -> b < a; <=, =        where a - b cannot wrap
//   a + b < 0 -> a < not b + 1 -> a <= not b             likewise: only the sign matters, no sum
//   a + x < b + x -> a < b; <=, =                        where neither sum can wrap
//   x + k < c -> x < c - k; <=, =; also k - x            constants k and c; where it cannot wrap
//   bit = 1 -> bit; bit = 0 -> not bit                   a bit is 0 or 1
//   min(max(x, lo), hi) -> saturate x                    lo and hi the limits of one format
//   table of one bit -> choice of its two entries        an index of one bit is a condition
//
// Comparisons that the ranges decide are constants (simplify); a comparison with 0 is the sign bit
// (rtl/legalize.h). A rule that takes an inner operation apart applies where that has one reader.
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program simplify_decisions(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
