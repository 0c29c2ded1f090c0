// SPDX-License-Identifier: Apache-2.0
//
// An adder graph as JSON, for other tools:
//
//     {"nodes": [[a, b, shift_a, shift_b, sign], ...], "outputs": [[node, shift, negate], ...]}
//
// Value index 0 ... n_in-1 are the inputs, then the nodes in order. A node is a·2^shift_a +
// sign·b·2^shift_b with sign 1 or -1; a ternary adder has three more entries, [..., c, shift_c,
// sign_c], and adds sign_c·c·2^shift_c. An output is node·2^shift, times -1 if negate; node -1 is
// the constant 0.
#pragma once

#include "cmvm/adder_graph.h"
#include "support/json.h"
#include "support/result.h"

namespace gatewright::cmvm {

Json to_json(const AdderGraph& graph);
/// Back; refuses what is no adder graph over `inputs` inputs (a value read before it is made, a
/// shift that no graph of ours has).
Result<AdderGraph> graph_from_json(const Json& json, std::size_t inputs);

}  // namespace gatewright::cmvm
