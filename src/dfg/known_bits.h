// SPDX-License-Identifier: Apache-2.0
//
// What is known of every bit of every value: forward from the inputs, through the one meaning of
// the ops (dfg/semantics.h) over an abstract integer. Such an integer is a tristate number (each
// bit of the two's complement, sign-extended without end, is 0, 1 or unknown) together with an
// interval; each sharpens the other: the interval knows the copies of the sign, the bits know what
// is aligned. Sums of tristate numbers are exact bit by bit (Vishwanathan, Shachnai, Narayana,
// Nagarakatte: Sound, precise, and fast abstract interpretation with tristate numbers, CGO 2022).
#pragma once

#include <vector>

#include "dfg/program.h"

namespace gatewright::dfg {

/// A set of integers: those within [lo, hi] that agree with `ones` on every bit that is not
/// `unknown`. Never empty.
struct KnownBits {
    fixed::Integer ones;     ///< bits that are 1 in all of them
    fixed::Integer unknown;  ///< bits that differ; negative if the sign is one of them
    fixed::Integer lo;
    fixed::Integer hi;

    [[nodiscard]] bool is_constant() const { return lo == hi; }
    [[nodiscard]] bool contains(const fixed::Integer& code) const;
    /// Bits that are 1 in some of them.
    [[nodiscard]] fixed::Integer possible() const { return ones | unknown; }
    /// How many low bits are 0 in all of them; 0 for the constant 0.
    [[nodiscard]] int low_zeros() const { return possible().trailing_zeros(); }
    /// The low `bits` bits are the same in all of them.
    [[nodiscard]] bool low_known(int bits) const { return unknown.low_bits(bits).is_zero(); }
};

KnownBits known_constant(const fixed::Integer& value);
/// All integers of an interval.
KnownBits known_range(const fixed::Integer& lo, const fixed::Integer& hi);

/// The integers as codes on a grid that is `up` bits finer; floor where `up` is negative.
KnownBits known_shifted(const KnownBits& bits, int up);
/// Their low bits: the value modulo 2^bits.
KnownBits known_low_bits(const KnownBits& bits, int count);

/// Of every value's code, within the node's claimed range.
std::vector<KnownBits> known_bits(const Program& program);

}  // namespace gatewright::dfg
