// SPDX-License-Identifier: Apache-2.0
//
// The events a design is tried on. Edges come first, since that is where widths, signs and rounding
// go wrong: every input at its minimum, maximum, zero, one lsb above and below, alternating
// extremes, then each input alone at an extreme while the others are zero. Random events follow; in
// a quarter of them some inputs sit at an edge.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dfg/interface.h"

namespace gatewright::verify {

/// Codes, event-major over all input ports' elements: the edge events, then `random` random ones.
std::vector<fixed::Integer> stimuli(std::span<const dfg::Port> inputs, std::size_t random,
                                    std::uint64_t seed);

/// Every event there is, if the inputs have at most `most_bits` bits together; else empty.
std::vector<fixed::Integer> all_stimuli(std::span<const dfg::Port> inputs, int most_bits);

/// The edge events alone.
std::vector<fixed::Integer> edge_stimuli(std::span<const dfg::Port> inputs);

}  // namespace gatewright::verify
