// SPDX-License-Identifier: Apache-2.0
//
// Sums and maxima under a window: the window is a product of ranges, so the axes are combined one
// after the other and overlapping windows share what they have in common (a 3×3 maximum at every
// position takes 4 operations instead of 8).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "dfg/builder.h"
#include "layers/windows.h"

namespace gatewright::layers {

/// The value under the window at every output position and channel; taps outside do not take part
/// (every window has one inside). `combine` is associative and commutative.
std::vector<dfg::ValueId> combine_windows(
    const Sliding& sliding, std::span<const dfg::ValueId> x,
    const std::function<dfg::ValueId(dfg::ValueId, dfg::ValueId)>& combine);

}  // namespace gatewright::layers
