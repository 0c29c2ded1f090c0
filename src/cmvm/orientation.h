// SPDX-License-Identifier: Apache-2.0
//
// Which of v and -v every value of a network is kept as. An adder makes a + b or a - b but not
// -a - b, a difference pays for all bits of its subtrahend, an asymmetric range may need one bit
// less turned round, and an output that comes out negated pays for a negation. Signs inside a sum
// are the tree's own choice (SumTrees); here the rows are turned one at a time, each weighed with
// all that read it, until no turn saves anything.
#pragma once

#include "cmvm/sum_network.h"

namespace gatewright::cmvm {

/// Cells saved.
std::int64_t orient(SumNetwork& network, SumTrees& trees);

}  // namespace gatewright::cmvm
