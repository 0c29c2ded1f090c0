// SPDX-License-Identifier: Apache-2.0
//
// Writing a clocked module by hand: ports, state, logic and instances under their own names. The
// counterpart of Wiring, which serves modules made from dataflow. Constants are folded, so that a
// counter of one state or a mask that is always true leaves no hardware.
//
// State is declared first and given its next value later, because controllers are loops through
// registers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rtl/names.h"
#include "rtl/netlist.h"
#include "rtl/wiring.h"

namespace gatewright::rtl {

/// Bits to count to `limit` - 1: at least 1.
int count_bits(std::int64_t limit);

/// A code of format `from` as bits of format `to`, which holds its value.
Bits converted(const Bits& bits, const fixed::Format& from, const fixed::Format& to);

inline Bits zero() {
    return constant_bits(0, 1);
}
inline Bits one() {
    return constant_bits(1, 1);
}

class Circuit {
  public:
    /// A module with ports clk and rst.
    Circuit(std::string name, std::string comment);
    Circuit(const Circuit&) = delete;
    Circuit& operator=(const Circuit&) = delete;

    Bits input(std::string_view name, int width);
    Bits output(std::string_view name, int width);  ///< to be driven
    void output(std::string_view name, const Bits& value) {
        drive(output(name, value.width()), value);
    }
    Bits wire(std::string_view name, int width);   ///< declared ahead, to be driven
    Bits state(std::string_view name, int width);  ///< a register, to be clocked
    void drive(const Bits& target, const Bits& value);
    void clock(const Bits& target, const Bits& next, const Bits& enable = {},
               Register::Reset reset = Register::Reset::kNone);
    /// clock() of state that rst clears.
    void clock_reset(const Bits& target, const Bits& next, const Bits& enable = {}) {
        clock(target, next, enable, Register::Reset::kToZero);
    }
    /// `value` in a register of its own.
    Bits delayed(std::string_view name, const Bits& value, const Bits& enable = {},
                 Register::Reset reset = Register::Reset::kNone);
    void note(std::string text) { module_.statements.emplace_back(Note{std::move(text)}); }

    Bits named(std::string_view name, const Bits& value);
    Bits both(std::string_view name, const Bits& a, const Bits& b);
    Bits all_of(std::string_view name, const std::vector<Bits>& terms);
    Bits either(std::string_view name, const Bits& a, const Bits& b);
    Bits differ(std::string_view name, const Bits& a, const Bits& b);  ///< bitwise
    Bits invert(std::string_view name, const Bits& a);
    Bits choose(std::string_view name, const Bits& condition, const Bits& if_true,
                const Bits& if_false);
    Bits plus(std::string_view name, const Bits& a, const Bits& b);
    Bits minus(std::string_view name, const Bits& a, const Bits& b);
    Bits equals(std::string_view name, const Bits& a, const Bits& b);
    Bits equals(std::string_view name, const Bits& a, std::int64_t value);
    Bits below(std::string_view name, const Bits& a, const Bits& b);  ///< unsigned
    /// One of several vectors of one width by an index that is below their number.
    Bits pick(std::string_view name, const Bits& index, const std::vector<Bits>& choices);
    /// Entry `index` of a table; entries beyond the given ones are the last.
    Bits table(std::string_view name, const Bits& index, int width,
               const std::vector<fixed::Integer>& entries);
    /// A counter 0 .. limit - 1 that steps where `enable` is 1, and rst clears. `is_last`: it is at
    /// limit - 1.
    struct Counter {
        Bits value;
        Bits is_last;
    };
    Counter counter(std::string_view name, std::int64_t limit, const Bits& enable);

    void memory(Memory memory);
    /// Target of a memory's read: a wire for an asynchronous one, else a register.
    Bits read_target(std::string_view name, int width, Memory::Read::Kind kind);
    SignalId signal(std::string_view name, const Bits& value);  ///< a signal that is all of it
    /// An instance; its clk and rst are this module's.
    void instance(std::string_view name, const Netlist& netlist, ModuleId id,
                  const std::vector<std::pair<std::string, Bits>>& connections);
    [[nodiscard]] std::string unique_name(std::string_view name) { return names_.unique(name); }

    [[nodiscard]] Bits all(SignalId signal) const { return wiring_.all(signal); }
    Module finish() { return std::move(module_); }

  private:
    Bits emit(std::string_view name, int width, Operation operation, std::vector<Bits> operands,
              std::size_t table = 0);
    SignalId add_port(std::string_view name, int width, SignalKind kind);
    [[nodiscard]] SignalId whole(const Bits& bits) const;

    Module module_;
    Namer names_;
    Wiring wiring_;
    SignalId clk_, rst_;
};

}  // namespace gatewright::rtl
