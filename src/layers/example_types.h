// SPDX-License-Identifier: Apache-2.0
//
// Shared by layer files: input checks for infer(), and random types for examples().
#pragma once

#include <algorithm>
#include <optional>

#include "fixed/format.h"
#include "model/layer.h"

namespace gatewright::layers {

/// The layer takes exactly `count` inputs.
Status expect_inputs(std::span<const model::TensorType> inputs, std::size_t count);

/// True of the constant 0, whose step says nothing.
inline bool is_zero(const fixed::Interval& range) {
    return range.lo.is_zero() && range.hi.is_zero();
}

/// Adds a term to a sum that may have none yet: begun at the constant 0 it would lie on a grid no
/// coarser than the integers.
inline void add_term(std::optional<fixed::Interval>& sum, const fixed::Interval& term) {
    sum = sum ? *sum + term : term;
}

/// Refuses constants of more than 1,000 bits.
Status expect_word(int bits);
/// Weights of one output on a common grid may need 1,000 bits; more is refused, which no quantizer
/// makes. `weight(i)` gives the weights until nullptr.
template <class WeightAt>
Status expect_narrow_spread(WeightAt weight) {
    int lowest = 0;
    int highest = 0;
    bool any = false;
    for (std::size_t i = 0; const fixed::Dyadic* w = weight(i); ++i) {
        if (w->is_zero()) continue;
        const int top = w->exponent() + w->mantissa().magnitude_bits();
        lowest = any ? std::min(lowest, w->exponent()) : w->exponent();
        highest = any ? std::max(highest, top) : top;
        any = true;
    }
    return expect_word(highest - lowest);
}
/// A random small format: width 0 to 9, signed or not, fraction -2 to 8.
fixed::Format random_format(Rng& rng);
/// A random cast over all rounding and overflow modes, saturation bits included.
fixed::Cast random_cast(Rng& rng);
/// A tensor type with a random format per element.
model::TensorType random_type(Rng& rng, tensor::Shape shape);
/// Elements of `width` bits, signed and unsigned by turns: what proves that no width is special.
model::TensorType wide_type(tensor::Shape shape, int width);
/// A random weight with few significant bits, now and then 0.
fixed::Dyadic random_weight(Rng& rng);

}  // namespace gatewright::layers
