// SPDX-License-Identifier: Apache-2.0
#include "cmvm/improve.h"

#include <algorithm>

#include "cmvm/input_grid.h"
#include "cmvm/orientation.h"
#include "cmvm/resynthesis.h"
#include "cmvm/sum_network.h"
#include "cmvm/ternary.h"
#include "cmvm/tiny_exact.h"

namespace gatewright::cmvm {
namespace {

constexpr std::size_t kExactTerms = 8;
constexpr int kMostEffort = 20;
constexpr std::int32_t kLargestTurned = 500;
constexpr std::size_t kTinyAdders = 7;
constexpr std::uint64_t kTinySteps = 100'000;  // some milliseconds

// As much work as pays: it grows with the graph up to a few tenths of a second; graphs so large
// that they take long to find get less, to stay within a second in all.
ResynthesisParams budget(const AdderGraph& graph, const ImproveParams& params) {
    constexpr std::uint64_t kPerSquaredNode = 1000;
    constexpr std::uint64_t kLeast = 50'000;
    constexpr std::uint64_t kMost = 10'000'000;
    constexpr std::uint64_t kMostOfLarge = 5'000'000;
    constexpr std::size_t kLarge = 2000;
    constexpr double kThreshold = 16;  // cells: a little more than an adder
    constexpr double kThoroughPerNode = 20'000;
    if (params.effort <= 0) return {0, 0, params.seed};
    const std::size_t nodes = graph.nodes.size();
    std::uint64_t work = std::clamp<std::uint64_t>(kPerSquaredNode * nodes * nodes, kLeast,
                                                   nodes > kLarge ? kMostOfLarge : kMost);
    work <<= static_cast<unsigned>(std::min(params.effort, kMostEffort) - 1);
    const double thorough =
        static_cast<double>(work) / (kThoroughPerNode * static_cast<double>(nodes + 1));
    return {work, kThreshold * std::min(1.0, thorough), params.seed};
}

AdderGraph improve_two_operand(const AdderGraph& graph, std::span<const fixed::Interval> inputs,
                               const ImproveParams& params) {
    const auto grid = InputGrid::make(inputs);
    if (!grid || graph.nodes.empty()) return graph;
    auto network =
        SumNetwork::make(graph, *grid, params.arrival, params.max_depth, params.deadlines);
    if (!network) return graph;
    const ResynthesisParams search = budget(graph, params);
    if (search.work > 0) resynthesise(*network, search);
    SumTrees trees(*grid);
    if (network->size() < kLargestTurned) orient(*network, trees);
    AdderGraph improved = network->graph(kExactTerms);
    std::int64_t least = cost(improved, inputs);
    const std::int64_t given = cost(graph, inputs);
    if (given < least) {
        improved = graph;
        least = given;
    }
    const bool is_tiny = improved.nodes.size() <= kTinyAdders && params.deadlines.empty();
    if (params.effort <= 0 || !is_tiny) return improved;
    const TinyParams tiny{params.max_depth, improved.nodes.size(), least, kTinySteps,
                          params.arrival};
    return solve_tiny(improved, *grid, tiny).value_or(std::move(improved));
}

}  // namespace

AdderGraph improve(const AdderGraph& graph, std::span<const fixed::Interval> inputs,
                   const ImproveParams& params) {
    AdderGraph improved = improve_two_operand(graph, inputs, params);
    if (params.ternary == TernaryAdders::kForbid) return improved;
    AdderGraph fused = fuse_ternary(improved, inputs);
    return cost(fused, inputs) <= cost(improved, inputs) ? fused : improved;
}

}  // namespace gatewright::cmvm
