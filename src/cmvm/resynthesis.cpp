// SPDX-License-Identifier: Apache-2.0
#include "cmvm/resynthesis.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "cmvm/resharing.h"
#include "cmvm/single_constants.h"
#include "cmvm/workbench.h"
#include "support/rng.h"

namespace gatewright::cmvm {
namespace {

constexpr std::size_t kMostTerms = 100;  // of a row that a step may make
constexpr int kHighestShift = 40;
constexpr std::int64_t kMostAdded = 0;  // adders by which a step may grow the network

// The ways to undo sharing.
class Destroyer {
  public:
    Destroyer(Workbench& bench, Rng& rng) : bench_(bench), rng_(rng) {}

    // The product of one input and a constant, by the table of shortest chains.
    void take_chain(std::int32_t row) {
        const SumNetwork& network = bench_.network();
        const Coefficient* form = network.form(row);
        std::int32_t input = -1;
        for (std::int32_t i = 0; i < network.inputs(); ++i) {
            if (form[static_cast<std::size_t>(i)] == 0) continue;
            if (input >= 0) return;
            input = i;
        }
        const Coefficient weight = form[static_cast<std::size_t>(input)] >>
                                   network.grid().scale(static_cast<std::size_t>(input));
        const bool negative = weight < 0;
        const auto size = static_cast<std::uint64_t>(negative ? -weight : weight);
        const int up = std::countr_zero(size);
        const auto odd = static_cast<std::int64_t>(size >> static_cast<unsigned>(up));
        if (odd == 1 || odd >= SingleConstants::kEnd) return;
        std::vector<std::int32_t> values{input};
        for (const AdderNode& adder : SingleConstants::table().chain(odd)) {
            const std::int32_t a = values[static_cast<std::size_t>(adder.a)];
            const std::int32_t b = values[static_cast<std::size_t>(adder.b)];
            const bool last = values.size() == SingleConstants::table().chain(odd).size();
            const bool turned = last && negative;
            const int shift = last ? up : 0;
            std::vector<Digit> terms{{a, adder.shift_a + shift, turned},
                                     {b, adder.shift_b + shift, adder.subtract != turned}};
            SumNetwork::normalise(terms);
            if (last) {
                use(row, std::move(terms));
            } else {
                values.push_back(bench_.add_row(std::move(terms)));
            }
        }
    }

    void destroy() {
        const std::int32_t row = random_row();
        if (row < 0) return;
        const std::uint64_t kind = rng_.below(100);
        if (kind < 55) return dissolve_some(row);
        if (kind < 63) return expand(row);
        if (kind < 66) return take_chain(row);
        if (kind < 78) return express_by_others(row);
        if (kind < 83) return recode(row);
        if (kind < 90) return move_level(row);
        negate(row);
    }

  private:
    [[nodiscard]] std::int32_t random_row() {
        const SumNetwork& network = bench_.network();
        const auto places = static_cast<std::uint64_t>(network.size() - network.inputs());
        for (int attempt = 0; places > 0 && attempt < 50; ++attempt) {
            const auto id = network.inputs() + static_cast<std::int32_t>(rng_.below(places));
            if (network.is_row(id)) return id;
        }
        return -1;
    }

    void dissolve_some(std::int32_t row) {
        const std::uint64_t most = 1 + rng_.below(4);
        for (std::uint64_t k = 0; k < most && row >= 0; ++k) {
            const std::int32_t next = related(row);
            if (bench_.network().is_row(row) && !bench_.network()[row].readers.empty() &&
                fits(row)) {
                bench_.dissolve(row);
            }
            row = next;
        }
    }

    [[nodiscard]] bool fits(std::int32_t row) const {
        const SumNetwork& network = bench_.network();
        return std::all_of(
            network[row].readers.begin(), network[row].readers.end(), [&](std::int32_t reader) {
                return network[reader].terms.size() + network[row].terms.size() < kMostTerms;
            });
    }

