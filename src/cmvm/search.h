// SPDX-License-Identifier: Apache-2.0
//
// The search for one matrix at one depth: many ways to build a graph (how far column differences
// chain, how patterns are ranked, random factors), each a few milliseconds or less, the cheapest
// kept. The number of tries is counted in steps of work, so that equal seeds give equal graphs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cmvm/adder_graph.h"
#include "cmvm/differences.h"
#include "cmvm/sharing.h"
#include "cmvm/timing.h"
#include "fixed/interval.h"

namespace gatewright::cmvm {

/// A graph and what it costs (cost() of solve.h).
struct Candidate {
    AdderGraph graph;
    std::int64_t cost = 0;
};

enum class Split : std::uint8_t { kColumns, kRows };

/// One way to build a graph.
struct Recipe {
    int hops = 1;  ///< edges from the root of the tree of differences; 1: no differences
    Split split = Split::kColumns;  ///< differences of what
    int most_shift = 0;             ///< of the other column in a difference
    Ranking ranking;
    double recoded = 0;  ///< share of the digit pairs in their other form (digits.h)
};

class Search {
  public:
    /// `timing.deadlines` hold whatever max_depth is given below.
    Search(const Matrix& matrix, std::span<const fixed::Interval> inputs, const Timing& timing);

    /// Levels of the shallowest possible trees, arrivals included.
    [[nodiscard]] int least_depth() const { return least_depth_ + base_level_; }
    /// The same of each output of the matrix.
    [[nodiscard]] std::vector<int> least_levels() const;
    /// By when each output of the matrix will be there, for this limit.
    [[nodiscard]] std::vector<int> deadlines(int max_depth) const;
    /// Signed digits of all distinct columns.
    [[nodiscard]] std::size_t digits() const { return digits_; }
    /// Trees of signed digits, nothing shared.
    [[nodiscard]] Candidate plain_trees(int max_depth) const;
    /// The cheapest of as many tries as the effort pays; depth limit at least least_depth().
    [[nodiscard]] Candidate best(int max_depth, int effort, std::uint64_t seed) const;

  private:
    [[nodiscard]] std::vector<Sum> sums_of(const std::vector<Column>& columns,
                                           const std::vector<int>& depth_limits, SumSign sign,
                                           const Recipe& recipe) const;
    [[nodiscard]] Candidate run(const Recipe& recipe, const std::vector<int>& limits) const;
    [[nodiscard]] Candidate run_columns(const Recipe& recipe, const std::vector<int>& limits) const;
    // Nothing if sums of differences of rows come too late.
    [[nodiscard]] std::optional<Candidate> run_rows(const Recipe& recipe,
                                                    const std::vector<int>& limits) const;
    // Of the distinct columns, above base_level_.
    [[nodiscard]] std::vector<int> limits(int max_depth) const;
    [[nodiscard]] std::vector<Recipe> recipes(int effort, std::uint64_t seed) const;
    // About as many as take the same time for small and large matrices.
    [[nodiscard]] std::size_t tries(int effort) const;
    [[nodiscard]] Candidate finish(Construction&& construction,
                                   const std::vector<AdderOutput>& distinct) const;

    std::span<const fixed::Interval> inputs_;
    std::vector<int> arrival_;  // above base_level_
    DistinctColumns distinct_;
    // Per distinct column, above base_level_.
    std::vector<int> least_;
    std::vector<int> caps_;
    bool can_scale_ = true;  // entries leave room for shifted differences
    std::size_t digits_ = 0;
    std::size_t pairs_ = 0;  // of digits of one column
    int base_level_ = 0;
    int least_depth_ = 0;  // above base_level_
};

}  // namespace gatewright::cmvm
