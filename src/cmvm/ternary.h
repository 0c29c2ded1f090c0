// SPDX-License-Identifier: Apache-2.0
//
// Three-input adders: where the device adds a ± b ± c in one row of LUTs and carries (a full adder
// per bit in front of the carry chain), an adder that only one other adder reads can be absorbed by
// its reader. The candidates form a forest, each adder takes part in at most one such pair, and the
// pairs that save the most cells are found exactly by dynamic programming over that forest
// (maximum-weight matching on trees). Depth only falls: a three-input adder counts one level.
#pragma once

#include <span>

#include "cmvm/adder_graph.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

/// The same outputs with the pairs that save the most cells made three-input adders. Two-operand
/// graphs only; the depth does not rise.
AdderGraph fuse_ternary(const AdderGraph& graph, std::span<const fixed::Interval> inputs);

}  // namespace gatewright::cmvm
