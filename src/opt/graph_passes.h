// SPDX-License-Identifier: Apache-2.0
//
// Fusion on the model graph, before types are inferred. Every rule is exact in rational arithmetic,
// so evaluate_reference() gives the same values before and after:
//
//   dense or conv, then affine along its outputs (batch normalization) -> scaled weights
//   affine, then affine of the same spread  -> one affine
//   affine that is x · 1 + 0                -> nothing
//   quantize to the types it just had       -> nothing
//   relu of relu                            -> the inner one
//
// The first layer must have no other reader. Scaling weights can cost more signed digits (adders)
// than it saves (0.75 · 0.625 has more than either), so the first two rules apply only where it
// does not.
#pragma once

#include "model/graph.h"

namespace gatewright::opt {

struct FuseStats {
    std::size_t dense_affine = 0;  ///< into dense and conv layers
    std::size_t affine_affine = 0;
    std::size_t identities = 0;
};

/// Names of output nodes survive (they name the ports of a design).
model::Graph fuse(model::Graph graph, FuseStats* stats = nullptr);

}  // namespace gatewright::opt
