// SPDX-License-Identifier: Apache-2.0
//
// How many LUTs a lookup table needs once synthesis has pruned it.
#pragma once

#include <cstdint>

#include "dfg/program.h"

namespace gatewright::opt {

/// LUT6 count of a table of 2^index_bits entries read as `width`-bit codes. Each output bit loses
/// the index bits it does not depend on; up to 6 remaining bits are one LUT (none if the bit is
/// constant or a plain copy); wider bits are split into four parts joined by one LUT6 (a 4:1
/// multiplexer), equal parts counted once, also across output bits. Above kExactTableBits index
/// bits the parts are not compared: 2^(n-6) leaves and their multiplexers per output bit.
std::int64_t table_luts(const dfg::Table& table, int index_bits, int width);

inline constexpr int kExactTableBits = 12;

}  // namespace gatewright::opt
