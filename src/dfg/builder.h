// SPDX-License-Identifier: Apache-2.0
//
// Builds programs whose nodes have exact ranges and the narrowest formats that hold them. Equal
// nodes are made once (hash consing), constants are folded, and operations that cannot change a
// value are not made at all: a cast to a wider type, adding zero, the maximum of values that do not
// overlap.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "dfg/program.h"

namespace gatewright::dfg {

class Builder {
  public:
    explicit Builder(std::string name);
    ~Builder();
    Builder(Builder&&) noexcept;
    Builder& operator=(Builder&&) noexcept;

    /// Ops made from now on carry this layer.
    void set_layer(LayerId layer) { layer_ = layer; }

    /// A program input; `range` may be narrower than the format (default: all its codes).
    ValueId input(const fixed::Format& format, std::optional<fixed::Interval> range = {});
    ValueId constant(const fixed::Dyadic& value);
    /// a + b·2^shift. `known` is the exact range where the caller can prove a narrower one than the
    /// operands' ranges give (a linear form over independent inputs: cmvm).
    ValueId add(ValueId a, ValueId b, int shift = 0, const fixed::Interval* known = nullptr);
    /// a - b·2^shift
    ValueId sub(ValueId a, ValueId b, int shift = 0, const fixed::Interval* known = nullptr);
    ValueId negate(ValueId a);
    ValueId mul(ValueId a, ValueId b);
    /// a · 2^shift: moves the binary point, costs nothing in hardware.
    ValueId scaled(ValueId a, int shift);
    ValueId cast(ValueId a, const fixed::Cast& cast);
    ValueId select(ValueId condition, ValueId if_true, ValueId if_false);
    ValueId less(ValueId a, ValueId b);
    ValueId less_equal(ValueId a, ValueId b);
    ValueId equal(ValueId a, ValueId b);
    ValueId min(ValueId a, ValueId b);
    ValueId max(ValueId a, ValueId b);
    /// Table lookup by the code of `a` (as an unsigned number of a.width bits). `codes` has
    /// 2^width entries in a format with `frac` fraction bits. Equal tables are stored once.
    ValueId table(ValueId a, std::string_view name, std::vector<fixed::Integer> codes, int frac);
    ValueId bit_and(ValueId a, ValueId b);  ///< of one-bit or equally wide unsigned values
    ValueId bit_or(ValueId a, ValueId b);
    ValueId bit_xor(ValueId a, ValueId b);
    ValueId bit_not(ValueId a);
    ValueId concat(ValueId high, ValueId low);  ///< unsigned, frac 0
    ValueId slice(ValueId a, int lowest_bit, const fixed::Format& format);
    ValueId popcount(ValueId a);

    void output(ValueId value);

    [[nodiscard]] const Program& program() const { return program_; }
    [[nodiscard]] const Node& operator[](ValueId id) const { return program_[id]; }
    [[nodiscard]] Program finish() &&;

    /// Appends a node whose op, operands and attributes are set: its format and range are derived
    /// (a cast, slice, input or bitwise op keeps its own format), it is folded and shared if
    /// possible.
    ValueId make(Node node, const fixed::Interval* known = nullptr);
    /// Appends a node whose format and range are already right, shared if possible, never
    /// simplified.
    ValueId make_as_is(Node node) { return intern(std::move(node)); }
    TableId intern_table(std::string_view name, std::vector<fixed::Integer> codes);

  private:
    struct Index;  // hash consing
    ValueId intern(Node node);
    std::optional<ValueId> simplify(const Node& node);

    Program program_;
    LayerId layer_;
    std::unique_ptr<Index> index_;
};

}  // namespace gatewright::dfg
