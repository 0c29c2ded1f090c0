// SPDX-License-Identifier: Apache-2.0
//
// Minimum and maximum over several values.
//
//   rule                                        why it is exact
//   max(max(a, b), c) -> a balanced tree        max is associative and commutative
//   max(a, b, a) -> max(a, b)                   and idempotent
//   max(a, b) -> a where b <= a always          the highest b is not above the lowest a
//
// and the same for min. Only operations with one reader are taken apart, so no comparison is made
// twice. The last rule is also what an argmax keeps of classes that never win: their comparison is
// decided by the ranges, and simplify() makes it a constant.
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program balance_extrema(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
