// SPDX-License-Identifier: Apache-2.0
#include "cmvm/search.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "cmvm/digits.h"
#include "cmvm/kraft.h"
#include "support/rng.h"

namespace gatewright::cmvm {

using fixed::Interval;

namespace {

std::vector<Column> columns_of(const Matrix& matrix) {
    std::vector<Column> columns(matrix.columns, Column(matrix.rows));
    for (std::size_t j = 0; j < matrix.columns; ++j) {
        for (std::size_t i = 0; i < matrix.rows; ++i) columns[j][i] = matrix.at(i, j);
    }
    return columns;
}

// The next lower multiple of 1/256.
double in_steps(double x) {
    constexpr double kSteps = 256;
    return std::floor(x * kSteps) / kSteps;
}

}  // namespace

Search::Search(const Matrix& matrix, std::span<const Interval> inputs, std::span<const int> arrival)
    : inputs_(inputs), arrival_(matrix.rows, 0), distinct_(distinct_columns(columns_of(matrix))) {
    // Kraft sums are 64 bits: inputs far earlier than the latest count as if they came later.
    constexpr int kWidestArrivals = 40;
    if (!arrival.empty()) {
        const int latest = *std::max_element(arrival.begin(), arrival.end());
        const int earliest = *std::min_element(arrival.begin(), arrival.end());
        base_level_ = std::max(earliest, latest - kWidestArrivals);
        for (std::size_t i = 0; i < arrival.size(); ++i) {
            arrival_[i] = std::max(0, arrival[i] - base_level_);
        }
    }
    const Construction construction(inputs_, arrival_);
    const std::vector<int> no_limits(distinct_.distinct.size(), kDeepest);
    for (const Sum& sum : sums_of(distinct_.distinct, no_limits, SumSign::kAsGiven, {})) {
        digits_ += sum.digits.size();
        pairs_ += sum.digits.size() * sum.digits.size() / 2;
        least_depth_ = std::max(least_depth_, cmvm::least_depth(construction, sum.digits));
    }
}

std::vector<Sum> Search::sums_of(const std::vector<Column>& columns,
                                 const std::vector<int>& depth_limits, SumSign sign,
                                 const Recipe& recipe) const {
    Rng rng(recipe.ranking.seed);
    std::vector<Sum> sums;
    for (std::size_t j = 0; j < columns.size(); ++j) {
        Sum sum{{}, depth_limits[j], sign};
        for (std::size_t i = 0; i < columns[j].size(); ++i) {
            append_signed_digits(static_cast<std::int32_t>(i), columns[j][i], sum.digits);
        }
        if (recipe.recoded > 0) recode(sum.digits, recipe.recoded, rng);
        sums.push_back(std::move(sum));
    }
    return sums;
}

Candidate Search::plain_trees(int max_depth) const {
    Construction construction(inputs_, arrival_);
    const std::vector<int> limits(distinct_.distinct.size(), max_depth - base_level_);
    const auto outputs =
        sum_only(construction, sums_of(distinct_.distinct, limits, SumSign::kAsGiven, {}));
    return finish(std::move(construction), outputs);
}

Candidate Search::run(const Recipe& recipe, int limit) const {
    Construction construction(inputs_, arrival_);
    if (recipe.hops <= 1) {
        const std::vector<int> limits(distinct_.distinct.size(), limit);
        const auto outputs = share_and_sum(
            construction, sums_of(distinct_.distinct, limits, SumSign::kAsGiven, recipe),
            recipe.ranking);
        return finish(std::move(construction), outputs);
    }
    const Differences split =
        split_by_differences(distinct_.distinct, recipe.hops, limit, arrival_);
    const auto made = share_and_sum(
        construction, sums_of(split.columns, split.depth_limits, SumSign::kEither, recipe),
        recipe.ranking);
    std::vector<Sum> paths = split.paths;
    for (Sum& path : paths) {
        for (Digit& digit : path.digits) {
            const AdderOutput& output = made[static_cast<std::size_t>(digit.value)];
            digit = {output.value, digit.shift + output.shift, digit.negative != output.negate};
        }
    }
    const auto outputs = share_and_sum(construction, paths, recipe.ranking);
    return finish(std::move(construction), outputs);
}

std::vector<Recipe> Search::recipes(int effort, std::uint64_t seed) const {
    const std::size_t columns = distinct_.distinct.size();
    std::vector<int> hops;
    for (const std::size_t h : {1U, 2U, 4U, 16U}) {
        if (h <= std::max<std::size_t>(columns, 1)) hops.push_back(static_cast<int>(h));
    }
    // What wins most often, then variations.
    std::vector<Recipe> out{{1, {0, 0, 0, 0}, 0}, {1, {64, 0, 0, 0}, 0}, {1, {16, 0, 0, 0}, 1}};
    if (columns > 1) {
        out.push_back({2, {64, 0, 0, 0}, 0});
        out.push_back({2, {16, 8, 0, 0}, 1});
    }
    Rng rng(seed);
    const std::size_t tries = this->tries(effort);
    while (out.size() < tries) {
        Recipe recipe;
        recipe.hops = hops[rng.below(hops.size())];
        recipe.ranking.base = in_steps(
            static_cast<double>(std::uint64_t{1} << rng.below(8)) * (0.5 + rng.unit()) - 0.5);
        if (rng.chance(0.5)) recipe.ranking.level = in_steps(rng.unit() * recipe.ranking.base);
        recipe.ranking.noise = in_steps(rng.unit() * 0.3);
        recipe.ranking.seed = rng.next();
        if (rng.chance(0.5)) recipe.recoded = rng.chance(0.5) ? 1 : rng.unit();
        out.push_back(recipe);
    }
    out.resize(tries);
    return out;
}

std::size_t Search::tries(int effort) const {
    constexpr double kWork = 2e7;
    constexpr double kFew = 3;
    constexpr double kWorkOfFew = 6e8;  // so many are tried unless they would take that long
    constexpr double kMost = 64;
    constexpr int kMostEffort = 20;
    const auto digits = static_cast<double>(digits_);
    const double one = digits * std::sqrt(digits) * std::sqrt(std::sqrt(digits)) + 1;
    const double fewest = std::clamp(kWorkOfFew / one, 1.0, kFew);
    const double more = std::ldexp(1.0, std::min(effort, kMostEffort) - 1);
    return static_cast<std::size_t>(std::clamp(more * kWork / one, fewest, more * kMost));
}

Candidate Search::best(int max_depth, int effort, std::uint64_t seed) const {
    constexpr std::size_t kMostPairs = 100'000'000;  // more would fill the memory with patterns
    if (pairs_ > kMostPairs) return plain_trees(max_depth);
    const int limit = std::min(std::max(max_depth - base_level_, least_depth_), kDeepest);
    std::optional<Candidate> best;
    for (const Recipe& recipe : recipes(effort, seed)) {
        Candidate candidate = run(recipe, limit);
        if (!best || candidate.cost < best->cost) best = std::move(candidate);
    }
    return std::move(*best);
}

// Back to the matrix's own columns. A value that several outputs need negated is negated once.
Candidate Search::finish(Construction&& construction,
                         const std::vector<AdderOutput>& distinct) const {
    Candidate out{{}, construction.cells()};
    std::set<std::int32_t> negated;
    for (const DistinctColumns::Origin& origin : distinct_.origins) {
        AdderOutput output;
        if (origin.source >= 0) {
            output = distinct[static_cast<std::size_t>(origin.source)];
            output.shift += origin.shift;
            output.negate = output.negate != origin.negative;
        }
        if (output.negate && negated.insert(output.value).second)
            out.cost += construction.negation_cells(output.value);
        construction.graph.outputs.push_back(output);
    }
    out.graph = std::move(construction.graph);
    return out;
}

}  // namespace gatewright::cmvm
