// SPDX-License-Identifier: Apache-2.0
#include "emulate/dense.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <optional>

#include "emulate/exponents.h"

namespace gatewright::emulate {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;

// Cost in vector instructions, fitted on the networks of bench/emulate: an addition with its share
// of shifts and spills, in 16 and in 32 bits; a product's accumulator, and the interleaving of a
// pair of atoms.
constexpr double kSum16 = 2.2;
constexpr double kSum32 = 6.0;
constexpr double kAccumulator = 3.0;
constexpr double kPair = 4.0;
// Two vectors of 32-bit lanes, each multiplied and added. The instruction that does both at once
// saves instructions, but measured no time: its latency is longer.
constexpr double kProducts = 4.5;
// Products are taken where they are cheaper by this factor: the figures are rough.
constexpr double kClearWin = 0.7;
// Forms of larger programs are not looked at: that would take longer than it can save.
constexpr std::size_t kMostTerms = 4'000'000;
constexpr std::int64_t kLargestWeight = 32767;

// offset + Σ weight · atom, in codes of the node's grid; atoms in increasing order.
struct Form {
    std::vector<std::pair<std::uint32_t, std::int64_t>> terms;
    std::int64_t offset = 0;
};

// a · 2^up_a ± b · 2^up_b; nullopt where a coefficient leaves what a product could use.
std::optional<Form> combine(const Form& a, int up_a, const Form& b, int up_b, std::int64_t sign) {
    constexpr int kMostShift = 24;
    constexpr std::int64_t kMost = std::int64_t{1} << 31;
    if (up_a > kMostShift || up_b > kMostShift) return std::nullopt;
    const std::int64_t by_a = std::int64_t{1} << up_a;
    const std::int64_t by_b = sign * (std::int64_t{1} << up_b);
    Form out;
    out.offset = a.offset * by_a + b.offset * by_b;
    auto i = a.terms.begin();
    auto j = b.terms.begin();
    while (i != a.terms.end() || j != b.terms.end()) {
        const bool from_a = j == b.terms.end() || (i != a.terms.end() && i->first <= j->first);
        const bool from_b = i == a.terms.end() || (j != b.terms.end() && j->first <= i->first);
        const std::uint32_t atom = from_a ? i->first : j->first;
        std::int64_t weight = 0;
        if (from_a) weight += (i++)->second * by_a;
        if (from_b) weight += (j++)->second * by_b;
        if (weight >= kMost || weight <= -kMost) return std::nullopt;
        if (weight != 0) out.terms.emplace_back(atom, weight);
    }
    if (out.offset >= kMost || out.offset <= -kMost) return std::nullopt;
    return out;
}

class Finder {
  public:
    Finder(const dfg::Program& program, const Ranges& ranges, const std::vector<bool>& live)
        : program_(program), ranges_(ranges), live_(live) {}

    std::vector<DenseGroup> run() {
        if (!collect_forms()) return {};
        collect_groups();
        std::vector<DenseGroup> out;
        for (const auto& [root, members] : groups_) {
            if (!fit(members)) continue;
            DenseGroup group = dense_group(members);
            if (cost(group) < kClearWin * cost_of_sums(members)) out.push_back(std::move(group));
        }
        return out;
    }

  private:
    [[nodiscard]] bool is_sum(std::size_t i) const {
        const Op op = program_.nodes()[i].op;
        return live_[i] && (op == Op::kAdd || op == Op::kSub) && forms_[i].has_value();
    }

    // Of an operand: its form if it is a sum or a constant, else itself.
    [[nodiscard]] Form form_of(ValueId id) const {
        const Node& node = program_[id];
        if (forms_[id.index()]) return *forms_[id.index()];
        if (node.op == Op::kConstant) {
            const auto code = node.range.lo.to_int64();
            if (code && std::abs(*code) <= INT32_MAX) return {{}, *code};
        }
        return {{{static_cast<std::uint32_t>(id.index()), 1}}, 0};
    }

