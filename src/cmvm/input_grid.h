// SPDX-License-Identifier: Apache-2.0
//
// Linear forms with machine integers, for searches that weigh millions of sums. An input is an
// integer times its own step; a coefficient here is the matrix entry times that step over the
// finest step, so that every value is an integer in one unit and its lowest bit is the number of
// zeros that all its coefficients end in. Forms that could leave 64 bits are refused beforehand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fixed/interval.h"

namespace gatewright::cmvm {

using Coefficient = std::int64_t;

/// Bits of a value v and of -v, as exponents in the grid's unit.
struct BitExtent {
    int low = 0;      ///< lowest bit that can be set
    int top = 0;      ///< above the highest bit of v, sign included
    int neg_top = 0;  ///< the same of -v
};

class InputGrid {
  public:
    /// nullopt if a range or the distance of two steps does not fit 32 bits.
    static std::optional<InputGrid> make(std::span<const fixed::Interval> inputs);

    [[nodiscard]] std::size_t size() const { return spans_.size(); }
    /// Exponent of input i's step over the finest step.
    [[nodiscard]] int scale(std::size_t i) const { return scales_[i]; }
    [[nodiscard]] BitExtent extent(const Coefficient* form) const;
    /// At least every magnitude that sums of the form's terms can reach.
    [[nodiscard]] double reach(const Coefficient* form) const;
    /// Forms whose terms reach less than this are safe here.
    static constexpr double kReachLimit = 1e18;

  private:
    std::vector<std::int64_t> spans_;  // hi - lo
    std::vector<std::int64_t> sums_;   // hi + lo
    std::vector<int> scales_;
};

}  // namespace gatewright::cmvm
