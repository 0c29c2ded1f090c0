// SPDX-License-Identifier: Apache-2.0
#include "schedule/tension.h"

#include <algorithm>
#include <limits>

#include "support/check.h"

namespace gatewright::schedule {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Tension::Tension(std::vector<std::int32_t> potential)
    : potential_(std::move(potential)),
      excess_(potential_.size(), 0),
      first_(potential_.size(), kNone),
      level_(potential_.size(), -1),
      next_(potential_.size(), kNone) {}

void Tension::add_arc(const Arc& arc) {
    GW_CHECK(potential_[arc.to] - potential_[arc.from] >= arc.length, "constraint is broken");
    const auto half = static_cast<std::uint32_t>(halves_.size());
    halves_.push_back({arc.to, first_[arc.from]});
    first_[arc.from] = half;
    halves_.push_back({arc.from, first_[arc.to]});
    first_[arc.to] = half + 1;
    arcs_.push_back(arc);
    flow_.push_back(0);
}

// Forward along a tight arc, or back where there is flow.
bool Tension::is_residual(std::uint32_t half) const {
    const Arc& arc = arcs_[half / 2];
    if (half % 2 == 1) return flow_[half / 2] > 0;
    return potential_[arc.to] - potential_[arc.from] == arc.length;
}

// True if weight left over can reach a vertex that still receives.
bool Tension::find_levels() {
    std::fill(level_.begin(), level_.end(), -1);
    std::vector<Vertex> queue;
    for (Vertex v = 0; v < excess_.size(); ++v) {
        if (excess_[v] <= 0) continue;
        level_[v] = 0;
        queue.push_back(v);
    }
    bool found = false;
    for (std::size_t i = 0; i < queue.size(); ++i) {
        const Vertex v = queue[i];
        found = found || excess_[v] < 0;
        for (std::uint32_t half = first_[v]; half != kNone; half = halves_[half].next) {
            const Vertex to = halves_[half].to;
            if (level_[to] >= 0 || !is_residual(half)) continue;
            level_[to] = level_[v] + 1;
            queue.push_back(to);
        }
    }
    return found;
}

std::int64_t Tension::room(const std::vector<std::uint32_t>& path, Vertex source,
                           Vertex target) const {
    std::int64_t amount = std::min(excess_[source], -excess_[target]);
    for (const std::uint32_t half : path) {
        if (half % 2 == 1) amount = std::min(amount, flow_[half / 2]);
    }
    return amount;
}

void Tension::push(const std::vector<std::uint32_t>& path, std::int64_t amount) {
    for (const std::uint32_t half : path) flow_[half / 2] += half % 2 == 0 ? amount : -amount;
}

// Depth first along rising levels; a vertex that leads nowhere loses its level.
void Tension::ship_from(Vertex source) {
    std::vector<std::uint32_t> path;
    Vertex at = source;
    while (excess_[source] > 0) {
        if (excess_[at] < 0) {
            const std::int64_t amount = room(path, source, at);
            push(path, amount);
            excess_[source] -= amount;
            excess_[at] += amount;
            path.clear();
            at = source;
            continue;
        }
        std::uint32_t& half = next_[at];
        while (half != kNone &&
               (level_[halves_[half].to] != level_[at] + 1 || !is_residual(half))) {
            half = halves_[half].next;
        }
        if (half != kNone) {
            path.push_back(half);
            at = halves_[half].to;
        } else if (path.empty()) {
            return;
        } else {
            level_[at] = -1;
            at = halves_[path.back() ^ 1U].to;
            path.pop_back();
        }
    }
}

// As much as fits on tight arcs; true if nothing is left.
bool Tension::ship() {
    while (find_levels()) {
        next_ = first_;
        for (Vertex v = 0; v < excess_.size(); ++v) {
            if (excess_[v] > 0) ship_from(v);
        }
    }
    return std::none_of(excess_.begin(), excess_.end(), [](std::int64_t e) { return e > 0; });
}

// How far the reached vertices can move up before an arc to one that stays gets tight.
std::int32_t Tension::largest_step() const {
    std::int32_t step = std::numeric_limits<std::int32_t>::max();
    for (const Arc& arc : arcs_) {
        if (level_[arc.from] < 0 || level_[arc.to] >= 0) continue;
        step = std::min(step, potential_[arc.to] - potential_[arc.from] - arc.length);
    }
    GW_CHECK(step < std::numeric_limits<std::int32_t>::max(), "potentials without a bound");
    return step;
}

// False if a constraint found on the way forbids any move; the set reached is larger then.
bool Tension::move_reachable(const Check& check) {
    std::int32_t step = largest_step();
    while (step > 0) {
        std::vector<std::int32_t> moved = potential_;
        for (Vertex v = 0; v < moved.size(); ++v) moved[v] += level_[v] >= 0 ? step : 0;
        const std::vector<Arc> broken = check(moved);
        if (broken.empty()) {
            potential_ = std::move(moved);
            return true;
        }
        for (const Arc& arc : broken) {
            GW_CHECK(level_[arc.from] >= 0 && level_[arc.to] < 0, "constraint the move keeps");
            add_arc(arc);
            step = std::min(step, potential_[arc.to] - potential_[arc.from] - arc.length);
        }
    }
    return false;
}

Tension::Outcome Tension::solve(const Check& check, std::int64_t max_steps) {
    Outcome outcome;
    while (!(outcome.is_optimal = ship()) && outcome.steps < max_steps) {
        if (move_reachable(check)) ++outcome.steps;
    }
    return outcome;
}

std::int64_t Tension::flow_cost() const {
    std::int64_t cost = 0;
    for (std::size_t a = 0; a < arcs_.size(); ++a) cost += flow_[a] * arcs_[a].length;
    return cost;
}

}  // namespace gatewright::schedule
