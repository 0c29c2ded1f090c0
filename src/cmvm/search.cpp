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

Search::Search(const Matrix& matrix, std::span<const Interval> inputs, const Timing& timing)
    : inputs_(inputs), arrival_(matrix.rows, 0), distinct_(distinct_columns(columns_of(matrix))) {
    const std::span<const int> arrival = timing.arrival;
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
        least_.push_back(cmvm::least_depth(construction, sum.digits));
        least_depth_ = std::max(least_depth_, least_.back());
    }
    caps_.assign(least_.size(), kDeepest);
    for (std::size_t j = 0; j < timing.deadlines.size(); ++j) {
        const std::int32_t source = distinct_.origins[j].source;
        if (source < 0 || timing.deadlines[j] == kNoDeadline) continue;
        int& cap = caps_[static_cast<std::size_t>(source)];
        cap = std::min(cap, timing.deadlines[j] - base_level_);
    }
    constexpr std::int64_t kMostScaled = std::int64_t{1} << 40;
    can_scale_ = std::all_of(matrix.entries.begin(), matrix.entries.end(),
                             [](std::int64_t w) { return -kMostScaled < w && w < kMostScaled; });
}

std::vector<int> Search::limits(int max_depth) const {
    std::vector<int> out;
    for (std::size_t j = 0; j < least_.size(); ++j) {
        const int wanted = std::min(max_depth - base_level_, caps_[j]);
        out.push_back(std::min(std::max(wanted, least_[j]), kDeepest));
    }
    return out;
}

std::vector<int> Search::deadlines(int max_depth) const {
    const std::vector<int> own = limits(max_depth);
    std::vector<int> out;
    for (const DistinctColumns::Origin& origin : distinct_.origins) {
        out.push_back(origin.source < 0
                          ? max_depth
                          : own[static_cast<std::size_t>(origin.source)] + base_level_);
    }
    return out;
}

std::vector<int> Search::least_levels() const {
    std::vector<int> out;
    for (const DistinctColumns::Origin& origin : distinct_.origins) {
        out.push_back(
            origin.source < 0 ? 0 : least_[static_cast<std::size_t>(origin.source)] + base_level_);
    }
    return out;
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
    const auto outputs = sum_only(
        construction, sums_of(distinct_.distinct, limits(max_depth), SumSign::kAsGiven, {}));
    return finish(std::move(construction), outputs);
}

Candidate Search::run(const Recipe& recipe, const std::vector<int>& limits) const {
    if (recipe.hops > 1 && recipe.split == Split::kRows) {
        if (auto found = run_rows(recipe, limits)) return std::move(*found);
    }
    if (recipe.hops > 1 && recipe.split == Split::kColumns) return run_columns(recipe, limits);
    Construction construction(inputs_, arrival_);
    const auto outputs =
        share_and_sum(construction, sums_of(distinct_.distinct, limits, SumSign::kAsGiven, recipe),
                      recipe.ranking);
    return finish(std::move(construction), outputs);
}

Candidate Search::run_columns(const Recipe& recipe, const std::vector<int>& limits) const {
    Construction construction(inputs_, arrival_);
    const Differences split = split_by_differences(
        distinct_.distinct, {recipe.hops, recipe.most_shift}, limits, arrival_);
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

// row_i = Σ_k path_ik · difference_k, so y = Σ_k difference_k · (Σ_i path_ik · x_i): the inputs are
// added up along the paths first, each as early as it can be, and the differences are the matrix
// of what comes out.
std::optional<Candidate> Search::run_rows(const Recipe& recipe,
                                          const std::vector<int>& limits) const {
    const std::vector<Column>& columns = distinct_.distinct;
    std::vector<Column> rows(inputs_.size(), Column(columns.size()));
    for (std::size_t j = 0; j < columns.size(); ++j) {
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i][j] = columns[j][i];
    }
    const DistinctColumns distinct = distinct_columns(rows);
    const std::vector<int> any(distinct.distinct.size(), kDeepest);
    const Differences split =
        split_by_differences(distinct.distinct, {recipe.hops, recipe.most_shift}, any,
                             std::vector<int>(columns.size(), 0));
    Construction construction(inputs_, arrival_);
    std::vector<Sum> gathered(split.columns.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const DistinctColumns::Origin& origin = distinct.origins[i];
        if (origin.source < 0) continue;
        for (const Digit& digit : split.paths[static_cast<std::size_t>(origin.source)].digits) {
            gathered[static_cast<std::size_t>(digit.value)].digits.push_back(
                {static_cast<std::int32_t>(i), digit.shift + origin.shift,
                 digit.negative != origin.negative});
        }
    }
    for (Sum& sum : gathered) {
        sum.depth_limit = cmvm::least_depth(construction, sum.digits);
        sum.sign = SumSign::kEither;
    }
    const auto made = share_and_sum(construction, gathered, recipe.ranking);
    std::vector<Sum> sums;
    for (std::size_t j = 0; j < columns.size(); ++j) {
        Sum sum{{}, limits[j], SumSign::kAsGiven};
        for (std::size_t k = 0; k < made.size(); ++k) {
            std::vector<Digit> digits;
            append_signed_digits(made[k].value, split.columns[k][j], digits);
            for (const Digit& digit : digits)
                sum.digits.push_back(
                    {digit.value, digit.shift + made[k].shift, digit.negative != made[k].negate});
        }
        if (cmvm::least_depth(construction, sum.digits) > sum.depth_limit) return std::nullopt;
        sums.push_back(std::move(sum));
    }
    const auto outputs = share_and_sum(construction, sums, recipe.ranking);
    return finish(std::move(construction), outputs);
}

std::vector<Recipe> Search::recipes(int effort, std::uint64_t seed) const {
    const std::size_t columns = distinct_.distinct.size();
    std::vector<int> hops;
    for (const std::size_t h : {1U, 2U, 4U, 16U}) {
        if (h <= std::max<std::size_t>(columns, 1)) hops.push_back(static_cast<int>(h));
    }
    // What wins most often, then variations.
    std::vector<Recipe> out{{1, Split::kColumns, 0, {0, 0, 0, 0}, 0},
                            {1, Split::kColumns, 0, {64, 0, 0, 0}, 0},
                            {1, Split::kColumns, 0, {16, 0, 0, 0}, 1}};
    if (columns > 1) {
        out.push_back({2, Split::kColumns, 0, {64, 0, 0, 0}, 0});
        out.push_back({2, Split::kColumns, 0, {16, 8, 0, 0}, 1});
    }
    Rng rng(seed);
    const std::size_t tries = this->tries(effort);
    while (out.size() < tries) {
        Recipe recipe;
        recipe.hops = hops[rng.below(hops.size())];
        if (rng.chance(0.3)) recipe.split = Split::kRows;
        if (rng.chance(0.5) && can_scale_) recipe.most_shift = 2;
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
    const std::vector<int> limits = this->limits(max_depth);
    std::optional<Candidate> best;
    for (const Recipe& recipe : recipes(effort, seed)) {
        Candidate candidate = run(recipe, limits);
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
