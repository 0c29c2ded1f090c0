// SPDX-License-Identifier: Apache-2.0
#include "cmvm/sum_network.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include "support/check.h"

namespace gatewright::cmvm {
namespace {

constexpr int kHighestShift = 40;  // of a digit
constexpr std::size_t kMostCoefficients = std::size_t{1} << 24U;

std::size_t index(std::int32_t id) {
    return static_cast<std::size_t>(id);
}

// A linear form up to sign and powers of two, which it had.
struct OddForm {
    std::vector<Coefficient> coefficients;
    int shift = 0;
    bool negative = false;
};

OddForm odd_form(const Coefficient* form, std::size_t size) {
    OddForm out{{form, form + size}, 0, false};
    std::uint64_t bits = 0;
    for (const Coefficient c : out.coefficients) bits |= static_cast<std::uint64_t>(c);
    if (bits == 0) return out;
    out.shift = std::countr_zero(bits);
    const auto first = std::find_if(out.coefficients.begin(), out.coefficients.end(),
                                    [](Coefficient c) { return c != 0; });
    out.negative = *first < 0;
    for (Coefficient& c : out.coefficients) c = (out.negative ? -c : c) >> out.shift;
    return out;
}

}  // namespace

// Reads an adder graph: finds equal values, counts who reads what, and expands the sums.
class NetworkReader {
  public:
    NetworkReader(const AdderGraph& graph, const InputGrid& grid, std::span<const int> arrival,
                  std::span<const int> deadlines, SumNetwork& network)
        : graph_(graph),
          grid_(grid),
          deadlines_(deadlines),
          network_(network),
          links_(graph.inputs),
          row_of_() {
        for (std::size_t i = 0; i < graph.inputs; ++i) {
            links_[i] = {static_cast<std::int32_t>(i), 0, false};
            levels_.push_back(arrival.empty() ? 0 : arrival[i]);
        }
    }

    bool read() {
        if (!read_forms()) return false;
        count_uses();
        const std::size_t n = grid_.size();
        for (std::size_t v = 0; v < graph_.inputs; ++v) {
            network_.values_.push_back({{}, {}, grid_.extent(&forms_[v * n]), levels_[v]});
            row_of_[static_cast<std::int32_t>(v)] = static_cast<std::int32_t>(v);
        }
        network_.forms_.assign(forms_.begin(),
                               forms_.begin() + static_cast<std::ptrdiff_t>(graph_.inputs * n));
        for (std::size_t v = graph_.inputs; v < links_.size(); ++v) {
            const auto id = static_cast<std::int32_t>(v);
            if (is_row(id) && !add_row(id)) return false;
        }
        return add_outputs();
    }

  private:
    // A value as another one, shifted and perhaps negated.
    struct Link {
        std::int32_t value = 0;
        std::int32_t shift = 0;
        bool negative = false;
    };

    bool read_forms() {
        const std::size_t n = grid_.size();
        if ((graph_.inputs + graph_.nodes.size()) * n > kMostCoefficients) return false;
        forms_.assign(graph_.inputs * n, 0);
        std::map<std::vector<Coefficient>, std::int32_t> known;
        for (std::size_t i = 0; i < n; ++i) {
            forms_[i * n + i] = Coefficient{1} << grid_.scale(i);
            known.emplace(odd_form(&forms_[i * n], n).coefficients, static_cast<std::int32_t>(i));
        }
        for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
            const AdderNode& node = graph_.nodes[k];
            if (node.is_ternary() || node.shift_a > kHighestShift || node.shift_b > kHighestShift)
                return false;
            if (!append_form(node)) return false;
            const auto id = static_cast<std::int32_t>(graph_.inputs + k);
            levels_.push_back(1 + std::max(levels_[index(node.a)], levels_[index(node.b)]));
            links_.push_back(link_of(id, known));
        }
        return true;
    }

    bool append_form(const AdderNode& node) {
        const std::size_t n = grid_.size();
        const std::size_t at = forms_.size();
        const Coefficient* a = &forms_[index(node.a) * n];
        const Coefficient* b = &forms_[index(node.b) * n];
        const double reach = grid_.reach(a) * static_cast<double>(kraft(node.shift_a)) +
                             grid_.reach(b) * static_cast<double>(kraft(node.shift_b));
        if (reach * 4 > InputGrid::kReachLimit) return false;
        std::vector<Coefficient> form(n);
        for (std::size_t i = 0; i < n; ++i) {
            const Coefficient second = b[i] * (Coefficient{1} << node.shift_b);
            form[i] = a[i] * (Coefficient{1} << node.shift_a) + (node.subtract ? -second : second);
        }
        forms_.insert(forms_.end(), form.begin(), form.end());
        return std::any_of(&forms_[at], &forms_[at] + n, [](Coefficient c) { return c != 0; });
    }

