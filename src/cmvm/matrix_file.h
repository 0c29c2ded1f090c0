// SPDX-License-Identifier: Apache-2.0
//
// Matrices as text, for `gatewright cmvm`:
//
//     3 2              n_in n_out
//      5  -3           n_in rows of n_out integers; a column is an output
//      0  17
//     -1   2
//     -128 127 1       optional, n_in lines: lo hi step of each input
//     0 15.75 0.25
//     -4 3 1
//     arrival 0 0 2    optional: the adder level at which each input is there
//     deadline 4 -     optional: the level by which each output is wanted; '-': no matter
//
// '#' starts a comment; where lines end does not matter otherwise. A step is a power of two, lo and
// hi are multiples of it.
#pragma once

#include <string>
#include <string_view>

#include "cmvm/timing.h"
#include "support/result.h"

namespace gatewright::cmvm {

struct MatrixFile {
    Matrix matrix;
    std::vector<fixed::Interval> inputs = {};  ///< empty if the text gives no ranges
    std::vector<int> arrival = {};             ///< empty if not given, as the next (timing.h)
    std::vector<int> deadlines = {};           ///< kNoDeadline where it does not matter
};

/// The error names the line. Entries are below 2^60 in magnitude: a solver works with differences
/// of columns in 64 bits.
Result<MatrixFile> parse_matrix(std::string_view text);
/// The same from a file; errors start with the path.
Result<MatrixFile> read_matrix_file(const std::string& path);
std::string to_text(const MatrixFile& file);

}  // namespace gatewright::cmvm
