// SPDX-License-Identifier: Apache-2.0
//
// Greedy sharing after a step of the local search: of the two-term patterns that became more
// frequent, the one that saves most becomes a row (or is found to be one), until none is left. The
// ranking is drawn anew each time: how much the overlap of the operands counts against the number
// of occurrences, and how much is luck. Ranks are integers, the same on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "cmvm/workbench.h"

namespace gatewright::cmvm {

// Shares patterns again among the rows a step touched.
class Sharer {
  public:
    Sharer(Workbench& bench, Rng& rng) : bench_(bench), rng_(rng) {}

    void share() {
        constexpr std::array<int, 4> kBiases{1, 4, 16, 64};
        bias_ = kBiases[rng_.below(kBiases.size())];
        noise_ = rng_.chance(0.3) ? 0 : 1 + rng_.below(kNoiseSteps);
        salt_ = rng_.next();
        queue_.clear();
        bench_.clean_up();
        for (push_fresh(); !queue_.empty(); push_fresh()) {
            std::pop_heap(queue_.begin(), queue_.end());
            const Candidate top = queue_.back();
            queue_.pop_back();
            const std::int32_t count = bench_.counts().count(top.key);
            if (count < 2) continue;
            if (count != top.count) {
                push(top.key);
            } else if (make(pair_of(top.key))) {
                bench_.clean_up();
            }
        }
    }

  private:
    static constexpr std::uint64_t kNoiseSteps = 256;

    struct Candidate {
        std::uint64_t score;
        std::uint64_t key;
        std::int32_t count;
        friend bool operator<(const Candidate& x, const Candidate& y) {
            return std::pair(x.score, x.key) < std::pair(y.score, y.key);
        }
    };
    struct Occurrence {
        std::int32_t row;
        int shift;      // of the digit of a
        bool negative;  // that digit
    };

    void push_fresh() {
        std::vector<std::uint64_t> keys = bench_.take_fresh();
        sort_unique(keys);
        for (const std::uint64_t key : keys) push(key);
    }

    void push(std::uint64_t key) {
        const std::int32_t count = bench_.counts().count(key);
        if (count < 2) return;
        queue_.push_back({score(key, count), key, count});
        std::push_heap(queue_.begin(), queue_.end());
        bench_.add_work(1);
    }

    // What the pattern saves: an adder less for each reader but one, wider ones first.
    [[nodiscard]] std::uint64_t score(std::uint64_t key, std::int32_t count) const {
        const TermPair pair = pair_of(key);
        const BitExtent& a = bench_.network()[pair.a].extent;
        const BitExtent& b = bench_.network()[pair.b].extent;
        const int top = std::min(a.top, b.top + pair.distance);
        const int bottom = std::max(a.low, b.low + pair.distance);
        const int overlap = std::clamp(top - bottom, 0, 63);
        const auto worth = static_cast<std::uint64_t>((count - 1) * (bias_ + overlap));
        const std::uint64_t luck = noise_ == 0 ? 0 : Rng(key ^ salt_).below(kNoiseSteps);
        return worth * (kNoiseSteps * kNoiseSteps + noise_ * luck);
    }

    [[nodiscard]] std::vector<std::int32_t> rows_with(const TermPair& pair) const {
        const SumNetwork& network = bench_.network();
        const auto& of_a = network[pair.a].readers;
        const auto& of_b = network[pair.b].readers;
        std::vector<std::int32_t> rows = of_a.size() < of_b.size() ? of_a : of_b;
        sort_unique(rows);
        return rows;
    }

    // Disjoint pairs of digits of one row.
    void find_in(std::int32_t row, const TermPair& pair, std::vector<Occurrence>& found) const {
        const std::vector<Digit>& terms = bench_.network()[row].terms;
        std::uint64_t used = 0;  // shifts of digits of a, if a and b are the same value
        for (const Digit& first : terms) {
            if (first.value != pair.a) continue;
            const Digit second{pair.b, first.shift + pair.distance,
                               first.negative != pair.subtract};
            if (second.shift < 0 || second.shift > 63) continue;
            if (std::find(terms.begin(), terms.end(), second) == terms.end()) continue;
            if (pair.a == pair.b) {
                const std::uint64_t both = kraft(first.shift) | kraft(second.shift);
                if ((used & both) != 0) continue;
                used |= both;
            }
            found.push_back({row, first.shift, first.negative});
        }
    }

