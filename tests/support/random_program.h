// SPDX-License-Identifier: Apache-2.0
//
// Random dataflow programs for differential tests: every op, signed and unsigned, many widths and
// binary points, width 0, claims of narrower input ranges, and (unlike what a Builder makes) nodes
// whose format is too narrow for their result and therefore wraps. Every program passes
// verify_ranges().
#pragma once

#include <vector>

#include "dfg/program.h"
#include "support/rng.h"

namespace gatewright::testing {

struct RandomProgramParams {
    std::size_t inputs = 4;
    std::size_t nodes = 40;  ///< beside the inputs
    std::size_t outputs = 4;
    int max_width = 16;  ///< bits of any node's format; 40 and more give exact results past 63 bits
    int max_fraction = 8;       ///< |frac| of any node's format
    int max_table_bits = 5;     ///< bits of a table's index
    double wrap_chance = 0.15;  ///< share of nodes whose format may be too narrow for their result
};

dfg::Program random_program(Rng& rng, const RandomProgramParams& params = {});

/// Input codes of `count` events, all within the inputs' claimed ranges: first all at the lowest,
/// all at the highest, all nearest zero, alternating; then random.
std::vector<std::vector<fixed::Integer>> random_input_codes(const dfg::Program& program,
                                                            std::size_t count, Rng& rng);

/// Uniform in [lo, hi], of any size.
fixed::Integer random_integer(Rng& rng, const fixed::Integer& lo, const fixed::Integer& hi);

}  // namespace gatewright::testing
