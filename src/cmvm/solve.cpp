// SPDX-License-Identifier: Apache-2.0
#include "cmvm/solve.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "cmvm/differences.h"
#include "cmvm/sharing.h"
#include "support/check.h"
#include "support/stopwatch.h"

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

constexpr std::size_t kLargeTree =
    30'000'000;  // columns² · rows above which no differences are tried

int ceil_log2(std::uint64_t n) {
    return n <= 1 ? 0 : static_cast<int>(std::bit_width(n - 1));
}

std::vector<Column> columns_of(const Matrix& matrix) {
    std::vector<Column> columns(matrix.columns, Column(matrix.rows));
    for (std::size_t j = 0; j < matrix.columns; ++j) {
        for (std::size_t i = 0; i < matrix.rows; ++i) columns[j][i] = matrix.at(i, j);
    }
    return columns;
}

std::vector<Sum> sums_of(const std::vector<Column>& columns, const std::vector<int>& depth_limits) {
    std::vector<Sum> sums;
    for (std::size_t j = 0; j < columns.size(); ++j) {
        Sum sum{{}, depth_limits[j]};
        for (std::size_t i = 0; i < columns[j].size(); ++i) {
            append_signed_digits(static_cast<std::int32_t>(i), columns[j][i], sum.digits);
        }
        sums.push_back(std::move(sum));
    }
    return sums;
}

// One way to solve a matrix: how far differences may chain, and how patterns are ranked.
struct Strategy {
    int hops = 1;
    Ranking ranking = Ranking::kCount;
};

struct Candidate {
    AdderGraph graph;
    std::int64_t cost = 0;
};

class Solver {
  public:
    Solver(const Matrix& matrix, std::span<const Interval> inputs)
        : matrix_(matrix), inputs_(inputs), distinct_(distinct_columns(columns_of(matrix))) {
        int most = 1;
        for (const Column& column : distinct_.distinct) most = std::max(most, digit_count(column));
        least_depth_ = ceil_log2(static_cast<std::uint64_t>(most));
    }

    [[nodiscard]] Candidate plain_trees() const {
        Construction construction(matrix_.rows, inputs_);
        const std::vector<int> limits(distinct_.distinct.size(), least_depth_);
        auto outputs = sum_only(construction, sums_of(distinct_.distinct, limits));
        return finish(std::move(construction), outputs);
    }

    [[nodiscard]] Candidate run(const Strategy& strategy, int depth_slack) const {
        Construction construction(matrix_.rows, inputs_);
        const Differences split =
            split_by_differences(distinct_.distinct, strategy.hops, least_depth_ + depth_slack);
        const auto made = share_and_sum(construction, sums_of(split.columns, split.depth_limits),
                                        strategy.ranking);
        std::vector<Sum> paths = split.paths;
        for (Sum& path : paths) {
            for (Digit& digit : path.digits) {
                const AdderOutput& output = made[static_cast<std::size_t>(digit.value)];
                digit = {output.value, digit.shift + output.shift, digit.negative != output.negate};
            }
        }
        return finish(std::move(construction),
                      share_and_sum(construction, paths, strategy.ranking));
    }

    [[nodiscard]] bool may_split() const {
        const std::size_t columns = distinct_.distinct.size();
        return columns > 1 && columns * columns * matrix_.rows <= kLargeTree;
    }

  private:
    // Back to the matrix's own columns.
    [[nodiscard]] Candidate finish(Construction&& construction,
                                   const std::vector<AdderOutput>& distinct) const {
        Candidate out{std::move(construction.graph), 0};
        for (const DistinctColumns::Origin& origin : distinct_.origins) {
            AdderOutput output;
            if (origin.source >= 0) {
                output = distinct[static_cast<std::size_t>(origin.source)];
                output.shift += origin.shift;
                output.negate = output.negate != origin.negative;
            }
            out.graph.outputs.push_back(output);
        }
        out.cost = cost(out.graph, inputs_);
        return out;
    }

    const Matrix& matrix_;
    std::span<const Interval> inputs_;
    DistinctColumns distinct_;
    int least_depth_ = 0;
};

// Small matrices get every strategy, large ones those that win most often on them.
std::vector<Strategy> strategies(const Solver& solver, const Matrix& matrix) {
    constexpr std::size_t kManyEntries = 3000;
    const bool many = matrix.rows * matrix.columns > kManyEntries;
    std::vector<Strategy> out;
    for (const int hops : {1, 2, 4, 16}) {
        if (hops > 1 && (!solver.may_split() || static_cast<std::size_t>(hops) > matrix.columns))
            break;
        if (hops > 2 && many) break;
        out.push_back({hops, Ranking::kCount});
        if (hops == 1 || !many) out.push_back({hops, Ranking::kOverlap});
    }
    return out;
}

Candidate best_within(const Solver& solver, const Matrix& matrix, int depth_slack) {
    std::optional<Candidate> best;
    for (const Strategy& strategy : strategies(solver, matrix)) {
        Candidate candidate = solver.run(strategy, depth_slack);
        if (!best || candidate.cost < best->cost) best = std::move(candidate);
    }
    return std::move(*best);
}

Candidate best_graph(const Solver& solver, const Matrix& matrix, const SolveParams& params) {
    Candidate plain = solver.plain_trees();
    if (params.effort <= 0) return plain;
    Candidate shallow = best_within(solver, matrix, 0);
    if (plain.cost < shallow.cost) shallow = std::move(plain);
    if (params.depth_slack <= 0) return shallow;
    Candidate deep = best_within(solver, matrix, params.depth_slack);
    const int levels = depth(deep.graph) - depth(shallow.graph);
    const double share = levels > 0 ? params.level_worth * levels : 0;
    const double acceptable = static_cast<double>(shallow.cost) * (1 - share);
    return static_cast<double>(deep.cost) < acceptable ? deep : shallow;
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
    Candidate best = best_graph(Solver(matrix, inputs), matrix, params);
    GW_CHECK(computes(best.graph, matrix), "adder graph computes another matrix");
    if (stats != nullptr) {
        *stats = statistics(best.graph, inputs, arrival);
        stats->seconds = watch.seconds();
    }
    return std::move(best.graph);
}

}  // namespace gatewright::cmvm
