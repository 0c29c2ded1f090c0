// SPDX-License-Identifier: Apache-2.0
//
// Simplification of dataflow programs. A program is rebuilt value by value through a Builder, which
// shares equal nodes, folds constants and gives every node the narrowest format; on top of that:
//
//   rule                                     why it is exact
//   all operands constant -> constant        evaluated by the interpreter itself
//   range of the linear form is narrower     dfg/affine.h proves it
//   result wraps -> exact op, then a cast    every op is its exact result brought into its format
//   x · 2^k -> moved binary point            multiplication by a power of two moves no bit
//   moved binary point twice -> once         2^a · 2^b = 2^(a+b)
//   cast of cast -> outer cast               floor of floor is floor; low bits of low bits are low
//   bits value that nothing reads -> removed      inputs stay, they are the interface
//
// Repeated until nothing gets smaller; each round keeps inputs, outputs and their codes.
#pragma once

#include "dfg/program.h"

namespace gatewright::opt {

struct SimplifyParams {
    int rounds = 4;  ///< at most
};

struct SimplifyStats {
    std::size_t nodes_before = 0;
    std::size_t nodes_after = 0;
    int rounds = 0;
};

/// A program with the same inputs and the same output codes in the same output formats.
dfg::Program simplify(const dfg::Program& program, const SimplifyParams& params = {},
                      SimplifyStats* stats = nullptr);

}  // namespace gatewright::opt
