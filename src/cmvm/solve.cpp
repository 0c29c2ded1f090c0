// SPDX-License-Identifier: Apache-2.0
#include "cmvm/solve.h"

#include <algorithm>

#include "cmvm/improve.h"
#include "cmvm/search.h"
#include "cmvm/ternary.h"
#include "support/check.h"
#include "support/stopwatch.h"

namespace gatewright::cmvm {

using fixed::Interval;

namespace {

Candidate best_within(const Search& search, int max_depth, const SolveParams& params) {
    Candidate plain = search.plain_trees(max_depth);
    if (params.effort <= 0) return plain;
    Candidate found = search.best(max_depth, params.effort, params.seed);
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

Found best_graph(const Search& search, const SolveParams& params, std::span<const int> arrival) {
    const int least = search.least_depth();
    if (params.max_depth) {
        const int limit = std::max(least, *params.max_depth);
        return {best_within(search, limit, params).graph, limit};
    }
    Candidate shallow = best_within(search, least, params);
    if (params.depth_slack <= 0 || params.effort <= 0) return {std::move(shallow.graph), least};
    const int limit = least + params.depth_slack;
    Candidate deep = best_within(search, limit, params);
    const int levels = depth(deep.graph, arrival) - depth(shallow.graph, arrival);
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
    GW_CHECK(inputs.size() == matrix.rows, "one range per row");
    GW_CHECK(arrival.empty() || arrival.size() == matrix.rows, "one arrival per row");
    const Stopwatch watch;
    Found found = best_graph(Search(matrix, inputs, arrival), params, arrival);
    AdderGraph graph = std::move(found.graph);
    if (pays_to_improve(graph, params.effort)) {
        graph = improve(graph, inputs,
                        {found.max_depth, params.effort, params.seed, params.ternary, arrival});
    } else if (params.ternary == TernaryAdders::kAllow) {
        graph = fuse_ternary(graph, inputs);
    }
    GW_CHECK(computes(graph, matrix), "adder graph computes another matrix");
    if (stats != nullptr) {
        *stats = statistics(graph, inputs, arrival);
        stats->seconds = watch.seconds();
    }
    return graph;
}

}  // namespace gatewright::cmvm
