// SPDX-License-Identifier: Apache-2.0
//
// The search for one matrix at one depth: many ways to build a graph (how far column differences
// chain, how patterns are ranked, random factors), each a few milliseconds or less, the cheapest
// kept. The number of tries is counted in steps of work, so that equal seeds give equal graphs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cmvm/adder_graph.h"
#include "cmvm/differences.h"
#include "cmvm/sharing.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

/// A graph and what it costs (cost() of solve.h).
struct Candidate {
    AdderGraph graph;
    std::int64_t cost = 0;
};

/// One way to build a graph.
struct Recipe {
    int hops = 1;  ///< edges from the root of the tree of differences; 1: no differences
    Ranking ranking;
    double recoded = 0;  ///< share of the digit pairs in their other form (digits.h)
};

class Search {
  public:
    Search(const Matrix& matrix, std::span<const fixed::Interval> inputs,
           std::span<const int> arrival);

    /// Levels of the shallowest possible trees, arrivals included.
    [[nodiscard]] int least_depth() const { return least_depth_ + base_level_; }
    /// Trees of signed digits, nothing shared.
    [[nodiscard]] Candidate plain_trees(int max_depth) const;
    /// The cheapest of as many tries as the effort pays; depth limit at least least_depth().
    [[nodiscard]] Candidate best(int max_depth, int effort, std::uint64_t seed) const;

  private:
    [[nodiscard]] std::vector<Sum> sums_of(const std::vector<Column>& columns,
                                           const std::vector<int>& depth_limits, SumSign sign,
                                           const Recipe& recipe) const;
    [[nodiscard]] Candidate run(const Recipe& recipe, int limit) const;
    [[nodiscard]] std::vector<Recipe> recipes(int effort, std::uint64_t seed) const;
    // About as many as take the same time for small and large matrices.
    [[nodiscard]] std::size_t tries(int effort) const;
    [[nodiscard]] Candidate finish(Construction&& construction,
                                   const std::vector<AdderOutput>& distinct) const;

    std::span<const fixed::Interval> inputs_;
    std::vector<int> arrival_;  // above base_level_
    DistinctColumns distinct_;
    std::size_t digits_ = 0;
    std::size_t pairs_ = 0;  // of digits of one column
    int base_level_ = 0;
    int least_depth_ = 0;  // above base_level_
};

}  // namespace gatewright::cmvm
