// SPDX-License-Identifier: Apache-2.0
//
// Ranges that hold for every input code. Claims of inner nodes are proven (dfg::verify_ranges), but
// only for inputs within the inputs' claims; if those are narrower than their formats, the ranges
// are derived anew, for events outside the claims must still give the interpreter's bits.
#pragma once

#include "dfg/program.h"

namespace gatewright::emulate {

class Ranges {
  public:
    explicit Ranges(const dfg::Program& program);

    [[nodiscard]] const fixed::Interval& of(dfg::ValueId id) const {
        return claims_hold_ ? program_[id].range : derived_[id].range;
    }
    /// Bits of a signed lane that holds every code of the value.
    [[nodiscard]] int bits(dfg::ValueId id) const;
    /// True if the exact result of add or sub always lies in the node's format, so that nothing
    /// wraps. A claim narrower than the whole format can only have been proven by a linear form or
    /// interval that does not wrap.
    [[nodiscard]] bool sum_fits(const dfg::Node& node) const;
    /// The same for any node whose exact result lies in `exact`.
    [[nodiscard]] static bool holds(const dfg::Node& node, const fixed::Interval& exact);

  private:
    const dfg::Program& program_;
    dfg::Program derived_;
    bool claims_hold_ = true;
};

}  // namespace gatewright::emulate
