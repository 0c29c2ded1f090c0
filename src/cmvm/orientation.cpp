// SPDX-License-Identifier: Apache-2.0
#include "cmvm/orientation.h"

#include <algorithm>

namespace gatewright::cmvm {
namespace {

constexpr int kMostRounds = 4;

// Rows whose cost depends on how a value is kept.
std::vector<std::int32_t> affected(const SumNetwork& network, std::int32_t id) {
    std::vector<std::int32_t> rows = network[id].readers;
    if (network.is_row(id)) rows.push_back(id);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

// Turns a row if that saves cells.
std::int64_t turn(SumNetwork& network, std::int32_t id, SumTrees& trees) {
    const std::vector<std::int32_t> rows = affected(network, id);
    network.negate(id);
    std::int64_t saved = 0;
    std::vector<std::int64_t> costs;
    for (const std::int32_t row : rows) {
        costs.push_back(network.estimate_of(row, trees));
        saved += network[row].cost - costs.back();
    }
    if (saved <= 0) {
        network.negate(id);
        return 0;
    }
    for (std::size_t k = 0; k < rows.size(); ++k) network[rows[k]].cost = costs[k];
    return saved;
}

}  // namespace

std::int64_t orient(SumNetwork& network, SumTrees& trees) {
    std::vector<std::int32_t> rows = network.rows_by_level();
    for (const std::int32_t row : rows) network[row].cost = network.estimate_of(row, trees);
    std::int64_t total = 0;
    for (int round = 0; round < kMostRounds; ++round) {
        std::int64_t saved = 0;
        for (const std::int32_t row : rows) saved += turn(network, row, trees);
        total += saved;
        if (saved == 0) break;
    }
    return total;
}

}  // namespace gatewright::cmvm
