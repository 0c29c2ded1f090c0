// SPDX-License-Identifier: Apache-2.0
//
// Where words are kept: shift registers, LUT RAM or block RAM, whichever is smaller. Costs are in
// LUTs of a 7-series or UltraScale device: 32 bits are one LUT as a shift register, 2/3 of one as
// two-port RAM (RAM32M holds 32 words of 6 bits in 4), and a table of 64 bits is one LUT. A block
// RAM of 18 kbit counts as kBlockLuts, the ratio in which those devices have them.
#pragma once

#include <cstdint>

#include "rtl/netlist.h"
#include "rtl/stages/circuit.h"

namespace gatewright::rtl {

inline constexpr double kBlockLuts = 256;

/// Block RAMs of 18 kbit for a two-port memory, in the best of their shapes.
std::int64_t block_rams(std::int64_t depth, std::int64_t width);

/// Of a memory with one write and one read port.
Memory::Style ram_style(std::int64_t depth, std::int64_t width);
/// Of a read-only memory: a table in LUTs or block RAM.
Memory::Style rom_style(std::int64_t depth, std::int64_t width);

/// `value` as it was `steps` >= 1 enabled cycles ago: registers, shift registers or a ring in RAM.
Bits delayed_by(Circuit& circuit, std::string_view name, const Bits& value, std::int64_t steps,
                const Bits& enable);

}  // namespace gatewright::rtl
