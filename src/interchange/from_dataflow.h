// SPDX-License-Identifier: Apache-2.0
//
// Dataflow as a slot program, for export. The meaning of our ops is dfg/semantics.h over an
// abstract value; here that value is a slot (times a power of two), so every op, rounding and
// overflow mode becomes additions, comparisons, selections, bitwise ops and tables by its own
// definition.
#pragma once

#include "dfg/program.h"
#include "interchange/slot_program.h"

namespace gatewright::interchange {

/// A slot program of the same function. Only ops are used that both file formats have. The error
/// names the value that does not fit: both tools compute in 64 bits and keep ranges in doubles, so
/// no slot may need more than 53 bits.
Result<SlotProgram> from_dataflow(const dfg::Program& program);

}  // namespace gatewright::interchange
