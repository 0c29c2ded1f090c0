// SPDX-License-Identifier: Apache-2.0
//
// The fewest pipeline registers for a period and a latency, exactly. Everything a schedule must
// obey is a difference of two cycles:
//
//     operand before user               c(user) - c(operand) >= 0
//     a path longer than the period     c(last) - c(first) >= 1
//     outputs within the latency        c(node) <= latency - output registers
//
// and so is everything it costs: a group of bits is held from c(source) to the largest c(user),
// which is the smallest m with m - c(user) >= 0 for every user. Hence potentials at least cost
// (tension.h), whose integer optimum the linear programme has by itself. It is the formulation of
// minimum-area retiming (Leiserson and Saxe 1991) for a pipeline.
//
// Paths are too many to list. Those that matter are found when a move would make them too long:
// from the node where a path gets too long, back to every node from which it is just too long.
// Longer paths through these two follow from them, since cycles never fall along a path. Each is a
// constraint that every schedule of this period obeys, and the result breaks none: so the minimum
// is that of the full problem.
#include <algorithm>
#include <map>

#include "schedule/problem.h"
#include "schedule/tension.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

constexpr double kSlack = 1e-6;

class MinimumFinder {
  public:
    MinimumFinder(const Problem& problem, double period_ps, std::int32_t latency,
                  const Cycles& start)
        : problem_(problem),
          period_ps_(period_ps),
          latency_(latency),
          vertex_(problem.size(), kClock),
          tension_(first_potentials(start)) {
        for (std::size_t g = 0; g < problem_.groups.size(); ++g) add_group(g);
        for (std::size_t i = 0; i < problem_.size(); ++i) {
            if (problem_.live[i] && !problem_.is_input[i]) add_bounds(i);
        }
    }

    MinimumStats run(std::int64_t max_steps, Cycles& cycles) {
        MinimumStats stats;
        const auto outcome = tension_.solve(
            [&](const std::vector<std::int32_t>& potential) {
                auto broken = broken_paths(cycles_of(potential));
                stats.timing_pairs += static_cast<std::int64_t>(broken.size());
                return broken;
            },
            max_steps);
        cycles = cycles_of(tension_.potential());
        stats.steps = outcome.steps;
        stats.is_minimum = outcome.is_optimal;
        const std::int64_t bits = count_register_bits(problem_, cycles, latency_);
        GW_CHECK(!stats.is_minimum || bits == tension_.flow_cost() + constant_bits_,
                 "the flow does not prove the register bits");
        return stats;
    }

  private:
    using Vertex = Tension::Vertex;
    static constexpr Vertex kClock = 0;  ///< cycle 0; inputs are at a fixed distance from it

    // Vertices: the clock, every node that has a cycle to choose, and the last use of every group
    // with several users.
    std::vector<std::int32_t> first_potentials(const Cycles& start) {
        std::vector<std::int32_t> potential{0};
        for (std::size_t i = 0; i < problem_.size(); ++i) {
            if (!problem_.live[i] || problem_.is_input[i]) continue;
            vertex_[i] = static_cast<Vertex>(potential.size());
            potential.push_back(start[i]);
        }
        for (const BitGroup& group : problem_.groups) {
            last_use_.push_back(kClock);
            if (group.reaches_output || group.users.empty()) continue;
            last_use_.back() = vertex_[group.users.front()];
            if (group.users.size() == 1) continue;
            last_use_.back() = static_cast<Vertex>(potential.size());
            potential.push_back(0);
            for (const std::uint32_t user : group.users)
                potential.back() = std::max(potential.back(), start[user]);
        }
        return potential;
    }

    void add_group(std::size_t g) {
        const BitGroup& group = problem_.groups[g];
        tension_.add_weight(vertex_[group.source], group.width);
        tension_.add_weight(last_use_[g], -group.width);
        if (group.reaches_output) {
            constant_bits_ += group.width * latency_;
        } else if (group.users.empty()) {  // of an input, which wires alone read
            constant_bits_ += group.width * problem_.input_cycle;
        } else if (group.users.size() > 1) {
            for (const std::uint32_t user : group.users)
                tension_.add_arc({vertex_[user], last_use_[g], 0});
        }
    }

    void add_bounds(std::size_t node) {
        bool after_input = problem_.operands_of(node).empty();
        for (const std::uint32_t operand : problem_.operands_of(node)) {
            after_input = after_input || problem_.is_input[operand];
            if (!problem_.is_input[operand]) tension_.add_arc({vertex_[operand], vertex_[node], 0});
        }
        if (after_input) tension_.add_arc({kClock, vertex_[node], problem_.input_cycle});
        if (problem_.is_output[node] || problem_.users_of(node).empty()) {
            tension_.add_arc({vertex_[node], kClock, problem_.output_registers - latency_});
        }
    }

    [[nodiscard]] Cycles cycles_of(const std::vector<std::int32_t>& potential) const {
        Cycles cycles(problem_.size(), 0);
        for (std::size_t i = 0; i < problem_.size(); ++i) {
            if (!problem_.live[i]) continue;
            cycles[i] = problem_.is_input[i] ? problem_.input_cycle
                                             : potential[vertex_[i]] - potential[kClock];
        }
        return cycles;
    }

    [[nodiscard]] std::vector<Tension::Arc> broken_paths(const Cycles& cycles) const {
        std::vector<Tension::Arc> broken;
        const std::vector<double> arrival = arrivals(problem_, cycles);
        for (std::size_t i = 0; i < problem_.size(); ++i) {
            if (!problem_.live[i] || arrival[i] <= period_ps_ + kSlack) continue;
            const auto operands = problem_.operands_of(i);
            const bool was_late =
                std::any_of(operands.begin(), operands.end(), [&](std::uint32_t operand) {
                    return cycles[operand] == cycles[i] && arrival[operand] > period_ps_ + kSlack;
                });
            if (!was_late) trace_back(i, cycles, broken);
        }
        return broken;
    }

    // Every node from which the path to `last` within its cycle is just too long. Nodes are taken
    // in falling order, so all paths from a node on are known when it is taken.
    void trace_back(std::size_t last, const Cycles& cycles,
                    std::vector<Tension::Arc>& broken) const {
        std::map<std::size_t, double, std::greater<>> rest{{last, 0.0}};
        while (!rest.empty()) {
            const auto [node, after] = *rest.begin();
            rest.erase(rest.begin());
            if (problem_.register_ps + problem_.start_ps[node] + after > period_ps_ + kSlack) {
                GW_CHECK(node != last, "a node slower than the period");
                broken.push_back({vertex_[node], vertex_[last], 1});
                continue;
            }
            for (const std::uint32_t operand : problem_.operands_of(node)) {
                if (problem_.is_input[operand] || cycles[operand] != cycles[last]) continue;
                double& path = rest[operand];
                path = std::max(path, after + problem_.step_ps(operand, node));
            }
        }
    }

    const Problem& problem_;
    const double period_ps_;
    const std::int32_t latency_;
    std::vector<Vertex> vertex_;    ///< per node; inputs: the clock
    std::vector<Vertex> last_use_;  ///< per group
    std::int64_t constant_bits_ = 0;
    Tension tension_;
};

}  // namespace

MinimumStats find_minimum_registers(const Problem& problem, double period_ps, std::int32_t latency,
                                    std::int64_t max_steps, Cycles& cycles) {
    return MinimumFinder(problem, period_ps, latency, cycles).run(max_steps, cycles);
}

}  // namespace gatewright::schedule
