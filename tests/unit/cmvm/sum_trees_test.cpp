// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sum_trees.h"

#include <gtest/gtest.h>

#include <functional>

#include "cmvm/sharing.h"
#include "cmvm/solve.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

const Interval kByte{-128, 127, 0};

// Terms over the inputs themselves.
struct Problem {
    std::vector<Interval> inputs;
    std::vector<std::vector<Coefficient>> units;
    std::vector<Digit> digits;
    std::vector<int> levels;

    [[nodiscard]] std::vector<SumTerm> terms() const {
        std::vector<SumTerm> out;
        for (std::size_t k = 0; k < digits.size(); ++k) {
            out.push_back({units[static_cast<std::size_t>(digits[k].value)].data(), digits[k].shift,
                           digits[k].negative, levels[k]});
        }
        return out;
    }
};

Problem random_problem(Rng& rng, std::size_t count) {
    Problem problem;
    const InputGrid grid = [&] {
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t lo = rng.between(-100, 50);
            problem.inputs.push_back(
                {lo, lo + rng.between(1, 200), static_cast<int>(rng.between(0, 3))});
        }
        return *InputGrid::make(problem.inputs);
    }();
    for (std::size_t i = 0; i < count; ++i) {
        problem.units.emplace_back(count, 0);
        problem.units[i][i] = Coefficient{1} << grid.scale(i);
        problem.digits.push_back({static_cast<std::int32_t>(i), static_cast<int>(rng.below(7)),
                                  i > 0 && rng.chance(0.5)});
        problem.levels.push_back(static_cast<int>(rng.below(3)));
    }
    return problem;
}

struct Grown {
    AdderGraph graph;
    std::int64_t cost = 0;
    int depth = 0;
};

// The tree as an adder graph, counted by the graph's own counters.
Grown grow(const Problem& problem, const std::vector<TreeAdder>& tree) {
    Grown out{{problem.inputs.size(), {}, {}}, 0, 0};
    struct Part {
        std::int32_t value;
        std::int32_t shift;
    };
    std::vector<Part> parts;
    for (const Digit& digit : problem.digits) parts.push_back({digit.value, digit.shift});
    for (const TreeAdder& adder : tree) {
        const Part a = parts.at(static_cast<std::size_t>(adder.left));
        const Part b = parts.at(static_cast<std::size_t>(adder.right));
        const std::int32_t low = std::min(a.shift, b.shift);
        out.graph.nodes.push_back({a.value, b.value, a.shift - low, b.shift - low, adder.subtract});
        parts.push_back(
            {static_cast<std::int32_t>(problem.inputs.size() + out.graph.nodes.size()) - 1, low});
    }
    out.graph.outputs.push_back({parts.back().value, parts.back().shift, false});
    out.cost = carry_cells(out.graph, problem.inputs);
    out.depth = depth(out.graph, problem.levels);
    return out;
}

// The least cells over all trees, by merging any two parts in any way.
std::int64_t exhaustive(const Problem& problem, int deadline) {
    struct Part {
        std::int32_t value;
        std::int32_t shift;
        bool negative;
    };
    std::int64_t best = SumTrees::kImpossible;
    AdderGraph graph{problem.inputs.size(), {}, {}};
    const std::function<void(const std::vector<Part>&)> merge =
        [&](const std::vector<Part>& parts) {
            if (parts.size() == 1) {
                if (parts[0].negative) return;
                graph.outputs = {{parts[0].value, parts[0].shift, false}};
                if (depth(graph, problem.levels) <= deadline)
                    best = std::min(best, carry_cells(graph, problem.inputs));
                return;
            }
            for (std::size_t i = 0; i < parts.size(); ++i) {
                for (std::size_t j = 0; j < parts.size(); ++j) {
                    const Part a = parts[i];
                    const Part b = parts[j];
                    if (i == j || (a.negative == b.negative && i > j)) continue;
                    const std::int32_t low = std::min(a.shift, b.shift);
                    graph.nodes.push_back(
                        {a.value, b.value, a.shift - low, b.shift - low, a.negative != b.negative});
                    std::vector<Part> rest;
                    for (std::size_t k = 0; k < parts.size(); ++k) {
                        if (k != i && k != j) rest.push_back(parts[k]);
                    }
                    const auto made =
                        static_cast<std::int32_t>(problem.inputs.size() + graph.nodes.size()) - 1;
                    rest.push_back({made, low, a.negative});
                    merge(rest);
                    graph.nodes.pop_back();
                }
            }
        };
    std::vector<Part> parts;
    for (const Digit& digit : problem.digits)
        parts.push_back({digit.value, digit.shift, digit.negative});
    merge(parts);
    return best;
}

TEST(SumTrees, FindTheFewestCellsOfUpToFourTerms) {
    Rng rng(testing::test_seed(47));
    for (int round = 0; round < 120; ++round) {
        const Problem problem = random_problem(rng, 2 + rng.below(3));
        const InputGrid grid = *InputGrid::make(problem.inputs);
        SumTrees trees(grid);
        const int deadline = 2 + static_cast<int>(rng.below(4));
        const std::int64_t least = exhaustive(problem, deadline);
        ASSERT_EQ(trees.cost(problem.terms(), deadline), least) << "round " << round;
        if (least == SumTrees::kImpossible) continue;
        const Grown grown = grow(problem, trees.build(problem.terms(), deadline));
        EXPECT_EQ(grown.cost, least);
        EXPECT_LE(grown.depth, deadline);
    }
}

TEST(SumTrees, OfManyTermsCostWhatTheySayAndKeepTheDeadline) {
    Rng rng(testing::test_seed(53));
    for (int round = 0; round < 60; ++round) {
        const Problem problem = random_problem(rng, 9 + rng.below(20));
        const InputGrid grid = *InputGrid::make(problem.inputs);
        SumTrees trees(grid);
        std::uint64_t kraft = 0;
        for (const int level : problem.levels)
            kraft += std::uint64_t{1} << static_cast<unsigned>(level);
        const int least = static_cast<int>(std::bit_width(kraft - 1));
        const int deadline = least + static_cast<int>(rng.below(4));
        const std::int64_t cost = trees.cost(problem.terms(), deadline);
        const Grown grown = grow(problem, trees.build(problem.terms(), deadline));
        EXPECT_EQ(grown.cost, cost);
        EXPECT_LE(grown.depth, deadline);
        EXPECT_EQ(trees.cost(problem.terms(), least - 1), SumTrees::kImpossible);
    }
}

TEST(SumTrees, AddFromTheLowShiftsUpward) {
    // x + 8·y + 64·z of bytes: (x + 8·y) + 64·z takes 9 + 9 cells where x + (8·y + 64·z) takes
    // 9 + 12.
    Problem problem{{kByte, kByte, kByte},
                    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                    {{0, 0, false}, {1, 3, false}, {2, 6, false}},
                    {0, 0, 0}};
    const InputGrid grid = *InputGrid::make(problem.inputs);
    SumTrees trees(grid);
    EXPECT_EQ(trees.cost(problem.terms(), 2), 18);
}

}  // namespace
}  // namespace gatewright::cmvm
