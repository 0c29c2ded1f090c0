// SPDX-License-Identifier: Apache-2.0
//
// Narrowing by what is known of every bit (dfg/known_bits.h): zero, one, or a copy of the sign.
// Values get the narrowest format that their bits allow, which no interval sees: a product of even
// numbers, a choice between 4 and 8, a table of multiples of 16. Comparisons keep the bits that can
// decide; sums whose bits do not meet, and bit logic that is decided, become wiring.
//
//   rule                                                      why it is exact
//   all bits known -> constant                                one value is left
//   low k bits always 0 -> the value without them             wiring on a coarser grid
//   high bits always copies of the sign -> without them       they carry nothing
//   a < b, low k bits of b always 0 (or of a always 1)
//     -> a >> k < b >> k                                      a < B·2^k iff floor(a / 2^k) < B
//   a <= b, low k bits of a always 0 (or of b always 1)
//     -> a >> k <= b >> k                                     likewise
//   a < b, a <= b, a = b, low k bits known and the same
//     -> the same of the bits above                           they decide nothing
//   ... high bits known and the same -> of the bits below     likewise
//   a + b that never have a bit in common -> a next to b      no carry
//   2^n - 1 - x, 0 <= x < 2^n -> not x                        no borrow
//   x · y, y either 0 or 2^k -> y ? x · 2^k : 0               y has one bit
//   x and y, all bits that x can have known 1 in y -> x       bit by bit; or, xor likewise
//   rounding, dropped part always below one half -> TRN       no mode rounds it up
//   rounding to nearest, never a tie -> RND                   the modes differ in ties only
//   cast that saturates, bits always within -> cast that wraps
//   c ? a : b, a bit of c always 1 -> a                       c is never 0
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program narrow_by_known_bits(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
