// SPDX-License-Identifier: Apache-2.0
//
// The branch and bound of --fit (fit.h): one objective at a time within a budget. Besides latency,
// the other objectives say what an impossible budget would need.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compile/fit.h"
#include "compile/fit_space.h"

namespace gatewright::compile {

enum class FitObjective : std::uint8_t { kLatency, kCycles, kInterval, kLut, kDsp, kBram };

double value_of(const FitPoint& point, FitObjective objective);

struct FitCandidate {
    arch::MappingParams mapping;
    double clock_mhz = 0;  ///< as asked
    FitPoint point;        ///< as built
};

struct FitFound {
    std::optional<FitCandidate> candidate;
    double bound = 0;  ///< of the objective, over all that was not built
    std::int64_t explored = 0;
};

class FitSearch {
  public:
    static Result<FitSearch> make(const Imported& imported, const Options& options);

    /// The candidate with the smallest objective within the budget; of equals, the fewest LUTs.
    FitFound best(FitObjective objective, const FitBudget& budget);

    [[nodiscard]] std::int64_t measured() const { return measured_; }
    [[nodiscard]] std::int64_t left_out() const { return space_.left_out + unrolled_left_out_; }
    [[nodiscard]] double combinations() const;

  private:
    struct Node {
        std::size_t clock = 0;
        std::vector<std::size_t> choices;  // of the first layers
        FitCost cost;                      // at least
        std::int64_t cycles = 0, ii = 0;   // at least
        double value = 0;                  // the objective, at least
        std::int64_t order = 0;
    };
    struct Run;  // of one search

    FitSearch(const Imported& imported, const Options& options)
        : imported_(&imported), options_(options) {}
    Status prepare();
    Status add_unrolled(const schedule::Device& device);
    void drop_dominated();
    template <class Pick>
    bool build_corner(std::size_t clock, Pick pick);
    std::optional<Node> bounded(std::size_t clock, std::vector<std::size_t> choices);
    [[nodiscard]] FitPoint point_of(const Node& node) const;
    [[nodiscard]] bool is_unrolled(const Node& node) const;
    std::optional<FitCandidate> built(const Node& node);
    void expand(Run& run, const Node& node);
    void consider(Run& run, const FitCandidate& candidate) const;

    const Imported* imported_;
    Options options_;
    FitSpace space_;
    arch::StagedDesign skeleton_;                              // with the foldings of a node
    std::vector<std::vector<std::vector<std::size_t>>> kept_;  // [clock][layer]: worthwhile choices
    std::vector<FitCandidate> unrolled_;
    std::int64_t unrolled_left_out_ = 0;
    std::int64_t measured_ = 0;
    /// Delay lines and FIFOs, by which built designs exceed the sums of their stages: least seen.
    double surroundings_ = 0;
    std::map<std::pair<std::size_t, std::vector<std::size_t>>, FitCandidate> built_;
};

}  // namespace gatewright::compile
