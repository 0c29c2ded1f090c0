// SPDX-License-Identifier: Apache-2.0
//
// One program for all parts of a stage: what hardware builds once and uses at every position.
#pragma once

#include "arch/stages.h"

namespace gatewright::arch {

/// From the stage's inputs (of a stage with a head: its sums) to its output channels, every output
/// in the format of the stream. A stage with several parts has one more input, the last: the part's
/// number, unsigned, frac 0, as many bits as numbers below the count of parts need; each output is
/// chosen by it. What parts have in common is computed once.
dfg::Program merge_parts(const StagedDesign& design, const Stage& stage);

/// Format of that last input.
fixed::Format part_number_format(std::size_t parts);

}  // namespace gatewright::arch
