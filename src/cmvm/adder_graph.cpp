// SPDX-License-Identifier: Apache-2.0
#include "cmvm/adder_graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "support/check.h"

namespace gatewright::cmvm {

using fixed::Integer;
using fixed::Interval;

Terms combine(const AdderNode& node, const Terms& a, const Terms& b) {
    Terms out;
    out.reserve(a.size() + b.size());
    auto i = a.begin();
    auto j = b.begin();
    while (i != a.end() || j != b.end()) {
        const bool takes_a = j == b.end() || (i != a.end() && i->first <= j->first);
        const bool takes_b = i == a.end() || (j != b.end() && j->first <= i->first);
        const std::int32_t input = takes_a ? i->first : j->first;
        Integer sum = takes_a ? i->second << node.shift_a : Integer(0);
        if (takes_b) {
            const Integer second = j->second << node.shift_b;
            sum = node.subtract ? sum - second : sum + second;
        }
        if (!sum.is_zero()) out.emplace_back(input, std::move(sum));
        if (takes_a) ++i;
        if (takes_b) ++j;
    }
    return out;
}

std::vector<Terms> linear_forms(const AdderGraph& graph) {
    std::vector<Terms> forms;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
        forms.push_back({{static_cast<std::int32_t>(i), Integer(1)}});
    }
    for (const AdderNode& node : graph.nodes) {
        const auto limit = static_cast<std::int32_t>(forms.size());
        GW_CHECK(node.a >= 0 && node.a < limit && node.b >= 0 && node.b < limit,
                 "adder reads a value that does not precede it");
        Terms form = combine(node, forms[static_cast<std::size_t>(node.a)],
                             forms[static_cast<std::size_t>(node.b)]);
        if (node.is_ternary()) {
            GW_CHECK(node.c < limit, "adder reads a value that does not precede it");
            const AdderNode rest{0, 0, 0, node.shift_c, node.subtract_c};
            form = combine(rest, form, forms[static_cast<std::size_t>(node.c)]);
        }
        forms.push_back(std::move(form));
    }
    return forms;
}

Interval range_of(const Terms& terms, std::span<const Interval> inputs, int frac) {
    Interval out{0, 0, frac};
    for (const auto& [input, coefficient] : terms) {
        const Interval& range = inputs[static_cast<std::size_t>(input)];
        const Integer a = coefficient * range.lo << (frac - range.frac);
        const Integer b = coefficient * range.hi << (frac - range.frac);
        out.lo += min(a, b);
        out.hi += max(a, b);
    }
    return out;
}

std::vector<std::vector<Integer>> evaluate_symbolically(const AdderGraph& graph) {
    const std::vector<Terms> forms = linear_forms(graph);
    std::vector<std::vector<Integer>> outputs;
    for (const AdderOutput& output : graph.outputs) {
        std::vector<Integer> row(graph.inputs);
        if (output.value >= 0) {
            for (const auto& [input, coefficient] : forms[static_cast<std::size_t>(output.value)]) {
                const Integer scaled = coefficient << output.shift;
                row[static_cast<std::size_t>(input)] = output.negate ? -scaled : scaled;
            }
        }
        outputs.push_back(std::move(row));
    }
    return outputs;
}

bool computes(const AdderGraph& graph, const Matrix& matrix) {
    if (graph.inputs != matrix.rows || graph.outputs.size() != matrix.columns) return false;
    const auto outputs = evaluate_symbolically(graph);
    for (std::size_t column = 0; column < matrix.columns; ++column) {
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            if (outputs[column][row] != Integer(matrix.at(row, column))) return false;
        }
    }
    return true;
}

int depth(const AdderGraph& graph, std::span<const int> arrival) {
    GW_CHECK(arrival.empty() || arrival.size() == graph.inputs, "one arrival per input");
    std::vector<int> depths(arrival.begin(), arrival.end());
    depths.resize(graph.inputs);
    const auto at = [&](std::int32_t value) { return depths[static_cast<std::size_t>(value)]; };
    for (const AdderNode& node : graph.nodes) {
        int latest = std::max(at(node.a), at(node.b));
        if (node.is_ternary()) latest = std::max(latest, at(node.c));
        depths.push_back(1 + latest);
    }
    int deepest = 0;
    for (const AdderOutput& output : graph.outputs) {
        if (output.value >= 0) deepest = std::max(deepest, at(output.value));
    }
    return deepest;
}

namespace {

// Bits that the values of a graph occupy, as exponents; [lowest, above highest).
struct Extent {
    int lowest = 0;
    int highest = 0;
};

class Extents {
  public:
    Extents(const AdderGraph& graph, std::span<const Interval> inputs)
        : forms_(linear_forms(graph)), inputs_(inputs), frac_(inputs.empty() ? 0 : inputs[0].frac) {
        for (const Interval& input : inputs) frac_ = std::max(frac_, input.frac);
    }
    [[nodiscard]] Extent of(std::int32_t value) const {
        return of(forms_[static_cast<std::size_t>(value)]);
    }
    [[nodiscard]] Extent of_negated(std::int32_t value) const {
        Terms negated = forms_[static_cast<std::size_t>(value)];
        for (auto& [input, coefficient] : negated) coefficient = -coefficient;
        return of(negated);
    }

  private:
    [[nodiscard]] Extent of(const Terms& terms) const {
        if (terms.empty()) return {};
        Extent out{0, format_of(range_of(terms, inputs_, frac_)).width - frac_};
        bool first = true;
        for (const auto& [input, coefficient] : terms) {
            const int low =
                coefficient.trailing_zeros() - inputs_[static_cast<std::size_t>(input)].frac;
            out.lowest = first ? low : std::min(out.lowest, low);
            first = false;
        }
        return out;
    }

    std::vector<Terms> forms_;
    std::span<const Interval> inputs_;
    int frac_;
};

// The lowest bit in which the operands of an adder meet.
int meeting_bit(const AdderNode& node, const Extents& extents) {
    struct Operand {
        int lowest;
        bool subtracted;
    };
    std::array<Operand, 3> operands{{{extents.of(node.a).lowest + node.shift_a, false},
                                     {extents.of(node.b).lowest + node.shift_b, node.subtract},
                                     {std::numeric_limits<int>::max(), false}}};
    if (node.is_ternary())
        operands[2] = {extents.of(node.c).lowest + node.shift_c, node.subtract_c};
    std::sort(operands.begin(), operands.end(), [](const Operand& x, const Operand& y) {
        return std::pair(x.lowest, x.subtracted) < std::pair(y.lowest, y.subtracted);
    });
    return operands[0].subtracted ? operands[0].lowest : operands[1].lowest;
}

}  // namespace

std::int64_t carry_cells(const AdderGraph& graph, std::span<const Interval> inputs) {
    const Extents extents(graph, inputs);
    std::int64_t cells = 0;
    auto made = static_cast<std::int32_t>(graph.inputs);
    for (const AdderNode& node : graph.nodes) {
        cells += std::max(0, extents.of(made).highest - meeting_bit(node, extents));
        ++made;
    }
    return cells;
}

std::int64_t negation_cells(const AdderGraph& graph, std::span<const Interval> inputs) {
    const Extents extents(graph, inputs);
    std::set<std::int32_t> negated;
    for (const AdderOutput& output : graph.outputs) {
        if (output.value >= 0 && output.negate) negated.insert(output.value);
    }
    std::int64_t cells = 0;
    for (const std::int32_t value : negated) {
        const Extent extent = extents.of_negated(value);
        cells += std::max(0, extent.highest - extent.lowest);
    }
    return cells;
}

}  // namespace gatewright::cmvm
