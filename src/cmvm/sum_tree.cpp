// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sum_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "cmvm/kraft.h"
#include "support/check.h"

namespace gatewright::cmvm {
namespace {

constexpr std::int32_t kImpossible = 1 << 28;

// A digit as a term of the sum.
struct Leaf {
    Digit digit;
    int depth = 0;
    int lowest = 0;
    int highest = 0;
    RealRange range;  // of the signed term
};

Leaf leaf_of(const Construction& construction, const Digit& digit) {
    const Construction::Value& value = construction.value(digit.value);
    const double scale = std::ldexp(digit.negative ? -1.0 : 1.0, digit.shift);
    const double x = value.range.lo * scale;
    const double y = value.range.hi * scale;
    return {digit,
            value.depth,
            value.lowest_bit + digit.shift,
            value.highest_bit + digit.shift,
            {std::min(x, y), std::max(x, y)}};
}

// The adder that makes L + R in the wanted sign from operands in the given signs.
struct Merge {
    AdderNode node;
    Digit result;
};
Merge merge_digits(Digit a, Digit b, bool negated) {
    // a goes first with a plus sign in the result's orientation, if any of the two can.
    if (a.negative != negated) std::swap(a, b);
    const std::int32_t low = std::min(a.shift, b.shift);
    return {{a.value, b.value, a.shift - low, b.shift - low, b.negative != negated},
            {0, low, negated}};
}

// The cheapest trees over the intervals of one order of the leaves.
class TreeTable {
  public:
    TreeTable(std::vector<Leaf> leaves, int depth_limit)
        : leaves_(std::move(leaves)), base_(depth_limit), count_(leaves_.size()) {
        for (const Leaf& leaf : leaves_) base_ = std::min(base_, leaf.depth);
        levels_ = static_cast<std::size_t>(depth_limit - base_) + 1;
        states_.resize(count_ * count_ * levels_);
        spans_.resize(count_ * count_);
        for (std::size_t length = 1; length <= count_; ++length) {
            for (std::size_t i = 0; i + length <= count_; ++i) fill(i, i + length - 1);
        }
    }
    [[nodiscard]] std::int32_t cost(bool negated) const {
        return at(0, count_ - 1, levels_ - 1).cost[negated ? 1 : 0];
    }
    [[nodiscard]] int negation_cost() const {
        const Span& whole = spans_[count_ - 1];
        return whole.highest[0] - whole.lowest;
    }
    Digit emit(Construction& construction, bool negated) const {
        return emit(construction, 0, count_ - 1, levels_ - 1, negated);
    }

  private:
    struct Span {
        RealRange range;
        int lowest = 0;
        std::array<int, 2> highest{};  // of the partial sum and of its negative
    };
    // Cost and choice per sign of the partial sum; signs: bit 0 of the left, bit 1 of the right.
    struct State {
        std::array<std::int32_t, 2> cost{kImpossible, kImpossible};
        std::array<std::uint8_t, 2> split{};
        std::array<std::uint8_t, 2> signs{};
    };

    [[nodiscard]] const State& at(std::size_t i, std::size_t j, std::size_t level) const {
        return states_[(i * count_ + j) * levels_ + level];
    }

    void fill(std::size_t i, std::size_t j) {
        Span& span = spans_[i * count_ + j];
        State* const states = &states_[(i * count_ + j) * levels_];
        if (i == j) {
            const Leaf& leaf = leaves_[i];
            span = {leaf.range, leaf.lowest, {leaf.highest, leaf.highest}};
            for (std::size_t level = static_cast<std::size_t>(leaf.depth - base_); level < levels_;
                 ++level) {
                states[level].cost[leaf.digit.negative ? 1 : 0] = 0;
            }
            return;
        }
        const Span& left = spans_[i * count_ + j - 1];
        const Span& right = spans_[j * count_ + j];
        span.range = {left.range.lo + right.range.lo, left.range.hi + right.range.hi};
        span.lowest = std::min(left.lowest, right.lowest);
        span.highest = {highest_bit(span.range, span.lowest),
                        highest_bit({-span.range.hi, -span.range.lo}, span.lowest)};
        for (std::size_t k = i; k < j; ++k) {
            const Prices prices = price(span, spans_[i * count_ + k], spans_[(k + 1) * count_ + j]);
            for (std::size_t level = 1; level < levels_; ++level) {
                offer(states[level], at(i, k, level - 1), at(k + 1, j, level - 1), prices,
                      static_cast<std::uint8_t>(k));
            }
        }
    }

    // Cells of the merge for each sign of the result by the subtracted operand.
    struct Prices {
        std::array<std::int32_t, 2> add{};
        std::array<std::int32_t, 2> subtract_left{};
        std::array<std::int32_t, 2> subtract_right{};
    };
    static Prices price(const Span& whole, const Span& left, const Span& right) {
        Prices out;
        for (const std::size_t sign : {0U, 1U}) {
            const int top = whole.highest[sign];
            out.add[sign] = adder_cells(top, left.lowest, right.lowest, false);
            out.subtract_left[sign] = adder_cells(top, right.lowest, left.lowest, true);
            out.subtract_right[sign] = adder_cells(top, left.lowest, right.lowest, true);
        }
        return out;
    }

