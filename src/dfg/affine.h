// SPDX-License-Identifier: Apache-2.0
//
// Exact ranges of linear forms. Interval arithmetic forgets that x - x is 0; here every value made
// of additions keeps its coefficients over the independent values below it (inputs and results of
// nonlinear ops), so its range is that of the linear form itself. This is what proves the narrow
// ranges that adder graphs claim.
#pragma once

#include <vector>

#include "dfg/program.h"

namespace gatewright::dfg {

/// The provable range of every value: the smaller of interval arithmetic and the linear form.
/// Each is on the grid of its node's format.
std::vector<fixed::Interval> affine_ranges(const Program& program);

/// Which values are proven to be the exact result of their linear operation: their format holds it
/// for every input, so that nothing wraps.
std::vector<bool> exact_sums(const Program& program);

/// verify(), and every node's claimed range contains its provable range.
Status verify_ranges(const Program& program);

}  // namespace gatewright::dfg
