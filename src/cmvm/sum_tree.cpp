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

constexpr std::int16_t kImpossible = 8000;  // twice that and a merge's cells fit 16 bits

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

// The cheapest trees over the intervals of one order of the leaves. A cell of the table holds the
// costs for each level left and for each sign in which the partial sum is made (as it is, or
// negated), in a few vector registers; how a cost came about is found again when the tree is
// emitted.
template <std::size_t kLevels>
class TreeTable {
  public:
    TreeTable(std::vector<Leaf> leaves, int depth_limit)
        : leaves_(std::move(leaves)), base_(depth_limit), count_(leaves_.size()) {
        for (const Leaf& leaf : leaves_) base_ = std::min(base_, leaf.depth);
        base_ = std::max(base_, depth_limit + 1 - static_cast<int>(kLevels));
        top_ = static_cast<std::size_t>(depth_limit - base_);
        costs_.resize(count_ * count_);
        spans_.resize(count_ * count_);
        for (std::size_t length = 1; length <= count_; ++length) {
            for (std::size_t i = 0; i + length <= count_; ++i) fill(i, i + length - 1);
        }
    }
    [[nodiscard]] int cost(bool negated) const {
        return costs_[count_ - 1].by_sign[negated ? 1 : 0][top_];
    }
    [[nodiscard]] int negation_cost() const {
        const Span& whole = spans_[count_ - 1];
        return whole.highest[0] - whole.lowest;
    }
    Digit emit(Construction& construction, bool negated) const {
        return emit(construction, 0, count_ - 1, top_, negated ? 1 : 0);
    }

  private:
    using Levels = std::array<std::int16_t, kLevels>;
    struct Costs {
        std::array<Levels, 2> by_sign;
    };
    struct Span {
        RealRange range;
        int lowest = 0;
        std::array<int, 2> highest{};
    };
    // Cells of the merges of two partial sums into a result of one sign: both operands have that
    // sign, or one has the other and is subtracted.
    struct Prices {
        std::int16_t add = 0;
        std::int16_t subtract_left = 0;
        std::int16_t subtract_right = 0;
    };
    static Prices prices(const Span& whole, std::size_t sign, int low_left, int low_right) {
        const auto cells = [&](int first) {
            constexpr int kMost = 120;  // more than any choice depends on; keeps costs in 16 bits
            return static_cast<std::int16_t>(std::clamp(whole.highest[sign] - first, 0, kMost));
        };
        return {cells(std::max(low_left, low_right)), cells(low_left), cells(low_right)};
    }

    void fill(std::size_t i, std::size_t j) {
        if (i == j) return fill_leaf(i);
        Span& span = spans_[i * count_ + j];
        const Span& left = spans_[i * count_ + j - 1];
        const Span& right = spans_[j * count_ + j];
        span.range = {left.range.lo + right.range.lo, left.range.hi + right.range.hi};
        span.lowest = std::min(left.lowest, right.lowest);
        span.highest = {highest_bit(span.range, span.lowest),
                        highest_bit({-span.range.hi, -span.range.lo}, span.lowest)};
        Costs best;
        for (Levels& levels : best.by_sign) levels.fill(kImpossible);
        for (std::size_t k = i; k < j; ++k) {
            const int low_left = spans_[i * count_ + k].lowest;
            const int low_right = spans_[(k + 1) * count_ + j].lowest;
            offer(best, costs_[i * count_ + k], costs_[(k + 1) * count_ + j],
                  prices(span, 0, low_left, low_right), prices(span, 1, low_left, low_right));
        }
        // What was merged took a level.
        Costs& own = costs_[i * count_ + j];
        for (const std::size_t sign : {0U, 1U}) {
            const Levels& from = best.by_sign[sign];
            Levels& to = own.by_sign[sign];
            to[0] = kImpossible;
            std::copy(from.begin(), from.end() - 1, to.begin() + 1);
        }
    }

    void fill_leaf(std::size_t i) {
        const Leaf& leaf = leaves_[i];
        spans_[i * count_ + i] = {leaf.range, leaf.lowest, {leaf.highest, leaf.highest}};
        Costs& own = costs_[i * count_ + i];
        for (Levels& levels : own.by_sign) levels.fill(kImpossible);
        Levels& given = own.by_sign[leaf.digit.negative ? 1 : 0];
        std::fill(given.begin() + std::max(0, leaf.depth - base_), given.end(), 0);
    }

    static void offer(Costs& best, const Costs& left, const Costs& right, const Prices& plain,
                      const Prices& negated) {
        // In 16 bits throughout, so that a vector register holds eight levels.
        using Cost = std::int16_t;
        const auto sum = [](Cost a, Cost b, Cost c) {
            return static_cast<Cost>(static_cast<Cost>(a + b) + c);
        };
        const auto least = [](Cost a, Cost b) { return b < a ? b : a; };
        for (std::size_t level = 0; level < kLevels; ++level) {
            const Cost l0 = left.by_sign[0][level];
            const Cost l1 = left.by_sign[1][level];
            const Cost r0 = right.by_sign[0][level];
            const Cost r1 = right.by_sign[1][level];
            const Cost x = least(sum(l0, r0, plain.add), least(sum(l0, r1, plain.subtract_right),
                                                               sum(l1, r0, plain.subtract_left)));
            const Cost y = least(
                sum(l1, r1, negated.add),
                least(sum(l1, r0, negated.subtract_right), sum(l0, r1, negated.subtract_left)));
            best.by_sign[0][level] = least(best.by_sign[0][level], x);
            best.by_sign[1][level] = least(best.by_sign[1][level], y);
        }
    }

