// SPDX-License-Identifier: Apache-2.0
//
// An adder graph under construction. Every value knows its exact linear form over the inputs, hence
// its exact range, and every adder is priced as carry_cells() prices it. Forms are kept in doubles:
// exact up to 53 bits, which covers real kernels; beyond, only the search sees rounded prices, for
// every finished graph is checked and counted again in exact integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cmvm/adder_graph.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

/// ±value·2^shift in a sum; 0 <= shift < 64.
struct Digit {
    std::int32_t value = 0;
    std::int32_t shift = 0;
    bool negative = false;
    friend bool operator==(const Digit&, const Digit&) = default;
};

/// The real numbers that a value can take, both ends included.
struct RealRange {
    double lo = 0;
    double hi = 0;
};

/// Exponent above the msb of the narrowest two's complement format that holds the range, whose ends
/// are on the format's grid; `lowest` for the range {0}.
int highest_bit(const RealRange& range, int lowest);

class Construction {
  public:
    /// `arrival`: level at which each input is there; empty: all 0.
    Construction(std::span<const fixed::Interval> ranges, std::span<const int> arrival);

    struct Value {
        int depth = 0;
        int lowest_bit = 0;   ///< exponent of the lsb
        int highest_bit = 0;  ///< exponent above the msb
        RealRange range;
    };
    [[nodiscard]] const Value& value(std::int32_t id) const {
        return values_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(values_.size()); }
    std::int32_t append(const AdderNode& node);
    /// Cells of all adders so far.
    [[nodiscard]] std::int64_t cells() const { return cells_; }
    /// Cells of -value.
    [[nodiscard]] int negation_cells(std::int32_t id) const;

    AdderGraph graph;

  private:
    // Coefficients of a value, one per input.
    [[nodiscard]] std::span<const double> form(std::int32_t id) const {
        return {forms_.data() + static_cast<std::size_t>(id) * inputs_.size(), inputs_.size()};
    }
    std::span<const double> append_form(const AdderNode& node, double scale_a, double scale_b);
    [[nodiscard]] RealRange range_of_form(std::span<const double> form) const;
    [[nodiscard]] int lowest_bit_of(std::span<const double> form, int at_least) const;

    std::vector<RealRange> inputs_;
    std::vector<int> input_lowest_;
    std::vector<Value> values_;
    bool keeps_forms_ = true;
    std::vector<double> forms_;
    std::int64_t cells_ = 0;
};

/// Cells of an adder whose result reaches below `highest`: all bits from the one in which its
/// operands meet. A subtracted operand's low bits never pass through.
inline int adder_cells(int highest, int lowest_a, int lowest_b, bool subtract) {
    const int first = subtract || lowest_b > lowest_a ? lowest_b : lowest_a;
    return highest > first ? highest - first : 0;
}

}  // namespace gatewright::cmvm
