// SPDX-License-Identifier: Apache-2.0
//
// From the dataflow program to lanes. Values come in forms: the same number in another lane width
// or with another shift. A node is computed in the lane that its operands and its result need, at
// the shift that exponents.h chose; a reader that wants another form makes it, once, and all
// readers share it. Casts become one or two shifts or masks; the rare rounding and overflow modes
// go through dfg/semantics.h, so their meaning is still written once.
#pragma once

#include "emulate/dense.h"
#include "emulate/lane_program.h"

namespace gatewright::emulate {

/// The lane program with the same outputs; only what outputs need. Results are exact for every
/// input code: codes outside an input's format are wrapped into it. `unit`: whether the machine has
/// an instruction for matrix products; only machine code does.
LaneProgram lower(const dfg::Program& program, DotUnit unit = DotUnit::kNone);

}  // namespace gatewright::emulate
