// SPDX-License-Identifier: Apache-2.0
//
// Which values of a program become hardware: those the outputs depend on and that are not constant.
// A value is constant if its op says so, it has no bits, or its exact range is one number;
// constants are written where they are used and need no cycle and no register.
#pragma once

#include <optional>
#include <vector>

#include "dfg/program.h"

namespace gatewright::schedule {

/// The code of a node that can take one value only.
std::optional<fixed::Integer> constant_code(const dfg::Node& node);

/// Per node: an output depends on it, through nodes that are not constant, and it is not constant.
std::vector<bool> live_values(const dfg::Program& program);

}  // namespace gatewright::schedule
