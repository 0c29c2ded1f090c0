// SPDX-License-Identifier: Apache-2.0
#include "rtl/netlist.h"

#include <algorithm>

#include "rtl/emit.h"

namespace gatewright::rtl {
namespace {

int total_bits(const std::vector<arch::Port>& ports) {
    int bits = 0;
    for (const arch::Port& port : ports) bits += port.width;
    return bits;
}

// How often each module is there, the top once.
std::vector<std::int64_t> copies_of_modules(const Netlist& netlist) {
    std::vector<std::int64_t> copies(netlist.modules.size(), 0);
    if (!copies.empty()) copies.back() = 1;
    for (std::size_t m = netlist.modules.size(); m-- > 0;) {
        for (const Statement& statement : netlist.modules[m].statements) {
            if (const auto* instance = std::get_if<Instance>(&statement))
                copies[instance->module.index()] += copies[m];
        }
    }
    return copies;
}

void count(const Memory& memory, NetlistStats& stats) {
    const std::int64_t bits = std::int64_t{memory.depth} * memory.width;
    stats.memory_bits += bits;
    if (memory.style == Memory::Style::kBlock) stats.block_memory_bits += bits;
}

void count(const Module& module, NetlistStats& stats) {
    stats.signals += static_cast<std::int64_t>(module.signals.size());
    for (const Statement& statement : module.statements) {
        if (const auto* reg = std::get_if<Register>(&statement)) {
            if (reg->reset == Register::Reset::kNone)
                stats.register_bits += module[reg->target].width;
        } else if (const auto* memory = std::get_if<Memory>(&statement)) {
            count(*memory, stats);
        } else if (const auto* assign = std::get_if<Assign>(&statement)) {
            const Operation op = assign->operation;
            stats.adders += op == Operation::kAdd || op == Operation::kSub ? 1 : 0;
            stats.ternary_adders += is_three_input_adder(op) ? 1 : 0;
            stats.multipliers += op == Operation::kMul || op == Operation::kMulSigned ? 1 : 0;
            stats.selects += op == Operation::kSelect ? 1 : 0;
            stats.tables += op == Operation::kTable ? 1 : 0;
        }
    }
}

}  // namespace

bool is_three_input_adder(Operation operation) {
    return operation == Operation::kAdd3 || operation == Operation::kAdd2Sub1 ||
           operation == Operation::kAdd1Sub2;
}

int Bits::width() const {
    int bits = 0;
    for (const Piece& piece : pieces) bits += piece.width;
    return bits;
}

std::optional<fixed::Integer> Bits::constant() const {
    fixed::Integer value = 0;
    int position = 0;
    for (const Piece& piece : pieces) {
        if (piece.kind != Piece::Kind::kConstant) return std::nullopt;
        value += piece.value << position;
        position += piece.width;
    }
    return value;
}

std::optional<SignalId> Bits::whole(const std::vector<Signal>& signals) const {
    if (pieces.size() != 1 || pieces[0].kind == Piece::Kind::kConstant) return std::nullopt;
    const Piece& piece = pieces[0];
    if (piece.low != 0 || piece.width != signals[piece.signal.index()].width) return std::nullopt;
    return piece.signal;
}

NetlistStats statistics(const Netlist& netlist) {
    NetlistStats stats;
    const std::vector<std::int64_t> copies = copies_of_modules(netlist);
    for (std::size_t m = 0; m < netlist.modules.size(); ++m) {
        for (std::int64_t n = 0; n < copies[m]; ++n) count(netlist.modules[m], stats);
    }
    return stats;
}

int address_bits(int depth) {
    int bits = 1;
    while ((std::int64_t{1} << bits) < depth) ++bits;
    return bits;
}

int input_bits(const Netlist& netlist) {
    return std::max(1, total_bits(netlist.inputs));
}
int output_bits(const Netlist& netlist) {
    return std::max(1, total_bits(netlist.outputs));
}

fixed::Integer pack(const std::vector<arch::Port>& ports, std::span<const fixed::Integer> codes) {
    // Collected in chunks, so that a wide port does not cost a wide addition per element.
    fixed::Integer bits = 0;
    fixed::Integer chunk = 0;
    int chunk_start = 0;
    int position = 0;
    std::size_t next = 0;
    for (const arch::Port& port : ports) {
        for (const fixed::Cast& element : port.elements) {
            const int width = element.format.width;
            if (position - chunk_start + width > 62) {
                bits += chunk << chunk_start;
                chunk = 0;
                chunk_start = position;
            }
            chunk += codes[next++].low_bits(width) << (position - chunk_start);
            position += width;
        }
    }
    return bits + (chunk << chunk_start);
}

std::vector<fixed::Integer> unpack(const std::vector<arch::Port>& ports,
                                   const fixed::Integer& bits) {
    std::vector<fixed::Integer> codes;
    int position = 0;
    for (const arch::Port& port : ports) {
        for (const fixed::Cast& element : port.elements) {
            codes.push_back(element.format.wrap(bits >> position));
            position += element.format.width;
        }
    }
    return codes;
}

}  // namespace gatewright::rtl
