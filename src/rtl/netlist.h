// SPDX-License-Identifier: Apache-2.0
//
// Hardware as data: modules of sized signals, combinational assignments, registers, memories and
// instances. It is what the Verilog printer prints and what the Simulator executes, so it says
// exactly what the hardware does and nothing about fixed-point formats: every signal is a plain
// vector of bits, every operand is spelled out bit by bit (slices, sign copies, zeros) to exactly
// the width its operation needs.
//
// Every signal is declared before it is read: by the statement that drives it or, where statements
// above that one read it (a counter, a handshake between two instances), by a Declaration.
// Combinational logic has no loops; the Simulator refuses one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arch/design.h"
#include "fixed/integer.h"
#include "support/strong_id.h"

namespace gatewright::rtl {

struct SignalTag;
struct ModuleTag;
using SignalId = StrongId<SignalTag>;  ///< within one module
using ModuleId = StrongId<ModuleTag>;

enum class SignalKind : std::uint8_t { kInput, kOutput, kWire, kRegister };

struct Signal {
    std::string name;
    int width = 1;  ///< at least 1: a value without bits is never a signal
    SignalKind kind = SignalKind::kWire;
};

/// A run of bits of an operand.
struct Piece {
    enum class Kind : std::uint8_t {
        kSlice,     ///< bits low .. low + width - 1 of a signal
        kRepeat,    ///< bit `low` of a signal, `width` times
        kConstant,  ///< `value` in `width` bits
    };
    Kind kind = Kind::kConstant;
    SignalId signal;
    int low = 0;
    int width = 0;
    fixed::Integer value;  ///< in [0, 2^width)
    friend bool operator==(const Piece&, const Piece&) = default;
};

/// Pieces side by side, the lowest first.
struct Bits {
    std::vector<Piece> pieces;

