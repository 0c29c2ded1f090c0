// SPDX-License-Identifier: Apache-2.0
//
// Rounding, relu and saturation behind a sum, where they cost least.
//
//   rule                                             why it is exact
//   round(max(x, 0)) -> max(round(x), 0)             every rounding mode r is monotone and r(0) = 0
//   wrap(max(x, 0)) -> x < 0 ? 0 : wrap(x)           both sides of the choice, wrapped
//   saturate(max(x, 0)) -> saturate to unsigned of x clamping below at 0 is the relu: one decision
//   RND(s + c) -> TRN(s + (c + half))                RND(y) = floor(y + half): the constant that a
//                                                    sum adds anyway takes the half along
//
//   RND(a + b·2^k) -> TRN(a + (b·2^k + half))        the zeros below b·2^k hold the half: wiring
//
// The first three apply to a relu with one reader, so that no relu is made twice. The last two walk
// down a sum through additions with one reader each, to a constant whose grid already holds the
// half, or else to an operand that lies wholly above it. Without either the rounding stays as it is
// (an addition of one bit).
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program fold_rounding(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
