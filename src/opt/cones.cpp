// SPDX-License-Identifier: Apache-2.0
#include "opt/cones.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "dfg/interpreter.h"
#include "opt/copier.h"
#include "opt/node_cost.h"
#include "opt/table_cost.h"
#include "support/check.h"

namespace gatewright::opt {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Integer;

constexpr std::size_t kMostCuts = 8;  // per value
// A table must save this many LUTs: the model is no more exact than that.
constexpr std::int64_t kLeastGain = 2;

struct Cut {
    std::vector<std::size_t> leaves;  // ascending
    int bits = 0;
};

struct Choice {
    Cut cut;
    std::vector<std::size_t> cone;  // ascending; the root is the last
    std::vector<Integer> codes;
    std::int64_t gain = 0;
};

class ConesPass {
  public:
    ConesPass(const Program& source, PassCount& count)
        : source_(source),
          cuts_(source.size()),
          uses_(source.use_counts()),
          gone_(source.size(), false),
          choices_(source.size()),
          count_(count) {}

    Program run() {
        for (std::size_t i = 0; i < source_.size(); ++i) enumerate(i);
        const std::vector<bool> needed = needed_values(source_);
        for (std::size_t i = 0; i < source_.size(); ++i) gone_[i] = !needed[i];
        // From the outputs down: the largest cones first, their insides need no table any more.
        for (std::size_t i = source_.size(); i-- > 0;) {
            if (!gone_[i] && can_be_root(node(i))) choose(i);
        }
        return rebuild();
    }

  private:
    [[nodiscard]] const Node& node(std::size_t i) const { return source_.nodes()[i]; }

    static bool can_be_root(const Node& n) {
        switch (n.op) {
            case Op::kInput:
            case Op::kConstant:
            case Op::kConcat:
            case Op::kSlice:
                return false;  // wires
            default:
                return n.format.width > 0;
        }
    }

    // Cuts from the operands' cuts, few bits first.
    void enumerate(std::size_t i) {
        const Node& n = node(i);
        std::vector<Cut>& own = cuts_[i];
        if (n.op == Op::kConstant) {
            own.push_back({});
            return;
        }
        std::vector<Cut> merged;
        if (n.op != Op::kInput) {
            merged.push_back({});
            for (const ValueId arg : n.operands()) {
                std::vector<Cut> next;
                for (const Cut& a : merged) {
                    for (const Cut& b : cuts_[arg.index()]) add_union(a, b, next);
                }
                keep_best(next);
                merged = std::move(next);
            }
        }
        own = std::move(merged);
        if (n.format.width <= kMostCutBits) own.push_back({{i}, n.format.width});
        keep_best(own);
    }

    void add_union(const Cut& a, const Cut& b, std::vector<Cut>& cuts) const {
        Cut both;
        std::set_union(a.leaves.begin(), a.leaves.end(), b.leaves.begin(), b.leaves.end(),
                       std::back_inserter(both.leaves));
        for (const std::size_t leaf : both.leaves) both.bits += node(leaf).format.width;
        if (both.bits <= kMostCutBits) cuts.push_back(std::move(both));
    }

