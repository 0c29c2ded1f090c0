// SPDX-License-Identifier: Apache-2.0
//
// Which values cross module boundaries, in which cycle, and in which module their registers stand.
//
// Each module owns the values it computes; the top owns the design's inputs, split by port. A value
// read by one other module only crosses in the cycle it is computed in, and the reader delays it. A
// value with several readers is delayed once, by its owner, and crosses in every cycle it is needed
// in: so no register exists twice. All values that leave an owner travel as one packed vector.
#pragma once

#include <vector>

#include "arch/design.h"
#include "schedule/schedule.h"

namespace gatewright::rtl {

/// A value in one clock cycle.
struct Tap {
    dfg::ValueId value;
    int cycle = 0;
    friend auto operator<=>(const Tap&, const Tap&) = default;
};

struct Owner {
    std::string name;                 ///< the user's layer or input port
    std::vector<Tap> taps;            ///< lowest bits first
    std::vector<std::string> labels;  ///< per tap: element number, with the cycle if delayed
};

/// Owners 0 .. kernels-1 are the kernels, then one per input port of the design.
struct Exports {
    std::vector<Owner> owners;
    std::vector<std::size_t> owner_of;  ///< per value of the flat program
    /// Per kernel, and last the top (for the design's outputs): the owners it reads from,
    /// ascending.
    std::vector<std::vector<std::size_t>> reads;
};

Exports find_exports(const arch::Design& design, const arch::FlatProgram& flat,
                     const schedule::Schedule& schedule, const std::vector<bool>& live);

}  // namespace gatewright::rtl
