// SPDX-License-Identifier: Apache-2.0
//
// Shared by tests: random events and one-layer models.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/design.h"
#include "model/graph.h"
#include "support/seed.h"

namespace gatewright::testing {

/// Input layers for the example's types, then the layer; the graph's one output is the layer.
model::Graph one_layer_graph(const model::Example& example);

/// Events for a design: all inputs at their minimum, maximum, zero, one lsb beside zero,
/// alternating, then random codes.
std::vector<std::vector<fixed::Integer>> test_events(const arch::Design& design, std::size_t random,
                                                     Rng& rng);

/// The codes of one event split into one exact tensor per input port.
std::vector<model::Values> port_values(const arch::Design& design,
                                       const std::vector<fixed::Integer>& codes);

}  // namespace gatewright::testing