    static void keep_best(std::vector<Cut>& cuts) {
        std::sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) {
            return std::tie(a.bits, a.leaves) < std::tie(b.bits, b.leaves);
        });
        const auto same = [](const Cut& a, const Cut& b) { return a.leaves == b.leaves; };
        cuts.erase(std::unique(cuts.begin(), cuts.end(), same), cuts.end());
        if (cuts.size() > kMostCuts) cuts.resize(kMostCuts);
    }

    void choose(std::size_t root) {
        std::optional<Choice> best;
        for (const Cut& cut : cuts_[root]) {
            if (cut.leaves.empty() || cut.leaves.back() == root) continue;
            const auto choice = table_for(root, cut);
            if (choice && (!best || choice->gain > best->gain)) best = choice;
        }
        if (!best || best->gain < kLeastGain) return;
        for (const std::size_t freed : freed_nodes(root, best->cone)) {
            gone_[freed] = freed != root;
            for (const ValueId arg : node(freed).operands()) --uses_[arg.index()];
        }
        for (const std::size_t leaf : best->cut.leaves) ++uses_[leaf];
        choices_[root] = std::move(best);
        ++count_.rewrites;
    }

    [[nodiscard]] std::optional<Choice> table_for(std::size_t root, const Cut& cut) const {
        Choice choice{cut, cone_of(root, cut), {}, 0};
        std::int64_t saved = 0;
        for (const std::size_t freed : freed_nodes(root, choice.cone)) saved += luts(freed);
        if (saved < kLeastGain) return std::nullopt;
        choice.codes = evaluate(choice.cone, cut);
        choice.gain = saved - table_luts({"", choice.codes}, cut.bits, node(root).format.width);
        return choice;
    }

    // A gate is often free: a synchronous reset, or part of the next LUT.
    [[nodiscard]] std::int64_t luts(std::size_t i) const {
        const std::int64_t full = node_cost(source_, node(i)).lut;
        return is_gate(source_, node(i)) ? full / 2 : full;
    }

    [[nodiscard]] std::vector<std::size_t> cone_of(std::size_t root, const Cut& cut) const {
        std::set<std::size_t> cone;
        std::vector<std::size_t> open{root};
        while (!open.empty()) {
            const std::size_t i = open.back();
            open.pop_back();
            if (std::binary_search(cut.leaves.begin(), cut.leaves.end(), i)) continue;
            if (!cone.insert(i).second) continue;
            for (const ValueId arg : node(i).operands()) open.push_back(arg.index());
        }
        return {cone.begin(), cone.end()};
    }

    // Nodes of the cone that only the cone reads: they go when the table comes.
    [[nodiscard]] std::vector<std::size_t> freed_nodes(std::size_t root,
                                                       const std::vector<std::size_t>& cone) const {
        std::map<std::size_t, std::uint32_t> dropped;
        std::vector<std::size_t> freed;
        for (std::size_t k = cone.size(); k-- > 0;) {
            const std::size_t i = cone[k];
            const auto found = dropped.find(i);
            const bool unread = found != dropped.end() && found->second == uses_[i];
            if (i != root && !unread) continue;
            freed.push_back(i);
            for (const ValueId arg : node(i).operands()) ++dropped[arg.index()];
        }
        return freed;
    }

    // Codes of the root at every index: the leaves' codes side by side, the first one lowest. A
    // leaf code out of its range cannot occur; it takes the entry of the nearest that can.
    [[nodiscard]] std::vector<Integer> evaluate(const std::vector<std::size_t>& cone,
                                                const Cut& cut) const {
        std::vector<Integer> codes;
        std::map<std::size_t, Integer> values;
        for (int index = 0; index < 1 << cut.bits; ++index) {
            int offset = 0;
            for (const std::size_t leaf : cut.leaves) {
                const Node& n = node(leaf);
                const Integer code = n.format.wrap(Integer(index >> offset));
                values[leaf] = max(n.range.lo, min(n.range.hi, code));
                offset += n.format.width;
            }
            for (const std::size_t i : cone) {
                std::vector<Integer> operands;
                for (const ValueId arg : node(i).operands()) {
                    operands.push_back(values.at(arg.index()));
                }
                values[i] = dfg::evaluate_node(source_, node(i), operands);
            }
            codes.push_back(values.at(cone.back()));
        }
        return codes;
    }

    Program rebuild() {
        Copier copier(source_);
        for (std::size_t i = 0; i < source_.size(); ++i) {
            if (!choices_[i]) {
                copier.copy(ValueId(i));
                continue;
            }
            Choice& choice = *choices_[i];
            dfg::Builder& b = copier.builder_for(ValueId(i));
            ValueId index;
            for (const std::size_t leaf : choice.cut.leaves) {
                const ValueId part = copier.made(ValueId(leaf));
                index = index.valid() ? b.concat(part, index) : part;
            }
            copier.replace(ValueId(i),
                           b.table(index, "cone", std::move(choice.codes), node(i).format.frac));
        }
        return copier.finish();
    }

    const Program& source_;
    std::vector<std::vector<Cut>> cuts_;
    std::vector<std::uint32_t> uses_;  // as the program stands after the choices so far
    std::vector<bool> gone_;
    std::vector<std::optional<Choice>> choices_;
    PassCount& count_;
};

}  // namespace

Program cones_to_tables(const Program& program, PassCount& count) {
    return ConesPass(program, count).run();
}

}  // namespace gatewright::opt
