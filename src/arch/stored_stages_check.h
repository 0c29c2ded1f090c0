// SPDX-License-Identifier: Apache-2.0
//
// Whether a design of stages read from a file is one that can be run: every list as long as its
// readers rely on, every index inside, every stream made once and before it is read. Ranges of
// values are not looked at (verify() in stages.h does that for a plan that was just made).
#pragma once

#include "arch/stages.h"

namespace gatewright::arch {

/// Errors name the stream or stage.
Status check_structure(const StagedDesign& design);

}  // namespace gatewright::arch
