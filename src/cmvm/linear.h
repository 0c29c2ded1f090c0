// SPDX-License-Identifier: Apache-2.0
//
// A linear layer as dataflow: y_j = Σ_i x_i · w_ij + bias_j, exactly, built from the adder graph
// that solve() finds. Every value gets the exact range of its linear form over the inputs.
#pragma once

#include <span>
#include <vector>

#include "cmvm/cache.h"
#include "cmvm/solve.h"
#include "dfg/builder.h"
#include "fixed/dyadic.h"

namespace gatewright::cmvm {

struct LinearForm {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    std::vector<fixed::Dyadic> weights;  ///< row-major inputs × outputs
    std::vector<fixed::Dyadic> bias;     ///< empty, or one per output
};

/// Emits y = Wᵀx + bias for the values `x`; one value per output.
std::vector<dfg::ValueId> emit_linear(dfg::Builder& builder, const LinearForm& form,
                                      std::span<const dfg::ValueId> x, const SolveParams& params,
                                      Cache& cache);

}  // namespace gatewright::cmvm
