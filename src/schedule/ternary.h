// SPDX-License-Identifier: Apache-2.0
//
// Three-input adders: a ± b ± c in one carry chain, where the device's LUTs make the sum and the
// carry of three bits in front of it (a LUT6 with two outputs). The program keeps its two-operand
// additions; a schedule says which of them are absorbed: made inside the three-input adder of their
// only reader, in its cycle, with no carry chain, net or register of their own.
//
// Absorbing keeps every bit of the result. The reader adds modulo 2^width, so the absorbed value
// may as well be its exact sum, if it is proven not to wrap (dfg/affine.h), or if the bits that
// wrapping takes away lie above the reader's.
//
// Which: pairs of a reader and an operand form a forest, each addition takes part in at most one
// pair, and the pairs that save the most LUTs are an exact maximum-weight matching on its trees.
#pragma once

#include <vector>

#include "dfg/program.h"
#include "schedule/device.h"
#include "support/result.h"

namespace gatewright::schedule {

/// Per value: it is absorbed. Empty: none is.
using Absorbed = std::vector<bool>;

inline bool is_absorbed(const Absorbed& absorbed, dfg::ValueId value) {
    return !absorbed.empty() && absorbed[value.index()];
}

/// ±value·2^shift in a sum.
struct Term {
    dfg::ValueId value;
    int shift = 0;
    bool subtracted = false;
};
/// What an addition or subtraction adds up: two terms, or three if it absorbs an operand; those
/// that are added come first. At least one is.
std::vector<Term> terms_of(const dfg::Program& program, dfg::ValueId sum, const Absorbed& absorbed);

/// The values an operation reads, the absorbed ones replaced by their own operands.
std::vector<dfg::ValueId> values_read(const dfg::Program& program, dfg::ValueId value,
                                      const Absorbed& absorbed);

/// Carry-chain bits of a sum. Below them only one term, an added one, has bits: these pass by.
int chain_bits(const dfg::Program& program, const dfg::Node& sum, const std::vector<Term>& terms);

/// The additions to absorb, for most LUTs saved; those with `allowed` false stay. An addition of
/// a constant takes no LUTs, so there is nothing to save. Empty if none is worth it.
Absorbed choose_absorbed(const dfg::Program& program, const std::vector<bool>& allowed);

/// True if wrapping of an operand of this sum does not reach the sum's own bits: both are the same
/// modulo 2^width.
bool wraps_above(const dfg::Program& program, dfg::ValueId operand, dfg::ValueId sum);

/// Checks that every absorbed value may be: an addition, exact or wrapping above, read by one
/// addition only, which absorbs no other and is not absorbed. The error names the value.
Status verify_absorbed(const dfg::Program& program, const Absorbed& absorbed);

}  // namespace gatewright::schedule
