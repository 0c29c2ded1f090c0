// SPDX-License-Identifier: Apache-2.0
//
// A network of sums on the bench of a local search: rows change, pattern counts follow, costs of
// rows are remembered, and everything a step changed can be undone. Keeps the invariants of
// SumNetwork between steps: no row that is read once or never, none of one term, none all negative
// once settle_signs() has run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "cmvm/kraft.h"
#include "cmvm/pattern_counts.h"
#include "cmvm/sum_network.h"
#include "support/rng.h"

namespace gatewright::cmvm {

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
            value.limit = saved.limit;
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
        int limit;
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
                          was_row ? value.cost : 0, value.level, value.limit, value.plain_outputs,
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
        touch(id);
        touch(term.value);
        SumNetwork::Value& target = network_[term.value];
        target.limit = std::min(target.limit, network_[id].limit);
        network_[id].limit = kDeepest;
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

}  // namespace gatewright::cmvm