    // A row that a reader of this row also reads.
    [[nodiscard]] std::int32_t related(std::int32_t row) {
        const SumNetwork& network = bench_.network();
        const auto& readers = network[row].readers;
        if (readers.empty() || rng_.chance(0.2)) return random_row();
        const std::vector<Digit>& terms = network[readers[rng_.below(readers.size())]].terms;
        const std::int32_t other = terms[rng_.below(terms.size())].value;
        return network.is_row(other) ? other : random_row();
    }

    // Writes a row as digits of the inputs.
    void expand(std::int32_t row) {
        const SumNetwork& network = bench_.network();
        std::vector<Digit> terms;
        append_input_digits(network.form(row), terms);
        use(row, std::move(terms));
    }

    void append_input_digits(const Coefficient* form, std::vector<Digit>& terms) const {
        const SumNetwork& network = bench_.network();
        for (std::int32_t i = 0; i < network.inputs(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            append_signed_digits(i, form[at] >> network.grid().scale(at), terms);
        }
    }

    // Unless the terms are too many or too late.
    void use(std::int32_t row, std::vector<Digit> terms) {
        const SumNetwork& network = bench_.network();
        SumNetwork::normalise(terms);
        if (terms.size() < 2 || terms.size() > kMostTerms) return;
        if (network.kraft_sum(terms) > kraft(network.deadline(row))) return;
        bench_.set_terms(row, std::move(terms));
    }

    // row = ±other·2^shift ± ... + what is left, in digits of the inputs: one other value after the
    // other, as long as each saves more digits than its own.
    void express_by_others(std::int32_t row) {
        const SumNetwork& network = bench_.network();
        if (network[row].terms.size() < 3) return;
        const std::size_t n = network.grid().size();
        std::vector<Coefficient> rest(network.form(row), network.form(row) + n);
        std::vector<Digit> terms;
        constexpr std::size_t kMostOthers = 3;
        int fewest = 1 << 20;
        while (terms.size() < kMostOthers) {
            const Other next = best_other(row, rest);
            if (next.digit.value < 0 || next.digits_left + 1 >= fewest) break;
            fewest = next.digits_left;
            for (std::size_t i = 0; i < n; ++i) rest[i] = left_over(rest.data(), next.digit, i);
            terms.push_back(next.digit);
        }
        if (terms.empty()) return;
        append_input_digits(rest.data(), terms);
        use(row, std::move(terms));
    }

    struct Other {
        Digit digit{-1, 0, false};
        int digits_left = 1 << 20;
    };

    // Of values taken at random the one that leaves the fewest digits.
    [[nodiscard]] Other best_other(std::int32_t row, const std::vector<Coefficient>& rest) {
        const SumNetwork& network = bench_.network();
        Other best;
        constexpr int kTries = 48;
        for (int attempt = 0; attempt < kTries; ++attempt) {
            const std::int32_t other = random_row();
            if (other < 0 || other == row || network[other].level >= network.deadline(row))
                continue;
            const int shift = static_cast<int>(rng_.below(4)) * static_cast<int>(rng_.below(3));
            const Digit digit{other, shift, rng_.chance(0.5)};
            const int digits = digits_left(rest.data(), digit, rest.size());
            if (digits < best.digits_left) best = {digit, digits};
        }
        bench_.add_work(kTries * rest.size() / 4);
        return best;
    }

    [[nodiscard]] Coefficient left_over(const Coefficient* target, const Digit& other,
                                        std::size_t i) const {
        const Coefficient part =
            bench_.network().form(other.value)[i] * (Coefficient{1} << other.shift);
        return other.negative ? target[i] + part : target[i] - part;
    }

    [[nodiscard]] int digits_left(const Coefficient* target, const Digit& other,
                                  std::size_t n) const {
        int digits = 0;
        for (std::size_t i = 0; i < n; ++i)
            digits += signed_digit_count(left_over(target, other, i));
        return digits;
    }

    // 4 - 1 = 2 + 1: another way to write a coefficient in as many digits.
    void recode(std::int32_t row) {
        std::vector<Digit> terms = bench_.network()[row].terms;
        bool changed = false;
        for (Digit& low : terms) {
            const auto digit_at = [&](int shift) {
                return std::find_if(terms.begin(), terms.end(), [&](const Digit& other) {
                    return other.value == low.value && other.shift == shift;
                });
            };
            const auto one = digit_at(low.shift + 1);
            const auto two = digit_at(low.shift + 2);
            if (!rng_.chance(0.5) || low.shift + 2 > kHighestShift) continue;
            if (one == terms.end() && two != terms.end() && two->negative != low.negative) {
                two->shift = low.shift + 1;
                low.negative = !low.negative;
                changed = true;
            } else if (one != terms.end() && two == terms.end() && one->negative == low.negative) {
                one->shift = low.shift + 2;
                low.negative = !low.negative;
                changed = true;
            }
        }
        if (changed) use(row, std::move(terms));
    }

    void move_level(std::int32_t row) {
        if (bench_.network()[row].readers.empty()) return;
        bench_.move_level(row, rng_.chance(0.5) ? 1 : -1);
    }

    void negate(std::int32_t row) {
        const std::vector<Digit>& terms = bench_.network()[row].terms;
        if (std::any_of(terms.begin(), terms.end(), [](const Digit& t) { return t.negative; }))
            bench_.negate(row);
    }

    Workbench& bench_;
    Rng& rng_;
};

class Resynthesis {
  public:
    Resynthesis(SumNetwork& network, const ResynthesisParams& params)
        : network_(network),
          params_(params),
          rng_(params.seed),
          bench_(network),
          sharer_(bench_, rng_),
          destroyer_(bench_, rng_),
          best_(network),
          first_work_(bench_.work()) {
        stats_.before = stats_.after = bench_.total();
    }

