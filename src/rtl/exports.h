// SPDX-License-Identifier: Apache-2.0
//
// Which values cross module boundaries, in which cycle, and in which module their registers stand.
//
// Each module owns the values it computes; the top owns the design's inputs, split by port. A value
// read by one other module only crosses in the cycle it is computed in, and the reader delays it. A
// value with several readers is delayed once, by its owner, and crosses in every cycle it is needed
// in: so no register exists twice, except the copies the schedule asks for where one register has
// too many users. All values that leave an owner travel as one packed vector, delayed ones with the
// bits that are still needed. Wiring does not travel: whoever reads it is wired to the values
// behind it (schedule/wires.h).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "arch/design.h"
#include "schedule/schedule.h"

namespace gatewright::rtl {

/// A computed value or input in one clock cycle.
struct Tap {
    dfg::ValueId value;
    int cycle = 0;
    int copy = 0;  ///< which of several equal registers
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
    /// Per kernel: it computes something. One that only rewires is no module.
    std::vector<bool> computes;
    /// Per kernel, and last the top: what it reads, from itself or others.
    std::vector<std::set<Tap>> uses;
};

/// Which copy of a value's register a user reads in its cycle (schedule::users_by_cycle).
class Copies {
  public:
    Copies(const dfg::Program& program, const schedule::Schedule& schedule);
    [[nodiscard]] int copy_for(dfg::ValueId value, int cycle, std::size_t user) const;

  private:
    std::size_t limit_;
    std::vector<int> first_cycle_;
    std::vector<std::map<std::int32_t, std::vector<std::size_t>>> users_;
};

Exports find_exports(const arch::Design& design, const arch::FlatProgram& flat,
                     const schedule::Schedule& schedule, const std::vector<bool>& live,
                     const Copies& copies);

}  // namespace gatewright::rtl
