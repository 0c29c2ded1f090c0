// SPDX-License-Identifier: Apache-2.0
#include "cmvm/resynthesis.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "cmvm/pattern_counts.h"
#include "cmvm/single_constants.h"
#include "support/check.h"
#include "support/rng.h"

namespace gatewright::cmvm {
namespace {

constexpr std::size_t kMostTerms = 100;  // of a row that a step may make
constexpr int kHighestShift = 40;
constexpr std::int64_t kMostAdded = 0;  // adders by which a step may grow the network

std::uint64_t kraft(int level) {
    return std::uint64_t{1} << static_cast<unsigned>(level);
}

template <class T>
void sort_unique(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

// Costs of rows, remembered: a search meets most sums many times. A row is known by its terms'
// forms, whatever their ids; two different rows meet in one key once in 2^64.
class RowCosts {
  public:
    explicit RowCosts(const SumNetwork& network)
        : network_(network), trees_(network.grid()), known_(std::size_t{1} << 15U) {
        Rng rng(1);
        for (std::size_t i = 0; i < network.grid().size(); ++i) weights_.push_back(rng.next());
    }

    std::int64_t cost_of(std::int32_t row) {
        std::uint64_t key = mixed(static_cast<std::uint64_t>(network_.deadline(row)) + 1);
        for (const Digit& term : network_[row].terms) key += key_of(term);
        if (network_[row].negated_outputs > 0) key = mixed(key);
        ++keys_;
        Known& known = known_[key >> 49U];
        if (known.key != key) known = {key, network_.estimate_of(row, trees_)};
        return known.cost;
    }
    [[nodiscard]] std::uint64_t work() const { return trees_.work() + keys_; }

  private:
    struct Known {
        std::uint64_t key = 0;
        std::int64_t cost = 0;
    };

    static std::uint64_t mixed(std::uint64_t x) { return Rng(x).next(); }

    [[nodiscard]] std::uint64_t key_of(const Digit& term) const {
        const Coefficient* form = network_.form(term.value);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < weights_.size(); ++i)
            sum += static_cast<std::uint64_t>(form[i]) * weights_[i];
        const auto use = static_cast<std::uint64_t>(network_[term.value].level * 256 +
                                                    term.shift * 2 + (term.negative ? 1 : 0));
        return mixed(sum ^ mixed(use));
    }

    const SumNetwork& network_;
    SumTrees trees_;
    std::vector<Known> known_;
    std::vector<std::uint64_t> weights_;
    std::uint64_t keys_ = 0;
};

// A network under change: pattern counts kept, every change of a step recorded so that it can be
// undone.
class Workbench {
  public:
    explicit Workbench(SumNetwork& network) : network_(network), costs_(network) {
        for (std::int32_t id = 0; id < network.size(); ++id) {
            grow(id);
            if (network.is_row(id)) {
                count_pairs(network[id].terms, 1);
            } else if (id >= network.inputs()) {
                free_.push_back(id);
            }
        }
        for (std::int32_t id = network.inputs(); id < network.size(); ++id) {
            if (!network.is_row(id)) continue;
            network[id].cost = costs_.cost_of(id);
            total_ += network[id].cost;
        }
    }

    [[nodiscard]] const SumNetwork& network() const { return network_; }
    [[nodiscard]] const PatternCounts& counts() const { return counts_; }
    [[nodiscard]] std::int64_t total() const { return total_; }
    [[nodiscard]] std::uint64_t work() const { return costs_.work() + pairs_; }
    [[nodiscard]] const std::vector<std::int32_t>& touched() const { return touched_; }
    void add_work(std::uint64_t pairs) { pairs_ += pairs; }

    // Patterns that occur more often since the last call, twice or more.
    [[nodiscard]] std::vector<std::uint64_t> take_fresh() { return std::exchange(fresh_, {}); }

