// SPDX-License-Identifier: Apache-2.0
#include "opt/extrema.h"

#include <algorithm>

#include "opt/copier.h"

namespace gatewright::opt {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Interval;

class ExtremaPass {
  public:
    ExtremaPass(const Program& source, PassCount& count)
        : source_(source),
          copier_(source),
          uses_(source.use_counts()),
          is_inner_(inner_nodes()),
          count_(count) {}

    Program run() {
        const std::vector<bool> needed = needed_values(source_);
        for (std::size_t i = 0; i < source_.size(); ++i) {
            const ValueId id(i);
            if (needed[i] && is_extremum(id) && !is_inner_[i]) {
                rebuild(id);
            } else {
                copier_.copy(id);
            }
        }
        return copier_.finish();
    }

  private:
    [[nodiscard]] bool is_extremum(ValueId id) const {
        const Op op = source_[id].op;
        return op == Op::kMin || op == Op::kMax;
    }

    // Nodes read only by one node of the same op: parts of its tree.
    [[nodiscard]] std::vector<bool> inner_nodes() const {
        std::vector<bool> inner(source_.size(), false);
        for (const Node& node : source_.nodes()) {
            if (node.op != Op::kMin && node.op != Op::kMax) continue;
            for (const ValueId arg : node.operands()) {
                const Node& operand = source_[arg];
                inner[arg.index()] = operand.op == node.op && uses_[arg.index()] == 1 &&
                                     never_wraps(source_, operand);
            }
        }
        return inner;
    }

    void collect(ValueId id, int depth, std::vector<ValueId>& leaves, int& deepest) const {
        deepest = std::max(deepest, depth);
        for (const ValueId arg : source_[id].operands()) {
            if (is_inner_[arg.index()]) {
                collect(arg, depth + 1, leaves, deepest);
            } else if (std::find(leaves.begin(), leaves.end(), arg) == leaves.end()) {
                leaves.push_back(arg);
            }
        }
    }

    [[nodiscard]] bool always_beats(Op op, ValueId winner, ValueId loser) const {
        const Interval& w = source_[winner].range;
        const Interval& l = source_[loser].range;
        return op == Op::kMax ? l.max() <= w.min() : w.max() <= l.min();
    }

    void remove_losers(Op op, std::vector<ValueId>& leaves) const {
        for (std::size_t i = 0; i < leaves.size();) {
            const ValueId loser = leaves[i];
            const bool loses = std::any_of(leaves.begin(), leaves.end(), [&](ValueId winner) {
                return winner != loser && always_beats(op, winner, loser);
            });
            if (loses) {
                leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(i));
            } else {
                ++i;
            }
        }
    }

    void rebuild(ValueId id) {
        const Node& node = source_[id];
        std::vector<ValueId> leaves;
        int deepest = 0;
        if (never_wraps(source_, node)) collect(id, 1, leaves, deepest);
        const std::size_t met = leaves.size();
        remove_losers(node.op, leaves);
        int balanced = 0;
        while ((std::size_t{1} << static_cast<unsigned>(balanced)) < leaves.size()) ++balanced;
        if (leaves.empty() || (leaves.size() == met && balanced >= deepest)) {
            copier_.copy(id);
            return;
        }
        ++count_.rewrites;
        dfg::Builder& b = copier_.builder_for(id);
        std::vector<ValueId> values;
        for (const ValueId leaf : leaves) values.push_back(copier_.made(leaf));
        while (values.size() > 1) {
            std::vector<ValueId> next;
            for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
                next.push_back(node.op == Op::kMin ? b.min(values[i], values[i + 1])
                                                   : b.max(values[i], values[i + 1]));
            }
            if (values.size() % 2 == 1) next.push_back(values.back());
            values = std::move(next);
        }
        copier_.replace(id, values[0]);
    }

    const Program& source_;
    Copier copier_;
    std::vector<std::uint32_t> uses_;
    std::vector<bool> is_inner_;
    PassCount& count_;
};

}  // namespace

Program balance_extrema(const Program& program, PassCount& count) {
    return ExtremaPass(program, count).run();
}

}  // namespace gatewright::opt
