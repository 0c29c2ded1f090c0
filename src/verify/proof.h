// SPDX-License-Identifier: Apache-2.0
//
// What is proven of a design, not only tested: layer by layer, that the dataflow in the kernel is
// the layer's reference function for every input in range. Two methods:
//
// - linear layers: both sides are brought to their normal form Σ w·x + b with exact coefficients,
// and
//   every intermediate value is shown to fit its format (so that no wrap can happen). z3 confirms
//   the equality independently, in bit-vectors of one width with shifts written as multiplications,
//   a form its polynomial normaliser decides in milliseconds (SAT cannot: re-associated sums are
//   hard for it).
// - others: outputs that depend on few bits are run through all their inputs.
//
// If every layer is proven, the whole dataflow program is, for the layers are composed of the same
// values.
#pragma once

#include <string>
#include <vector>

#include "arch/design.h"
#include "support/json.h"

namespace gatewright::verify {

enum class Outcome {
    kProven,
    kDisproven,   ///< a counterexample exists: detail shows it
    kTestedOnly,  ///< no method applies, or the budget was over: detail says which
};

struct ProofResult {
    std::string layer;
    std::string kind;
    Outcome outcome = Outcome::kTestedOnly;
    std::string method;  ///< "normal form + z3", "all 16384 inputs"
    std::string detail;
    double seconds = 0;
};

struct ProofParams {
    double budget_seconds = 10;                      ///< for all layers together
    std::size_t most_cases = std::size_t{1} << 22U;  ///< of one layer, exhaustively
};

/// One result per layer that is not an input.
std::vector<ProofResult> prove_layers(const model::TypedGraph& typed, const arch::Design& design,
                                      const ProofParams& params = {});

std::string_view to_string(Outcome outcome);
Json to_json(const ProofResult& proof);

}  // namespace gatewright::verify
