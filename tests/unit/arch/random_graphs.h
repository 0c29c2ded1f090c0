// SPDX-License-Identifier: Apache-2.0
//
// Random networks of images and waveforms, and random mappings: branches that join again, layers
// that move elements, types per channel and per position, paddings of all sorts; what the generator
// makes and the model refuses is left out.
#pragma once

#include <string>

#include "arch/mapping.h"
#include "model/graph.h"
#include "support/rng.h"

namespace gatewright::testing {

/// A valid graph of about so many layers; its tensors have at most 300 elements.
model::Graph random_graph(Rng& rng, int layers);
/// Reuse factors are rounded to legal ones.
arch::MappingParams random_mapping(Rng& rng);
/// One line per layer with all it knows.
std::string describe(const model::Graph& graph);

}  // namespace gatewright::testing
