// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <map>

#include "emulate/vector_program.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

using Parts = std::array<VectorId, 4>;

class Expansion {
  public:
    Expansion(const LaneProgram& lanes, VectorUnit unit, DotUnit dot)
        : lanes_(lanes), dot_(dot), uses_(lanes.insts.size(), 0) {
        program_.unit = unit;
        for (const LaneInst& inst : lanes.insts) {
            for (std::size_t a = 0; a < inst.count; ++a) ++uses_[inst.args[a]];
        }
        for (const LaneId output : lanes.outputs) ++uses_[output];
        parts_.resize(lanes.insts.size());
    }

    VectorProgram run(std::vector<Slot>& inputs, std::vector<Slot>& outputs) {
        place_inputs(inputs);
        for (std::size_t i = 0; i < lanes_.insts.size(); ++i) expand_inst(i);
        for (const LaneId output : lanes_.outputs) {
            const int bits = lanes_.insts[output].bits;
            outputs.push_back(
                {static_cast<std::uint32_t>(program_.output_vectors * program_.vector_bytes()),
                 bits});
            for (std::size_t p = 0; p < part_count(bits); ++p)
                program_.outputs.push_back({parts_[output][p], program_.output_vectors++});
        }
        return std::move(program_);
    }

  private:
    static std::size_t part_count(int bits) { return static_cast<std::size_t>(bits) / 16; }
    [[nodiscard]] bool is_avx512() const { return program_.unit == VectorUnit::kAvx512; }

    void place_inputs(std::vector<Slot>& inputs) {
        inputs.resize(lanes_.input_elements.size());
        for (const LaneInst& inst : lanes_.insts) {
            if (inst.op != LaneOp::kInput) continue;
            inputs[static_cast<std::size_t>(inst.immediate)] = {
                static_cast<std::uint32_t>(program_.input_vectors * program_.vector_bytes()),
                inst.bits};
            program_.input_vectors += static_cast<std::uint32_t>(part_count(inst.bits));
        }
        inputs_ = inputs;
    }

    VectorId emit(VectorOp op, int bits, std::initializer_list<VectorId> args,
                  std::int64_t immediate = 0) {
        VectorInst inst;
        inst.op = op;
        inst.bits = static_cast<std::uint8_t>(bits);
        inst.count = static_cast<std::uint8_t>(args.size());
        std::copy(args.begin(), args.end(), inst.args.begin());
        inst.immediate = immediate;
        program_.insts.push_back(inst);
        return static_cast<VectorId>(program_.insts.size() - 1);
    }

