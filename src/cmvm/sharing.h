// SPDX-License-Identifier: Apache-2.0
//
// Shared two-term subexpressions. A problem is a set of sums of signed, shifted values ("digits").
// A pattern is two digits up to a common shift and sign: a ± b·2^d. Every adder that makes a
// pattern used n times saves n - 1 adders, so the greedy step makes the pattern that saves the
// most, replaces its occurrences and repeats; what is left over is added up in trees.
//
// Depth is kept by Kraft's inequality: values at depths d_i can be summed within depth D if and
// only if Σ 2^d_i <= 2^D. Merging a and b changes the left side by 2^max(d_a, d_b) - 2^min(d_a,
// d_b), so every step knows exactly whether its sums still fit, and no step has to be undone.
//
// Cost: a replaced digit updates the counts of its pairs with the other digits of its sum, each
// O(1) (a hash table and a bucket queue), so a dense n × n matrix takes about n³ updates. Sources:
// Hartley, IEEE TCAS-II 43 (1996), for pattern sharing on signed digits; Kraft (1949).
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

/// Canonical signed digits of weight · value: no two neighbouring digits, so as few as possible.
void append_signed_digits(std::int32_t value, std::int64_t weight, std::vector<Digit>& digits);
/// How many they are.
int signed_digit_count(std::int64_t weight);

struct Sum {
    std::vector<Digit> digits;
    int depth_limit = 0;
};

/// A graph under construction: its values (inputs, then nodes) with what the choice of patterns
/// needs.
class Construction {
  public:
    Construction(std::size_t inputs, std::span<const fixed::Interval> ranges);

    struct Value {
        int depth = 0;
        fixed::Interval range;
        int lowest_bit = 0;   ///< exponent of the lsb
        int highest_bit = 0;  ///< exponent above the msb
    };
    [[nodiscard]] const Value& value(std::int32_t id) const {
        return values_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(values_.size()); }
    /// Carry cells of a·2^shift_a ± b·2^shift_b, estimated from the operands.
    [[nodiscard]] int cells(const AdderNode& node) const;
    std::int32_t append(const AdderNode& node);
    AdderGraph graph;

  private:
    std::vector<Value> values_;
};

/// What a saved adder is worth. Both prefer operands that overlap in many bits, since sums of
/// far-apart operands are wide; which one wins depends on the matrix.
enum class Ranking : std::uint8_t {
    kOverlap,  ///< the bits in which the operands overlap
    kCount,    ///< nearly one, whatever the operands
};

/// Emits adders for all sums; one output per sum, within its depth limit.
std::vector<AdderOutput> share_and_sum(Construction& construction, std::span<const Sum> sums,
                                       Ranking ranking);
/// The same without sharing: one balanced tree per sum.
std::vector<AdderOutput> sum_only(Construction& construction, std::span<const Sum> sums);

}  // namespace gatewright::cmvm
