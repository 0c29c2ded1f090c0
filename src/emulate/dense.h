// SPDX-License-Identifier: Apache-2.0
//
// Finds the matrix products in a flat program. A layer's adder graph is the cheapest hardware for
// its weights, but a processor multiplies two pairs of 16-bit numbers and adds them in one
// instruction. Where a layer is dense and its weights have many digits, going back from the adders
// to the weights and multiplying is faster. The weights come from the graph itself: every sum is a
// linear form over the values below it, with exact coefficients. A cost model decides for each
// group of sums that share adders.
#pragma once

#include <vector>

#include "emulate/ranges.h"

namespace gatewright::emulate {

/// Vector instructions per pair of weights and vector of 32-bit lanes: two (multiply and add
/// neighbours, then add) or one (with the sum in one instruction); 0: no products at all.
enum class DotUnit : std::uint8_t { kNone, kMultiplyThenAdd, kMultiplyAndAdd };

/// Two atoms side by side and what they are multiplied by; the second may be missing.
struct WeightedPair {
    std::uint32_t pair = 0;  ///< number of the pair in its group
    std::int16_t low = 0;
    std::int16_t high = 0;
};

/// One sum as a product: code = offset + Σ weight · code of atom.
struct DenseSum {
    dfg::ValueId sum;
    std::vector<WeightedPair> pairs;  ///< those with a weight that is not zero, in order
    std::int32_t offset = 0;
};

/// Sums of the same atoms. Atom 2n and 2n + 1 are pair n.
struct DenseGroup {
    std::vector<dfg::ValueId> atoms;
    std::vector<DenseSum> sums;
};

/// The sums to compute as products: all sums that anything but another sum reads, of the groups for
/// which that is cheaper. Atoms fit 16 bits, sums 32.
std::vector<DenseGroup> find_dense_sums(const dfg::Program& program, const Ranges& ranges,
                                        const std::vector<bool>& live, DotUnit unit);

}  // namespace gatewright::emulate