    VectorId constant_bytes(const VectorConstant& bytes) {
        const auto [known, is_new] = constants_.try_emplace(bytes, 0);
        if (is_new) {
            program_.constants.push_back(bytes);
            known->second = emit(VectorOp::kConstant, 16, {},
                                 static_cast<std::int64_t>(program_.constants.size() - 1));
        }
        return known->second;
    }
    VectorId constant(int bits, std::int64_t value) {
        VectorConstant bytes{};
        const auto size = static_cast<std::size_t>(bits) / 8;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            for (std::size_t b = 0; b < size; ++b)
                bytes[at + b] =
                    static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> 8 * b);
        }
        return constant_bytes(bytes);
    }

    void expand_inst(std::size_t i) {
        const LaneInst& inst = lanes_.insts[i];
        Parts& out = parts_[i];
        const int bits = inst.bits;
        switch (inst.op) {
            case LaneOp::kInput:
                for (std::size_t p = 0; p < part_count(bits); ++p) {
                    const Slot& slot = inputs_[static_cast<std::size_t>(inst.immediate)];
                    const auto at = slot.offset + p * program_.vector_bytes();
                    out[p] = emit(VectorOp::kInput, bits, {}, static_cast<std::int64_t>(at));
                }
                return;
            case LaneOp::kConstant:
                out.fill(constant(bits, inst.immediate));
                return;
            case LaneOp::kExtend:
                out = extend(parts_[inst.args[0]], lanes_.insts[inst.args[0]].bits, bits);
                return;
            case LaneOp::kTruncate:
                out = truncate(parts_[inst.args[0]], lanes_.insts[inst.args[0]].bits, bits);
                return;
            case LaneOp::kLookup:
                out = look_up(inst, parts_[inst.args[0]]);
                return;
            case LaneOp::kShiftLeft:
                if (is_widened_word(inst)) {
                    out = widen_shifted(parts_[lanes_.insts[inst.args[0]].args[0]][0],
                                        inst.immediate);
                    return;
                }
                for (std::size_t p = 0; p < part_count(bits); ++p) out[p] = expand_part(inst, p);
                return;
            case LaneOp::kPair: {
                const VectorId a = parts_[inst.args[0]][0];
                const VectorId b = parts_[inst.args[1]][0];
                out[0] = emit(VectorOp::kUnpackLow, 16, {a, b});
                out[1] = emit(VectorOp::kUnpackHigh, 16, {a, b});
                return;
            }
            case LaneOp::kExact:
                break;
            default:
                for (std::size_t p = 0; p < part_count(bits); ++p) out[p] = expand_part(inst, p);
                return;
        }
        GW_UNREACHABLE("exact integers in machine code");
    }

    VectorId expand_part(const LaneInst& inst, std::size_t p) {
        const int bits = inst.bits;
        const VectorId a = parts_[inst.args[0]][p];
        const VectorId b = inst.count > 1 ? parts_[inst.args[1]][p] : 0;
        switch (inst.op) {
            case LaneOp::kAdd:
                if (is_fused(inst.args[1])) {
                    const LaneInst& dot = lanes_.insts[inst.args[1]];
                    return emit(VectorOp::kDotAdd, 32,
                                {a, parts_[dot.args[0]][p], constant(32, dot.immediate)});
                }
                return emit(VectorOp::kAdd, bits, {a, b});
            case LaneOp::kDot:
                return emit(VectorOp::kDot, 32, {a, constant(32, inst.immediate)});
            case LaneOp::kSub:
                return emit(VectorOp::kSub, bits, {a, b});
            case LaneOp::kMul:
                return multiply(bits, a, b);
            case LaneOp::kShiftLeft:
                return emit(VectorOp::kShiftLeft, bits, {a}, inst.immediate);
            case LaneOp::kShiftRight:
                return shift_right(bits, a, inst.immediate);
            case LaneOp::kAnd:
                return emit(VectorOp::kAnd, bits, {a, b});
            case LaneOp::kOr:
                return emit(VectorOp::kOr, bits, {a, b});
            case LaneOp::kXor:
                return emit(VectorOp::kXor, bits, {a, b});
            case LaneOp::kMin:
                return extremum(VectorOp::kMin, bits, a, b);
            case LaneOp::kMax:
                return extremum(VectorOp::kMax, bits, a, b);
            case LaneOp::kGreater:
                return emit(VectorOp::kGreater, bits, {a, b});
            case LaneOp::kEqual:
                return emit(VectorOp::kEqual, bits, {a, b});
            case LaneOp::kBlend:
                return emit(VectorOp::kBlend, bits, {a, parts_[inst.args[2]][p], b});
            case LaneOp::kPopcount:
                return count_ones(bits, a);
            case LaneOp::kInput:
            case LaneOp::kConstant:
            case LaneOp::kExtend:
            case LaneOp::kTruncate:
            case LaneOp::kLookup:
            case LaneOp::kExact:
            case LaneOp::kPair:
                break;
        }
        GW_UNREACHABLE("lane operation");
    }

    // A product that only one sum reads is part of that sum's instruction.
    [[nodiscard]] bool is_fused(LaneId id) const {
        return dot_ == DotUnit::kMultiplyAndAdd && lanes_.insts[id].op == LaneOp::kDot &&
               uses_[id] == 1;
    }

    // AVX2 has no 64-bit product, arithmetic shift, minimum or maximum.
    VectorId multiply(int bits, VectorId a, VectorId b) {
        if (bits < 64 || is_avx512()) return emit(VectorOp::kMul, bits, {a, b});
        const VectorId a_high = emit(VectorOp::kShiftRightLogical, 64, {a}, 32);
        const VectorId b_high = emit(VectorOp::kShiftRightLogical, 64, {b}, 32);
        const VectorId cross = emit(VectorOp::kAdd, 64,
                                    {emit(VectorOp::kMulLow32, 64, {a_high, b}),
                                     emit(VectorOp::kMulLow32, 64, {b_high, a})});
        const VectorId high = emit(VectorOp::kShiftLeft, 64, {cross}, 32);
        return emit(VectorOp::kAdd, 64, {emit(VectorOp::kMulLow32, 64, {a, b}), high});
    }
    VectorId shift_right(int bits, VectorId a, std::int64_t count) {
        if (bits < 64 || is_avx512()) return emit(VectorOp::kShiftRight, bits, {a}, count);
        const VectorId sign = constant(64, std::int64_t{1} << (63 - count));
        const VectorId moved = emit(VectorOp::kShiftRightLogical, 64, {a}, count);
        return emit(VectorOp::kSub, 64, {emit(VectorOp::kXor, 64, {moved, sign}), sign});
    }
    VectorId extremum(VectorOp op, int bits, VectorId a, VectorId b) {
        if (bits < 64 || is_avx512()) return emit(op, bits, {a, b});
        const VectorId greater = emit(VectorOp::kGreater, 64, {a, b});
        if (op == VectorOp::kMax) return emit(VectorOp::kBlend, 64, {greater, b, a});
        return emit(VectorOp::kBlend, 64, {greater, a, b});
    }

    Parts extend(const Parts& from, int from_bits, int bits) {
        Parts out{};
        for (std::size_t p = 0; p < part_count(from_bits); ++p) {
            const VectorId x = from[p];
            if (from_bits == 16) {
                const VectorId low = emit(VectorOp::kUnpackLow, 16, {x, x});
                const VectorId high = emit(VectorOp::kUnpackHigh, 16, {x, x});
                out[2 * p] = emit(VectorOp::kShiftRight, 32, {low}, 16);
                out[2 * p + 1] = emit(VectorOp::kShiftRight, 32, {high}, 16);
            } else {
                const VectorId sign = emit(VectorOp::kShiftRight, 32, {x}, 31);
                out[2 * p] = emit(VectorOp::kUnpackLow, 32, {x, sign});
                out[2 * p + 1] = emit(VectorOp::kUnpackHigh, 32, {x, sign});
            }
        }
        return from_bits * 2 == bits ? out : extend(out, from_bits * 2, bits);
    }
    // A word in the upper half of a dword is already shifted by 16; moving it down from there
    // widens and shifts at once.
    [[nodiscard]] bool is_widened_word(const LaneInst& shift) const {
        const LaneInst& from = lanes_.insts[shift.args[0]];
        return shift.bits == 32 && shift.immediate <= 16 && from.op == LaneOp::kExtend &&
               lanes_.insts[from.args[0]].bits == 16;
    }
    Parts widen_shifted(VectorId word, std::int64_t count) {
        const VectorId zero = constant(16, 0);
        Parts out{};
        out[0] = emit(VectorOp::kUnpackLow, 16, {zero, word});
        out[1] = emit(VectorOp::kUnpackHigh, 16, {zero, word});
        for (std::size_t p = 0; p < 2 && count < 16; ++p)
            out[p] = emit(VectorOp::kShiftRight, 32, {out[p]}, 16 - count);
        return out;
    }

    Parts truncate(const Parts& from, int from_bits, int bits) {
        Parts out{};
        const int half = from_bits / 2;
        const VectorOp op = half == 32 ? VectorOp::kEvenDwords : VectorOp::kPack;
        for (std::size_t p = 0; p < part_count(half); ++p)
            out[p] = emit(op, half, {from[2 * p], from[2 * p + 1]});
        return half == bits ? out : truncate(out, half, bits);
    }

    VectorId count_ones(int bits, VectorId a) {
        VectorConstant ones{};
        for (std::size_t i = 0; i < ones.size(); ++i)
            ones[i] = static_cast<std::uint8_t>(__builtin_popcount(i % 16));
        const VectorId table = constant_bytes(ones);
        const VectorId nibble = constant(16, 0x0F0F);
        const VectorId low = emit(VectorOp::kAnd, bits, {a, nibble});
        const VectorId moved = emit(VectorOp::kShiftRightLogical, 16, {a}, 4);
        const VectorId high = emit(VectorOp::kAnd, bits, {moved, nibble});
        VectorId sum = add_bytes(emit(VectorOp::kShuffleBytes, 16, {table, low}),
                                 emit(VectorOp::kShuffleBytes, 16, {table, high}));
        // Neighbours are added until one sum per lane is left; no sum passes 64.
        for (int half = 8; half < bits; half *= 2) {
            sum = emit(VectorOp::kAdd, bits,
                       {sum, emit(VectorOp::kShiftRightLogical, bits, {sum}, half)});
        }
        return emit(VectorOp::kAnd, bits, {sum, constant(bits, 0x7F)});
    }
    // Of bytes that do not carry.
    VectorId add_bytes(VectorId a, VectorId b) { return emit(VectorOp::kAdd, 16, {a, b}); }

    Parts look_up(const LaneInst& inst, const Parts& index) {
        const LaneTable& table = lanes_.tables[static_cast<std::size_t>(inst.immediate)];
        const int bits = inst.bits;
        const int cheapest = is_avx512() ? 7 : 6;
        Parts out{};
        if (bits == 16 && table.index_bits <= cheapest) {
            out[0] = is_avx512() ? permuted(table, index[0]) : shuffled(table, index[0]);
            return out;
        }
        if (bits == 16) {
            const VectorId zero = constant(16, 0);
            const VectorId low =
                gather(table, inst.immediate, 32, emit(VectorOp::kUnpackLow, 16, {index[0], zero}));
            const VectorId high = gather(table, inst.immediate, 32,
                                         emit(VectorOp::kUnpackHigh, 16, {index[0], zero}));
            out[0] = emit(VectorOp::kPack, 16, {low, high});
            return out;
        }
        for (std::size_t p = 0; p < part_count(bits); ++p)
            out[p] = gather(table, inst.immediate, bits, index[p]);
        return out;
    }

    VectorId gather(const LaneTable& table, std::int64_t number, int bits, VectorId index) {
        const auto [known, is_new] = table_at_.try_emplace({number, bits}, program_.tables.size());
        if (is_new) {
            const auto size = static_cast<std::size_t>(bits) / 8;
            for (const std::int64_t entry : table.entries) {
                std::array<std::byte, 8> bytes{};
                std::memcpy(bytes.data(), &entry, sizeof entry);
                program_.tables.insert(program_.tables.end(), bytes.begin(),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(size));
            }
            while (program_.tables.size() % 64 != 0) program_.tables.emplace_back();
        }
        return emit(VectorOp::kGather, bits, {index}, static_cast<std::int64_t>(known->second));
    }

    // Entries [first, first + 32) as words.
    VectorId word_table(const LaneTable& table, std::size_t first) {
        VectorConstant bytes{};
        for (std::size_t i = 0; i < 32; ++i) {
            const std::int64_t entry = table.entries[(first + i) % table.entries.size()];
            bytes[2 * i] = static_cast<std::uint8_t>(entry);
            bytes[2 * i + 1] = static_cast<std::uint8_t>(entry >> 8);
        }
        return constant_bytes(bytes);
    }
    VectorId permuted(const LaneTable& table, VectorId index) {
        if (table.index_bits <= 5)
            return emit(VectorOp::kPermuteWords, 16, {index, word_table(table, 0)});
        const auto pair = [&](std::size_t first) {
            return emit(VectorOp::kPermuteWords2, 16,
                        {word_table(table, first), index, word_table(table, first + 32)});
        };
        const VectorId low = pair(0);
        if (table.index_bits == 6) return low;
        const VectorId is_high = emit(VectorOp::kGreater, 16, {index, constant(16, 63)});
        return emit(VectorOp::kBlend, 16, {is_high, low, pair(64)});
    }

    // One byte of the entries, by shuffles of 16 and blends on the index's upper bits.
    VectorId shuffled_byte(const LaneTable& table, int byte, VectorId index) {
        const std::size_t sixteenths = std::max<std::size_t>(1, table.entries.size() / 16);
        std::vector<VectorId> level;
        for (std::size_t s = 0; s < sixteenths; ++s) {
            VectorConstant bytes{};
            for (std::size_t i = 0; i < bytes.size(); ++i) {
                const std::size_t at = (s * 16 + i % 16) % table.entries.size();
                bytes[i] = static_cast<std::uint8_t>(table.entries[at] >> 8 * byte);
            }
            level.push_back(emit(VectorOp::kShuffleBytes, 16, {constant_bytes(bytes), index}));
        }
        for (int bit = 4; level.size() > 1; ++bit) {
            // Bit `bit` of the index at the top of each byte, which is what a blend looks at.
            const VectorId mask = emit(VectorOp::kShiftLeft, 16, {index}, 7 - bit);
            std::vector<VectorId> next;
            for (std::size_t i = 0; i < level.size(); i += 2)
                next.push_back(emit(VectorOp::kBlend, 8, {mask, level[i], level[i + 1]}));
            level = std::move(next);
        }
        return level[0];
    }
    // The byte at the index's place comes from the table; the lane's other byte has the index's
    // zeros or bit 7 set, is whatever the blend gives, and is masked away.
    VectorId shuffled(const LaneTable& table, VectorId index) {
        const auto [least, most] = std::minmax_element(table.entries.begin(), table.entries.end());
        const bool is_byte = *least >= 0 && *most <= 255;
        const bool is_signed_byte = *least >= -128 && *most <= 127;
        if (is_byte) {
            return emit(VectorOp::kAnd, 16, {shuffled_byte(table, 0, index), constant(16, 0x00FF)});
        }
        const VectorId upper = emit(VectorOp::kShiftLeft, 16, {index}, 8);
        if (is_signed_byte) {
            return emit(VectorOp::kShiftRight, 16, {shuffled_byte(table, 0, upper)}, 8);
        }
        const VectorId low =
            emit(VectorOp::kAnd, 16, {shuffled_byte(table, 0, index), constant(16, 0x00FF)});
        const VectorId high =
            emit(VectorOp::kAnd, 16, {shuffled_byte(table, 1, upper), constant(16, -256)});
        return emit(VectorOp::kOr, 16, {low, high});
    }

    const LaneProgram& lanes_;
    DotUnit dot_;
    std::vector<std::uint32_t> uses_;
    VectorProgram program_;
    std::vector<Slot> inputs_;
    std::vector<Parts> parts_;
    std::map<VectorConstant, VectorId> constants_;
    std::map<std::pair<std::int64_t, int>, std::size_t> table_at_;
};

}  // namespace

