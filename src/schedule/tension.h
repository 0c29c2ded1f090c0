// SPDX-License-Identifier: Apache-2.0
//
// Integers under difference constraints at least cost: choose a potential p(v) for every vertex
// with
//
//     p(to) - p(from) >= length   for every arc,   so that   Σ weight(v)·p(v) is largest.
//
// This is the linear dual of a minimum-cost flow: ship every positive weight along arcs to the
// negative ones. The primal-dual method solves both at once (Ford and Fulkerson 1962; Hassin, Math.
// Programming 25, 1983): the potentials stay feasible, flow uses tight arcs only. As much as
// possible is shipped (Dinic's blocking flows); if weight is left over, the set of vertices it can
// reach moves up together until one more arc gets tight, which keeps all flow on tight arcs and
// gains the weight left over for every unit moved. When everything is shipped, flow and potentials
// prove each other best: Σ flow·length = −Σ weight·p.
//
// Constraints may be added at any time that the potentials satisfy, so constraints too many to list
// can be found when a move would break them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gatewright::schedule {

class Tension {
  public:
    using Vertex = std::uint32_t;
    struct Arc {
        Vertex from = 0;
        Vertex to = 0;
        std::int32_t length = 0;
    };

    /// Vertices with feasible potentials; weights (they sum to 0) start at 0.
    explicit Tension(std::vector<std::int32_t> potential);

    void add_weight(Vertex vertex, std::int64_t weight) { excess_[vertex] += weight; }
    /// The potentials must satisfy it.
    void add_arc(const Arc& arc);

    /// Constraints the potentials would break; an empty list allows them.
    using Check = std::function<std::vector<Arc>(const std::vector<std::int32_t>& potential)>;
    struct Outcome {
        std::int64_t steps = 0;
        bool is_optimal = false;
    };
    /// Moves until the potentials are best or `max_steps` sets have moved. `check` sees every set
    /// of potentials before it is adopted.
    Outcome solve(const Check& check, std::int64_t max_steps);

    [[nodiscard]] const std::vector<std::int32_t>& potential() const { return potential_; }
    /// Σ flow·length, the bound that the flow proves.
    [[nodiscard]] std::int64_t flow_cost() const;

  private:
    struct Half {
        Vertex to = 0;
        std::uint32_t next = 0;  ///< in the list of the vertex it leaves
    };
    [[nodiscard]] bool is_residual(std::uint32_t half) const;
    bool find_levels();
    bool ship();
    void ship_from(Vertex source);
    [[nodiscard]] std::int64_t room(const std::vector<std::uint32_t>& path, Vertex source,
                                    Vertex target) const;
    void push(const std::vector<std::uint32_t>& path, std::int64_t amount);
    [[nodiscard]] std::int32_t largest_step() const;
    bool move_reachable(const Check& check);

    std::vector<std::int32_t> potential_;
    std::vector<std::int64_t> excess_;  ///< weight still to ship (> 0) or to receive (< 0)
    std::vector<Arc> arcs_;
    std::vector<std::int64_t> flow_;
    std::vector<Half> halves_;          ///< 2a: arc a forward; 2a + 1: backward
    std::vector<std::uint32_t> first_;  ///< first half of a vertex' list
    std::vector<std::int32_t> level_;   ///< distance from a vertex with weight left; -1: unreached
    std::vector<std::uint32_t> next_;   ///< where the search of a vertex goes on
};

}  // namespace gatewright::schedule
