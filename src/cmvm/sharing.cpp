// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sharing.h"

#include <algorithm>

#include "cmvm/bits.h"
#include "cmvm/kraft.h"
#include "cmvm/pair_counts.h"
#include "cmvm/pattern_queue.h"
#include "support/check.h"
#include "support/rng.h"

namespace gatewright::cmvm {
namespace {

// Set bits are the shifts of the digits with that sign.
struct Masks {
    std::uint64_t positive = 0;
    std::uint64_t negative = 0;
    [[nodiscard]] std::uint64_t any() const { return positive | negative; }
};

// The sums of a problem as sparse rows of digit masks, with their pattern counts.
class Sharing {
  public:
    Sharing(Construction& construction, std::span<const Sum> sums, const Ranking& ranking)
        : construction_(construction), ranking_(ranking) {
        uses_.resize(static_cast<std::size_t>(construction.size()));
        for (const Sum& sum : sums) add_sum(sum);
        counts_.set_widest(highest_shift_);
        for (std::int32_t value = 0; value < construction.size(); ++value) push_patterns(value);
    }

    void run() {
        std::vector<Occurrence> found;
        while (auto entry = queue_.pop()) {
            const Pattern pattern = pattern_of(entry->key);
            find_occurrences(pattern, found);
            const auto count = static_cast<std::int32_t>(found.size());
            if (count == entry->count) {
                replace(pattern, found);
            } else {
                entry->count = count;
                queue_.push(*entry);
            }
        }
    }

    // What is left of each sum.
    [[nodiscard]] std::vector<Sum> leftovers() const {
        std::vector<Sum> out;
        for (const Row& row : rows_) {
            Sum sum{{}, row.limit, row.sign};
            for (const Member& member : row.members) {
                const Masks& masks = masks_of(member);
                for_each_bit(masks.any(), [&](int shift) {
                    sum.digits.push_back({member.value, shift, (masks.negative & bit(shift)) != 0});
                });
            }
            out.push_back(std::move(sum));
        }
        return out;
    }

  private:
    // A value's digits in one row.
    struct Use {
        std::int32_t row;
        Masks masks;
    };
    // A row's link to uses_[value][use], with a copy of its masks.
    struct Member {
        std::int32_t value;
        std::int32_t use;
        Masks masks;
    };
    struct Row {
        std::vector<Member> members;
        std::uint64_t kraft_sum = 0;
        int limit = 0;
        SumSign sign = SumSign::kAsGiven;
    };
    struct Occurrence {
        std::int32_t row;
        std::int32_t shift;  // of the digit of pattern.a
        bool negative;       // sign of the digit of pattern.a
    };

    [[nodiscard]] Masks& masks_of(const Member& member) {
        return uses_[static_cast<std::size_t>(member.value)][static_cast<std::size_t>(member.use)]
            .masks;
    }
    [[nodiscard]] const Masks& masks_of(const Member& member) const {
        return uses_[static_cast<std::size_t>(member.value)][static_cast<std::size_t>(member.use)]
            .masks;
    }
    Row& row(std::int32_t index) { return rows_[static_cast<std::size_t>(index)]; }

    void add_sum(const Sum& sum) {
        Row added;
        added.limit = std::min(sum.depth_limit, kDeepest);
        added.sign = sum.sign;
        const auto index = static_cast<std::int32_t>(rows_.size());
        for (const Digit& digit : sum.digits) {
            std::vector<Use>& uses = uses_[static_cast<std::size_t>(digit.value)];
            if (uses.empty() || uses.back().row != index) {
                added.members.push_back({digit.value, static_cast<std::int32_t>(uses.size()), {}});
                uses.push_back({index, {}});
            }
            Masks& masks = uses.back().masks;
            GW_CHECK((masks.any() & bit(digit.shift)) == 0, "two digits of a value at one shift");
            (digit.negative ? masks.negative : masks.positive) |= bit(digit.shift);
            added.kraft_sum += kraft(construction_.value(digit.value).depth);
            highest_shift_ = std::max(highest_shift_, digit.shift);
        }
        for (Member& member : added.members) member.masks = masks_of(member);
        rows_.push_back(std::move(added));
    }

