// SPDX-License-Identifier: Apache-2.0
//
// Which power of two each value is stored with. Aligning binary points is free wiring in hardware
// but an instruction in a vector register. A value that needs 11 bits has five spare ones in a
// 16-bit lane: stored shifted left by up to five, the additions that read it may need no shift.
// Choosing the shifts is a labelling problem on the graph of operands; it is solved by merging
// values that can share a scale (union-find over "stored the same", as far as the lanes have room)
// and then by improving one value at a time until nothing improves. The result is deterministic.
#pragma once

#include <optional>
#include <vector>

#include "emulate/quantize.h"

namespace gatewright::emulate {

/// Lane that holds a signed number of so many bits: 16, 32, 64, or kWide.
int lane_of(int bits);

struct Storage {
    std::vector<int> bits;   ///< per node: signed bits of its codes
    std::vector<int> shift;  ///< per node: what its code is shifted left by in its lane
};

/// How far the code of operand i of a sum, minimum, maximum or select is shifted left to lie on the
/// node's grid.
int alignment(const dfg::Program& program, const dfg::Node& node, std::size_t i);

/// True if the node can produce its result with a shift other than 0.
bool takes_any_shift(const dfg::Program& program, const Ranges& ranges, dfg::ValueId id);

Storage choose_storage(const dfg::Program& program, const Ranges& ranges,
                       const std::vector<bool>& live);

}  // namespace gatewright::emulate
