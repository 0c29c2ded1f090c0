// SPDX-License-Identifier: Apache-2.0
//
// What each part of the improver saves, in cells and negation cells against the search's own graph
// (the baseline, 1.000) at the same depth limit: trees of exact cells, re-synthesis, signs, tiny
// kernels exactly, three-input adders. Every graph is checked against its matrix.
// Usage: bench_improve FOLDER [MATRICES]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cmvm/improve.h"
#include "cmvm/input_grid.h"
#include "cmvm/orientation.h"
#include "cmvm/resynthesis.h"
#include "cmvm/search.h"
#include "cmvm/ternary.h"
#include "cmvm/tiny_exact.h"
#include "support/files.h"
#include "support/json.h"
#include "support/rng.h"

namespace {

using namespace gatewright;
using fixed::Interval;

struct Class {
    const char* name;
    std::size_t size;
    std::int64_t lo;
    std::int64_t hi;
    double zeros;
};

constexpr Class kClasses[] = {
    {"dense 2x2, 4 bits", 2, -8, 7, 0},        {"dense 4x4, 4 bits", 4, -8, 7, 0},
    {"dense 4x4, 8 bits", 4, -128, 127, 0},    {"dense 8x8, 4 bits", 8, -8, 7, 0},
    {"dense 8x8, 8 bits", 8, -128, 127, 0},    {"dense 16x16, 4 bits", 16, -8, 7, 0},
    {"dense 16x16, 8 bits", 16, -128, 127, 0}, {"dense 32x32, 8 bits", 32, -128, 127, 0},
    {"[129, 255], 8x8", 8, 129, 255, 0},       {"sparse 32x32, 4 bits", 32, -8, 7, 0.85},
};

// Costs in the order of the parts.
struct Costs {
    double search = 0;
    double trees = 0;
    double resynthesis = 0;
    double signs = 0;
    double tiny = 0;
    double ternary = 0;
    bool equal = true;
};

cmvm::Matrix random_matrix(const Class& kind, Rng& rng) {
    cmvm::Matrix matrix{kind.size, kind.size, {}};
    for (std::size_t k = 0; k < kind.size * kind.size; ++k)
        matrix.entries.push_back(rng.chance(kind.zeros) ? 0 : rng.between(kind.lo, kind.hi));
    return matrix;
}

Costs measure(const cmvm::Matrix& matrix) {
    constexpr int kSlack = 1;
    constexpr std::uint64_t kWork = 10'000'000;
    const std::vector<Interval> inputs(matrix.rows, Interval{-128, 127, 0});
    const auto grid = cmvm::InputGrid::make(inputs);
    const cmvm::Search search(matrix, inputs, {});
    const int limit = search.least_depth() + kSlack;
    cmvm::AdderGraph graph = search.best(limit, 1, 1).graph;
    Costs out;
    const auto price = [&](const cmvm::AdderGraph& candidate) {
        out.equal =
            out.equal && cmvm::computes(candidate, matrix) && cmvm::depth(candidate) <= limit;
        return static_cast<double>(cmvm::cost(candidate, inputs));
    };
    out.search = price(graph);
    auto network = cmvm::SumNetwork::make(graph, *grid, {}, limit);
    if (!network) return {0, 0, 0, 0, 0, 0, false};
    cmvm::SumTrees trees(*grid);
    out.trees = price(network->graph(8));
    auto turned = *network;
    cmvm::orient(turned, trees);
    out.signs = price(turned.graph(8));
    cmvm::resynthesise(*network, {kWork, 16, 1});
    cmvm::orient(*network, trees);
    graph = network->graph(8);
    out.resynthesis = price(graph);
    const auto tiny = cmvm::solve_tiny(
        graph, *grid, {limit, graph.nodes.size(), cmvm::cost(graph, inputs), 100'000, {}});
    if (tiny) graph = *tiny;
    out.tiny = price(graph);
    out.ternary = price(cmvm::fuse_ternary(graph, inputs));
    return out;
}

Json run_class(const Class& kind, int matrices) {
    Rng rng(1);
    Costs sum;
    for (int k = 0; k < matrices; ++k) {
        const Costs costs = measure(random_matrix(kind, rng));
        sum.search += costs.search;
        sum.trees += costs.trees;
        sum.resynthesis += costs.resynthesis;
        sum.signs += costs.signs;
        sum.tiny += costs.tiny;
        sum.ternary += costs.ternary;
        sum.equal = sum.equal && costs.equal;
    }
    fmt::print("{:<22} {:>9.1f} {:>7.3f} {:>7.3f} {:>12.3f} {:>7.3f} {:>8.3f}  {}\n", kind.name,
               sum.search / matrices, sum.trees / sum.search, sum.signs / sum.search,
               sum.resynthesis / sum.search, sum.tiny / sum.search, sum.ternary / sum.search,
               sum.equal ? "yes" : "NO");
    std::fflush(stdout);
    Json row = Json::object();
    row.set("class", kind.name);
    row.set("matrices", matrices);
    row.set("search_cost", sum.search / matrices);
    row.set("trees", sum.trees / sum.search);
    row.set("signs", sum.signs / sum.search);
    row.set("resynthesis", sum.resynthesis / sum.search);
    row.set("tiny", sum.tiny / sum.search);
    row.set("ternary", sum.ternary / sum.search);
    row.set("equal", sum.equal);
    return row;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print(stderr, "usage: bench_improve FOLDER [MATRICES]\n");
        return 2;
    }
    const int matrices = count > 2 ? std::max(1, std::atoi(arguments[2])) : 20;
    std::filesystem::create_directories(arguments[1]);
    fmt::print("{:<22} {:>9} {:>7} {:>7} {:>12} {:>7} {:>8}  {}\n", "cost against the search",
               "search", "trees", "+signs", "+resynthesis", "+tiny", "+ternary", "equal");
    Json rows = Json::array();
    bool equal = true;
    for (const Class& kind : kClasses) {
        const int some = kind.size > 16 ? std::max(1, matrices / 10) : matrices;
        Json row = run_class(kind, some);
        equal = equal && row.find("equal")->as_bool();
        rows.push_back(std::move(row));
    }
    Json result = Json::object();
    result.set("benchmark", "improve");
    result.set("rows", std::move(rows));
    const auto written =
        write_file(std::string(arguments[1]) + "/improve.json", result.dump(1) + "\n");
    return written && equal ? 0 : 1;
}