    // Itself, or an equal value that is ready no later.
    Link link_of(std::int32_t id, std::map<std::vector<Coefficient>, std::int32_t>& known) {
        const std::size_t n = grid_.size();
        OddForm odd = odd_form(&forms_[index(id) * n], n);
        const auto [found, is_new] = known.emplace(std::move(odd.coefficients), id);
        const Link self{id, 0, false};
        if (is_new) return self;
        const OddForm other = odd_form(&forms_[index(found->second) * n], n);
        if (other.shift > odd.shift || levels_[index(found->second)] > levels_[index(id)])
            return self;
        return {found->second, odd.shift - other.shift, odd.negative != other.negative};
    }

    void count_uses() {
        uses_.assign(links_.size(), 0);
        for (const AdderOutput& output : graph_.outputs) {
            if (output.value >= 0) uses_[index(links_[index(output.value)].value)] += 2;
        }
        for (std::size_t k = graph_.nodes.size(); k-- > 0;) {
            const std::size_t id = graph_.inputs + k;
            if (links_[id].value != static_cast<std::int32_t>(id) || uses_[id] == 0) continue;
            ++uses_[index(links_[index(graph_.nodes[k].a)].value)];
            ++uses_[index(links_[index(graph_.nodes[k].b)].value)];
        }
    }

    [[nodiscard]] bool is_row(std::int32_t id) const {
        return links_[index(id)].value == id && uses_[index(id)] >= 2;
    }

    // Terms of ±value·2^shift, through what is read once.
    void expand(std::int32_t value, int shift, bool negative, std::vector<Digit>& terms) const {
        const Link& link = links_[index(value)];
        shift += link.shift;
        negative = negative != link.negative;
        const auto row = row_of_.find(link.value);
        if (row != row_of_.end()) {
            terms.push_back({row->second, shift, negative});
            return;
        }
        const AdderNode& node = graph_.nodes[index(link.value) - graph_.inputs];
        expand(node.a, shift + node.shift_a, negative, terms);
        expand(node.b, shift + node.shift_b, negative != node.subtract, terms);
    }

    bool add_row(std::int32_t id) {
        const std::size_t n = grid_.size();
        const AdderNode& node = graph_.nodes[index(id) - graph_.inputs];
        std::vector<Digit> terms;
        expand(node.a, node.shift_a, false, terms);
        expand(node.b, node.shift_b, node.subtract, terms);
        SumNetwork::normalise(terms);
        if (terms.size() < 2) return false;
        const auto row = network_.size();
        const Coefficient* form = &forms_[index(id) * n];
        network_.values_.push_back({{}, {}, grid_.extent(form), levels_[index(id)]});
        network_.forms_.insert(network_.forms_.end(), form, form + n);
        network_.set_terms(row, std::move(terms));
        row_of_[id] = row;
        return true;
    }

    bool add_outputs() {
        for (std::size_t j = 0; j < graph_.outputs.size(); ++j) {
            const AdderOutput& output = graph_.outputs[j];
            AdderOutput made = output;
            if (output.value >= 0) {
                const Link& link = links_[index(output.value)];
                made = {row_of_.at(link.value), output.shift + link.shift,
                        output.negate != link.negative};
                SumNetwork::Value& value = network_[made.value];
                if (!deadlines_.empty()) value.limit = std::min(value.limit, deadlines_[j]);
                if (value.level > std::min(network_.max_depth_, value.limit)) return false;
                ++(made.negate ? value.negated_outputs : value.plain_outputs);
            }
            network_.outputs_.push_back(made);
        }
        return true;
    }

    const AdderGraph& graph_;
    const InputGrid& grid_;
    const std::span<const int> deadlines_;
    SumNetwork& network_;
    std::vector<Coefficient> forms_;
    std::vector<int> levels_;
    std::vector<Link> links_;
    std::vector<int> uses_;
    std::map<std::int32_t, std::int32_t> row_of_;  // graph value -> network value
};

