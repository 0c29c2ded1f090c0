// SPDX-License-Identifier: Apache-2.0
//
// Bit counts for effective bit operations, HGQ's measure of size (Σ over multiplications of the
// operands' bits): signs are not counted.
#pragma once

#include <vector>

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

/// The bits of constant i's quantizer where the model says them, else those the value needs.
inline double bits_or(const std::vector<std::int64_t>& stated, std::size_t i,
                      const fixed::Dyadic& value) {
    return i < stated.size() ? static_cast<double>(stated[i]) : bits_of(value);
}

/// Mean over a list of constants, by the same rule.
inline double mean_bits(const std::vector<std::int64_t>& stated,
                        const std::vector<fixed::Dyadic>& values) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += bits_or(stated, i, values[i]);
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace gatewright::layers
