// SPDX-License-Identifier: Apache-2.0
#include "emulate/encode.h"
#include "support/check.h"

#if defined(GW_HAVE_ASMJIT) && defined(__x86_64__)

#include <asmjit/x86.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace gatewright::emulate {
namespace {

namespace x86 = asmjit::x86;
using Id = asmjit::InstId;
namespace Inst = asmjit::x86::Inst;

// Instructions by lane width 16, 32, 64.
Id by_width(int bits, Id of16, Id of32, Id of64) {
    return bits == 16 ? of16 : bits == 32 ? of32 : of64;
}

class Encoder {
  public:
    Encoder(const VectorProgram& program, asmjit::CodeHolder& holder)
        : program_(program), assembler_(&holder), is_avx512_(program.unit == VectorUnit::kAvx512) {}

    void run(const PlacedCode& code) {
        for (const PlacedInst& inst : code.insts) encode(inst);
        assembler_.vzeroupper();
        assembler_.ret();
    }

  private:
    [[nodiscard]] x86::Vec vector(std::uint32_t number) const {
        return is_avx512_ ? x86::Vec(x86::zmm(number)) : x86::Vec(x86::ymm(number));
    }
    [[nodiscard]] x86::Mem memory(const Place& place) const {
        const auto bytes = static_cast<std::uint32_t>(program_.vector_bytes());
        const auto at = [&](const x86::Gp& base, std::size_t offset) {
            return x86::ptr(base, static_cast<std::int32_t>(offset), bytes);
        };
        switch (place.kind) {
            case Place::Kind::kInput:
                return at(x86::rdi, place.index);
            case Place::Kind::kConstant:
                return at(x86::rcx, place.index * std::size_t{64});
            case Place::Kind::kSpill:
                return at(x86::rdx, place.index * std::size_t{bytes});
            case Place::Kind::kOutput:
                return at(x86::rsi, place.index * std::size_t{bytes});
            case Place::Kind::kNone:
            case Place::Kind::kRegister:
                break;
        }
        GW_UNREACHABLE("memory operand");
    }
    [[nodiscard]] asmjit::Operand operand(const Place& place) const {
        if (place.kind == Place::Kind::kRegister) return vector(place.index);
        return memory(place);
    }

    // A pair of weights is four bytes, repeated by the instruction that reads them.
    [[nodiscard]] asmjit::Operand weights(const Place& place) const {
        if (place.kind != Place::Kind::kConstant) return operand(place);
        const std::size_t at =
            program_.constants.size() * sizeof(VectorConstant) + place.index * sizeof(std::int32_t);
        x86::Mem mem = x86::ptr(x86::rcx, static_cast<std::int32_t>(at), 4);
        mem.setBroadcast(x86::Mem::Broadcast::k1To16);
        return mem;
    }

    void encode(const PlacedInst& inst) {
        const Id move = is_avx512_ ? Inst::kIdVmovdqa64 : Inst::kIdVmovdqa;
        if (inst.kind != PlacedInst::Kind::kCompute) {
            assembler_.emit(move, operand(inst.target), operand(inst.args[0]));
            return;
        }
        compute(program_.insts[inst.inst], inst);
    }

