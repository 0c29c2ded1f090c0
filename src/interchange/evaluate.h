// SPDX-License-Identifier: Apache-2.0
//
// The plain interpreter of slot programs: one op after the other, on exact integers, as the
// formats' descriptions say it. The yardstick for to_dataflow, with which it shares nothing.
#pragma once

#include <span>
#include <vector>

#include "interchange/slot_program.h"

namespace gatewright::interchange {

/// Exact outputs for one event; the program has passed check().
std::vector<fixed::Dyadic> evaluate(const SlotProgram& program,
                                    std::span<const fixed::Dyadic> inputs);

}  // namespace gatewright::interchange