    // A pattern as a number: equal patterns have equal keys.
    static std::uint64_t key_of(Digit x, Digit y) {
        if (y.value < x.value || (x.value == y.value && y.shift < x.shift)) std::swap(x, y);
        std::uint64_t key = static_cast<std::uint64_t>(x.value);
        key = key << 24U | static_cast<std::uint64_t>(y.value);
        key = key << 8U | static_cast<std::uint64_t>(y.shift - x.shift + 64);
        return key << 1U | (x.negative != y.negative ? 1U : 0U);
    }
    static Pattern pattern_of(std::uint64_t key) {
        return {static_cast<std::int32_t>(key >> 33U),
                static_cast<std::int32_t>(key >> 9U & 0xFFFFFFU),
                static_cast<std::int32_t>(key >> 1U & 0xFFU) - 64, (key & 1U) != 0};
    }

    // Worth of one saved adder; nothing if not positive.
    [[nodiscard]] std::int32_t weigh(std::uint64_t key) const {
        constexpr double kScale = 8;
        const Pattern pattern = pattern_of(key);
        const Construction::Value& a = construction_.value(pattern.a);
        const Construction::Value& b = construction_.value(pattern.b);
        const int top = std::min(a.highest_bit, b.highest_bit + pattern.shift);
        const int bottom = std::max(a.lowest_bit, b.lowest_bit + pattern.shift);
        const double overlap = std::clamp(top - bottom, 0, 63);
        const double levels = std::abs(a.depth - b.depth);
        double worth = 1 + ranking_.base + overlap - ranking_.level * levels;
        if (ranking_.noise > 0)
            worth *= 1 + ranking_.noise * (2 * Rng(ranking_.seed ^ key).unit() - 1);
        return static_cast<std::int32_t>(kScale * worth);
    }

    // Queues the patterns of a value with itself and with the values before it.
    void push_patterns(std::int32_t value) {
        for (const Use& use : uses_[static_cast<std::size_t>(value)]) {
            for (const Member& member : row(use.row).members) {
                if (member.value > value) continue;
                count_pairs(use.masks, member.masks, counts_.of(member.value),
                            member.value == value);
            }
        }
        counts_.take([&](std::int32_t other, int shift, bool opposite, std::int32_t count) {
            const std::uint64_t key = key_of({value, 0, false}, {other, shift, opposite});
            const std::int32_t weight = weigh(key);
            if (weight > 0) queue_.push({key, count, weight});
        });
    }

    // Pairs of a digit of a value with one of another value, or, each pair once, of the same value.
    void count_pairs(const Masks& own, const Masks& others, PairCounts::Count* counts,
                     bool same_value) const {
        const auto count = [&](std::uint64_t firsts, std::uint64_t partners, unsigned opposite) {
            for_each_bit(firsts, [&](int from) {
                const std::uint64_t above = ~((bit(from) - 1) | bit(from));
                for_each_bit(same_value ? partners & above : partners,
                             [&](int to) { ++counts[counts_.index(to - from, opposite)]; });
            });
        };
        count(own.positive, others.positive, 0);
        count(own.positive, others.negative, 1);
        count(own.negative, others.positive, 1);
        count(own.negative, others.negative, 0);
    }

    void erase_digit(Row& from, std::int32_t value, int shift) {
        const auto member = std::find_if(from.members.begin(), from.members.end(),
                                         [&](const Member& m) { return m.value == value; });
        Masks& masks = masks_of(*member);
        masks.positive &= ~bit(shift);
        masks.negative &= ~bit(shift);
        member->masks = masks;
        if (masks.any() == 0) from.members.erase(member);
    }

