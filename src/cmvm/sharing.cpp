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
        for (const Sum& sum : sums) add_row(sum);
        words_ = (rows_.size() + 63) / 64;
        add_uses(sums);
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
                const Masks& masks = member.masks;
                for_each_bit(masks.any(), [&](int shift) {
                    sum.digits.push_back({member.value, shift, (masks.negative & bit(shift)) != 0});
                });
            }
            out.push_back(std::move(sum));
        }
        return out;
    }

  private:
    // Up to so many rows a use is found by a table instead of a search.
    static constexpr std::size_t kIndexedRows = 512;

    // A value's digits in one row.
    struct Use {
        std::int32_t row;
        Masks masks;
    };
    // The uses of a value, rows in order: a part of uses_.
    struct Uses {
        std::size_t first = 0;
        std::size_t count = 0;
    };
    // A row's link to a use, with a copy of its masks.
    struct Member {
        std::int32_t value;
        std::size_t use;
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

    Row& row(std::int32_t index) { return rows_[static_cast<std::size_t>(index)]; }

    void add_row(const Sum& sum) {
        Row added;
        added.limit = std::min(sum.depth_limit, kDeepest);
        added.sign = sum.sign;
        for (const Digit& digit : sum.digits) {
            added.kraft_sum += kraft(construction_.value(digit.value).depth);
            counts_.widen(digit.shift);
        }
        rows_.push_back(std::move(added));
    }

    void add_uses(std::span<const Sum> sums) {
        std::vector<std::vector<Use>> uses(static_cast<std::size_t>(construction_.size()));
        for (std::size_t r = 0; r < sums.size(); ++r) {
            const auto index = static_cast<std::int32_t>(r);
            for (const Digit& digit : sums[r].digits) {
                std::vector<Use>& own = uses[static_cast<std::size_t>(digit.value)];
                if (own.empty() || own.back().row != index) own.push_back({index, {}});
                Masks& masks = own.back().masks;
                GW_CHECK((masks.any() & bit(digit.shift)) == 0,
                         "two digits of a value at one shift");
                (digit.negative ? masks.negative : masks.positive) |= bit(digit.shift);
            }
        }
        for (std::int32_t value = 0; value < construction_.size(); ++value) {
            add_value();
            for (const Use& use : uses[static_cast<std::size_t>(value)]) add_use(value, use);
        }
    }

    void add_value() {
        uses_of_.push_back({uses_.size(), 0});
        alive_.resize(alive_.size() + words_, 0);
        if (rows_.size() <= kIndexedRows) index_.resize(index_.size() + rows_.size(), 0);
    }

    // Of the value added last.
    void add_use(std::int32_t value, const Use& use) {
        row(use.row).members.push_back({value, uses_.size(), use.masks});
        uses_.push_back(use);
        const auto index = static_cast<std::uint16_t>(uses_of_.back().count++);
        if (rows_.size() <= kIndexedRows) {
            const std::size_t at = static_cast<std::size_t>(value) * rows_.size();
            index_[at + static_cast<std::size_t>(use.row)] = index;
        }
        alive_word(value, use.row) |= bit(use.row % 64);
    }

    // The rows in which a value has digits left, 64 to a word.
    std::uint64_t& alive_word(std::int32_t value, std::int32_t row) {
        return alive_[static_cast<std::size_t>(value) * words_ +
                      static_cast<std::size_t>(row) / 64];
    }

    [[nodiscard]] const Use& use_in_row(std::int32_t value, std::int32_t row) const {
        const Uses& uses = uses_of_[static_cast<std::size_t>(value)];
        const Use* const first = uses_.data() + uses.first;
        if (rows_.size() <= kIndexedRows) {
            const std::size_t at = static_cast<std::size_t>(value) * rows_.size();
            return first[index_[at + static_cast<std::size_t>(row)]];
        }
        return *std::lower_bound(
            first, first + uses.count, row,
            [](const Use& use, std::int32_t wanted) { return use.row < wanted; });
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
        // All factors are short binary fractions: no rounding, the same on every machine.
        constexpr std::uint64_t kSteps = 1024;
        if (ranking_.noise > 0) {
            const auto step = static_cast<double>(Rng(ranking_.seed ^ key).below(kSteps));
            worth *= 1 + ranking_.noise * (step * 2 / kSteps - 1);
        }
        return static_cast<std::int32_t>(kScale * worth);
    }

    // Queues the patterns of a value with itself and with the values before it.
    void push_patterns(std::int32_t value) {
        for (const Use& use : uses_of(value)) {
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
                for_each_bit(same_value ? partners & above : partners, [&](int to) {
                    PairCounts::increment(counts[counts_.index(to - from, opposite)]);
                });
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
        Masks& masks = uses_[member->use].masks;
        masks.positive &= ~bit(shift);
        masks.negative &= ~bit(shift);
        member->masks = masks;
        if (masks.any() != 0) return;
        alive_word(value, uses_[member->use].row) &= ~bit(uses_[member->use].row % 64);
        from.members.erase(member);
    }

    // Disjoint occurrences that fit their row's depth limit, rows in order.
    void find_occurrences(const Pattern& pattern, std::vector<Occurrence>& found) const {
        found.clear();
        const std::uint64_t deep = kraft(
            std::max(construction_.value(pattern.a).depth, construction_.value(pattern.b).depth));
        const std::uint64_t added = deep - kraft(std::min(construction_.value(pattern.a).depth,
                                                          construction_.value(pattern.b).depth));
        const std::size_t first_a = static_cast<std::size_t>(pattern.a) * words_;
        const std::size_t first_b = static_cast<std::size_t>(pattern.b) * words_;
        for (std::size_t word = 0; word < words_; ++word) {
            for_each_bit(alive_[first_a + word] & alive_[first_b + word], [&](int offset) {
                const std::int32_t in = static_cast<std::int32_t>(64 * word) + offset;
                find_occurrences_in(in, pattern, added, found);
            });
        }
    }

    // `added`: what a merge adds to the row's Kraft sum.
    void find_occurrences_in(std::int32_t index, const Pattern& pattern, std::uint64_t added,
                             std::vector<Occurrence>& found) const {
        const Masks& a = use_in_row(pattern.a, index).masks;
        const Masks& b = use_in_row(pattern.b, index).masks;
        const Masks seconds = pattern.subtract ? Masks{b.negative, b.positive} : b;
        const Row& in = rows_[static_cast<std::size_t>(index)];
        std::uint64_t room = kraft(in.limit) - in.kraft_sum;
        std::uint64_t taken = 0;
        const auto take = [&](std::uint64_t firsts, std::uint64_t partners, bool negative) {
            for_each_bit(firsts & shifted(partners, -pattern.shift), [&](int shift) {
                const std::uint64_t pair = bit(shift) | bit(shift + pattern.shift);
                if (pattern.a == pattern.b && (taken & pair) != 0) return;
                if (added > room) return;
                room -= added;
                taken |= pair;
                found.push_back({index, shift, negative});
            });
        };
        take(a.positive, seconds.positive, false);
        take(a.negative, seconds.negative, true);
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
                other_positive = other_positive || member.masks.positive != 0;
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
        for (const Occurrence& occurrence : found) {
            Row& in = row(occurrence.row);
            erase_digit(in, pattern.a, occurrence.shift);
            erase_digit(in, pattern.b, occurrence.shift + pattern.shift);
            in.kraft_sum += change;
        }
        add_value();
        for (std::size_t i = 0; i < found.size();) {
            Use use{found[i].row, {}};
            for (; i < found.size() && found[i].row == use.row; ++i) {
                (found[i].negative != reversed ? use.masks.negative : use.masks.positive) |=
                    bit(found[i].shift - up_a);
            }
            add_use(made, use);
        }
        push_patterns(made);
    }

    [[nodiscard]] std::span<const Use> uses_of(std::int32_t value) const {
        const Uses& uses = uses_of_[static_cast<std::size_t>(value)];
        return {uses_.data() + uses.first, uses.count};
    }

    Construction& construction_;
    Ranking ranking_;
    std::vector<Use> uses_;
    std::vector<Uses> uses_of_;         // per value
    std::vector<std::uint64_t> alive_;  // per value, words_ each
    std::vector<std::uint16_t> index_;  // per value and row: which of the value's uses
    std::size_t words_ = 0;
    std::vector<Row> rows_;
    PatternQueue queue_;
    PairCounts counts_;
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