    void set_terms(std::int32_t id, std::vector<Digit> terms) {
        touch(id);
        count_changes(network_[id].terms, terms);
        for (const Digit& term : terms) note_operand(term.value);
        for (const Digit& term : network_[id].terms) note_operand(term.value);
        network_.set_terms(id, std::move(terms));
        settle_level(id);
        check_.push_back(id);
    }

    std::int32_t add_row(std::vector<Digit> terms) {
        if (free_.empty()) {
            free_.push_back(network_.add_place());
            grow(free_.back());
        }
        const std::int32_t made = free_.back();
        free_.pop_back();
        touch(made);
        count_changes({}, terms);
        for (const Digit& term : terms) note_operand(term.value);
        network_.add_row(made, std::move(terms));
        check_.push_back(made);
        return made;
    }

    // Promises a row for another level, if its terms and its readers allow.
    void move_level(std::int32_t id, int change) {
        const int level = network_[id].level + change;
        if (level < network_.least_level(network_[id].terms)) return;
        std::vector<std::int32_t> readers = network_[id].readers;
        for (const std::int32_t reader : readers) {
            const auto reads =
                static_cast<std::uint64_t>(std::count(readers.begin(), readers.end(), reader));
            const std::uint64_t others =
                network_.kraft_sum(network_[reader].terms) - reads * kraft(network_[id].level);
            if (others + reads * kraft(level) > kraft(network_.deadline(reader))) return;
        }
        touch(id);
        network_[id].level = level;
        sort_unique(readers);
        for (const std::int32_t reader : readers) {
            touch(reader);
            settle_level(reader);
        }
    }

    void negate(std::int32_t id) {
        touch(id);
        if (network_[id].is_output()) keep_outputs();
        std::vector<std::int32_t> readers = network_[id].readers;
        sort_unique(readers);
        std::vector<std::vector<Digit>> before;
        for (const std::int32_t reader : readers) {
            touch(reader);
            before.push_back(network_[reader].terms);
        }
        network_.negate(id);
        for (std::size_t k = 0; k < readers.size(); ++k)
            count_changes(before[k], network_[readers[k]].terms);
    }

    // Puts a row's terms where it is read. It stays if it is an output.
    void dissolve(std::int32_t id) {
        std::vector<std::int32_t> readers = network_[id].readers;
        sort_unique(readers);
        for (const std::int32_t reader : readers) inline_into(reader, id);
        if (!network_[id].is_output()) set_terms(id, {});
    }

    void inline_into(std::int32_t reader, std::int32_t id) {
        std::vector<Digit> terms;
        for (const Digit& term : network_[reader].terms) {
            if (term.value != id) {
                terms.push_back(term);
                continue;
            }
            for (const Digit& inner : network_[id].terms) {
                terms.push_back(
                    {inner.value, inner.shift + term.shift, inner.negative != term.negative});
            }
        }
        SumNetwork::normalise(terms);
        set_terms(reader, std::move(terms));
    }

    // Rows that nothing reads go, rows read once and rows of one term dissolve.
    void clean_up() {
        while (!check_.empty()) {
            const std::int32_t id = check_.back();
            check_.pop_back();
            if (!network_.is_row(id)) continue;
            const SumNetwork::Value& value = network_[id];
            if (value.terms.size() == 1) {
                if (value.is_output()) redirect_outputs(id);
                dissolve(id);
            } else if (!value.is_output() && value.readers.empty()) {
                set_terms(id, {});
            } else if (!value.is_output() && value.readers.size() == 1) {
                dissolve(id);
            }
        }
    }

    // Negates rows whose terms are all negative.
    void settle_signs() {
        for (bool changed = true; changed;) {
            changed = false;
            for (std::size_t k = 0; k < touched_.size(); ++k) {
                const std::int32_t id = touched_[k];
                if (!network_.is_row(id)) continue;
                const std::vector<Digit>& terms = network_[id].terms;
                if (std::any_of(terms.begin(), terms.end(),
                                [](const Digit& term) { return !term.negative; })) {
                    continue;
                }
                negate(id);
                changed = true;
            }
        }
    }