    // Disjoint occurrences that fit their row's depth limit, rows in order.
    void find_occurrences(const Pattern& pattern, std::vector<Occurrence>& found) const {
        found.clear();
        const std::uint64_t deep = kraft(
            std::max(construction_.value(pattern.a).depth, construction_.value(pattern.b).depth));
        const std::uint64_t added = deep - kraft(std::min(construction_.value(pattern.a).depth,
                                                          construction_.value(pattern.b).depth));
        const std::vector<Use>& uses_a = uses_[static_cast<std::size_t>(pattern.a)];
        const std::vector<Use>& uses_b = uses_[static_cast<std::size_t>(pattern.b)];
        auto b = uses_b.begin();
        for (const Use& a : uses_a) {
            while (b != uses_b.end() && b->row < a.row) ++b;
            if (b == uses_b.end()) break;
            if (b->row != a.row) continue;
            const Row& in = rows_[static_cast<std::size_t>(a.row)];
            std::uint64_t room = (kraft(in.limit) - in.kraft_sum);
            const Masks seconds =
                pattern.subtract ? Masks{b->masks.negative, b->masks.positive} : b->masks;
            std::uint64_t taken = 0;
            const auto take = [&](std::uint64_t firsts, std::uint64_t partners, bool negative) {
                for_each_bit(firsts & shifted(partners, -pattern.shift), [&](int shift) {
                    const std::uint64_t pair = bit(shift) | bit(shift + pattern.shift);
                    if (pattern.a == pattern.b && (taken & pair) != 0) return;
                    if (added > room) return;
                    room -= added;
                    taken |= pair;
                    found.push_back({a.row, shift, negative});
                });
            };
            take(a.masks.positive, seconds.positive, false);
            take(a.masks.negative, seconds.negative, true);
        }
    }

    // True if a - b should be made as b - a: b would reach below a, and low bits pass through only
    // what is not subtracted; or, of equals, more of the sums would end up all negative.
    [[nodiscard]] bool prefers_reversed(const Pattern& pattern,
                                        const std::vector<Occurrence>& found) const {
        const int low_a = construction_.value(pattern.a).lowest_bit;
        const int low_b = construction_.value(pattern.b).lowest_bit + pattern.shift;
        if (low_a != low_b) return low_b < low_a;
        int balance = 0;
        for (const Occurrence& occurrence : found) {
            bool other_positive = false;
            for (const Member& member : rows_[static_cast<std::size_t>(occurrence.row)].members) {
                if (member.value == pattern.a || member.value == pattern.b) continue;
                other_positive = other_positive || masks_of(member).positive != 0;
            }
            if (!other_positive) balance += occurrence.negative ? -1 : 1;
        }
        return balance < 0;
    }

    void replace(const Pattern& pattern, const std::vector<Occurrence>& found) {
        const bool reversed = pattern.subtract && prefers_reversed(pattern, found);
        const std::int32_t up_a = std::max(0, -pattern.shift);
        const std::int32_t up_b = std::max(0, pattern.shift);
        const AdderNode node = reversed
                                   ? AdderNode{pattern.b, pattern.a, up_b, up_a, true}
                                   : AdderNode{pattern.a, pattern.b, up_a, up_b, pattern.subtract};
        const std::int32_t made = construction_.append(node);
        const std::uint64_t change = kraft(construction_.value(made).depth) -
                                     kraft(construction_.value(pattern.a).depth) -
                                     kraft(construction_.value(pattern.b).depth);
        uses_.emplace_back();
        for (const Occurrence& occurrence : found) {
            Row& in = row(occurrence.row);
            erase_digit(in, pattern.a, occurrence.shift);
            erase_digit(in, pattern.b, occurrence.shift + pattern.shift);
            std::vector<Use>& uses = uses_.back();
            if (uses.empty() || uses.back().row != occurrence.row) {
                uses.push_back({occurrence.row, {}});
                in.members.push_back({made, static_cast<std::int32_t>(uses.size()) - 1, {}});
            }
            Masks& masks = uses.back().masks;
            (occurrence.negative != reversed ? masks.negative : masks.positive) |=
                bit(occurrence.shift - up_a);
            in.members.back().masks = masks;
            in.kraft_sum += change;
        }
        push_patterns(made);
    }

    Construction& construction_;
    Ranking ranking_;
    std::vector<std::vector<Use>> uses_;  // per value, rows in order
    std::vector<Row> rows_;
    PatternQueue queue_;
    PairCounts counts_;
    int highest_shift_ = 0;
};

}  // namespace

std::vector<AdderOutput> sum_only(Construction& construction, std::span<const Sum> sums) {
    std::vector<AdderOutput> outputs;
    for (const Sum& sum : sums) outputs.push_back(add_up(construction, sum));
    return outputs;
}

std::vector<AdderOutput> share_and_sum(Construction& construction, std::span<const Sum> sums,
                                       const Ranking& ranking) {
    Sharing sharing(construction, sums, ranking);
    sharing.run();
    return sum_only(construction, sharing.leftovers());
}

}  // namespace gatewright::cmvm
