// SPDX-License-Identifier: Apache-2.0
#include "opt/table_sharing.h"

#include <algorithm>
#include <map>
#include <optional>

#include "dfg/known_bits.h"
#include "opt/copier.h"
#include "opt/table_cost.h"

namespace gatewright::opt {
namespace {

using dfg::Builder;
using dfg::KnownBits;
using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Dyadic;
using fixed::Integer;

// u = offset + (-1)^negates · t · 2^shift at all indices that occur.
struct Relation {
    int shift = 0;
    bool negates = false;
    Dyadic offset;
};

class SharingPass {
  public:
    SharingPass(const Program& source, PassCount& count)
        : source_(source),
          copier_(source),
          known_(dfg::known_bits(source)),
          needed_(needed_values(source)),
          count_(count) {}

    Program run() {
        return rewrite_values(copier_, count_.rewrites, [&](ValueId id) { return rewritten(id); });
    }

  private:
    [[nodiscard]] const Node& node(ValueId id) const { return source_[id]; }
    [[nodiscard]] const std::vector<Integer>& codes(ValueId id) const {
        return source_.table(node(id).table).codes;
    }

    std::optional<ValueId> rewritten(ValueId id) {
        if (node(id).op != Op::kTable || !needed_[id.index()]) return std::nullopt;
        if (node(id).range.is_constant()) return std::nullopt;
        std::vector<ValueId>& same_index = readers_[node(id).args[0].index()];
        for (const ValueId other : same_index) {
            const auto relation = relation_of(id, other);
            if (relation && pays(id, *relation)) return derived(id, other, *relation);
        }
        same_index.push_back(id);
        return without_unused_entries(id);
    }

    // The index as an unsigned number, as tables see it.
    [[nodiscard]] KnownBits index_bits(ValueId id) const {
        const ValueId index = node(id).args[0];
        return known_low_bits(known_[index.index()], node(index).format.width);
    }

    [[nodiscard]] std::vector<std::size_t> indices_that_occur(ValueId id) const {
        const KnownBits known = index_bits(id);
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < codes(id).size(); ++i) {
            if (known.contains(Integer(static_cast<std::int64_t>(i)))) out.push_back(i);
        }
        return out;
    }

    [[nodiscard]] Dyadic entry(ValueId id, std::size_t index) const {
        return {codes(id)[index], -node(id).format.frac};
    }

    // The factor follows from the first two entries of t that differ; all others must agree.
    [[nodiscard]] std::optional<Relation> relation_of(ValueId u, ValueId t) const {
        const std::vector<std::size_t> indices = indices_that_occur(u);
        const std::size_t first = indices.front();
        for (const std::size_t i : indices) {
            const Dyadic step_t = entry(t, i) - entry(t, first);
            const Dyadic step_u = entry(u, i) - entry(u, first);
            if (step_t.is_zero()) continue;
            Relation relation;
            relation.negates = step_u.mantissa() == -step_t.mantissa();
            if (!relation.negates && !(step_u.mantissa() == step_t.mantissa())) break;
            relation.shift = step_u.exponent() - step_t.exponent();
            relation.offset = entry(u, first) - scaled(entry(t, first), relation);
            const bool all = std::all_of(indices.begin(), indices.end(), [&](std::size_t k) {
                return entry(u, k) == relation.offset + scaled(entry(t, k), relation);
            });
            return all ? std::optional(relation) : std::nullopt;
        }
        return std::nullopt;
    }

    static Dyadic scaled(const Dyadic& value, const Relation& relation) {
        const Dyadic moved = value.shifted(relation.shift);
        return relation.negates ? -moved : moved;
    }

    [[nodiscard]] bool pays(ValueId u, const Relation& relation) const {
        const bool is_wiring = relation.offset.is_zero() && !relation.negates;
        const Node& n = node(u);
        const int index_width = node(n.args[0]).format.width;
        return is_wiring ||
               table_luts(source_.table(n.table), index_width, n.format.width) > n.format.width;
    }

    ValueId derived(ValueId u, ValueId t, const Relation& relation) {
        Builder& b = copier_.builder_for(u);
        const ValueId moved = b.scaled(copier_.made(t), relation.shift);
        const ValueId offset = b.constant(relation.offset);
        return relation.negates ? b.sub(offset, moved) : b.add(moved, offset);
    }

    // Known bits of the index put right, then into its interval.
    std::optional<ValueId> without_unused_entries(ValueId id) {
        const KnownBits known = index_bits(id);
        std::vector<Integer> filled = codes(id);
        bool changed = false;
        for (std::size_t i = 0; i < filled.size(); ++i) {
            const Integer number(static_cast<std::int64_t>(i));
            if (known.contains(number)) continue;
            const Integer near = (number & known.unknown) | known.ones;
            const Integer used =
                known.contains(near) ? near : (near < known.lo ? known.lo : known.hi);
            const auto from = static_cast<std::size_t>(used.to_int64().value());
            changed = changed || !(filled[i] == codes(id)[from]);
            filled[i] = codes(id)[from];
        }
        if (!changed || !saves(id, filled)) return std::nullopt;
        Builder& b = copier_.builder_for(id);
        return b.table(copier_.made(node(id).args[0]), source_.table(node(id).table).name,
                       std::move(filled), node(id).format.frac);
    }

    [[nodiscard]] bool saves(ValueId id, const std::vector<Integer>& filled) const {
        const Node& n = node(id);
        const int index_width = node(n.args[0]).format.width;
        return table_luts({"", filled}, index_width, n.format.width) <
               table_luts(source_.table(n.table), index_width, n.format.width);
    }

    const Program& source_;
    Copier copier_;
    std::vector<KnownBits> known_;
    std::vector<bool> needed_;
    std::map<std::size_t, std::vector<ValueId>> readers_;  // tables that stay, by index
    PassCount& count_;
};

}  // namespace

Program share_tables(const Program& program, PassCount& count) {
    return SharingPass(program, count).run();
}

}  // namespace gatewright::opt