    // Makes the pattern a row, or takes a row that is just this pattern. False if that saves
    // nothing.
    bool make(const TermPair& pair) {
        const SumNetwork& network = bench_.network();
        const int up_a = std::max(0, -pair.distance);
        std::vector<Occurrence> found;
        std::int32_t provider = -1;
        bool provider_negative = false;
        for (const std::int32_t row : rows_with(pair)) {
            const std::size_t before = found.size();
            find_in(row, pair, found);
            const bool whole = found.size() > before && network[row].terms.size() == 2;
            if (!whole || found.back().shift != up_a) continue;
            if (provider >= 0) continue;
            provider = row;
            provider_negative = found.back().negative;
            found.pop_back();
        }
        const int level = provider >= 0
                              ? network[provider].level
                              : 1 + std::max(network[pair.a].level, network[pair.b].level);
        keep_fitting(pair, level, found);
        if (found.size() < (provider >= 0 ? 1U : 2U)) return false;
        bool reversed = provider_negative;
        if (provider < 0) {
            reversed = pair.subtract && prefers_reversed(pair, found);
            provider = bench_.add_row(terms_of(pair, reversed));
        }
        replace(pair, found, provider, reversed);
        return true;
    }

    // Drops what would make its row late.
    void keep_fitting(const TermPair& pair, int level, std::vector<Occurrence>& found) const {
        const SumNetwork& network = bench_.network();
        const std::uint64_t freed = kraft(network[pair.a].level) + kraft(network[pair.b].level);
        std::int32_t row = -1;
        std::uint64_t room = 0;
        const auto late = [&](const Occurrence& occurrence) {
            if (occurrence.row != row) {
                row = occurrence.row;
                room = kraft(network.deadline(row)) - network.kraft_sum(network[row].terms);
            }
            if (room + freed < kraft(level)) return true;
            room = room + freed - kraft(level);
            return false;
        };
        std::vector<Occurrence> kept;
        for (const Occurrence& occurrence : found) {
            if (!late(occurrence)) kept.push_back(occurrence);
        }
        found = std::move(kept);
    }

    static std::vector<Digit> terms_of(const TermPair& pair, bool reversed) {
        return {{pair.a, std::max(0, -pair.distance), reversed},
                {pair.b, std::max(0, pair.distance), reversed != pair.subtract}};
    }

    // The subtrahend should begin high; else the sign that more readers want.
    [[nodiscard]] bool prefers_reversed(const TermPair& pair,
                                        const std::vector<Occurrence>& found) const {
        const SumNetwork& network = bench_.network();
        const int low_a = network[pair.a].extent.low;
        const int low_b = network[pair.b].extent.low + pair.distance;
        if (low_a != low_b) return low_a > low_b;
        const auto negative = std::count_if(found.begin(), found.end(),
                                            [](const Occurrence& o) { return o.negative; });
        return static_cast<std::size_t>(negative) * 2 > found.size();
    }

    void replace(const TermPair& pair, const std::vector<Occurrence>& found, std::int32_t provider,
                 bool reversed) {
        const int up_a = std::max(0, -pair.distance);
        for (std::size_t k = 0; k < found.size();) {
            const std::int32_t row = found[k].row;
            std::vector<Digit> terms = bench_.network()[row].terms;
            for (; k < found.size() && found[k].row == row; ++k) {
                const Occurrence& at = found[k];
                std::erase(terms, Digit{pair.a, at.shift, at.negative});
                std::erase(terms,
                           Digit{pair.b, at.shift + pair.distance, at.negative != pair.subtract});
                terms.push_back({provider, at.shift - up_a, at.negative != reversed});
            }
            SumNetwork::normalise(terms);
            bench_.set_terms(row, std::move(terms));
        }
    }

    Workbench& bench_;
    Rng& rng_;
    int bias_ = 1;
    std::uint64_t noise_ = 0;  // luck's share, of kNoiseSteps
    std::uint64_t salt_ = 0;
    std::vector<Candidate> queue_;  // a heap
};

}  // namespace gatewright::cmvm
