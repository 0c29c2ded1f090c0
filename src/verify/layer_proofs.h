// SPDX-License-Identifier: Apache-2.0
//
// The methods behind prove_layers(); see proof.h.
#pragma once

#include <optional>

#include "verify/layer_program.h"
#include "verify/proof.h"

namespace gatewright::verify {

/// A layer with its cut program.
struct CutLayer {
    const model::TypedGraph& typed;
    LayerId id;
    LayerProgram cut;
};

/// True for layers that are linear by their definition: their matrix can be read off the reference
/// by applying it to unit vectors.
bool is_linear(const CutLayer& layer);

/// Sets outcome, method and detail.
void prove_linear(const CutLayer& layer, double budget_seconds, ProofResult& result);

/// Cases that an exhaustive proof has to run; nullopt if more than `most`.
std::optional<std::size_t> exhaustive_cases(const CutLayer& layer, std::size_t most);

void prove_exhaustively(const CutLayer& layer, double budget_seconds, std::size_t most,
                        ProofResult& result);

/// The statement "the program's outputs are these linear forms" as SMT-LIB 2, negated: unsat proves
/// it. forms[j] holds one coefficient per atom, then the constant.
std::string linear_smt(const dfg::Program& program,
                       const std::vector<std::vector<fixed::Dyadic>>& forms);

}  // namespace gatewright::verify
