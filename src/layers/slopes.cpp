// SPDX-License-Identifier: Apache-2.0
#include "layers/slopes.h"

#include "layers/emit.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;

Interval bent_range(const Interval& range, const Dyadic& alpha) {
    if (range.lo.sign() >= 0) return range;
    const Interval negative = scaled({range.lo, fixed::min(range.hi, 0), range.frac}, alpha);
    if (range.hi.sign() < 0) return negative;
    return hull(negative, {0, range.hi, range.frac});
}

dfg::ValueId emit_bent(model::Lowering& lowering, dfg::ValueId x, const Dyadic& alpha) {
    dfg::Builder& b = lowering.builder;
    const dfg::ValueId sloped = emit_affine(lowering, x, alpha, 0);
    if (alpha > Dyadic(1)) return b.min(x, sloped);
    const dfg::ValueId bent = b.max(x, sloped);
    // A negative slope turns the line back up: never below 0, which intervals alone do not see.
    return alpha.sign() < 0 ? b.max(bent, b.constant(0)) : bent;
}

}  // namespace gatewright::layers
