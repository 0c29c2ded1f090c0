// SPDX-License-Identifier: Apache-2.0
//
// Where the weights of loadable stages lie for whoever writes them.
//
// Each loadable stage has a block of 32-bit words, aligned to its size, a power of two. Within it
// an address is, from the high end: bank (1 bit), kind (1 bit: 0 weights, 1 biases), index (the
// step, or the group of biases), column. The codes of an index stand side by side in
// two's complement, the first lowest, cut into columns of 32 bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/stages/circuit.h"
#include "schedule/stages.h"

namespace gatewright::rtl {

inline constexpr int kLoadBits = 32;  ///< of a word that is written

/// A table of words of codes: weights by step, or biases by group.
struct LoadTable {
    int word_bits = 0;  ///< codes of an index, side by side
    int columns = 0;    ///< of 32 bits, the last one not all of it
    std::int64_t indices = 0;
    std::vector<fixed::Integer> contents;  ///< the model's words, per index
};

struct LoadBlock {
    std::size_t stage = 0;
    LoadTable weights;
    LoadTable biases;
    int column_bits = 0;
    int index_bits = 0;
    std::int64_t base = 0;  ///< address of the block, in words

    [[nodiscard]] int address_bits() const { return 2 + index_bits + column_bits; }
    enum class Kind : std::uint8_t { kWeights, kBiases };
    /// In words, from the start of the design's addresses.
    [[nodiscard]] std::int64_t address(int bank, Kind kind, std::int64_t index, int column) const;
};

/// The block of a loadable stage; base 0.
LoadBlock load_block(const arch::Stage& stage, const arch::FoldedHead& folded);

/// A write to a stage's block, as its module gets it.
struct LoadPort {
    Bits write;
    Bits address;  ///< LoadBlock::address_bits
    Bits data;     ///< kLoadBits
};

/// Words of a constant or loadable table, read at an index. `bank` chooses among the two of a
/// loadable one. A synchronous read has the word in the cycle after `enable`.
struct TableRead {
    Memory::Read::Kind kind = Memory::Read::Kind::kSynchronous;
    Bits index;
    Bits bank;
    Bits enable;
};
Bits read_only_table(Circuit& c, const std::string& name, const LoadTable& table,
                     const TableRead& read);
Bits loadable_table(Circuit& c, const std::string& name, const LoadBlock& block,
                    LoadBlock::Kind kind, const LoadPort& port, const TableRead& read);

}  // namespace gatewright::rtl