    // What the step would change the number of adders by.
    [[nodiscard]] std::int64_t adders_added() const {
        std::int64_t change = 0;
        const auto adders = [](const std::vector<Digit>& terms) {
            return terms.empty() ? 0 : static_cast<std::int64_t>(terms.size()) - 1;
        };
        for (const Saved& saved : saved_) change -= adders(saved.terms);
        for (const std::int32_t id : touched_) change += adders(network_[id].terms);
        return change;
    }

    // What the step would change the total by; some row may have become impossible.
    std::int64_t weigh() {
        std::int64_t change = 0;
        for (const Saved& saved : saved_) change -= saved.cost;
        for (const std::int32_t id : touched_) {
            network_[id].cost = network_.is_row(id) ? costs_.cost_of(id) : 0;
            change += network_[id].cost;
        }
        return change;
    }

    void accept(std::int64_t change) {
        total_ += change;
        finish();
    }

    void undo() {
        for (Saved& saved : saved_) {
            SumNetwork::Value& value = network_[saved.id];
            if (value.flipped != saved.flipped) network_.flip_form(saved.id);
            value.level = saved.level;
            value.plain_outputs = saved.plain_outputs;
            value.negated_outputs = saved.negated_outputs;
            value.cost = saved.cost;
            count_changes(value.terms, saved.terms);
            network_.set_terms(saved.id, std::move(saved.terms));
        }
        if (outputs_) network_.outputs() = *outputs_;
        finish();
    }

  private:
    // A row as it was before the step. A place that was free comes back empty.
    struct Saved {
        std::int32_t id;
        std::vector<Digit> terms;
        std::int64_t cost;
        int level;
        int plain_outputs;
        int negated_outputs;
        bool flipped;
    };

    void grow(std::int32_t id) {
        if (static_cast<std::size_t>(id) >= is_touched_.size())
            is_touched_.resize(static_cast<std::size_t>(id) + 1, false);
    }

    void touch(std::int32_t id) {
        if (is_touched_[static_cast<std::size_t>(id)]) return;
        is_touched_[static_cast<std::size_t>(id)] = true;
        touched_.push_back(id);
        const SumNetwork::Value& value = network_[id];
        const bool was_row = network_.is_row(id);
        saved_.push_back({id, was_row ? value.terms : std::vector<Digit>{},
                          was_row ? value.cost : 0, value.level, value.plain_outputs,
                          value.negated_outputs, value.flipped});
    }

    // What only outputs read is as early as it can be, should a row come to read it.
    void settle_level(std::int32_t id) {
        if (network_[id].readers.empty() && network_.is_row(id))
            network_[id].level = network_.least_level(network_[id].terms);
    }

    // A value that a row begins or ceases to read: an output's deadline depends on its readers.
    void note_operand(std::int32_t id) {
        if (id < network_.inputs()) return;
        check_.push_back(id);
        if (network_[id].is_output()) touch(id);
    }

    void keep_outputs() {
        if (!outputs_) outputs_ = network_.outputs();
    }

    void redirect_outputs(std::int32_t id) {
        const Digit term = network_[id].terms[0];
        keep_outputs();
        touch(term.value);
        SumNetwork::Value& target = network_[term.value];
        for (AdderOutput& output : network_.outputs()) {
            if (output.value != id) continue;
            output = {term.value, output.shift + term.shift, output.negate != term.negative};
            ++(output.negate ? target.negated_outputs : target.plain_outputs);
        }
        network_[id].plain_outputs = 0;
        network_[id].negated_outputs = 0;
    }

