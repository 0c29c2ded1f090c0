// SPDX-License-Identifier: Apache-2.0
#include "cmvm/tiny_exact.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

namespace gatewright::cmvm {
namespace {

constexpr std::size_t kMostInputs = 4;
constexpr std::int64_t kMostCoefficient = 1 << 14;

using Form = std::array<std::int64_t, kMostInputs>;

Form negated(Form form) {
    for (std::int64_t& c : form) c = -c;
    return form;
}

bool is_zero(const Form& form) {
    return std::all_of(form.begin(), form.end(), [](std::int64_t c) { return c == 0; });
}

// The first coefficient that is not 0 becomes positive. True if the form was turned.
bool make_positive(Form& form) {
    for (const std::int64_t c : form) {
        if (c == 0) continue;
        if (c < 0) form = negated(form);
        return c < 0;
    }
    return false;
}

std::int64_t largest(const Form& form) {
    std::int64_t most = 0;
    for (const std::int64_t c : form) most = std::max(most, std::abs(c));
    return most;
}

// ±a·2^shift_a ± b·2^shift_b up to sign; the signs in which the values are kept come later.
struct Adder {
    std::int32_t a = 0;
    std::int32_t b = 0;
    int shift_a = 0;
    int shift_b = 0;
    int sign_a = 1;  // in the kept form of the sum
    int sign_b = 1;
};

struct Value {
    Form form{};  // first coefficient positive
    BitExtent extent;
    Adder adder;
    int level = 0;
    int least_cells = 0;
    bool is_target = false;
};

struct Target {
    Form form{};
    bool made = false;
    bool any_plain = false;  // outputs that are this form, or minus it
    bool any_negated = false;
};

class TinySearch {
  public:
    TinySearch(const InputGrid& grid, const TinyParams& params)
        : grid_(grid), params_(params), best_cost_(params.cost_below) {}

    // False if the problem is too large.
    bool read(const AdderGraph& graph) {
        if (graph.inputs > kMostInputs) return false;
        for (std::size_t i = 0; i < graph.inputs; ++i) {
            Value input;
            input.form[i] = 1;
            input.extent = extent(input.form);
            input.level = params_.arrival.empty() ? 0 : params_.arrival[i];
            values_.push_back(input);
        }
        for (const auto& row : evaluate_symbolically(graph)) {
            if (!read_output(row)) return false;
        }
        best_cost_ -= negated_inputs();
        return true;
    }

    [[nodiscard]] std::size_t targets() const { return targets_.size(); }

    std::optional<AdderGraph> run(TinyStats* stats) {
        std::size_t fewest = targets_.size();
        for (; fewest <= params_.max_adders && !out_of_steps(); ++fewest) {
            allowed_ = fewest;
            extend(targets_.size(), 0);
        }
        if (stats != nullptr) *stats = {steps_, !out_of_steps()};
        return best_;
    }

  private:
    struct Output {
        std::int32_t target = -1;  // -1: an input, or nothing
        AdderOutput plain;
        int shift = 0;
        bool negative = false;
    };

    [[nodiscard]] BitExtent extent(const Form& form) const {
        std::array<Coefficient, kMostInputs> scaled{};
        for (std::size_t i = 0; i < grid_.size(); ++i)
            scaled[i] = form[i] * (Coefficient{1} << grid_.scale(i));
        return grid_.extent(scaled.data());
    }

    bool read_output(const std::vector<fixed::Integer>& row) {
        Form form{};
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const auto entry = row[i].to_int64();
            if (!entry || std::abs(*entry) > std::int64_t{1} << 40) return false;
            form[i] = *entry;
            bits |= static_cast<std::uint64_t>(*entry);
        }
        Output output;
        if (bits != 0) {
            output.shift = std::countr_zero(bits);
            for (std::int64_t& c : form) c >>= output.shift;
            output.negative = make_positive(form);
            if (largest(form) > kMostCoefficient) return false;
            most_ = std::max(most_, 2 * largest(form));
            name_output(form, output);
        }
        outputs_.push_back(output);
        return true;
    }

