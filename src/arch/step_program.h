// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of one step of a folded linear head (folding.h): products of a slice's inputs and
// a word of weights, summed per output.
#pragma once

#include <optional>
#include <vector>

#include "arch/mapping.h"
#include "dfg/program.h"

namespace gatewright::arch {

/// The weight of one pair of lane input and lane output: an input of the program, or a code that is
/// the same in every step (0 or a power of two, with a sign).
struct LaneWeight {
    std::optional<std::int64_t> constant;
    fixed::Format format;  ///< of an input
};

struct StepShape {
    std::vector<fixed::Format> inputs;  ///< of the lane inputs
    std::size_t outputs = 0;
    std::vector<LaneWeight> weights;  ///< row-major inputs × outputs
    int weight_frac = 0;
};

/// Inputs: the lane inputs, then every weight that is no constant. Outputs: the partial sums.
dfg::Program step_program(const StepShape& shape, Multipliers multipliers);

}  // namespace gatewright::arch
