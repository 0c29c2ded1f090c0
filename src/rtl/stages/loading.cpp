// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/loading.h"

#include <fmt/format.h>

#include <algorithm>

#include "rtl/stages/storage.h"
#include "support/check.h"

namespace gatewright::rtl {

using fixed::Format;
using fixed::Integer;

namespace {

LoadTable table_of(int word_bits, std::vector<Integer> contents) {
    LoadTable table;
    table.word_bits = word_bits;
    table.columns = (word_bits + kLoadBits - 1) / kLoadBits;
    table.indices = static_cast<std::int64_t>(contents.size());
    table.contents = std::move(contents);
    return table;
}

LoadTable weight_table(const arch::FoldedHead& folded) {
    std::vector<Integer> words;
    for (const std::vector<std::int64_t>& codes : folded.weights) {
        Integer word = 0;
        int position = 0;
        for (std::size_t n = 0; n < codes.size(); ++n) {
            const int width = folded.weight_formats[n].width;
            word += Integer(codes[n]).low_bits(width) << position;
            position += width;
        }
        words.push_back(std::move(word));
    }
    return table_of(folded.weight_word_width(), std::move(words));
}

LoadTable bias_table(const arch::LinearHead& head, const arch::FoldedHead& folded) {
    std::vector<Integer> words;
    const int width = head.bias_format.width;
    for (std::size_t first = 0; first < head.outputs; first += folded.lane_outputs) {
        Integer word = 0;
        for (std::size_t j = 0; j < folded.lane_outputs; ++j) {
            word += Integer(head.bias[first + j]).low_bits(width) << static_cast<int>(j) * width;
        }
        words.push_back(std::move(word));
    }
    return table_of(static_cast<int>(folded.lane_outputs) * width, std::move(words));
}

int bits_below(std::int64_t limit) {
    return limit <= 1 ? 0 : count_bits(limit);
}

// The index as an address of exactly the bits that the table needs.
Bits address_of(const Bits& index, std::int64_t indices) {
    return take({index, false}, 0, bits_below(indices));
}

}  // namespace

LoadBlock load_block(const arch::Stage& stage, const arch::FoldedHead& folded) {
    const auto& work = std::get<arch::Compute>(stage.work);
    LoadBlock block;
    block.weights = weight_table(folded);
    block.biases = bias_table(*work.parts.front().head, folded);
    block.column_bits = bits_below(std::max(block.weights.columns, block.biases.columns));
    block.index_bits = bits_below(std::max(block.weights.indices, block.biases.indices));
    return block;
}

std::int64_t LoadBlock::address(int bank, Kind kind, std::int64_t index, int column) const {
    std::int64_t at = bank * 2 + (kind == Kind::kBiases ? 1 : 0);
    at = (at << index_bits) + index;
    return base + (at << column_bits) + column;
}

Bits read_only_table(Circuit& c, const std::string& name, const LoadTable& table,
                     const TableRead& read) {
    if (table.word_bits == 0) return {};
    if (table.indices == 1) return constant_bits(table.contents[0], table.word_bits);
    if (read.kind == Memory::Read::Kind::kAsynchronous) {
        return c.table(name, address_of(read.index, table.indices), table.word_bits,
                       table.contents);
    }
    const Bits word = c.read_target(name, table.word_bits, read.kind);
    c.memory(
        {name + "_rom",
         static_cast<int>(table.indices),
         table.word_bits,
         rom_style(table.indices, table.word_bits),
         table.contents,
         {},
         {{word.pieces[0].signal, read.kind, address_of(read.index, table.indices), read.enable}}});
    return word;
}

Bits loadable_table(Circuit& c, const std::string& name, const LoadBlock& block,
                    LoadBlock::Kind kind, const LoadPort& port, const TableRead& read) {
    const bool is_bias = kind == LoadBlock::Kind::kBiases;
    const LoadTable& table = is_bias ? block.biases : block.weights;
    const int index_bits = bits_below(table.indices);
    const std::int64_t bank_words = std::int64_t{1} << index_bits;
    const auto field = [&](int low, int width) { return take({port.address, false}, low, width); };
    const Bits written_index = field(block.column_bits, index_bits);
    const Bits written_kind = field(block.column_bits + block.index_bits, 1);
    const Bits written_bank = field(block.column_bits + block.index_bits + 1, 1);
    const Bits is_here = c.both(name + "_write", port.write,
                                is_bias ? written_kind : c.invert(name + "_kind", written_kind));
    std::vector<Integer> both_banks(static_cast<std::size_t>(2 * bank_words));
    for (std::size_t i = 0; i < table.contents.size(); ++i) {
        both_banks[i] = table.contents[i];
        both_banks[i + static_cast<std::size_t>(bank_words)] = table.contents[i];
    }
    Bits word;
    for (int column = 0; column < table.columns; ++column) {
        const int low = column * kLoadBits;
        const int width = std::min(kLoadBits, table.word_bits - low);
        const std::string part = table.columns == 1 ? name : fmt::format("{}_{}", name, column);
        const Bits is_column =
            block.column_bits == 0
                ? one()
                : c.equals(part + "_column", field(0, block.column_bits), column);
        std::vector<Integer> contents;
        for (const Integer& all : both_banks) contents.push_back((all >> low).low_bits(width));
        const Bits out = c.read_target(part, width, read.kind);
        const auto depth = static_cast<int>(2 * bank_words);
        Memory memory{
            part + "_ram",
            depth,
            width,
            ram_style(depth, width),
            std::move(contents),
            Memory::Write{c.both(part + "_enable", is_here, is_column),
                          concat(written_bank, written_index), take({port.data, false}, 0, width)},
            {{out.pieces[0].signal, read.kind,
              concat(read.bank, address_of(read.index, table.indices)), read.enable}}};
        if (read.kind == Memory::Read::Kind::kAsynchronous &&
            memory.style == Memory::Style::kBlock) {
            memory.style = Memory::Style::kDistributed;
        }
        c.memory(std::move(memory));
        append(word, out);
    }
    return word;
}

}  // namespace gatewright::rtl