    void compute(const VectorInst& inst, const PlacedInst& placed) {
        const x86::Vec target = vector(placed.target.index);
        const asmjit::Operand a = operand(placed.args[0]);
        const asmjit::Operand b = inst.count > 1 ? operand(placed.args[1]) : asmjit::Operand();
        const int bits = inst.bits;
        switch (inst.op) {
            case VectorOp::kInput:
            case VectorOp::kConstant:
                break;
            case VectorOp::kShiftLeft:
                return shift(by_width(bits, Inst::kIdVpsllw, Inst::kIdVpslld, Inst::kIdVpsllq),
                             target, a, inst);
            case VectorOp::kShiftRight:
                return shift(by_width(bits, Inst::kIdVpsraw, Inst::kIdVpsrad, Inst::kIdVpsraq),
                             target, a, inst);
            case VectorOp::kShiftRightLogical:
                return shift(by_width(bits, Inst::kIdVpsrlw, Inst::kIdVpsrld, Inst::kIdVpsrlq),
                             target, a, inst);
            case VectorOp::kGreater:
            case VectorOp::kEqual:
                return compare(inst, target, a, b);
            case VectorOp::kBlend:
                return blend(target, a, b, operand(placed.args[2]));
            case VectorOp::kEvenDwords:
                assembler_.emit(Inst::kIdVshufps, target, a, b, asmjit::imm(0x88));
                return;
            case VectorOp::kPermuteWords2:
                assembler_.emit(Inst::kIdVpermt2w, target, b, operand(placed.args[2]));
                return;
            case VectorOp::kDotAdd:
                assembler_.emit(Inst::kIdVpdpwssd, target, b, weights(placed.args[2]));
                return;
            case VectorOp::kGather:
                return gather(inst, target, placed.args[0].index);
            case VectorOp::kAdd:
            case VectorOp::kSub:
            case VectorOp::kMul:
            case VectorOp::kMulLow32:
            case VectorOp::kAnd:
            case VectorOp::kOr:
            case VectorOp::kXor:
            case VectorOp::kMin:
            case VectorOp::kMax:
            case VectorOp::kUnpackLow:
            case VectorOp::kUnpackHigh:
            case VectorOp::kPack:
            case VectorOp::kShuffleBytes:
            case VectorOp::kPermuteWords:
            case VectorOp::kDot:
                assembler_.emit(binary(inst.op, bits), target, a, b);
                return;
        }
        GW_UNREACHABLE("a leaf is not computed");
    }

    [[nodiscard]] Id binary(VectorOp op, int bits) const {
        switch (op) {
            case VectorOp::kAdd:
                return by_width(bits, Inst::kIdVpaddw, Inst::kIdVpaddd, Inst::kIdVpaddq);
            case VectorOp::kSub:
                return by_width(bits, Inst::kIdVpsubw, Inst::kIdVpsubd, Inst::kIdVpsubq);
            case VectorOp::kMul:
                return by_width(bits, Inst::kIdVpmullw, Inst::kIdVpmulld, Inst::kIdVpmullq);
            case VectorOp::kMulLow32:
                return Inst::kIdVpmuludq;
            case VectorOp::kAnd:
                return is_avx512_ ? Inst::kIdVpandd : Inst::kIdVpand;
            case VectorOp::kOr:
                return is_avx512_ ? Inst::kIdVpord : Inst::kIdVpor;
            case VectorOp::kXor:
                return is_avx512_ ? Inst::kIdVpxord : Inst::kIdVpxor;
            case VectorOp::kMin:
                return by_width(bits, Inst::kIdVpminsw, Inst::kIdVpminsd, Inst::kIdVpminsq);
            case VectorOp::kMax:
                return by_width(bits, Inst::kIdVpmaxsw, Inst::kIdVpmaxsd, Inst::kIdVpmaxsq);
            case VectorOp::kUnpackLow:
                return by_width(bits, Inst::kIdVpunpcklwd, Inst::kIdVpunpckldq,
                                Inst::kIdVpunpcklqdq);
            case VectorOp::kUnpackHigh:
                return by_width(bits, Inst::kIdVpunpckhwd, Inst::kIdVpunpckhdq,
                                Inst::kIdVpunpckhqdq);
            case VectorOp::kPack:
                return Inst::kIdVpackssdw;
            case VectorOp::kShuffleBytes:
                return Inst::kIdVpshufb;
            case VectorOp::kPermuteWords:
                return Inst::kIdVpermw;
            case VectorOp::kDot:
                return Inst::kIdVpmaddwd;
            default:
                break;
        }
        GW_UNREACHABLE("binary vector operation");
    }

    void shift(Id id, const x86::Vec& target, const asmjit::Operand& a, const VectorInst& inst) {
        assembler_.emit(id, target, a, asmjit::imm(inst.immediate));
    }

