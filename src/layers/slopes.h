// SPDX-License-Identifier: Apache-2.0
//
// x for x >= 0 and alpha·x below: what leaky_relu and prelu share in infer() and lower().
#pragma once

#include "model/layer.h"

namespace gatewright::layers {

/// Exact range of the bent line over x in `range`.
fixed::Interval bent_range(const fixed::Interval& range, const fixed::Dyadic& alpha);
/// The larger of x and alpha·x where the line bends up, else the smaller.
dfg::ValueId emit_bent(model::Lowering& lowering, dfg::ValueId x, const fixed::Dyadic& alpha);

}  // namespace gatewright::layers
