// SPDX-License-Identifier: Apache-2.0
//
// Plans against the plain loops of the model: every output of every event must be equal.
#pragma once

#include <gtest/gtest.h>

#include "arch/stages.h"
#include "model/graph.h"
#include "support/rng.h"

namespace gatewright::testing {

/// Plans, verifies and evaluates events: all lowest, all highest, alternating, then random codes.
/// Every value must lie in its stream's range and every output be that of the reference.
void expect_plan_is_model(const model::Graph& graph, const arch::StageParams& params, Rng& rng,
                          int events = 8);

/// The plan, which must exist and be right.
arch::StagedDesign plan_of(const model::Graph& graph, const arch::StageParams& params);
/// The planner's error; empty if there is none.
std::string plan_error(const model::Graph& graph, const arch::StageParams& params);

}  // namespace gatewright::testing
