// SPDX-License-Identifier: Apache-2.0
#include "cmvm/solve.h"

#include <algorithm>

#include "cmvm/improve.h"
#include "cmvm/search.h"
#include "cmvm/ternary.h"
#include "cmvm/timing.h"
#include "support/check.h"
#include "support/stopwatch.h"

namespace gatewright::cmvm {

using fixed::Interval;

namespace {

Candidate best_within(const Search& search, int max_depth, const SolveParams& params) {
    constexpr std::size_t kSharingWins = 2000;  // digits from which there is always much to share
    if (params.effort <= 0) return search.plain_trees(max_depth);
    Candidate found = search.best(max_depth, params.effort, params.seed);
    if (search.digits() > kSharingWins) return found;
    Candidate plain = search.plain_trees(max_depth);
    return plain.cost < found.cost ? plain : found;
}

// Improving weighs linear forms over all inputs, value by value; what has very many of both would
// take far longer to improve than to find, and gets it from a higher effort.
bool pays_to_improve(const AdderGraph& graph, int effort) {
    constexpr std::size_t kMostCoefficients = 3'000'000;
    constexpr int kMostEffort = 20;
    if (effort <= 0) return false;
    const int doublings = std::min(effort, kMostEffort) - 1;
    return graph.nodes.size() * graph.inputs <= kMostCoefficients
                                                    << static_cast<unsigned>(doublings);
}

struct Found {
    AdderGraph graph;
    int max_depth = 0;  // that it was searched for
};

Found best_graph(const Search& search, const SolveParams& params, const Timing& timing) {
    const int least = search.least_depth();
    if (params.max_depth) {
        const int limit = std::max(least, *params.max_depth);
        return {best_within(search, limit, params).graph, limit};
    }
    const int limit = least + std::max(0, params.depth_slack);
    if (!timing.deadlines.empty()) return {best_within(search, limit, params).graph, limit};
    Candidate shallow = best_within(search, least, params);
    if (params.depth_slack <= 0 || params.effort <= 0) return {std::move(shallow.graph), least};
    Candidate deep = best_within(search, limit, params);
    const int levels = depth(deep.graph, timing.arrival) - depth(shallow.graph, timing.arrival);
    const double share = levels > 0 ? params.level_worth * levels : 0;
    const double acceptable = static_cast<double>(shallow.cost) * (1 - share);
    if (static_cast<double>(deep.cost) < acceptable) return {std::move(deep.graph), limit};
    return {std::move(shallow.graph), least};
}

}  // namespace

std::int64_t cost(const AdderGraph& graph, std::span<const Interval> inputs) {
    return carry_cells(graph, inputs) + negation_cells(graph, inputs);
}

SolveStats statistics(const AdderGraph& graph, std::span<const Interval> inputs,
                      std::span<const int> arrival) {
    SolveStats out;
    for (const AdderNode& node : graph.nodes)
        ++(node.is_ternary() ? out.ternary_adders : out.adders);
    out.cells = carry_cells(graph, inputs);
    out.negations = static_cast<std::size_t>(
        std::count_if(graph.outputs.begin(), graph.outputs.end(),
                      [](const AdderOutput& o) { return o.value >= 0 && o.negate; }));
    out.depth = depth(graph, arrival);
    return out;
}

AdderGraph solve(const Matrix& matrix, std::span<const Interval> inputs, const SolveParams& params,
                 SolveStats* stats, std::span<const int> arrival) {
    return solve_timed(matrix, inputs, params, {arrival, {}}, stats);
}

AdderGraph solve_timed(const Matrix& matrix, std::span<const Interval> inputs,
                       const SolveParams& params, const Timing& timing, SolveStats* stats) {
    GW_CHECK(inputs.size() == matrix.rows, "one range per row");
    GW_CHECK(timing.arrival.empty() || timing.arrival.size() == matrix.rows, "one arrival per row");
    GW_CHECK(timing.deadlines.empty() || timing.deadlines.size() == matrix.columns,
             "one deadline per column");
    const Stopwatch watch;
    const Search search(matrix, inputs, timing);
    Found found = best_graph(search, params, timing);
    AdderGraph graph = std::move(found.graph);
    if (pays_to_improve(graph, params.effort)) {
        std::vector<int> deadlines;
        if (!timing.deadlines.empty()) deadlines = search.deadlines(found.max_depth);
        graph = improve(graph, inputs,
                        {found.max_depth, params.effort, params.seed, params.ternary,
                         timing.arrival, deadlines});
    } else if (params.ternary == TernaryAdders::kAllow) {
        graph = fuse_ternary(graph, inputs);
    }
    GW_CHECK(computes(graph, matrix), "adder graph computes another matrix");
    if (stats != nullptr) {
        *stats = statistics(graph, inputs, timing.arrival);
        stats->seconds = watch.seconds();
    }
    return graph;
}

std::vector<int> least_levels(const Matrix& matrix, std::span<const Interval> inputs,
                              std::span<const int> arrival) {
    return Search(matrix, inputs, {arrival, {}}).least_levels();
}

std::vector<int> output_levels(const AdderGraph& graph, std::span<const int> arrival) {
    std::vector<int> levels(arrival.begin(), arrival.end());
    levels.resize(graph.inputs, 0);
    const auto at = [&](std::int32_t value) { return levels[static_cast<std::size_t>(value)]; };
    for (const AdderNode& node : graph.nodes) {
        const int third = node.is_ternary() ? at(node.c) : 0;
        levels.push_back(1 + std::max({at(node.a), at(node.b), third}));
    }
    std::vector<int> out;
    for (const AdderOutput& output : graph.outputs)
        out.push_back(output.value < 0 ? 0 : at(output.value));
    return out;
}

}  // namespace gatewright::cmvm