std::optional<SumNetwork> SumNetwork::make(const AdderGraph& graph, const InputGrid& grid,
                                           std::span<const int> arrival, int max_depth,
                                           std::span<const int> deadlines) {
    SumNetwork network;
    network.grid_ = &grid;
    network.inputs_ = static_cast<std::int32_t>(graph.inputs);
    constexpr int kDeepestRow = 50;  // Kraft sums of many terms fit 64 bits
    network.max_depth_ = std::min(max_depth, kDeepestRow);
    for (const int level : arrival) {
        if (level < 0 || level > network.max_depth_) return std::nullopt;
    }
    if (!NetworkReader(graph, grid, arrival, deadlines, network).read()) return std::nullopt;
    network.settle_levels();
    network.settle_signs();
    return network;
}

std::uint64_t SumNetwork::kraft_sum(std::span<const Digit> terms) const {
    std::uint64_t sum = 0;
    for (const Digit& term : terms) sum += kraft((*this)[term.value].level);
    return sum;
}

int SumNetwork::least_level(std::span<const Digit> terms) const {
    const std::uint64_t sum = kraft_sum(terms);
    return static_cast<int>(std::bit_width(sum - 1));
}

void SumNetwork::set_terms(std::int32_t id, std::vector<Digit> terms) {
    for (const Digit& term : (*this)[id].terms) {
        std::vector<std::int32_t>& readers = (*this)[term.value].readers;
        const auto found = std::find(readers.begin(), readers.end(), id);
        *found = readers.back();
        readers.pop_back();
    }
    (*this)[id].terms = std::move(terms);
    for (const Digit& term : (*this)[id].terms) (*this)[term.value].readers.push_back(id);
}

std::int32_t SumNetwork::add_place() {
    values_.emplace_back();
    forms_.resize(forms_.size() + grid_->size());
    return size() - 1;
}

void SumNetwork::add_row(std::int32_t id, std::vector<Digit> terms) {
    const std::size_t n = grid_->size();
    Coefficient* own = &forms_[index(id) * n];
    std::fill_n(own, n, 0);
    for (const Digit& term : terms) {
        const Coefficient factor = (term.negative ? -1 : 1) * (Coefficient{1} << term.shift);
        const Coefficient* operand = form(term.value);
        for (std::size_t i = 0; i < n; ++i) own[i] += operand[i] * factor;
    }
    Value& value = (*this)[id];
    value.extent = grid_->extent(own);
    value.level = least_level(terms);
    value.flipped = false;
    value.limit = kDeepest;
    value.cost = 0;
    set_terms(id, std::move(terms));
}

void SumNetwork::flip_form(std::int32_t id) {
    Value& value = (*this)[id];
    Coefficient* own = &forms_[index(id) * grid_->size()];
    for (std::size_t i = 0; i < grid_->size(); ++i) own[i] = -own[i];
    std::swap(value.extent.top, value.extent.neg_top);
    std::swap(value.plain_outputs, value.negated_outputs);
    value.flipped = !value.flipped;
    if (!value.is_output()) return;
    for (AdderOutput& output : outputs_) {
        if (output.value == id) output.negate = !output.negate;
    }
}

void SumNetwork::negate(std::int32_t id) {
    flip_form(id);
    Value& value = (*this)[id];
    for (Digit& term : value.terms) term.negative = !term.negative;
    std::vector<std::int32_t> readers = value.readers;
    std::sort(readers.begin(), readers.end());
    readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
    for (const std::int32_t reader : readers) {
        for (Digit& term : (*this)[reader].terms) {
            if (term.value == id) term.negative = !term.negative;
        }
    }
}

std::vector<SumTerm> SumNetwork::sum_terms(std::int32_t id) const {
    std::vector<SumTerm> terms;
    terms.reserve((*this)[id].terms.size());
    for (const Digit& term : (*this)[id].terms)
        terms.push_back({form(term.value), term.shift, term.negative, (*this)[term.value].level});
    return terms;
}

std::int64_t SumNetwork::negation_of(std::int32_t id) const {
    const Value& value = (*this)[id];
    return value.negated_outputs > 0 ? std::max(0, value.extent.neg_top - value.extent.low) : 0;
}

std::int64_t SumNetwork::cost_of(std::int32_t id, SumTrees& trees) const {
    const std::vector<SumTerm> terms = sum_terms(id);
    return negation_of(id) + (terms.size() < 2 ? 0 : trees.cost(terms, deadline(id)));
}

std::int64_t SumNetwork::estimate_of(std::int32_t id, SumTrees& trees) const {
    const std::vector<SumTerm> terms = sum_terms(id);
    return negation_of(id) + (terms.size() < 2 ? 0 : trees.estimate(terms, deadline(id)));
}

