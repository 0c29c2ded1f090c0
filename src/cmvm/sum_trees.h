// SPDX-License-Identifier: Apache-2.0
//
// The cheapest tree of two-operand adders for one sum. The terms, their order and the signs of the
// partial sums are free; what counts is carry cells. Adding from the low shifts upward lets low
// bits pass through, a difference pays for all bits of its subtrahend, and a partial sum S may be
// kept as -S if that saves a sign or a bit. Ranges are exact at every partial sum.
//
// Few terms are solved exactly by dynamic programming over their subsets (3^n splits), many over
// the intervals of a few orders of the terms (n³ splits). A state keeps the cost of its cheapest
// tree for each of the 16 levels before the deadline, side by side in one vector; an order by
// rising level always has a tree within Kraft's bound.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cmvm/input_grid.h"

namespace gatewright::cmvm {

/// One term of a sum: plus or minus the value of this form, shifted up.
struct SumTerm {
    const Coefficient* form = nullptr;
    int shift = 0;
    bool negative = false;
    int level = 0;  ///< at which the value is ready
};

/// An adder of a tree: one operand plus or minus another. Operands 0 … n-1 are the values of the
/// terms, shifted, then the adders in order.
struct TreeAdder {
    int left = 0;
    int right = 0;
    bool subtract = false;
};

class SumTrees {
  public:
    explicit SumTrees(const InputGrid& grid) : grid_(grid) {}

    static constexpr std::int64_t kImpossible = 8000;
    /// Cells of the cheapest tree found for Σ terms that is ready at `deadline`; kImpossible if
    /// there is none, as for terms that are all negative. Two or more terms.
    std::int64_t cost(std::span<const SumTerm> terms, int deadline);
    /// Cells of some tree, near the cheapest; much faster for many terms.
    std::int64_t estimate(std::span<const SumTerm> terms, int deadline);
    /// The tree of cost(). The last adder is the sum.
    std::vector<TreeAdder> build(std::span<const SumTerm> terms, int deadline);
    /// Splits tried so far: the measure of work.
    [[nodiscard]] std::uint64_t work() const { return work_; }
    /// Sums of at most so many terms are solved exactly.
    void set_exact_terms(std::size_t terms) { exact_terms_ = terms; }

  private:
    // Costs of a partial sum kept in one sign, by the level at which it is ready: the last lane is
    // the deadline, the first stands for everything before its level too.
    static constexpr int kLanes = 16;
    using Lanes __attribute__((vector_size(2 * kLanes))) = std::int16_t;
    struct State {
        std::array<Lanes, 2> cost;  // plain, negated
        BitExtent extent;
    };
    static constexpr std::size_t kRun = 8;
    enum class Order : std::uint8_t { kLowThenLevel, kLevelThenLow, kTop };

    [[nodiscard]] State leaf(const BitExtent& extent, const SumTerm& term) const;
    static void offer(State& state, const State& left, const State& right);
    template <class Visit>
    bool any_split(std::size_t id, const Visit& visit) const;
    void solve_sum(std::size_t id, const Coefficient* form);
    void prepare(std::span<const SumTerm> terms, int deadline);
    std::size_t solve_subsets(std::span<const SumTerm> terms);
    void sort_terms(std::span<const SumTerm> terms, Order order);
    std::size_t solve_parts(std::span<const State> parts, const Coefficient* forms);
    std::size_t solve_terms(std::span<const SumTerm> terms, std::size_t begin, std::size_t end);
    std::int64_t cost_in_runs(std::span<const SumTerm> terms, Order order);
    std::size_t solve_intervals(std::span<const SumTerm> terms, Order order);
    std::size_t solve(std::span<const SumTerm> terms, int deadline);
    int emit(std::size_t id, std::size_t negated, int lane, std::vector<TreeAdder>& tree) const;
    [[nodiscard]] int leaf_of(std::size_t id) const;

    const InputGrid& grid_;
    std::size_t exact_terms_ = 6;
    std::uint64_t work_ = 0;
    // Of the last problem: states by subset mask, or by interval (begin · count + last) of order_.
    bool subsets_ = true;
    std::size_t count_ = 0;
    int first_level_ = 0;  // of the first lane
    std::vector<int> order_;
    std::vector<State> states_;
    std::vector<BitExtent> extents_;    // of the terms
    std::vector<Coefficient> shifted_;  // the terms' forms
    std::vector<State> parts_;          // the terms in order, and their forms
    std::vector<Coefficient> part_forms_;
    std::vector<Coefficient> sums_;  // forms of subsets, or of the beginnings of the order
};

}  // namespace gatewright::cmvm
