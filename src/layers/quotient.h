// SPDX-License-Identifier: Apache-2.0
//
// Means: value · scale / divisor is a rational number that binary cannot hold, so it is rounded to
// a type in one step. quotient_value() and quotient_range() do it by division and comparison of the
// remainder (infer and reference); emit_quotient() by a multiplication with a constant whose excess
// never reaches the next integer (lower).
//
// Division by multiplication (Granlund and Montgomery, PLDI 1994; here for one known range of
// operands, so constants are as short as they can be). Wanted: floor((a·s + b) / d) for all integer
// s in [lo, hi]. With e = m·d - a·2^k,
//     floor((m·s + c) / 2^k)  is it, if  c·d >= b·2^k + max(-e·s)  and  c·d < (b+1)·2^k + min(-e·s)
// because a·s + b has a remainder between 0 and d - 1. The smallest k for which such an m and c
// exist is found by trying; both conditions are tested in exact integers.
#pragma once

#include <cstdint>

#include "model/layer.h"

namespace gatewright::layers {

/// value · scale / divisor, divisor > 0.
struct Ratio {
    fixed::Dyadic scale = 1;
    std::int64_t divisor = 1;
};

/// The ratio as one number, if binary can hold it.
std::optional<fixed::Dyadic> exact_factor(const Ratio& ratio);

/// cast(value · ratio), the exact quotient rounded once.
fixed::Dyadic quotient_value(const fixed::Dyadic& value, const Ratio& ratio,
                             const fixed::Cast& cast);
/// Range of the same over a range of values.
fixed::Interval quotient_range(const fixed::Interval& range, const Ratio& ratio,
                               const fixed::Cast& cast);
/// The same as dataflow.
dfg::ValueId emit_quotient(model::Lowering& lowering, dfg::ValueId x, const Ratio& ratio,
                           const fixed::Cast& cast);

}  // namespace gatewright::layers
