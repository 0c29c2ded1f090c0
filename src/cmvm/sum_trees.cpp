// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sum_trees.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

#include "support/check.h"

namespace gatewright::cmvm {
namespace {

// The two ways to keep a partial sum, and how the parts of each can be kept: of an adder's operands
// at most one is subtracted. The lowest carry cell is the subtrahend's lowest bit, or that of the
// operand that begins higher.
constexpr std::int16_t kNever = SumTrees::kImpossible;

struct Way {
    std::size_t negated;
    std::size_t left_negated;
    std::size_t right_negated;
    enum class First : std::uint8_t { kHigher, kLeft, kRight } first;
};
constexpr std::array<Way, 6> kWays{{{0, 0, 0, Way::First::kHigher},
                                    {0, 0, 1, Way::First::kRight},
                                    {0, 1, 0, Way::First::kLeft},
                                    {1, 1, 1, Way::First::kHigher},
                                    {1, 1, 0, Way::First::kRight},
                                    {1, 0, 1, Way::First::kLeft}}};

inline int cells_of(const BitExtent& sum, const BitExtent& left, const BitExtent& right,
                    const Way& way) {
    const int top = way.negated != 0 ? sum.neg_top : sum.top;
    switch (way.first) {
        case Way::First::kHigher:
            return std::max(0, top - std::max(left.low, right.low));
        case Way::First::kLeft:
            return std::max(0, top - left.low);
        case Way::First::kRight:
            return std::max(0, top - right.low);
    }
    GW_UNREACHABLE("way");
}

}  // namespace

SumTrees::State SumTrees::leaf(const BitExtent& extent, const SumTerm& term) const {
    State state{{}, extent};
    const std::size_t kept = term.negative ? 1 : 0;
    state.cost[0] = state.cost[1] = Lanes{} + kNever;
    for (int lane = std::max(0, term.level - first_level_); lane < kLanes; ++lane)
        state.cost[kept][lane] = 0;
    return state;
}

// A split of a sum into two: both ways to keep it, at every level at once.
inline void SumTrees::offer(State& state, const State& left, const State& right) {
    for (const Way& way : kWays) {
        const auto cells =
            static_cast<std::int16_t>(cells_of(state.extent, left.extent, right.extent, way));
        const Lanes cost = left.cost[way.left_negated] + right.cost[way.right_negated] + cells;
        Lanes& best = state.cost[way.negated];
        best = cost < best ? cost : best;
    }
}

// True as soon as visit(left, right) is.
template <class Visit>
bool SumTrees::any_split(std::size_t id, const Visit& visit) const {
    if (subsets_) {
        const std::size_t lowest = id & (~id + 1);
        const std::size_t rest = id ^ lowest;
        for (std::size_t part = rest; part != 0; part = (part - 1) & rest) {
            if (visit(id ^ part, part)) return true;
        }
        return false;
    }
    const std::size_t begin = id / count_;
    const std::size_t last = id % count_;
    for (std::size_t middle = begin; middle < last; ++middle) {
        if (visit(begin * count_ + middle, (middle + 1) * count_ + last)) return true;
    }
    return false;
}

void SumTrees::prepare(std::span<const SumTerm> terms, int deadline) {
    const std::size_t n = grid_.size();
    count_ = terms.size();
    first_level_ = deadline - (kLanes - 1);
    shifted_.resize(count_ * n);
    extents_.clear();
    for (std::size_t k = 0; k < count_; ++k) {
        const Coefficient factor =
            (terms[k].negative ? -1 : 1) * (Coefficient{1} << terms[k].shift);
        for (std::size_t i = 0; i < n; ++i) shifted_[k * n + i] = terms[k].form[i] * factor;
        extents_.push_back(grid_.extent(&shifted_[k * n]));
    }
}

// The best of all splits; an adder later than its operands.
void SumTrees::solve_sum(std::size_t id, const Coefficient* form) {
    State state{{Lanes{} + kNever, Lanes{} + kNever}, grid_.extent(form)};
    any_split(id, [&](std::size_t left, std::size_t right) {
        offer(state, states_[left], states_[right]);
        ++work_;
        return false;
    });
    for (Lanes& costs : state.cost) {
        Lanes later = costs;
        for (int lane = kLanes - 1; lane > 0; --lane) later[lane] = costs[lane - 1];
        later[0] = kNever;
        costs = later;
    }
    states_[id] = state;
}

std::size_t SumTrees::solve_subsets(std::span<const SumTerm> terms) {
    const std::size_t n = grid_.size();
    const std::size_t all = (std::size_t{1} << count_) - 1;
    subsets_ = true;
    states_.resize(all + 1);
    sums_.resize((all + 1) * n);
    for (std::size_t id = 1; id <= all; ++id) {
        const auto first = static_cast<std::size_t>(std::countr_zero(id));
        const std::size_t rest = id & (id - 1);
        if (rest == 0) {
            states_[id] = leaf(extents_[first], terms[first]);
            std::copy_n(&shifted_[first * n], n, &sums_[id * n]);
            continue;
        }
        for (std::size_t i = 0; i < n; ++i)
            sums_[id * n + i] = sums_[rest * n + i] + shifted_[first * n + i];
        solve_sum(id, &sums_[id * n]);
    }
    return all;
}

void SumTrees::sort_terms(std::span<const SumTerm> terms, Order order) {
    order_.resize(terms.size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto key = [&](int k) {
        const auto at = static_cast<std::size_t>(k);
        const int low = extents_[at].low;
        const int top = extents_[at].top;
        switch (order) {
            case Order::kLowThenLevel:
                return std::tuple(low, terms[at].level, top, k);
            case Order::kLevelThenLow:
                return std::tuple(terms[at].level, low, top, k);
            case Order::kTop:
                return std::tuple(top, low, terms[at].level, k);
        }
        GW_UNREACHABLE("order");
    };
    std::sort(order_.begin(), order_.end(), [&](int x, int y) { return key(x) < key(y); });
}

// Fills the table for parts in the order given; the root's id.
std::size_t SumTrees::solve_parts(std::span<const State> parts, const Coefficient* forms) {
    const std::size_t n = grid_.size();
    subsets_ = false;
    count_ = parts.size();
    sums_.assign((count_ + 2) * n, 0);
    Coefficient* const sum = &sums_[(count_ + 1) * n];
    for (std::size_t k = 0; k < count_; ++k) {
        for (std::size_t i = 0; i < n; ++i)
            sums_[(k + 1) * n + i] = sums_[k * n + i] + forms[k * n + i];
    }
    states_.resize(count_ * count_);
    for (std::size_t last = 0; last < count_; ++last) {
        states_[last * count_ + last] = parts[last];
        for (std::size_t begin = last; begin-- > 0;) {
            for (std::size_t i = 0; i < n; ++i)
                sum[i] = sums_[(last + 1) * n + i] - sums_[begin * n + i];
            solve_sum(begin * count_ + last, sum);
        }
    }
    return count_ - 1;
}

// The terms at begin … end-1 of the order.
std::size_t SumTrees::solve_terms(std::span<const SumTerm> terms, std::size_t begin,
                                  std::size_t end) {
    const std::size_t n = grid_.size();
    parts_.clear();
    part_forms_.clear();
    for (std::size_t k = begin; k < end; ++k) {
        const auto term = static_cast<std::size_t>(order_[k]);
        parts_.push_back(leaf(extents_[term], terms[term]));
        part_forms_.insert(part_forms_.end(), &shifted_[term * n], &shifted_[term * n] + n);
    }
    return solve_parts(parts_, part_forms_.data());
}

std::size_t SumTrees::solve_intervals(std::span<const SumTerm> terms, Order order) {
    sort_terms(terms, order);
    return solve_terms(terms, 0, terms.size());
}

// Runs of a few terms of one order, each at its best, then these.
std::int64_t SumTrees::cost_in_runs(std::span<const SumTerm> terms, Order order) {
    const std::size_t n = grid_.size();
    const std::size_t count = terms.size();
    const std::size_t runs = (count + kRun - 1) / kRun;
    sort_terms(terms, order);
    std::vector<State> roots;
    std::vector<Coefficient> forms;
    for (std::size_t run = 0; run < runs; ++run) {
        const std::size_t root = solve_terms(terms, run * count / runs, (run + 1) * count / runs);
        roots.push_back(states_[root]);
        forms.insert(forms.end(), &sums_[count_ * n], &sums_[count_ * n] + n);
    }
    return states_[solve_parts(roots, forms.data())].cost[0][kLanes - 1];
}

std::int64_t SumTrees::estimate(std::span<const SumTerm> terms, int deadline) {
    if (terms.size() <= kRun + 2) return cost(terms, deadline);
    prepare(terms, deadline);
    const std::int64_t found = std::min(cost_in_runs(terms, Order::kLowThenLevel),
                                        cost_in_runs(terms, Order::kLevelThenLow));
    return found < kNever ? found : cost(terms, deadline);
}

// The tables of the best order stay; the root's id.
std::size_t SumTrees::solve(std::span<const SumTerm> terms, int deadline) {
    GW_CHECK(terms.size() >= 2, "a sum of fewer than two terms");
    prepare(terms, deadline);
    if (count_ <= exact_terms_) return solve_subsets(terms);
    Order best_order = Order::kLevelThenLow;
    std::int16_t best = kNever;
    std::size_t root = 0;
    for (const Order order : {Order::kTop, Order::kLevelThenLow, Order::kLowThenLevel}) {
        root = solve_intervals(terms, order);
        const std::int16_t cost = states_[root].cost[0][kLanes - 1];
        if (cost > best) continue;
        best = cost;
        best_order = order;
    }
    return best_order == Order::kLowThenLevel ? root : solve_intervals(terms, best_order);
}

std::int64_t SumTrees::cost(std::span<const SumTerm> terms, int deadline) {
    return states_[solve(terms, deadline)].cost[0][kLanes - 1];
}

int SumTrees::leaf_of(std::size_t id) const {
    if (subsets_) return (id & (id - 1)) == 0 ? std::countr_zero(id) : -1;
    return id / count_ == id % count_ ? order_[id % count_] : -1;
}

int SumTrees::emit(std::size_t id, std::size_t negated, int lane,
                   std::vector<TreeAdder>& tree) const {
    const int term = leaf_of(id);
    if (term >= 0) return term;
    const State& state = states_[id];
    const std::int16_t target = state.cost[negated][lane];
    int made = -1;
    any_split(id, [&](std::size_t left_id, std::size_t right_id) {
        const State& left = states_[left_id];
        const State& right = states_[right_id];
        for (const Way& way : kWays) {
            if (way.negated != negated) continue;
            const int cost = left.cost[way.left_negated][lane - 1] +
                             right.cost[way.right_negated][lane - 1] +
                             cells_of(state.extent, left.extent, right.extent, way);
            if (cost != target) continue;
            const int a = emit(left_id, way.left_negated, lane - 1, tree);
            const int b = emit(right_id, way.right_negated, lane - 1, tree);
            const bool left_subtracted = way.first == Way::First::kLeft;
            tree.push_back({left_subtracted ? b : a, left_subtracted ? a : b,
                            way.first != Way::First::kHigher});
            made = static_cast<int>(count_ + tree.size()) - 1;
            return true;
        }
        return false;
    });
    GW_CHECK(made >= 0, "no split gives the cost of a sum's tree");
    return made;
}

std::vector<TreeAdder> SumTrees::build(std::span<const SumTerm> terms, int deadline) {
    const std::size_t root = solve(terms, deadline);
    GW_CHECK(states_[root].cost[0][kLanes - 1] < kNever, "a sum has no tree by its deadline");
    std::vector<TreeAdder> tree;
    emit(root, 0, kLanes - 1, tree);
    return tree;
}

}  // namespace gatewright::cmvm
