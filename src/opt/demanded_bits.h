// SPDX-License-Identifier: Apache-2.0
//
// Dead bits, backward: how many low bits of each value its readers can see, and operations that
// compute no more than those.
//
//   reader                               sees of its operand
//   wrapping cast to w bits, drop d      the low w + d bits: higher ones are cut off
//   slice of w bits from bit s           the low s + w bits
//   a ± b·2^k, a·b, choices, bit logic   as many as are seen of its result, aligned to the operand:
//                                        bit i of these results depends on bits 0 .. i only
//   all others, and outputs              every bit
//
//   rule                                             why it is exact
//   op in w bits -> op in n < w bits                 no reader sees the bits n .. w - 1
//   value of which no bit is seen -> 0               likewise
//   max(x, 0) in n bits -> x < 0 ? 0 : low bits of x the same choice, only its low bits
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program drop_undemanded_bits(const dfg::Program& program, PassCount& count);

/// Per node, how many of its low bits some reader sees: at most its width.
std::vector<int> demanded_bits(const dfg::Program& program);

}  // namespace gatewright::opt
