// SPDX-License-Identifier: Apache-2.0
#include "cmvm/differences.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <optional>

#include "cmvm/digits.h"
#include "cmvm/kraft.h"
#include "support/check.h"

namespace gatewright::cmvm {
namespace {

// a ∓ b·2^shift; nullopt if an entry leaves int64.
std::optional<Column> difference(const Column& a, const Column& b, int shift, bool add) {
    Column out(a.size());
    const std::int64_t scale = std::int64_t{1} << shift;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::int64_t scaled = 0;
        if (__builtin_mul_overflow(b[i], scale, &scaled)) return std::nullopt;
        const bool overflows = add ? __builtin_add_overflow(a[i], scaled, &out[i])
                                   : __builtin_sub_overflow(a[i], scaled, &out[i]);
        if (overflows) return std::nullopt;
    }
    return out;
}

int ceil_log2(std::uint64_t n) {
    return n <= 1 ? 0 : static_cast<int>(std::bit_width(n - 1));
}

struct TreeNode {
    std::int32_t parent = -1;  // -1: the zero column
    int shift = 0;             // column = difference ± parent·2^shift
    bool negated = false;      // minus
    int hops = 0;
    int total_shift = 0;          // of all shifts from the root
    int digits = 0;               // of the difference
    std::uint64_t most_mass = 0;  // Kraft sum of any difference on the path from the root
};

// The best way found so far to hang a column into the tree.
struct Offer {
    TreeNode node;
    bool open = true;
};

class DifferenceTree {
  public:
    DifferenceTree(const std::vector<Column>& columns, const DifferenceParams& params,
                   const std::vector<int>& depth_limits, const std::vector<int>& arrival)
        : columns_(columns),
          params_(params),
          depth_limits_(depth_limits),
          arrival_(arrival),
          offers_(columns.size()) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            offers_[i].node = {-1, 0, false, 1, 0, digit_count(columns[i]), mass(columns[i])};
        }
        for (std::size_t step = 0; step < columns.size(); ++step) take_cheapest();
    }
    [[nodiscard]] const TreeNode& operator[](std::size_t i) const { return offers_[i].node; }

  private:
    void take_cheapest() {
        std::size_t best = columns_.size();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (!offers_[i].open) continue;
            if (best == columns_.size() || offers_[i].node.digits < offers_[best].node.digits)
                best = i;
        }
        offers_[best].open = false;
        if (offers_[best].node.hops >= params_.hops) return;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (offers_[i].open) improve(i, best);
        }
    }

    void improve(std::size_t column, std::size_t parent) {
        for (int shift = 0; shift <= params_.most_shift; ++shift) {
            for (const bool negated : {false, true}) improve(column, parent, shift, negated);
        }
    }

    void improve(std::size_t column, std::size_t parent, int shift, bool negated) {
        constexpr int kMostShift = 16;  // weights of a path stay small
        const TreeNode& above = offers_[parent].node;
        if (above.total_shift + shift > kMostShift) return;
        const auto change = difference(columns_[column], columns_[parent], shift, negated);
        if (!change) return;
        TreeNode node{static_cast<std::int32_t>(parent),
                      shift,
                      negated,
                      above.hops + 1,
                      above.total_shift + shift,
                      digit_count(*change),
                      0};
        if (node.digits >= offers_[column].node.digits) return;
        node.most_mass = std::max(above.most_mass, mass(*change));
        const int room = depth_limits_[column] - ceil_log2(static_cast<std::uint64_t>(node.hops));
        if (room >= 0 && ceil_log2(node.most_mass) <= room) offers_[column].node = node;
    }

    // Kraft sum of a column's digits.
    [[nodiscard]] std::uint64_t mass(const Column& column) const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < column.size(); ++i) {
            sum += static_cast<std::uint64_t>(signed_digit_count(column[i])) * kraft(arrival_[i]);
        }
        return sum;
    }

    const std::vector<Column>& columns_;
    const DifferenceParams params_;
    const std::vector<int>& depth_limits_;  // per column
    const std::vector<int>& arrival_;       // per row
    std::vector<Offer> offers_;
};

}  // namespace

int digit_count(const Column& column) {
    int digits = 0;
    for (const std::int64_t entry : column) digits += signed_digit_count(entry);
    return digits;
}

DistinctColumns distinct_columns(const std::vector<Column>& columns) {
    DistinctColumns out;
    std::map<Column, DistinctColumns::Origin> known;
    for (const Column& column : columns) {
        std::uint64_t all = 0;
        for (const std::int64_t entry : column) all |= static_cast<std::uint64_t>(entry);
        if (all == 0) {
            out.origins.emplace_back();
            continue;
        }
        const int shift = std::countr_zero(all);
        Column odd = column;
        for (std::int64_t& entry : odd) entry >>= shift;
        auto found = known.find(odd);
        if (found == known.end()) {
            const auto source = static_cast<std::int32_t>(out.distinct.size());
            out.distinct.push_back(odd);
            const bool lowest = std::find(odd.begin(), odd.end(),
                                          std::numeric_limits<std::int64_t>::min()) != odd.end();
            if (!lowest) {
                Column negated = odd;
                for (std::int64_t& entry : negated) entry = -entry;
                known.emplace(std::move(negated), DistinctColumns::Origin{source, 0, true});
            }
            found = known.emplace(std::move(odd), DistinctColumns::Origin{source, 0, false}).first;
        }
        out.origins.push_back({found->second.source, shift, found->second.negative});
    }
    return out;
}

Differences split_by_differences(const std::vector<Column>& columns, const DifferenceParams& params,
                                 const std::vector<int>& depth_limits,
                                 const std::vector<int>& arrival) {
    const DifferenceTree tree(columns, params, depth_limits, arrival);
    std::vector<Column> changes;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const TreeNode& node = tree[i];
        changes.push_back(node.parent < 0
                              ? columns[i]
                              : *difference(columns[i],
                                            columns[static_cast<std::size_t>(node.parent)],
                                            node.shift, node.negated));
    }
    const DistinctColumns distinct = distinct_columns(changes);
    Differences out{distinct.distinct, std::vector<int>(distinct.distinct.size(), kDeepest), {}};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const int limit = depth_limits[i] - ceil_log2(static_cast<std::uint64_t>(tree[i].hops));
        std::map<std::int32_t, std::int64_t> weights;
        bool negative = false;
        int shift = 0;
        for (auto at = static_cast<std::int32_t>(i); at >= 0;) {
            const TreeNode& node = tree[static_cast<std::size_t>(at)];
            const DistinctColumns::Origin& origin = distinct.origins[static_cast<std::size_t>(at)];
            GW_CHECK(origin.source >= 0, "two equal columns");
            const std::int64_t term = std::int64_t{1} << (origin.shift + shift);
            weights[origin.source] += negative != origin.negative ? -term : term;
            int& own = out.depth_limits[static_cast<std::size_t>(origin.source)];
            own = std::min(own, limit);
            negative = negative != node.negated;
            shift += node.shift;
            at = node.parent;
        }
        Sum path{{}, depth_limits[i]};
        for (const auto& [source, weight] : weights)
            append_signed_digits(source, weight, path.digits);
        out.paths.push_back(std::move(path));
    }
    return out;
}

}  // namespace gatewright::cmvm
