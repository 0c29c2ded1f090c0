// SPDX-License-Identifier: Apache-2.0
//
// What a Cast does to a code: first quantize (drop or add fraction bits), then overflow. This is
// the normative definition; docs/semantics.md quotes it and the conformance tests hold every other
// evaluator to it. Source: the behaviour of the public ap_fixed headers, checked exhaustively on
// small widths by tests/unit/fixed/convert_test.cpp against an independent model in rationals.
#pragma once

#include "fixed/format.h"

namespace gatewright::fixed {

/// round(code · 2^-drop) in the given mode; drop <= 0 multiplies by 2^-drop exactly.
Integer round_code(const Integer& code, int drop, Round round);

/// Brings a code of the right scale into cast.format.
Integer overflow_code(const Integer& code, const Cast& cast);

/// The code in cast.format of the value code · 2^-frac.
inline Integer convert(const Integer& code, int frac, const Cast& cast) {
    return overflow_code(round_code(code, frac - cast.format.frac, cast.round), cast);
}

}  // namespace gatewright::fixed
