// SPDX-License-Identifier: Apache-2.0
//
// Comparisons and choices.
//
//   rule                                                 why it is exact
//   not not x -> x                                       of one width
//   x and x, x or x -> x; x xor x -> 0                   bit by bit
//   not c ? a : b -> c ? b : a                           c of one bit
//   c ? 1 : 0 -> c                                       c of one bit
//   c ? (c ? a : b) : d -> c ? a : d                     the inner condition is the outer one
//   c ? a : (c ? b : d) -> c ? a : d                     likewise
//   a < b ? a : b -> min(a, b); a < b ? b : a -> max     equal operands give the same
//   a - b < 0 -> a < b                                   where a - b cannot wrap
//   min(max(x, lo), hi) -> saturate x                    lo and hi the limits of one format
//   table of one bit -> choice of its two entries        an index of one bit is a condition
//
// Comparisons that the ranges decide are constants (simplify); a comparison with 0 is the sign bit
// (rtl/legalize.h). min(max()) and a - b < 0 apply where the inner operation has one reader.
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program simplify_decisions(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