    void name_output(const Form& form, Output& output) {
        for (std::size_t i = 0; i < values_.size(); ++i) {
            if (values_[i].form == form)
                output.plain = {static_cast<std::int32_t>(i), output.shift, output.negative};
        }
        if (output.plain.value >= 0) return;
        auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const Target& target) { return target.form == form; });
        if (found == targets_.end()) found = targets_.insert(found, Target{form});
        output.target = static_cast<std::int32_t>(found - targets_.begin());
        (output.negative ? found->any_negated : found->any_plain) = true;
    }

    // Cells of outputs that are minus an input: they cost the same in every graph.
    [[nodiscard]] std::int64_t negated_inputs() const {
        std::int64_t cells = 0;
        for (std::size_t i = 0; i < grid_.size(); ++i) {
            const bool any =
                std::any_of(outputs_.begin(), outputs_.end(), [&](const Output& output) {
                    return output.plain.value == static_cast<std::int32_t>(i) &&
                           output.plain.negate;
                });
            const BitExtent& extent = values_[i].extent;
            if (any) cells += std::max(0, extent.neg_top - extent.low);
        }
        return cells;
    }

    [[nodiscard]] bool out_of_steps() const { return steps_ >= params_.steps; }
    [[nodiscard]] std::size_t made() const { return values_.size() - grid_.size(); }

    // Tries every next adder; `open` targets are not made yet.
    void extend(std::size_t open, std::int64_t cells) {
        if (open == 0) {
            if (made() == allowed_) finish();
            return;
        }
        const bool only_targets = allowed_ - made() == open;
        const auto count = static_cast<std::int32_t>(values_.size());
        for (std::int32_t a = 0; a < count; ++a) {
            for (std::int32_t b = 0; b <= a; ++b) {
                for (int shift = 0; fits_shift(shift, a, b); ++shift) {
                    for (const int sign : {1, -1}) {
                        try_adder({a, b, shift, 0, 1, sign}, open, cells, only_targets);
                        if (shift > 0 && a != b)
                            try_adder({a, b, 0, shift, 1, sign}, open, cells, only_targets);
                    }
                    if (out_of_steps()) return;
                }
            }
        }
    }

    [[nodiscard]] bool fits_shift(int shift, std::int32_t a, std::int32_t b) const {
        const std::int64_t least = std::min(largest(values_[static_cast<std::size_t>(a)].form),
                                            largest(values_[static_cast<std::size_t>(b)].form));
        return (least << shift) <= 2 * most_;
    }

    void try_adder(Adder adder, std::size_t open, std::int64_t cells, bool only_targets) {
        const Value& a = values_[static_cast<std::size_t>(adder.a)];
        const Value& b = values_[static_cast<std::size_t>(adder.b)];
        Value value;
        for (std::size_t i = 0; i < kMostInputs; ++i)
            value.form[i] = adder.sign_a * (a.form[i] << adder.shift_a) +
                            adder.sign_b * (b.form[i] << adder.shift_b);
        ++steps_;
        value.level = 1 + std::max(a.level, b.level);
        if (value.level > params_.max_depth || is_zero(value.form) || largest(value.form) > most_)
            return;
        if (make_positive(value.form)) {
            adder.sign_a = -adder.sign_a;
            adder.sign_b = -adder.sign_b;
        }
        const auto target = std::find_if(targets_.begin(), targets_.end(), [&](const Target& t) {
            return !t.made && t.form == value.form;
        });
        value.is_target = target != targets_.end();
        if (only_targets && !value.is_target) return;
        if (is_out_of_order(adder, value.form) || is_known(value.form)) return;
        value.extent = extent(value.form);
        value.adder = adder;
        value.least_cells =
            std::max(0, std::min(value.extent.top, value.extent.neg_top) -
                            std::max(a.extent.low + adder.shift_a, b.extent.low + adder.shift_b));
        const std::int64_t all = cells + value.least_cells;
        const std::size_t left = value.is_target ? open - 1 : open;
        if (all + static_cast<std::int64_t>(left) >= best_cost_) return;
        if (value.is_target) target->made = true;
        values_.push_back(value);
        extend(left, all);
        values_.pop_back();
        if (value.is_target) target->made = false;
    }

    // Two adders that do not depend on each other come in the order of their forms.
    [[nodiscard]] bool is_out_of_order(const Adder& adder, const Form& form) const {
        const auto last = static_cast<std::int32_t>(values_.size()) - 1;
        return made() > 0 && adder.a != last && adder.b != last && form < values_.back().form;
    }

    [[nodiscard]] bool is_known(const Form& form) const {
        return std::any_of(values_.begin(), values_.end(),
                           [&](const Value& value) { return value.form == form; });
    }

    // Decides the signs in which the values are kept, all combinations, and keeps the cheapest.
    void finish() {
        const std::size_t inputs = grid_.size();
        const std::size_t adders = made();
        for (std::uint32_t turned = 0; turned < 1U << adders; ++turned) {
            const auto sign_of = [&](std::int32_t value) {
                const auto at = static_cast<std::size_t>(value);
                return at >= inputs && (turned >> (at - inputs) & 1U) != 0 ? -1 : 1;
            };
            std::int64_t cells = 0;
            for (std::size_t k = 0; k < adders && cells < best_cost_; ++k)
                cells += cells_of(static_cast<std::int32_t>(inputs + k), sign_of);
            if (cells >= best_cost_) continue;
            best_cost_ = cells;
            best_ = graph(sign_of);
        }
    }

    template <class SignOf>
    [[nodiscard]] std::int64_t cells_of(std::int32_t id, const SignOf& sign_of) const {
        const Value& value = values_[static_cast<std::size_t>(id)];
        const Adder& adder = value.adder;
        const bool plus_a = adder.sign_a * sign_of(id) * sign_of(adder.a) > 0;
        const bool plus_b = adder.sign_b * sign_of(id) * sign_of(adder.b) > 0;
        if (!plus_a && !plus_b) return best_cost_;
        const int low_a = values_[static_cast<std::size_t>(adder.a)].extent.low + adder.shift_a;
        const int low_b = values_[static_cast<std::size_t>(adder.b)].extent.low + adder.shift_b;
        const bool kept = sign_of(id) > 0;
        const int top = kept ? value.extent.top : value.extent.neg_top;
        const int other_top = kept ? value.extent.neg_top : value.extent.top;
        const int first = plus_a && plus_b ? std::max(low_a, low_b) : plus_a ? low_b : low_a;
        const auto target = std::find_if(targets_.begin(), targets_.end(),
                                         [&](const Target& t) { return t.form == value.form; });
        int negation = 0;
        if (target != targets_.end() && (kept ? target->any_negated : target->any_plain))
            negation = std::max(0, other_top - value.extent.low);
        return std::max(0, top - first) + negation;
    }

    template <class SignOf>
    [[nodiscard]] AdderGraph graph(const SignOf& sign_of) const {
        AdderGraph out{grid_.size(), {}, {}};
        for (std::size_t at = grid_.size(); at < values_.size(); ++at) {
            const Adder& adder = values_[at].adder;
            const int sign = sign_of(static_cast<std::int32_t>(at));
            const bool plus_a = adder.sign_a * sign * sign_of(adder.a) > 0;
            const bool plus_b = adder.sign_b * sign * sign_of(adder.b) > 0;
            if (plus_a) {
                out.nodes.push_back({adder.a, adder.b, adder.shift_a, adder.shift_b, !plus_b});
            } else {
                out.nodes.push_back({adder.b, adder.a, adder.shift_b, adder.shift_a, true});
            }
        }
        for (const Output& output : outputs_) {
            out.outputs.push_back(output.plain);
            if (output.target < 0) continue;
            const Form& form = targets_[static_cast<std::size_t>(output.target)].form;
            const auto made = std::find_if(values_.begin(), values_.end(),
                                           [&](const Value& v) { return v.form == form; });
            const auto id = static_cast<std::int32_t>(made - values_.begin());
            out.outputs.back() = {id, output.shift, output.negative != (sign_of(id) < 0)};
        }
        return out;
    }

    const InputGrid& grid_;
    const TinyParams& params_;
    std::vector<Value> values_;
    std::vector<Target> targets_;
    std::vector<Output> outputs_;
    std::int64_t most_ = 1;  // coefficient of any value
    std::size_t allowed_ = 0;
    std::uint64_t steps_ = 0;
    std::int64_t best_cost_;
    std::optional<AdderGraph> best_;
};

}  // namespace

std::optional<AdderGraph> solve_tiny(const AdderGraph& graph, const InputGrid& grid,
                                     const TinyParams& params, TinyStats* stats) {
    constexpr std::size_t kMostAdders = 16;
    TinySearch search(grid, params);
    if (params.max_adders > kMostAdders || !search.read(graph)) return std::nullopt;
    return search.run(stats);
}

}  // namespace gatewright::cmvm