    Digit emit(Construction& construction, std::size_t i, std::size_t j, std::size_t level,
               std::size_t sign) const {
        if (i == j) return leaves_[i].digit;
        const int cost = costs_[i * count_ + j].by_sign[sign][level];
        const std::size_t other = 1 - sign;
        for (std::size_t k = i; k < j; ++k) {
            const auto& left = costs_[i * count_ + k].by_sign;
            const auto& right = costs_[(k + 1) * count_ + j].by_sign;
            const Prices price = prices(spans_[i * count_ + j], sign, spans_[i * count_ + k].lowest,
                                        spans_[(k + 1) * count_ + j].lowest);
            const auto make = [&](std::size_t sign_left, std::size_t sign_right) {
                const Digit a = emit(construction, i, k, level - 1, sign_left);
                const Digit b = emit(construction, k + 1, j, level - 1, sign_right);
                Merge merge = merge_digits(a, b, sign != 0);
                merge.result.value = construction.append(merge.node);
                return merge.result;
            };
            const auto sum = [&](std::size_t sign_left, std::size_t sign_right) {
                return left[sign_left][level - 1] + right[sign_right][level - 1];
            };
            if (sum(sign, sign) + price.add == cost) return make(sign, sign);
            if (sum(sign, other) + price.subtract_right == cost) return make(sign, other);
            if (sum(other, sign) + price.subtract_left == cost) return make(other, sign);
        }
        GW_UNREACHABLE("a tree of that cost");
    }

    std::vector<Leaf> leaves_;
    int base_;
    std::size_t count_;
    std::size_t top_ = 0;
    std::vector<Costs> costs_;
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
        std::pair<int, int> best_cost{1 << 28, 0};
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

namespace {

// In which order the digits of a sum are tried: the first is nearly always the best one that fits,
// the second always fits.
std::vector<std::vector<Leaf>> orders_of(const std::vector<Leaf>& leaves) {
    constexpr std::size_t kFew = 16;
    std::vector<std::vector<Leaf>> out{
        sorted(leaves, [](const Leaf& l) { return std::pair(l.lowest, l.highest); }),
        sorted(leaves, [](const Leaf& l) { return std::pair(-l.depth, l.lowest); })};
    if (leaves.size() <= kFew)
        out.push_back(sorted(leaves, [](const Leaf& l) { return std::pair(l.highest, l.lowest); }));
    return out;
}

template <std::size_t kLevels>
AdderOutput add_up_planned(Construction& construction, const std::vector<Leaf>& leaves,
                           const Sum& sum, int limit) {
    constexpr std::size_t kFew = 16;
    std::optional<TreeTable<kLevels>> best;
    bool best_negated = false;
    int least = kImpossible;
    for (std::vector<Leaf>& order : orders_of(leaves)) {
        if (best && leaves.size() > kFew) break;
        TreeTable<kLevels> table(std::move(order), limit);
        const int negation = sum.sign == SumSign::kAsGiven ? table.negation_cost() : 0;
        const bool negated = table.cost(true) + negation < table.cost(false);
        const int cost = negated ? table.cost(true) + negation : table.cost(false);
        if (cost >= least) continue;
        least = cost;
        best_negated = negated;
        best = std::move(table);
    }
    GW_CHECK(best.has_value(), "no tree fits the depth limit");
    const Digit made = best->emit(construction, best_negated);
    return {made.value, made.shift, made.negative};
}

}  // namespace

AdderOutput add_up(Construction& construction, const Sum& sum) {
    constexpr std::size_t kPlanned = 64;
    constexpr std::size_t kFewLevels = 8;
    constexpr std::size_t kManyLevels = 16;  // always enough for that many digits
    if (sum.digits.empty()) return {};
    const int limit = std::min(sum.depth_limit, kDeepest);
    GW_CHECK(least_depth(construction, sum.digits) <= limit, "a sum does not fit its depth limit");
    std::vector<Digit> digits = sum.digits;
    if (digits.size() > kPlanned) shorten(construction, digits, limit, kPlanned);
    std::vector<Leaf> leaves;
    int earliest = limit;
    for (const Digit& digit : digits) {
        leaves.push_back(leaf_of(construction, digit));
        earliest = std::min(earliest, leaves.back().depth);
    }
    return limit - earliest < static_cast<int>(kFewLevels)
               ? add_up_planned<kFewLevels>(construction, leaves, sum, limit)
               : add_up_planned<kManyLevels>(construction, leaves, sum, limit);
}

}  // namespace gatewright::cmvm