    friend bool operator==(const Bits&, const Bits&) = default;
    [[nodiscard]] int width() const;
    /// The value if no piece reads a signal.
    [[nodiscard]] std::optional<fixed::Integer> constant() const;
    /// The signal if this is all of it.
    [[nodiscard]] std::optional<SignalId> whole(const std::vector<Signal>& signals) const;
};

/// Operands have the target's width and are unsigned, unless noted.
enum class Operation : std::uint8_t {
    kBits,  ///< the operand itself: wiring
    kNot,   ///< every bit inverted
    kAnd,
    kOr,
    kXor,
    kAdd,  ///< modulo 2^width, as the next five
    kSub,
    kAdd3,      ///< operand 0 + operand 1 + operand 2: one three-input adder
    kAdd2Sub1,  ///< operand 0 + operand 1 - operand 2
    kAdd1Sub2,  ///< operand 0 - operand 1 - operand 2
    kMul,
    kMulSigned,   ///< the same bits as kMul; says that the operands are sign-extended
    kLess,        ///< one bit; operands of one width
    kLessSigned,  ///< one bit; operands of one width in two's complement
    kEqual,       ///< one bit; operands of one width
    kSelect,      ///< one-bit operand 0 ? operand 1 : operand 2
    kReduceOr,    ///< one bit: any bit of the operand
    kReduceAnd,   ///< one bit: all bits of the operand
    kTable,       ///< entry of a table of the module; operand: the index
};

struct Assign {
    SignalId target;
    Operation operation = Operation::kBits;
    std::vector<Bits> operands;
    std::size_t table = 0;  ///< kTable: index into Module::tables
    std::string comment;
    std::string instance = {};  ///< three-input adders: they are printed as instances of a module
};

/// True of kAdd3, kAdd2Sub1 and kAdd1Sub2.
bool is_three_input_adder(Operation operation);

/// A register: at the rising clock edge the target takes `next`, or zero while rst is high if it
/// resets. With an enable it does so only where that is 1 (reset goes first).
struct Register {
    enum class Reset : std::uint8_t { kNone, kToZero };
    enum class Sharing : std::uint8_t {
        kFree,  ///< synthesis may merge it with an equal one
        kKept,  ///< a copy on purpose, for fan-out: kept apart
    };
    SignalId target;
    Bits next;
    Reset reset = Reset::kNone;
    Sharing sharing = Sharing::kFree;
    Bits enable = {};  ///< one bit; without bits: always
};

/// A wire or register that is driven further down.
struct Declaration {
    SignalId signal;
};

/// Words of `width` bits at addresses 0 .. depth - 1, 2 of them at least; what lies beyond reads as
/// anything. A word written in a cycle is read from the next cycle on.
struct Memory {
    enum class Style : std::uint8_t {
        kLogic,        ///< a few words in registers, or a table in LUTs
        kDistributed,  ///< LUT RAM
        kBlock,        ///< block RAM; synchronous reads only
    };
    struct Write {
        Bits enable;   ///< one bit
        Bits address;  ///< address_bits(depth), also of reads
        Bits data;
    };
    struct Read {
        enum class Kind : std::uint8_t {
            kAsynchronous,  ///< the target is a wire: the word at the address
            kSynchronous,   ///< the target is a register: the word as it was before the edge
        };
        SignalId target;
        Kind kind = Kind::kAsynchronous;
        Bits address;
        Bits enable = {};  ///< of a synchronous read, as of a register
    };
    std::string name;
    int depth = 2;
    int width = 1;
    Style style = Style::kLogic;
    std::vector<fixed::Integer> contents = {};  ///< at power-up, in [0, 2^width); empty: anything
    std::optional<Write> write = {};            ///< none: a read-only memory
    std::vector<Read> reads = {};
};

struct Instance {
    struct Connection {
        SignalId port;    ///< of the instantiated module
        SignalId signal;  ///< of this module, all of it
    };
    std::string name;
    ModuleId module;
    std::vector<Connection> connections;
};

struct Note {
    std::string text;  ///< a comment line
};

using Statement = std::variant<Assign, Register, Instance, Note, Declaration, Memory>;

/// A lookup table, printed as a function: 2^index_bits entries in [0, 2^width).
struct TableFunction {
    std::string name;
    int index_bits = 0;
    int width = 0;
    std::vector<fixed::Integer> entries;
};

struct Module {
    std::string name;
    std::string comment;    ///< one line: what it computes
    arch::KernelId kernel;  ///< invalid for the top
    std::vector<Signal> signals;
    std::vector<SignalId> ports;  ///< in the order of the port list
    std::vector<TableFunction> tables;
    std::vector<Statement> statements;
    /// Which signal carries which value of the flat program, in the cycle it is made. Only a hint:
    /// whoever uses it for a proof proves it (verify/netlist_proof.h).
    std::vector<std::pair<dfg::ValueId, SignalId>> values;

    [[nodiscard]] const Signal& operator[](SignalId id) const { return signals[id.index()]; }
};

/// Ports of the top: clk, rst, in_valid, in, out_valid, out; of a staged design those of
/// stages/build.h.
struct Netlist {
    std::string name;             ///< of the top module
    std::vector<Module> modules;  ///< instantiated before instantiating; the top is the last
    std::vector<arch::Port> inputs;
    std::vector<arch::Port> outputs;
    int latency_cycles = 0;
    int initiation_interval = 1;
    double clock_mhz = 0;

    [[nodiscard]] const Module& top() const { return modules.back(); }
    [[nodiscard]] const Module& operator[](ModuleId id) const { return modules[id.index()]; }
};

/// What a netlist is made of, counted over all instances.
struct NetlistStats {
    std::int64_t register_bits = 0;  ///< without the valid pipeline
    std::int64_t adders = 0;         ///< kAdd and kSub
    std::int64_t ternary_adders = 0;
    std::int64_t multipliers = 0;
    std::int64_t selects = 0;
    std::int64_t tables = 0;
    std::int64_t memory_bits = 0;
    std::int64_t block_memory_bits = 0;  ///< of them, in block RAM
    std::int64_t signals = 0;
};
NetlistStats statistics(const Netlist& netlist);

/// Bits of an address of a memory: at least 1.
int address_bits(int depth);

/// Bits of the top's `in` and `out`: at least 1, also when no value has any.
int input_bits(const Netlist& netlist);
int output_bits(const Netlist& netlist);

}  // namespace gatewright::rtl
