// SPDX-License-Identifier: Apache-2.0
//
// An adder graph seen as sums: a value that is read more than once, or is an output, is a row, a
// sum of signed and shifted other values; whatever adder is read once has dissolved into the sum
// that reads it. Which trees add the rows up is decided at the end, by SumTrees, so a search over
// sums decides only what is shared.
//
// Every row has a level by which it promises to be ready, and its terms' levels must fit it
// (Kraft: Σ 2^level(term) <= 2^level(row)). A term's level is therefore below its row's, so no
// change that keeps this can close a cycle. A row that only outputs read has until the depth limit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cmvm/adder_graph.h"
#include "cmvm/input_grid.h"
#include "cmvm/kraft.h"
#include "cmvm/sharing.h"
#include "cmvm/sum_trees.h"

namespace gatewright::cmvm {

class SumNetwork {
  public:
    /// Values 0 … inputs-1 are the inputs; they have no terms.
    struct Value {
        std::vector<Digit> terms;
        std::vector<std::int32_t> readers;  ///< one per term that reads it
        BitExtent extent;
        int level = 0;
        int plain_outputs = 0;    ///< outputs that are this value, shifted
        int negated_outputs = 0;  ///< outputs that are minus this value
        bool flipped = false;     ///< the kept form is minus the first one
        int limit = kDeepest;     ///< outputs need it by this level
        std::int64_t cost = 0;    ///< cells, as last computed
        [[nodiscard]] bool is_output() const { return plain_outputs + negated_outputs > 0; }
    };

    /// nullopt if the graph's numbers could leave 64 bits here, or it is deeper than max_depth.
    /// `deadlines`: the level by which each output must be there; empty: max_depth for all.
    static std::optional<SumNetwork> make(const AdderGraph& graph, const InputGrid& grid,
                                          std::span<const int> arrival, int max_depth,
                                          std::span<const int> deadlines = {});
    /// With the cheapest trees found; sums up to `exact_terms` terms exactly.
    [[nodiscard]] AdderGraph graph(std::size_t exact_terms) const;

    [[nodiscard]] std::int32_t inputs() const { return inputs_; }
    [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(values_.size()); }
    [[nodiscard]] Value& operator[](std::int32_t id) {
        return values_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const Value& operator[](std::int32_t id) const {
        return values_[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const Coefficient* form(std::int32_t id) const {
        return &forms_[static_cast<std::size_t>(id) * grid_->size()];
    }
    [[nodiscard]] bool is_row(std::int32_t id) const {
        return id >= inputs_ && !(*this)[id].terms.empty();
    }
    [[nodiscard]] const InputGrid& grid() const { return *grid_; }
    [[nodiscard]] std::vector<AdderOutput>& outputs() { return outputs_; }

    /// When the row must be ready: for its readers and for its outputs.
    [[nodiscard]] int deadline(std::int32_t id) const {
        const Value& value = (*this)[id];
        return std::min(value.readers.empty() ? max_depth_ : value.level, value.limit);
    }
    /// Σ 2^level over the terms.
    [[nodiscard]] std::uint64_t kraft_sum(std::span<const Digit> terms) const;
    /// The first level at which the terms can have been added.
    [[nodiscard]] int least_level(std::span<const Digit> terms) const;
    /// Replaces a row's terms and keeps the readers' lists. The value must stay the same.
    void set_terms(std::int32_t id, std::vector<Digit> terms);
    /// A place without a row.
    std::int32_t add_place();
    /// A row in such a place; its level is the least.
    void add_row(std::int32_t place, std::vector<Digit> terms);
    /// Keeps minus the value: the row's terms and the row in its readers change sign.
    void negate(std::int32_t id);
    /// Only the form and the outputs, for terms that are about to be replaced.
    void flip_form(std::int32_t id);
    /// Cells of the row's tree and of a negation behind it.
    std::int64_t cost_of(std::int32_t id, SumTrees& trees) const;
    /// The same with SumTrees::estimate().
    std::int64_t estimate_of(std::int32_t id, SumTrees& trees) const;
    /// Levels as early as the terms allow. Rows in order of rising level.
    void settle_levels();
    /// Negates the rows whose terms are all negative.
    void settle_signs();
    [[nodiscard]] std::vector<std::int32_t> rows_by_level() const;
    /// True if every row is the sum of its terms, is read by whom its readers say and is ready in
    /// time: what every change must keep.
    [[nodiscard]] bool is_consistent() const;
    /// Equal digits of one value added up, as canonical digits; ordered by value and shift.
    static void normalise(std::vector<Digit>& terms);

  private:
    friend class NetworkReader;
    SumNetwork() = default;
    [[nodiscard]] std::vector<SumTerm> sum_terms(std::int32_t id) const;
    [[nodiscard]] std::int64_t negation_of(std::int32_t id) const;

    const InputGrid* grid_ = nullptr;
    std::int32_t inputs_ = 0;
    int max_depth_ = 0;
    std::vector<Value> values_;
    std::vector<Coefficient> forms_;
    std::vector<AdderOutput> outputs_;
};

}  // namespace gatewright::cmvm
