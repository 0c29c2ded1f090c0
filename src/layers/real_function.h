// SPDX-License-Identifier: Apache-2.0
//
// Real functions of one number, correctly rounded: the code a Cast gives for the function's exact
// value, not for some library's approximation of it. Method (Ziv, ACM TOMS 17, 1991): evaluate with
// a known relative error; if both ends of the error interval round to the same code, that is the
// code; else evaluate with more digits (about 19, 50, 400). A value that 400 digits cannot tell
// from a rounding boundary lies on it (sqrt(4), sigmoid(0)). Where a function is nearer to a limit
// than any grid shows (tanh(900) < 1), the side it comes from decides.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fixed/dyadic.h"
#include "support/result.h"

namespace gatewright::layers {

enum class FunctionKind : std::uint8_t {
#define GW_FUNCTION(name, text, meaning) name,
#include "layers/real_functions.def"
#undef GW_FUNCTION
};

struct FunctionDoc {
    std::string_view name;
    std::string_view meaning;
};
/// All functions by name, for help, docs and errors.
std::span<const FunctionDoc> function_docs();
Result<FunctionKind> parse_function(std::string_view name);

/// output_scale · f(input_scale · x + input_offset)
struct RealFunction {
    FunctionKind kind = FunctionKind::kLinear;
    fixed::Dyadic alpha = 1;
    fixed::Dyadic input_scale = 1;
    fixed::Dyadic input_offset = 0;
    fixed::Dyadic output_scale = 1;
};

/// Code of type(f(x)), correctly rounded. Where f is infinite (or beyond 2^1024), the largest or
/// smallest code of the type; where it has no value, 0.
fixed::Integer rounded_code(const RealFunction& function, const fixed::Dyadic& x,
                            const fixed::Cast& type);

/// f(x) to about the precision of a double; infinite or NaN where it has no value.
double real_value(const RealFunction& function, double x);

}  // namespace gatewright::layers
