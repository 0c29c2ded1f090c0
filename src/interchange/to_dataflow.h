// SPDX-License-Identifier: Apache-2.0
//
// A slot program as dataflow.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dfg/builder.h"
#include "interchange/slot_program.h"

namespace gatewright::interchange {

/// Appends the program's ops to a builder, reading `inputs` (any formats); one value per output.
std::vector<dfg::ValueId> to_dataflow(const SlotProgram& program, dfg::Builder& builder,
                                      std::span<const dfg::ValueId> inputs);

/// The type of each input that no op would change: the slot that reads it, or the narrowest type
/// that keeps every bit any reading slot takes.
std::vector<fixed::Interval> input_ranges(const SlotProgram& program);

/// A program of its own, with inputs of those ranges.
dfg::Program to_dataflow(const SlotProgram& program, std::string name);

}  // namespace gatewright::interchange
