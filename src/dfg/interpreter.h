// SPDX-License-Identifier: Apache-2.0
//
// The plain interpreter: semantics.h over exact integers, one event at a time. It is the yardstick
// the fast evaluators are held to, so it does nothing clever.
#pragma once

#include <span>
#include <vector>

#include "dfg/program.h"

namespace gatewright::dfg {

/// Codes of all outputs for one event. `inputs` holds one code per program input; a code outside
/// its input's format is wrapped into it.
std::vector<fixed::Integer> interpret(const Program& program,
                                      std::span<const fixed::Integer> inputs);

/// Codes of all nodes, for traces and activation statistics.
std::vector<fixed::Integer> interpret_all(const Program& program,
                                          std::span<const fixed::Integer> inputs);

/// One node from its operands' codes (used by constant folding).
fixed::Integer evaluate_node(const Program& program, const Node& node,
                             std::span<const fixed::Integer> operands);

}  // namespace gatewright::dfg