    // AVX-512 compares into a mask register; the mask becomes lanes again.
    void compare(const VectorInst& inst, const x86::Vec& target, const asmjit::Operand& a,
                 const asmjit::Operand& b) {
        const bool equal = inst.op == VectorOp::kEqual;
        const Id id =
            equal ? by_width(inst.bits, Inst::kIdVpcmpeqw, Inst::kIdVpcmpeqd, Inst::kIdVpcmpeqq)
                  : by_width(inst.bits, Inst::kIdVpcmpgtw, Inst::kIdVpcmpgtd, Inst::kIdVpcmpgtq);
        if (!is_avx512_) {
            assembler_.emit(id, target, a, b);
            return;
        }
        assembler_.emit(id, x86::k1, a, b);
        assembler_.emit(
            by_width(inst.bits, Inst::kIdVpmovm2w, Inst::kIdVpmovm2d, Inst::kIdVpmovm2q), target,
            x86::k1);
    }

    void blend(const x86::Vec& target, const asmjit::Operand& mask, const asmjit::Operand& other,
               const asmjit::Operand& chosen) {
        if (is_avx512_) {
            constexpr int kMaskThenThirdElseSecond = 0xAC;
            assembler_.emit(Inst::kIdVpternlogd, target, other, chosen,
                            asmjit::imm(kMaskThenThirdElseSecond));
        } else {
            assembler_.emit(Inst::kIdVpblendvb, target, other, chosen, mask);
        }
    }

    void gather(const VectorInst& inst, const x86::Vec& target, std::uint32_t index) {
        const bool wide = inst.bits == 64;
        const auto bytes = static_cast<std::uint32_t>(inst.bits / 8);
        const x86::Mem table = x86::ptr(x86::r8, vector(index), wide ? 3 : 2,
                                        static_cast<std::int32_t>(inst.immediate), bytes);
        const Id id = wide ? Inst::kIdVpgatherqq : Inst::kIdVpgatherdd;
        if (is_avx512_) {
            assembler_.kxnorq(x86::k1, x86::k1, x86::k1);
            assembler_.k(x86::k1).emit(id, target, table);
            return;
        }
        const x86::Vec mask = vector(15);
        assembler_.emit(Inst::kIdVpcmpeqd, mask, mask, mask);
        assembler_.emit(id, target, table, mask);
    }

    const VectorProgram& program_;
    x86::Assembler assembler_;
    bool is_avx512_;
};

// Pages that are written once, then executable and never writable again.
class Pages : public MachineCode {
  public:
    static std::unique_ptr<Pages> make(asmjit::CodeHolder& holder) {
        if (holder.flatten() != asmjit::kErrorOk) return nullptr;
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t used = holder.codeSize();
        const std::size_t size = (used + page - 1) / page * page;
        void* start =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) return nullptr;
        auto pages = std::make_unique<Pages>(start, size, used);
        const bool copied =
            holder.relocateToBase(reinterpret_cast<std::uint64_t>(start)) == asmjit::kErrorOk &&
            holder.copyFlattenedData(start, size) == asmjit::kErrorOk &&
            mprotect(start, size, PROT_READ | PROT_EXEC) == 0;
        return copied ? std::move(pages) : nullptr;
    }
    Pages(void* start, std::size_t size, std::size_t used)
        : start_(start), size_(size), used_(used) {}
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages() override { munmap(start_, size_); }
    [[nodiscard]] void* entry() const override { return start_; }
    [[nodiscard]] std::size_t size() const override { return used_; }

  private:
    void* start_;
    std::size_t size_;
    std::size_t used_;
};

class Failures : public asmjit::ErrorHandler {
  public:
    void handleError(asmjit::Error, const char* message, asmjit::BaseEmitter*) override {
        GW_UNREACHABLE(std::string("instruction that cannot be encoded: ") + message);
    }
};

}  // namespace

std::unique_ptr<MachineCode> encode(const VectorProgram& program, const PlacedCode& code) {
    asmjit::CodeHolder holder;
    Failures failures;
    if (holder.init(asmjit::Environment::host()) != asmjit::kErrorOk) return nullptr;
    holder.setErrorHandler(&failures);
    Encoder(program, holder).run(code);
    return Pages::make(holder);
}

}  // namespace gatewright::emulate

#else

namespace gatewright::emulate {

std::unique_ptr<MachineCode> encode(const VectorProgram&, const PlacedCode&) {
    return nullptr;
}

}  // namespace gatewright::emulate

#endif
