// SPDX-License-Identifier: Apache-2.0
//
// Every layer's values of a few events, by the reference: what --trace writes and what
// --first-difference looks at.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dfg/interface.h"
#include "events/reader.h"
#include "model/graph.h"

namespace gatewright::cli {

/// Values of each layer, [events, ...shape], exact if they fit a double; `codes` are the inputs',
/// event-major over all ports' elements.
std::vector<tensor::Tensor<double>> layer_values(const model::TypedGraph& typed,
                                                 std::span<const dfg::Port> inputs,
                                                 std::span<const std::int64_t> codes,
                                                 std::size_t events);

/// Writes <folder>/<layer>.npy and an index, trace.txt: values, or codes of each element's format.
Status write_trace(const model::TypedGraph& typed,
                   const std::vector<tensor::Tensor<double>>& layers, events::Values values,
                   const std::string& folder);

}  // namespace gatewright::cli