    bool collect_forms() {
        forms_.resize(program_.size());
        std::size_t terms = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const Node& node = program_.nodes()[i];
            const bool adds = node.op == Op::kAdd || node.op == Op::kSub;
            if (!live_[i] || !adds || !ranges_.sum_fits(node) || ranges_.bits(ValueId(i)) > 32)
                continue;
            forms_[i] =
                combine(form_of(node.args[0]), alignment(program_, node, 0), form_of(node.args[1]),
                        alignment(program_, node, 1), node.op == Op::kAdd ? 1 : -1);
            terms += forms_[i] ? forms_[i]->terms.size() : 0;
            if (terms > kMostTerms) return false;
        }
        return true;
    }

    std::uint32_t find(std::uint32_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }

    // Sums that share adders belong together; a group is replaced whole or not at all.
    void collect_groups() {
        parent_.resize(program_.size());
        std::iota(parent_.begin(), parent_.end(), 0U);
        is_read_.assign(program_.size(), false);
        for (const ValueId output : program_.outputs()) is_read_[output.index()] = true;
        for (std::uint32_t i = 0; i < program_.size(); ++i) {
            if (!live_[i]) continue;
            for (const ValueId arg : program_.nodes()[i].operands()) {
                const auto operand = static_cast<std::uint32_t>(arg.index());
                if (!is_sum(i)) is_read_[operand] = true;
                if (is_sum(i) && is_sum(operand)) parent_[find(i)] = find(operand);
            }
        }
        for (std::uint32_t i = 0; i < program_.size(); ++i) {
            if (is_sum(i)) groups_[find(i)].push_back(i);
        }
    }

    [[nodiscard]] bool fit(const std::vector<std::uint32_t>& members) const {
        for (const std::uint32_t member : members) {
            for (const auto& [atom, weight] : forms_[member]->terms) {
                const bool fits = ranges_.bits(ValueId(atom)) <= 16;
                if (is_read_[member] && (!fits || std::abs(weight) > kLargestWeight)) return false;
            }
        }
        return true;
    }

    [[nodiscard]] DenseGroup dense_group(const std::vector<std::uint32_t>& members) const {
        DenseGroup group;
        std::map<std::uint32_t, std::uint32_t> rank;
        for (const std::uint32_t member : members) {
            for (const auto& [atom, weight] : forms_[member]->terms) {
                if (is_read_[member]) rank[atom] = 0;
            }
        }
        for (auto& [atom, number] : rank) {
            number = static_cast<std::uint32_t>(group.atoms.size());
            group.atoms.emplace_back(atom);
        }
        for (const std::uint32_t member : members) {
            if (!is_read_[member]) continue;
            DenseSum sum{ValueId(member), {}, static_cast<std::int32_t>(forms_[member]->offset)};
            for (const auto& [atom, weight] : forms_[member]->terms) {
                const std::uint32_t number = rank.at(atom);
                if (sum.pairs.empty() || sum.pairs.back().pair != number / 2)
                    sum.pairs.push_back({number / 2, 0, 0});
                WeightedPair& pair = sum.pairs.back();
                (number % 2 == 0 ? pair.low : pair.high) = static_cast<std::int16_t>(weight);
            }
            group.sums.push_back(std::move(sum));
        }
        return group;
    }

    [[nodiscard]] double cost(const DenseGroup& group) const {
        double total = kPair * static_cast<double>(group.atoms.size()) / 2;
        for (const DenseSum& sum : group.sums)
            total += kAccumulator + kProducts * static_cast<double>(sum.pairs.size());
        return total;
    }
    [[nodiscard]] double cost_of_sums(const std::vector<std::uint32_t>& members) const {
        double total = 0;
        for (const std::uint32_t member : members)
            total += lane_of(ranges_.bits(ValueId(member))) == 16 ? kSum16 : kSum32;
        return total;
    }

    const dfg::Program& program_;
    const Ranges& ranges_;
    const std::vector<bool>& live_;
    std::vector<std::optional<Form>> forms_;
    std::vector<std::uint32_t> parent_;
    std::vector<bool> is_read_;  // by anything but a sum
    std::map<std::uint32_t, std::vector<std::uint32_t>> groups_;
};

}  // namespace

std::vector<DenseGroup> find_dense_sums(const dfg::Program& program, const Ranges& ranges,
                                        const std::vector<bool>& live, DotUnit unit) {
    if (unit == DotUnit::kNone) return {};
    return Finder(program, ranges, live).run();
}

}  // namespace gatewright::emulate