    static void offer(State& state, const State& left, const State& right, const Prices& prices,
                      std::uint8_t split) {
        const auto take = [&](std::size_t sign, std::size_t sign_l, std::size_t sign_r,
                              std::int32_t cells) {
            const std::int32_t cost = left.cost[sign_l] + right.cost[sign_r] + cells;
            if (cost >= state.cost[sign]) return;
            state.cost[sign] = cost;
            state.split[sign] = split;
            state.signs[sign] = static_cast<std::uint8_t>(sign_l | sign_r << 1U);
        };
        take(0, 0, 0, prices.add[0]);
        take(0, 0, 1, prices.subtract_right[0]);
        take(0, 1, 0, prices.subtract_left[0]);
        take(1, 1, 1, prices.add[1]);
        take(1, 1, 0, prices.subtract_right[1]);
        take(1, 0, 1, prices.subtract_left[1]);
    }

    Digit emit(Construction& construction, std::size_t i, std::size_t j, std::size_t level,
               bool negated) const {
        if (i == j) return leaves_[i].digit;
        const State& state = at(i, j, level);
        const std::size_t sign = negated ? 1 : 0;
        const std::size_t split = state.split[sign];
        const Digit left = emit(construction, i, split, level - 1, (state.signs[sign] & 1U) != 0);
        const Digit right =
            emit(construction, split + 1, j, level - 1, (state.signs[sign] & 2U) != 0);
        Merge merge = merge_digits(left, right, negated);
        merge.result.value = construction.append(merge.node);
        return merge.result;
    }

    std::vector<Leaf> leaves_;
    int base_;
    std::size_t count_;
    std::size_t levels_ = 1;
    std::vector<State> states_;
    std::vector<Span> spans_;
};

// Brings a long sum down to `most` digits: the shallowest digit takes the partner with which it
// needs the fewest cells, among those that leave the sum within its limit (an equally deep one
// always does).
void shorten(Construction& construction, std::vector<Digit>& digits, int depth_limit,
             std::size_t most) {
    const auto depth_of = [&](const Digit& digit) { return construction.value(digit.value).depth; };
    std::uint64_t total = 0;
    for (const Digit& digit : digits) total += kraft(depth_of(digit));
    const std::uint64_t limit = kraft(depth_limit);
    while (digits.size() > most) {
        const auto key = [&](const Digit& digit) {
            return std::pair(depth_of(digit),
                             construction.value(digit.value).highest_bit + digit.shift);
        };
        const auto first =
            std::min_element(digits.begin(), digits.end(),
                             [&](const Digit& x, const Digit& y) { return key(x) < key(y); });
        std::swap(*first, digits.back());
        const Digit shallow = digits.back();
        const Leaf own = leaf_of(construction, shallow);
        digits.pop_back();
        std::size_t best = digits.size();
        std::pair<int, int> best_cost{kImpossible, 0};
        for (std::size_t i = 0; i < digits.size(); ++i) {
            const Leaf other = leaf_of(construction, digits[i]);
            const std::uint64_t added = kraft(other.depth) - kraft(own.depth);
            if (total + added > limit && other.depth != own.depth) continue;
            const int top = std::max(own.highest, other.highest) + 1;
            const std::pair<int, int> cost{top - std::max(own.lowest, other.lowest), other.depth};
            if (cost < best_cost) {
                best_cost = cost;
                best = i;
            }
        }
        GW_CHECK(best < digits.size(), "no partner fits the depth limit");
        total -= kraft(own.depth) + kraft(depth_of(digits[best]));
        const bool negated = shallow.negative && digits[best].negative;
        Merge merge = merge_digits(shallow, digits[best], negated);
        merge.result.value = construction.append(merge.node);
        digits[best] = merge.result;
        total += kraft(depth_of(digits[best]));
    }
}

template <class Key>
std::vector<Leaf> sorted(std::vector<Leaf> leaves, const Key& key) {
    std::stable_sort(leaves.begin(), leaves.end(),
                     [&](const Leaf& x, const Leaf& y) { return key(x) < key(y); });
    return leaves;
}

}  // namespace

int least_depth(const Construction& construction, const std::vector<Digit>& digits) {
    std::uint64_t total = 0;
    for (const Digit& digit : digits) total += kraft(construction.value(digit.value).depth);
    return total <= 1 ? 0 : static_cast<int>(std::bit_width(total - 1));
}

AdderOutput add_up(Construction& construction, const Sum& sum) {
    constexpr std::size_t kPlanned = 32;
    if (sum.digits.empty()) return {};
    const int limit = std::min(sum.depth_limit, kDeepest);
    GW_CHECK(least_depth(construction, sum.digits) <= limit, "a sum does not fit its depth limit");
    std::vector<Digit> digits = sum.digits;
    if (digits.size() > kPlanned) shorten(construction, digits, limit, kPlanned);
    std::vector<Leaf> leaves;
    for (const Digit& digit : digits) leaves.push_back(leaf_of(construction, digit));
    const std::array<std::vector<Leaf>, 3> orders{
        sorted(leaves, [](const Leaf& l) { return std::pair(l.lowest, l.highest); }),
        sorted(leaves, [](const Leaf& l) { return std::pair(l.highest, l.lowest); }),
        sorted(leaves, [](const Leaf& l) { return std::pair(-l.depth, l.lowest); })};
    std::optional<TreeTable> best;
    bool best_negated = false;
    std::int32_t least = kImpossible;
    for (const std::vector<Leaf>& order : orders) {
        TreeTable table(order, limit);
        const std::int32_t negation = sum.sign == SumSign::kAsGiven ? table.negation_cost() : 0;
        const bool negated = table.cost(true) + negation < table.cost(false);
        const std::int32_t cost = negated ? table.cost(true) + negation : table.cost(false);
        if (cost >= least) continue;
        least = cost;
        best_negated = negated;
        best = std::move(table);
    }
    GW_CHECK(best.has_value(), "no tree fits the depth limit");
    const Digit made = best->emit(construction, best_negated);
    return {made.value, made.shift, made.negative};
}

}  // namespace gatewright::cmvm