namespace {

// Fused products leave their unfused form behind.
VectorProgram remove_unused(VectorProgram program) {
    std::vector<bool> live(program.insts.size(), false);
    for (const auto& output : program.outputs) live[output.value] = true;
    for (std::size_t i = live.size(); i-- > 0;) {
        const VectorInst& inst = program.insts[i];
        for (std::size_t a = 0; live[i] && a < inst.count; ++a) live[inst.args[a]] = true;
    }
    std::vector<VectorId> renamed(live.size(), 0);
    std::vector<VectorInst> kept;
    for (std::size_t i = 0; i < live.size(); ++i) {
        if (!live[i]) continue;
        VectorInst inst = program.insts[i];
        for (std::size_t a = 0; a < inst.count; ++a) inst.args[a] = renamed[inst.args[a]];
        renamed[i] = static_cast<VectorId>(kept.size());
        kept.push_back(inst);
    }
    program.insts = std::move(kept);
    for (auto& output : program.outputs) output.value = renamed[output.value];
    return program;
}

}  // namespace

bool VectorProgram::has_gathers() const {
    return std::any_of(insts.begin(), insts.end(),
                       [](const VectorInst& inst) { return inst.op == VectorOp::kGather; });
}

VectorProgram expand(const LaneProgram& lanes, VectorUnit unit, DotUnit dot,
                     std::vector<Slot>& inputs, std::vector<Slot>& outputs) {
    return remove_unused(Expansion(lanes, unit, dot).run(inputs, outputs));
}

}  // namespace gatewright::emulate
