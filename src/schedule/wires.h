// SPDX-License-Identifier: Apache-2.0
//
// Which bits of a program are computed and which are only wires to other bits. A slice, a
// concatenation and a cast that neither rounds nor clamps compute nothing: each of their bits is a
// bit of another value, or a constant. Registers hold computed bits only, each once per cycle,
// whatever number of names it has; a bit nobody reads later is not held at all. Whatever reads a
// wire in a later cycle is wired to the registers of the bits behind it.
#pragma once

#include <vector>

#include "dfg/program.h"
#include "schedule/ternary.h"

namespace gatewright::schedule {

/// A run of bits: of a computed value, one of its bits several times, or constant.
struct BitRun {
    enum class Kind : std::uint8_t { kSlice, kRepeat, kConstant };
    Kind kind = Kind::kConstant;
    std::size_t source = 0;   ///< value number (kSlice, kRepeat)
    int low = 0;              ///< lowest bit of the source; kRepeat: the bit
    int width = 0;            ///< bits in this run
    fixed::Integer constant;  ///< kConstant: in [0, 2^width)
};

/// Lowest bit first.
using BitRuns = std::vector<BitRun>;

/// True if the op only moves bits (its delay is 0 and it takes no logic).
bool is_wiring(const dfg::Program& program, const dfg::Node& node);

/// Per value, what each of its bits is: a computed value is itself, wiring is traced to the
/// computed values (and inputs) behind it, a constant is its code.
std::vector<BitRuns> trace_bits(const dfg::Program& program);

/// True if the value has a cycle of its own: it computes, or it joins values that may be ready in
/// different cycles. Other wiring is there when the value behind it is.
bool has_cycle(const dfg::Program& program, const dfg::Node& node);

/// Bits low .. high - 1 of a computed value or input that somebody reads, wires looked through.
struct BitReading {
    std::size_t source = 0;
    int low = 0;
    int high = 0;
    std::size_t user = 0;  ///< a live value, or kOutputUser
};
inline constexpr std::size_t kOutputUser = static_cast<std::size_t>(-1);

/// All readings by values that have a cycle, and of inputs also by other wires (an input register
/// holds what anything is wired to); by user, the outputs last. A cast that truncates does not read
/// the bits it drops. An absorbed addition reads nothing: its reader reads its operands.
std::vector<BitReading> bit_readings(const dfg::Program& program, const Absorbed& absorbed = {});

}  // namespace gatewright::schedule
