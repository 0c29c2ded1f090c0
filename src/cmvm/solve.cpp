// SPDX-License-Identifier: Apache-2.0
#include "cmvm/solve.h"

#include <algorithm>

#include "support/check.h"
#include "support/stopwatch.h"

namespace gatewright::cmvm {
namespace {

// One signed power of two of a value in an output's sum.
struct Term {
    std::int32_t value;
    std::int32_t shift;
    bool negative;
    int depth;
};

// Canonical signed digits, least significant first: no two neighbouring digits are non-zero.
std::vector<Term> signed_digits(std::int32_t input, std::int64_t weight) {
    std::vector<Term> digits;
    for (std::int32_t shift = 0; weight != 0; ++shift, weight /= 2) {
        if (weight % 2 == 0) continue;
        const bool negative = ((weight % 4) + 4) % 4 == 3;
        digits.push_back({input, shift, negative, 0});
        weight += negative ? 1 : -1;
    }
    return digits;
}

// Adds the terms of one output pairwise, shallowest first.
AdderOutput add_terms(std::vector<Term> terms, AdderGraph& graph) {
    if (terms.empty()) return {};
    while (terms.size() > 1) {
        std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.depth < b.depth; });
        Term a = terms[0];
        Term b = terms[1];
        if (a.negative && !b.negative) std::swap(a, b);
        const std::int32_t low = std::min(a.shift, b.shift);
        graph.nodes.push_back({a.value, b.value, a.shift - low, b.shift - low, a.negative != b.negative});
        const auto id = static_cast<std::int32_t>(graph.inputs + graph.nodes.size() - 1);
        terms.erase(terms.begin(), terms.begin() + 2);
        terms.push_back({id, low, a.negative && b.negative, std::max(a.depth, b.depth) + 1});
    }
    return {terms[0].value, terms[0].shift, terms[0].negative};
}

}  // namespace

AdderGraph solve(const Matrix& matrix, std::span<const fixed::Interval> inputs, const SolveParams&,
                 SolveStats* stats) {
    GW_CHECK(inputs.size() == matrix.rows, "one range per row");
    const Stopwatch watch;
    AdderGraph graph{matrix.rows, {}, {}};
    for (std::size_t column = 0; column < matrix.columns; ++column) {
        std::vector<Term> terms;
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            const auto digits = signed_digits(static_cast<std::int32_t>(row), matrix.at(row, column));
            terms.insert(terms.end(), digits.begin(), digits.end());
        }
        graph.outputs.push_back(add_terms(std::move(terms), graph));
    }
    GW_CHECK(computes(graph, matrix), "adder graph computes another matrix");
    if (stats != nullptr) {
        stats->adders = graph.nodes.size();
        stats->negations = static_cast<std::size_t>(std::count_if(
            graph.outputs.begin(), graph.outputs.end(), [](const AdderOutput& o) { return o.negate; }));
        stats->depth = depth(graph);
        stats->seconds = watch.seconds();
    }
    return graph;
}

}  // namespace gatewright::cmvm
