// SPDX-License-Identifier: Apache-2.0
//
// What rewriting passes share: a program is made again value by value, most of them as they are.
// A value that a pass replaces is brought into exactly the format it had (a cast that changes no
// value, which simplify() then takes out where it can), so every rule can be read by itself: its
// readers see the same code as before. Layers travel with the nodes.
//
// A claim of a range that was earned by a linear form may lose its proof when part of the form is
// replaced; finish() gives such a node the range that can be proven of the new program.
#pragma once

#include <vector>

#include "dfg/builder.h"
#include "dfg/program.h"

namespace gatewright::opt {

class Copier {
  public:
    explicit Copier(const dfg::Program& source);

    [[nodiscard]] const dfg::Program& source() const { return source_; }
    /// Nodes made with it from now on carry the layer of `id`.
    dfg::Builder& builder_for(dfg::ValueId id);
    dfg::Builder& builder() { return builder_; }
    /// The new program's value of a source value that was copied or replaced.
    [[nodiscard]] dfg::ValueId made(dfg::ValueId id) const { return made_[id.index()]; }

    /// The node as it is, of the new operands.
    void copy(dfg::ValueId id);
    /// `value` (of the same value as `id`) takes its place, in the format of `id`.
    void replace(dfg::ValueId id, dfg::ValueId value);
    /// `value` takes the place of `id` in a format of its own: the pass has to know all readers.
    void stand_in(dfg::ValueId id, dfg::ValueId value) { made_[id.index()] = value; }
    /// `value` in exactly `format`, which holds all its values or wraps them.
    dfg::ValueId in_format(dfg::ValueId value, const fixed::Format& format);

    /// Every source value must have been copied or replaced, or be read by none.
    dfg::Program finish();

  private:
    const dfg::Program& source_;
    dfg::Builder builder_;
    std::vector<dfg::ValueId> made_;
};

/// The whole program, value by value: where rewritten(id) gives a new value it takes the place of
/// the old, the rest is copied. `rewrites` counts.
template <class Rewritten>
dfg::Program rewrite_values(Copier& copier, std::int64_t& rewrites, const Rewritten& rewritten) {
    for (std::size_t i = 0; i < copier.source().size(); ++i) {
        const dfg::ValueId id(i);
        if (const auto value = rewritten(id)) {
            copier.replace(id, *value);
            ++rewrites;
        } else {
            copier.copy(id);
        }
    }
    return copier.finish();
}

/// The same program, ranges that no longer have a proof widened to what is provable.
dfg::Program with_provable_ranges(dfg::Program program);

/// Without the nodes that no output depends on; inputs stay.
dfg::Program remove_dead_values(const dfg::Program& program);

/// Per node: an output depends on it, or it is an input.
std::vector<bool> needed_values(const dfg::Program& program);

/// The sign bit of a value, as a condition: wiring in every model. 0 if it is never negative.
dfg::ValueId sign_bit(dfg::Builder& builder, dfg::ValueId value);

/// The node's exact result always fits its format (by its operands' ranges).
bool never_wraps(const dfg::Program& program, const dfg::Node& node);

bool is_constant_zero(const dfg::Program& program, dfg::ValueId id);

}  // namespace gatewright::opt