    // Only pairs with a term that comes or goes. Both lists are in normal order.
    void count_changes(const std::vector<Digit>& old, const std::vector<Digit>& terms) {
        const auto before = [](const Digit& x, const Digit& y) {
            return std::tuple(x.value, x.shift, x.negative) <
                   std::tuple(y.value, y.shift, y.negative);
        };
        const auto part = [&](const std::vector<Digit>& x, const std::vector<Digit>& y,
                              bool common) {
            std::vector<Digit> out;
            if (common) {
                std::set_intersection(x.begin(), x.end(), y.begin(), y.end(),
                                      std::back_inserter(out), before);
            } else {
                std::set_difference(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(out),
                                    before);
            }
            return out;
        };
        const std::vector<Digit> stay = part(old, terms, true);
        const std::vector<Digit> go = part(old, terms, false);
        const std::vector<Digit> come = part(terms, old, false);
        count_pairs(go, -1);
        count_pairs_between(go, stay, -1);
        count_pairs(come, 1);
        count_pairs_between(come, stay, 1);
        note_pairs(come, stay);
    }

    void count_pairs_between(const std::vector<Digit>& x, const std::vector<Digit>& y,
                             std::int32_t change) {
        for (const Digit& first : x) {
            for (const Digit& second : y) counts_.add(pair_key(first, second), change);
        }
        pairs_ += x.size() * y.size();
    }

    void note_pairs(const std::vector<Digit>& come, const std::vector<Digit>& stay) {
        const auto note = [&](const Digit& x, const Digit& y) {
            const std::uint64_t key = pair_key(x, y);
            if (counts_.count(key) >= 2) fresh_.push_back(key);
        };
        for (std::size_t i = 0; i < come.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) note(come[i], come[j]);
            for (const Digit& other : stay) note(come[i], other);
        }
    }

    void count_pairs(const std::vector<Digit>& terms, std::int32_t change) {
        for (std::size_t i = 1; i < terms.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) counts_.add(pair_key(terms[i], terms[j]), change);
        }
        pairs_ += terms.size() * terms.size() / 2;
    }

    void finish() {
        for (const std::int32_t id : touched_) {
            is_touched_[static_cast<std::size_t>(id)] = false;
            if (id >= network_.inputs() && !network_.is_row(id)) free_.push_back(id);
        }
        sort_unique(free_);
        touched_.clear();
        saved_.clear();
        check_.clear();
        fresh_.clear();
        outputs_.reset();
    }

    SumNetwork& network_;
    RowCosts costs_;
    PatternCounts counts_;
    std::int64_t total_ = 0;
    std::uint64_t pairs_ = 0;
    std::vector<std::int32_t> free_;  // places without a row
    std::vector<bool> is_touched_;
    std::vector<std::int32_t> touched_;
    std::vector<Saved> saved_;
    std::vector<std::int32_t> check_;   // rows that clean_up() looks at
    std::vector<std::uint64_t> fresh_;  // keys of pairs that became more
    std::optional<std::vector<AdderOutput>> outputs_;
};

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
        if (kind < 78) return express_by_another(row);
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

    // row = ±other·2^shift + what is left, in digits of the inputs, as few as possible.
    void express_by_another(std::int32_t row) {
        const SumNetwork& network = bench_.network();
        if (network[row].terms.size() < 3) return;
        const std::size_t n = network.grid().size();
        const Coefficient* target = network.form(row);
        int fewest = 1 << 20;
        Digit best{-1, 0, false};
        constexpr int kTries = 48;
        for (int attempt = 0; attempt < kTries; ++attempt) {
            const std::int32_t other = random_row();
            if (other < 0 || other == row || network[other].level >= network.deadline(row))
                continue;
            const int shift = static_cast<int>(rng_.below(4)) * static_cast<int>(rng_.below(3));
            const bool negative = rng_.chance(0.5);
            const int digits = digits_left(target, {other, shift, negative}, n);
            if (digits >= fewest) continue;
            fewest = digits;
            best = {other, shift, negative};
        }
        bench_.add_work(kTries * n / 4);
        if (best.value < 0) return;
        std::vector<Coefficient> rest(n);
        for (std::size_t i = 0; i < n; ++i) rest[i] = left_over(target, best, i);
        std::vector<Digit> terms{best};
        append_input_digits(rest.data(), terms);
        use(row, std::move(terms));
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