std::vector<std::int32_t> SumNetwork::rows_by_level() const {
    std::vector<std::int32_t> rows;
    for (std::int32_t id = inputs_; id < size(); ++id) {
        if (is_row(id)) rows.push_back(id);
    }
    std::stable_sort(rows.begin(), rows.end(), [&](std::int32_t x, std::int32_t y) {
        return (*this)[x].level < (*this)[y].level;
    });
    return rows;
}

void SumNetwork::settle_levels() {
    for (const std::int32_t id : rows_by_level())
        (*this)[id].level = least_level((*this)[id].terms);
}

void SumNetwork::settle_signs() {
    for (const std::int32_t id : rows_by_level()) {
        const std::vector<Digit>& terms = (*this)[id].terms;
        if (std::all_of(terms.begin(), terms.end(), [](const Digit& t) { return t.negative; }))
            negate(id);
    }
}

void SumNetwork::normalise(std::vector<Digit>& terms) {
    std::sort(terms.begin(), terms.end(), [](const Digit& x, const Digit& y) {
        return std::pair(x.value, x.shift) < std::pair(y.value, y.shift);
    });
    const auto repeated = [](const Digit& x, const Digit& y) {
        return x.value == y.value && x.shift == y.shift;
    };
    if (std::adjacent_find(terms.begin(), terms.end(), repeated) == terms.end()) return;
    std::vector<Digit> out;
    for (auto first = terms.begin(); first != terms.end();) {
        const auto end = std::find_if(
            first, terms.end(), [&](const Digit& term) { return term.value != first->value; });
        if (std::adjacent_find(first, end, repeated) == end) {
            out.insert(out.end(), first, end);
        } else {
            std::int64_t weight = 0;
            for (auto term = first; term != end; ++term)
                weight += (term->negative ? -1 : 1) * (std::int64_t{1} << term->shift);
            append_signed_digits(first->value, weight, out);
        }
        first = end;
    }
    terms = std::move(out);
}

bool SumNetwork::is_consistent() const {
    const std::size_t n = grid_->size();
    std::vector<std::size_t> reads(values_.size(), 0);
    for (std::int32_t id = inputs_; id < size(); ++id) {
        const Value& value = (*this)[id];
        std::vector<Coefficient> sum(n, 0);
        for (const Digit& term : value.terms) {
            const Coefficient factor = (term.negative ? -1 : 1) * (Coefficient{1} << term.shift);
            for (std::size_t i = 0; i < n; ++i) sum[i] += form(term.value)[i] * factor;
            const auto& readers = (*this)[term.value].readers;
            if (std::find(readers.begin(), readers.end(), id) == readers.end()) return false;
            ++reads[index(term.value)];
        }
        if (value.terms.empty()) continue;
        if (!std::equal(sum.begin(), sum.end(), form(id))) return false;
        if (kraft_sum(value.terms) > kraft(deadline(id))) return false;
    }
    for (std::int32_t id = 0; id < size(); ++id) {
        if (reads[index(id)] != (*this)[id].readers.size()) return false;
    }
    return true;
}

AdderGraph SumNetwork::graph(std::size_t exact_terms) const {
    SumTrees trees(*grid_);
    trees.set_exact_terms(exact_terms);
    AdderGraph out{index(inputs_), {}, {}};
    struct Made {
        std::int32_t value = 0;
        std::int32_t shift = 0;
    };
    std::vector<Made> made(values_.size());
    for (std::int32_t i = 0; i < inputs_; ++i) made[index(i)] = {i, 0};
    for (const std::int32_t id : rows_by_level()) {
        const std::vector<SumTerm> terms = sum_terms(id);
        std::vector<Made> parts;
        for (const Digit& term : (*this)[id].terms) {
            parts.push_back(
                {made[index(term.value)].value, made[index(term.value)].shift + term.shift});
        }
        for (const TreeAdder& adder : trees.build(terms, deadline(id))) {
            const Made& a = parts[static_cast<std::size_t>(adder.left)];
            const Made& b = parts[static_cast<std::size_t>(adder.right)];
            const std::int32_t low = std::min(a.shift, b.shift);
            out.nodes.push_back({a.value, b.value, a.shift - low, b.shift - low, adder.subtract});
            parts.push_back({static_cast<std::int32_t>(out.inputs + out.nodes.size()) - 1, low});
        }
        made[index(id)] = parts.back();
    }
    for (AdderOutput output : outputs_) {
        if (output.value >= 0) {
            const Made& value = made[index(output.value)];
            output = {value.value, output.shift + value.shift, output.negate};
        }
        out.outputs.push_back(output);
    }
    return out;
}

}  // namespace gatewright::cmvm
