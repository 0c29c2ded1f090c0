// SPDX-License-Identifier: Apache-2.0
//
// Random small slot programs that use every op, for tests and for the examples of the program
// layer.
#pragma once

#include "interchange/slot_program.h"
#include "support/rng.h"

namespace gatewright::interchange {

/// Ranges are those the ops really have (or wider), so that no sum overflows.
SlotProgram example_program(Rng& rng);

}  // namespace gatewright::interchange
