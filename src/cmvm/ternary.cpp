// SPDX-License-Identifier: Apache-2.0
#include "cmvm/ternary.h"

#include <algorithm>
#include <array>

#include "support/check.h"

namespace gatewright::cmvm {
namespace {

using fixed::Interval;

struct Operand {
    std::int32_t value = 0;
    std::int32_t shift = 0;
    bool subtracted = false;
};

class Fusion {
  public:
    Fusion(const AdderGraph& graph, std::span<const Interval> inputs)
        : graph_(graph), children_(graph.nodes.size()), choices_(graph.nodes.size()) {
        measure(inputs);
        find_children();
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) weigh(node);
    }

    [[nodiscard]] AdderGraph fused() {
        const std::size_t nodes = graph_.nodes.size();
        std::vector<bool> absorbed(nodes, false);
        for (std::size_t node = nodes; node-- > 0;) {
            Choice& choice = choices_[node];
            if (absorbed[node] || choice.absorbing <= choice.alone) choice.child = -1;
            if (choice.child >= 0) absorbed[static_cast<std::size_t>(choice.child)] = true;
        }
        AdderGraph out{graph_.inputs, {}, {}};
        std::vector<std::int32_t> place(graph_.inputs + nodes, -1);
        for (std::size_t i = 0; i < graph_.inputs; ++i) place[i] = static_cast<std::int32_t>(i);
        for (std::size_t node = 0; node < nodes; ++node) {
            if (absorbed[node]) continue;
            out.nodes.push_back(made(node, choices_[node].child, place));
            place[graph_.inputs + node] =
                static_cast<std::int32_t>(graph_.inputs + out.nodes.size()) - 1;
        }
        for (AdderOutput output : graph_.outputs) {
            if (output.value >= 0) output.value = place[static_cast<std::size_t>(output.value)];
            out.outputs.push_back(output);
        }
        return out;
    }

  private:
    // The most cells that the pairs in a node's tree save, if the node does not absorb a child and
    // if it does; the best child to absorb.
    struct Choice {
        std::int64_t alone = 0;
        std::int64_t absorbing = -1;
        std::int32_t child = -1;
    };

    // Exponents of the lowest bit and above the highest bit of every value.
    void measure(std::span<const Interval> inputs) {
        int frac = inputs.empty() ? 0 : inputs[0].frac;
        for (const Interval& input : inputs) frac = std::max(frac, input.frac);
        for (const Terms& form : linear_forms(graph_)) {
            int lowest = 1 << 20;
            for (const auto& [input, coefficient] : form) {
                lowest = std::min(lowest, coefficient.trailing_zeros() -
                                              inputs[static_cast<std::size_t>(input)].frac);
            }
            lowest_.push_back(form.empty() ? 0 : lowest);
            highest_.push_back(format_of(range_of(form, inputs, frac)).width - frac);
        }
    }

    // Adders that exactly one adder reads, once, and no output.
    void find_children() {
        std::vector<int> reads(graph_.inputs + graph_.nodes.size(), 0);
        for (const AdderNode& node : graph_.nodes) {
            GW_CHECK(!node.is_ternary(), "fusion of a graph that is fused already");
            ++reads[static_cast<std::size_t>(node.a)];
            ++reads[static_cast<std::size_t>(node.b)];
        }
        for (const AdderOutput& output : graph_.outputs) {
            if (output.value >= 0) reads[static_cast<std::size_t>(output.value)] += 2;
        }
        for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
            for (const std::int32_t value : {graph_.nodes[node].a, graph_.nodes[node].b}) {
                const auto at = static_cast<std::size_t>(value);
                if (at >= graph_.inputs && reads[at] == 1)
                    children_[node].push_back(value - static_cast<std::int32_t>(graph_.inputs));
            }
        }
    }

    void weigh(std::size_t node) {
        Choice& choice = choices_[node];
        for (const std::int32_t child : children_[node]) {
            const Choice& own = choices_[static_cast<std::size_t>(child)];
            choice.alone += std::max(own.alone, own.absorbing);
        }
        for (const std::int32_t child : children_[node]) {
            const Choice& own = choices_[static_cast<std::size_t>(child)];
            const std::int64_t saved = choice.alone - std::max(own.alone, own.absorbing) +
                                       own.alone + gain(node, static_cast<std::size_t>(child));
            if (saved <= choice.absorbing) continue;
            choice.absorbing = saved;
            choice.child = child;
        }
    }

    [[nodiscard]] std::array<Operand, 2> operands_of(std::size_t node) const {
        const AdderNode& n = graph_.nodes[node];
        return {Operand{n.a, n.shift_a, false}, Operand{n.b, n.shift_b, n.subtract}};
    }

    // Those of the node with the child's in its place, an added one first.
    [[nodiscard]] std::array<Operand, 3> operands_with(std::size_t node, std::size_t child) const {
        const auto child_value = static_cast<std::int32_t>(graph_.inputs + child);
        std::array<Operand, 3> out;
        std::size_t count = 0;
        for (const Operand& operand : operands_of(node)) {
            if (operand.value != child_value) {
                out[count++] = operand;
                continue;
            }
            for (const Operand& inner : operands_of(child)) {
                out[count++] = {inner.value, inner.shift + operand.shift,
                                inner.subtracted != operand.subtracted};
            }
        }
        std::stable_sort(out.begin(), out.end(), [](const Operand& x, const Operand& y) {
            return !x.subtracted && y.subtracted;
        });
        return out;
    }

    [[nodiscard]] std::int64_t cells(std::size_t node, std::span<const Operand> operands) const {
        std::vector<std::pair<int, bool>> lows;
        for (const Operand& operand : operands) {
            lows.emplace_back(lowest_[static_cast<std::size_t>(operand.value)] + operand.shift,
                              operand.subtracted);
        }
        std::sort(lows.begin(), lows.end());
        const int first = lows[0].second ? lows[0].first : lows[1].first;
        return std::max(0, highest_[graph_.inputs + node] - first);
    }

    [[nodiscard]] std::int64_t gain(std::size_t node, std::size_t child) const {
        return cells(node, operands_of(node)) + cells(child, operands_of(child)) -
               cells(node, operands_with(node, child));
    }

    [[nodiscard]] AdderNode made(std::size_t node, std::int32_t child,
                                 const std::vector<std::int32_t>& place) const {
        AdderNode out = graph_.nodes[node];
        const auto at = [&](std::int32_t value) { return place[static_cast<std::size_t>(value)]; };
        if (child < 0) {
            out.a = at(out.a);
            out.b = at(out.b);
            return out;
        }
        const auto three = operands_with(node, static_cast<std::size_t>(child));
        return {at(three[0].value),  at(three[1].value), three[0].shift, three[1].shift,
                three[1].subtracted, at(three[2].value), three[2].shift, three[2].subtracted};
    }

    const AdderGraph& graph_;
    std::vector<int> lowest_;
    std::vector<int> highest_;
    std::vector<std::vector<std::int32_t>> children_;
    std::vector<Choice> choices_;
};

}  // namespace

AdderGraph fuse_ternary(const AdderGraph& graph, std::span<const Interval> inputs) {
    return Fusion(graph, inputs).fused();
}

}  // namespace gatewright::cmvm
