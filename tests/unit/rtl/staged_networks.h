// SPDX-License-Identifier: Apache-2.0
//
// Small networks as staged designs with schedules and netlists, for tests of the hardware.
#pragma once

#include "arch/stages.h"
#include "model/graph.h"
#include "rtl/stages/build.h"
#include "schedule/stages.h"
#include "support/rng.h"

namespace gatewright::rtl::testing {

struct StagedCase {
    arch::StagedDesign design;
    schedule::StagedSchedule schedule;
    StagedNetlist netlist;
};

/// Plans, schedules at `clock_mhz` and builds; a failure fails the test.
StagedCase staged_case(const model::Graph& graph, const arch::MappingParams& mapping,
                       double clock_mhz = 300);

arch::MappingParams mapping_of(arch::Io io, std::int64_t reuse,
                               arch::WeightStore weights = arch::WeightStore::kConstant,
                               arch::Multipliers multipliers = arch::Multipliers::kLogic);

/// rows x width x 2 -> conv 3x3 same, relu, cast.
model::Graph one_convolution(Rng& rng, std::int64_t rows, std::int64_t width);
/// 6x5x2 -> conv 3x3 same, relu -> max pool 2x2 -> flatten -> dense.
model::Graph small_cnn(Rng& rng);
/// 6x6x2 -> conv 3x3 stride 2 valid -> padded -> conv 1x1 plus a skip connection.
model::Graph branches(Rng& rng);
/// inputs -> dense -> relu, cast; `bits` of inputs and weights.
model::Graph one_dense(Rng& rng, std::int64_t inputs, std::int64_t outputs, int bits);

/// `count` events: all lowest, all highest, then random codes.
std::vector<std::vector<fixed::Integer>> staged_events(const arch::StagedDesign& design,
                                                       std::size_t count, Rng& rng);

}  // namespace gatewright::rtl::testing
