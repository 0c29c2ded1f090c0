// SPDX-License-Identifier: Apache-2.0
//
// Shared by lower(): scaling by constants and balanced trees.
#pragma once

#include <vector>

#include "model/layer.h"

namespace gatewright::layers {

/// x · scale + offset as shifts and additions.
dfg::ValueId emit_affine(model::Lowering& lowering, dfg::ValueId x, const fixed::Dyadic& scale,
                         const fixed::Dyadic& offset);

/// y = Wᵀx + bias. A matrix that falls apart into blocks (a depthwise convolution as one matrix) is
/// solved block by block, which is quicker and shares more.
std::vector<dfg::ValueId> emit_matrix(model::Lowering& lowering, const cmvm::LinearForm& form,
                                      std::span<const dfg::ValueId> x);

/// Combines the values pairwise, neighbours first, so that the depth is the logarithm of their
/// number.
template <class Value, class Combine>
Value balanced_tree(std::vector<Value> values, Combine combine) {
    while (values.size() > 1) {
        std::vector<Value> next;
        for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
            next.push_back(combine(values[i], values[i + 1]));
        }
        if (values.size() % 2 == 1) next.push_back(values.back());
        values = std::move(next);
    }
    return values[0];
}

}  // namespace gatewright::layers
