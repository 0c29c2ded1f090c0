// SPDX-License-Identifier: Apache-2.0
#include "layers/emit.h"

namespace gatewright::layers {

dfg::ValueId emit_affine(model::Lowering& lowering, dfg::ValueId x, const fixed::Dyadic& scale,
                         const fixed::Dyadic& offset) {
    dfg::Builder& b = lowering.builder;
    // Adder graphs hold constants of a machine word; a longer one (a product of double precision
    // numbers) is multiplied as it is.
    if (scale.mantissa().magnitude_bits() > 60) {
        return b.add(b.mul(x, b.constant(scale)), b.constant(offset));
    }
    return emit_linear(b, {1, 1, {scale}, {offset}}, std::span(&x, 1), lowering.cmvm,
                       lowering.cache)[0];
}

}  // namespace gatewright::layers
