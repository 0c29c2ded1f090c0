// SPDX-License-Identifier: Apache-2.0
//
// Bit counts for effective bit operations, HGQ's measure of size (Σ over multiplications of the
// operands' bits): signs are not counted.
#pragma once

#include "fixed/dyadic.h"
#include "fixed/interval.h"

namespace gatewright::layers {

/// Bits of the narrowest format that holds the range.
inline double bits_of(const fixed::Interval& range) {
    return format_of(range).magnitude_bits();
}
/// Bits from the highest to the lowest set one.
inline double bits_of(const fixed::Dyadic& value) {
    return fixed::abs(value.mantissa()).magnitude_bits();
}

}  // namespace gatewright::layers
