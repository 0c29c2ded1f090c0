// SPDX-License-Identifier: Apache-2.0
//
// Fewer pipeline registers at the same latency. A value costs its width for each cycle between its
// computation and its last use. Moving one node to a later cycle shortens its own life and may
// lengthen its operands'; the best cycle is found exactly for one node at a time, and sweeps
// alternate direction until nothing improves. A sum of wide values ends up early, what fans out
// narrow values late.
//
// Timing stays met by construction: a forward sweep visits operands before users, so the arrival of
// a node's operands is current and the tail of its users (longest path from a result to the end of
// the cycle) is as it was when the sweep began; a move is made only if arrival + tail fits the
// period. A backward sweep is the mirror image. Equal costs move with the sweep, which lets
// plateaus be crossed.
#include <algorithm>
#include <utility>

#include "schedule/problem.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

constexpr double kSlack = 1e-6;

// In which cycles a value is used, and how often: a small sorted histogram.
class UseCycles {
  public:
    void add(std::int32_t cycle) {
        const auto at = find(cycle);
        if (at != counts_.end() && at->first == cycle) {
            ++at->second;
        } else {
            counts_.insert(at, {cycle, 1});
        }
    }
    void remove(std::int32_t cycle) {
        const auto at = find(cycle);
        GW_CHECK(at != counts_.end() && at->first == cycle, "use that was never added");
        if (--at->second == 0) counts_.erase(at);
    }
    [[nodiscard]] std::int32_t first() const { return counts_.front().first; }
    [[nodiscard]] std::int32_t last() const { return counts_.back().first; }
    /// The last use if one use in `cycle` were not there; `otherwise` if that was the only one.
    [[nodiscard]] std::int32_t last_without(std::int32_t cycle, std::int32_t otherwise) const {
        const auto& [last, count] = counts_.back();
        if (last != cycle || count > 1) return last;
        return counts_.size() > 1 ? counts_[counts_.size() - 2].first : otherwise;
    }

  private:
    std::vector<std::pair<std::int32_t, std::uint32_t>>::iterator find(std::int32_t cycle) {
        return std::lower_bound(counts_.begin(), counts_.end(), cycle,
                                [](const auto& entry, std::int32_t c) { return entry.first < c; });
    }
    std::vector<std::pair<std::int32_t, std::uint32_t>> counts_;
};

class Minimiser {
  public:
    Minimiser(const Problem& problem, double period_ps, std::int32_t latency, Cycles& cycles)
        : problem_(problem),
          period_ps_(period_ps),
          latency_(latency),
          cycles_(cycles),
          arrival_(problem.size(), 0),
          tail_(problem.size(), 0),
          uses_(problem.groups.size()) {
        for (std::size_t g = 0; g < problem.groups.size(); ++g) {
            if (problem.groups[g].reaches_output) uses_[g].add(latency);
            for (const std::uint32_t user : problem.groups[g].users) uses_[g].add(cycles[user]);
        }
        for (std::size_t i = problem.size(); i-- > 0;) {
            if (problem.live[i]) tail_[i] = tail_in(i, cycles[i]);
        }
    }

    int run(int max_rounds) {
        std::int64_t bits = count_register_bits(problem_, cycles_, latency_);
        int round = 0;
        while (round < max_rounds) {
            ++round;
            for (std::size_t i = 0; i < problem_.size(); ++i) visit(i, Toward::kLater);
            for (std::size_t i = problem_.size(); i-- > 0;) visit(i, Toward::kEarlier);
            const std::int64_t now = count_register_bits(problem_, cycles_, latency_);
            if (now == bits) break;
            bits = now;
        }
        return round;
    }

  private:
    enum class Toward { kLater, kEarlier };

    // Longest path into and out of the node if it were in `cycle`.
    [[nodiscard]] double arrival_in(std::size_t node, std::int32_t cycle) const {
        double ready = problem_.register_ps;
        for (const std::uint32_t operand : problem_.operands_of(node)) {
            const bool chained = cycles_[operand] == cycle && !problem_.is_input[operand];
            ready = std::max(ready, chained ? arrival_[operand] + problem_.step_ps(operand, node)
                                            : problem_.from_register_ps(operand, node));
        }
        return ready;
    }
    [[nodiscard]] double tail_in(std::size_t node, std::int32_t cycle) const {
        double after = 0;
        for (const std::uint32_t user : problem_.users_of(node)) {
            if (cycles_[user] == cycle)
                after = std::max(after, problem_.step_ps(node, user) + tail_[user]);
        }
        return after;
    }
    [[nodiscard]] bool fits(std::size_t node, std::int32_t cycle) const {
        return arrival_in(node, cycle) + tail_in(node, cycle) <= period_ps_ + kSlack;
    }

    // Register bits that depend on where this node is.
    [[nodiscard]] std::int64_t cost_in(std::size_t node, std::int32_t cycle) const {
        std::int64_t bits = 0;
        for (std::size_t g = problem_.first_group[node]; g < problem_.first_group[node + 1]; ++g) {
            bits += problem_.groups[g].width * (uses_[g].last() - cycle);
        }
        for (const std::uint32_t g : problem_.reads_of(node)) {
            const BitGroup& group = problem_.groups[g];
            const std::int32_t rest = uses_[g].last_without(cycles_[node], cycles_[group.source]);
            bits += group.width * std::max(rest, cycle);
        }
        return bits;
    }

    void visit(std::size_t node, Toward direction) {
        if (!problem_.live[node]) return;
        if (!problem_.is_input[node]) move(node, direction);
        if (direction == Toward::kLater) arrival_[node] = arrival_in(node, cycles_[node]);
        if (direction == Toward::kEarlier) tail_[node] = tail_in(node, cycles_[node]);
    }

    void move(std::size_t node, Toward direction) {
        std::int32_t lowest = problem_.input_cycle;
        for (const std::uint32_t operand : problem_.operands_of(node)) {
            lowest = std::max(lowest, cycles_[operand]);
        }
        std::int32_t highest = latency_ - problem_.output_registers;
        for (std::size_t g = problem_.first_group[node]; g < problem_.first_group[node + 1]; ++g) {
            highest = std::min(highest, uses_[g].first());
        }
        std::int32_t best = cycles_[node];
        std::int64_t best_cost = cost_in(node, best);
        for (std::int32_t cycle = lowest; cycle <= highest; ++cycle) {
            const std::int64_t cost = cost_in(node, cycle);
            const bool along = direction == Toward::kLater ? cycle > best : cycle < best;
            if ((cost < best_cost || (cost == best_cost && along)) && fits(node, cycle)) {
                best = cycle;
                best_cost = cost;
            }
        }
        if (best == cycles_[node]) return;
        for (const std::uint32_t g : problem_.reads_of(node)) {
            uses_[g].remove(cycles_[node]);
            uses_[g].add(best);
        }
        cycles_[node] = best;
    }

    const Problem& problem_;
    const double period_ps_;
    const std::int32_t latency_;
    Cycles& cycles_;
    std::vector<double> arrival_;
    std::vector<double> tail_;
    std::vector<UseCycles> uses_;
};

}  // namespace

int minimise_registers(const Problem& problem, double period_ps, std::int32_t latency,
                       int max_rounds, Cycles& cycles) {
    return Minimiser(problem, period_ps, latency, cycles).run(max_rounds);
}

}  // namespace gatewright::schedule