    ResynthesisStats run() {
        for (std::int32_t row = network_.inputs(); row < network_.size(); ++row) {
            if (!network_.is_row(row)) continue;
            destroyer_.take_chain(row);
            finish_step(0);
        }
        while (work_done() < params_.work) {
            bench_.add_work(20);  // even steps that find nothing to do come to an end
            destroyer_.destroy();
            const double left =
                1 - static_cast<double>(work_done()) / static_cast<double>(params_.work);
            finish_step(params_.threshold * std::max(left, 0.0) * rng_.unit() * rng_.unit());
        }
        if (!is_best_) network_ = std::move(best_);
        return stats_;
    }

  private:
    [[nodiscard]] std::uint64_t work_done() const { return bench_.work() - first_work_; }

    // Shares again, and keeps the step if it does not lose more cells than allowed.
    void finish_step(double allowed) {
        ++stats_.steps;
        if (bench_.touched().empty()) return;
        sharer_.share();
        bench_.settle_signs();
        if (bench_.adders_added() > kMostAdded) return bench_.undo();
        const std::int64_t change = bench_.weigh();
        if (static_cast<double>(change) > allowed) return bench_.undo();
        if (change > 0 && is_best_) {
            bench_.undo();
            best_ = network_;
            is_best_ = false;
            return;
        }
        bench_.accept(change);
        ++stats_.accepted;
        if (bench_.total() >= stats_.after) return;
        stats_.after = bench_.total();
        is_best_ = true;
    }

    SumNetwork& network_;
    const ResynthesisParams& params_;
    Rng rng_;
    Workbench bench_;
    Sharer sharer_;
    Destroyer destroyer_;
    SumNetwork best_;
    bool is_best_ = true;  // the network is no worse than best_
    std::uint64_t first_work_;
    ResynthesisStats stats_;
};

}  // namespace

ResynthesisStats resynthesise(SumNetwork& network, const ResynthesisParams& params) {
    return Resynthesis(network, params).run();
}

}  // namespace gatewright::cmvm
