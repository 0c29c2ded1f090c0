// SPDX-License-Identifier: Apache-2.0
//
// Two dataflow programs with the same inputs, proven equal: what stands between the layers' proofs
// (about the program before the passes) and the netlist's (about the program after them).
//
// The programs are walked together, as in SAT sweeping (Kuehlmann, Krohm: Equivalence checking
// using cuts and heaps, 1997). Random events suggest which value of one equals which of the other,
// or differs from it by a constant (a rounding constant that moved into a sum); each suggestion is
// proven from the equalities below it: operations of equal operands are equal; a cone whose leaves
// have few codes is run through all of them; anything else is asked of z3, the leaves free within
// their proven ranges. Free leaves may take values together that they never have, so after a no the
// leaves are opened, level by level, before the suggestion is dropped; then the walk is repeated.
// The programs are equal if their outputs are.
#pragma once

#include "dfg/program.h"
#include "verify/proof.h"

namespace gatewright::verify {

/// `budget_seconds` bounds z3. Outcome disproven: an event gives different outputs (detail says
/// where); otherwise proven, or tested with the number of outputs that are proven.
ProofResult prove_programs(const dfg::Program& before, const dfg::Program& after,
                           double budget_seconds);

}  // namespace gatewright::verify
