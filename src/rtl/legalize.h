// SPDX-License-Identifier: Apache-2.0
//
// From one operation of the dataflow program to statements with exactly sized operands. What an
// operation means is dfg/semantics.h; here the same function is derived once more in terms of bits:
// alignment is concatenation with zeros, widening copies the sign bit, rounding adds one carry bit
// decided by the bits dropped, saturation looks at the top bits only.
//
// Every sum is one adder of two operands, or of three where the schedule says so, in a statement of
// its own: synthesis must not merge chains of them into carry-save trees (docs/rtl.md).
#pragma once

#include <span>

#include "dfg/program.h"
#include "rtl/wiring.h"
#include "schedule/ternary.h"

namespace gatewright::rtl {

/// An operand's bits in this cycle, with what is known of its value.
struct Operand {
    View view;
    fixed::Format format;
    fixed::Interval range;
    bool is_made_by_luts = false;  ///< in this very cycle, not by a register or a carry chain
};

class Legalizer {
  public:
    explicit Legalizer(Wiring& wiring) : w_(wiring) {}

    /// The node's result, node.format.width bits (at least 1). `table`: index of its table in the
    /// module, for a table node.
    Bits lower(const dfg::Node& node, std::span<const Operand> operands, std::size_t table = 0);

    /// An addition with one absorbed in it, in one three-input adder: three terms, the added ones
    /// first, and their operands. The low bits that only one of them has pass by.
    Bits lower_three(const dfg::Node& node, std::span<const schedule::Term> terms,
                     std::span<const Operand> operands, int chain_bits);

  private:
    Bits sum(const dfg::Node& node, const Operand& a, const Operand& b);
    Bits less_than(const Operand& a, const Operand& b);
    Bits equal_to(const Operand& a, const Operand& b);
    Bits choose_extreme(const dfg::Node& node, const Operand& a, const Operand& b);
    Bits cast(const dfg::Node& node, const Operand& x);
    Bits round_increment(const Operand& x, int drop, fixed::Round mode);
    Bits underflow(const dfg::Node& node, const View& y, const Bits& top);
    Bits overflow(const dfg::Node& node, const View& y);
    Bits overflow_wrapped(const dfg::Node& node, const View& y, const Bits& out);
    Bits popcount(const Operand& x, int width);

    Wiring& w_;
};

}  // namespace gatewright::rtl
