// SPDX-License-Identifier: Apache-2.0
//
// Small combinational building blocks of one module: each makes at most a statement or two and
// returns the bits of its result. Constant operands are folded, so no statement says `| 3'd0`.
// Names of intermediate signals are <value>_<what>, from the value that is being made.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "fixed/format.h"
#include "rtl/names.h"
#include "rtl/netlist.h"

namespace gatewright::rtl {

/// A vector read as a number: two's complement if signed. Without bits it is 0.
struct View {
    Bits bits;
    bool is_signed = false;
};

Bits constant_bits(const fixed::Integer& code, int width);  ///< the low `width` bits of any code
/// Bits low .. low + width - 1 of the number, below bit 0 zeros, above its top copies of its sign.
Bits take(const View& view, int low, int width);
Bits concat(const Bits& high, const Bits& low);
void append(Bits& low, const Bits& high);

class Wiring {
  public:
    Wiring(Module& module, Namer& names) : module_(module), names_(names) {}

    /// Signals made from now on are named after this value.
    void set_base(std::string base) {
        base_ = std::move(base);
        named_ = module_.statements.size();
    }

    SignalId add_signal(std::string_view name, int width, SignalKind kind);
    [[nodiscard]] Bits all(SignalId signal) const;
    /// A statement with a new wire as target.
    Bits emit(std::string_view what, int width, Operation operation, std::vector<Bits> operands,
              std::size_t table = 0);

    Bits add(const Bits& a, const Bits& b, std::string_view what = "sum");
    Bits subtract(const Bits& a, const Bits& b);
    /// Three numbers of one width in one adder.
    Bits add_three(Operation operation, const Bits& a, const Bits& b, const Bits& c);
    Bits bitwise(Operation operation, const Bits& a, const Bits& b, std::string_view what);
    Bits invert(const Bits& a, std::string_view what);
    Bits any(const Bits& a, std::string_view what);
    Bits every(const Bits& a, std::string_view what);
    Bits select(const Bits& condition, const Bits& if_true, const Bits& if_false,
                std::string_view what = "chosen");
    Bits less(const Bits& a, const Bits& b, Operation operation);
    Bits equal(const Bits& a, const Bits& b);

    /// The value `name` as a wire of its own: the last statement's target renamed if it is just
    /// that, else a new wire.
    SignalId name_result(const Bits& result, const std::string& name, std::string comment = {});

  private:
    /// The bits with every signal that is only wiring replaced by what it is wired to.
    [[nodiscard]] Bits resolved(const Bits& bits) const;

    Module& module_;
    Namer& names_;
    std::string base_;
    std::unordered_map<SignalId, Bits> wired_;  ///< signals whose statement is kBits
    std::size_t named_ = 0;  ///< statements before this one belong to values that have their names
};

}  // namespace gatewright::rtl
