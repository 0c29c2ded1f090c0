// SPDX-License-Identifier: Apache-2.0
//
// The text form of programs: one value per line, read by people and by tests, and read back
// exactly.
//
//     program relu_layer
//     table t0 exp 0 1 2 7
//     %0 = input s8.4
//     %1 = const u3.0 5
//     %2 = add s11.4 %0 %1 << 2
//     %3 = sub s9.4 [-12, 90] %2 %0
//     %4 = cast u4.2 RND SAT %3
//     %5 = slice u2.0 %4 >> 2
//     %6 = table u3.0 %5 t0
//     output %6 %3
//
// [lo, hi] is a claim about the codes; it is left out when interval arithmetic gives the same. An
// input's claim is an assumption; every other claim must be provable (dfg/affine.h), so a text
// cannot smuggle in a wrong one. '#' starts a comment.
#pragma once

#include <string>
#include <string_view>

#include "dfg/program.h"

namespace gatewright::dfg {

std::string to_text(const Program& program);
/// Parses and verifies; the error names the line.
Result<Program> parse_text(std::string_view text);
/// The same for a text that to_text() wrote for a verified program (its hash says so): the
/// structure is checked, the claims are believed. Linear in the text's length.
Result<Program> parse_stored_text(std::string_view text);

}  // namespace gatewright::dfg
