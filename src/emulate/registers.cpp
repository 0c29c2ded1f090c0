// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "emulate/vector_program.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();
constexpr VectorId kNobody = std::numeric_limits<VectorId>::max();

bool is_commutative(VectorOp op) {
    switch (op) {
        case VectorOp::kAdd:
        case VectorOp::kMul:
        case VectorOp::kMulLow32:
        case VectorOp::kAnd:
        case VectorOp::kOr:
        case VectorOp::kXor:
        case VectorOp::kMin:
        case VectorOp::kMax:
        case VectorOp::kEqual:
        case VectorOp::kDot:
            return true;
        default:
            return false;
    }
}

class Allocation {
  public:
    Allocation(const VectorProgram& program, const std::vector<VectorId>& order)
        : program_(program),
          order_(order),
          is_avx512_(program.unit == VectorUnit::kAvx512),
          first_use_(program.insts.size() + 1, 0),
          next_(program.insts.size(), 0),
          register_of_(program.insts.size(), kNever),
          home_(program.insts.size()) {
        // A gather on AVX2 needs a register for its mask.
        const std::uint32_t reserved = !is_avx512_ && program.has_gathers() ? 1 : 0;
        holds_.assign((is_avx512_ ? 32U : 16U) - reserved, kNobody);
        collect_uses();
        for (VectorId id = 0; id < program.insts.size(); ++id) {
            const VectorInst& inst = program.insts[id];
            const auto at = static_cast<std::uint32_t>(inst.immediate);
            if (inst.op == VectorOp::kInput) home_[id] = {Place::Kind::kInput, at};
            if (inst.op == VectorOp::kConstant) home_[id] = {Place::Kind::kConstant, at};
        }
    }

    PlacedCode run() {
        for (const VectorId id : order_) place(id);
        for (const auto& output : program_.outputs) {
            if (!program_.is_leaf(output.value)) continue;
            load(output.value);
            store(output.value, {Place::Kind::kOutput, output.part});
            release(output.value);
        }
        out_.spill_slots = slots_;
        return std::move(out_);
    }

  private:
    void collect_uses() {
        for (const VectorId id : order_) {
            const VectorInst& inst = program_.insts[id];
            for (std::size_t a = 0; a < inst.count; ++a) ++first_use_[inst.args[a] + 1];
        }
        for (std::size_t i = 1; i < first_use_.size(); ++i) first_use_[i] += first_use_[i - 1];
        uses_.resize(first_use_.back());
        std::vector<std::uint32_t> fill(first_use_.begin(), first_use_.end() - 1);
        for (std::uint32_t p = 0; p < order_.size(); ++p) {
            const VectorInst& inst = program_.insts[order_[p]];
            for (std::size_t a = 0; a < inst.count; ++a) uses_[fill[inst.args[a]]++] = p;
        }
        std::copy(first_use_.begin(), first_use_.end() - 1, next_.begin());
        outputs_of_.resize(program_.insts.size(), kNever);
        next_output_.resize(program_.outputs.size(), kNever);
        for (std::uint32_t o = 0; o < program_.outputs.size(); ++o) {
            next_output_[o] = outputs_of_[program_.outputs[o].value];
            outputs_of_[program_.outputs[o].value] = o;
        }
    }
    [[nodiscard]] std::uint32_t next_use(VectorId id) const {
        return next_[id] < first_use_[id + 1] ? uses_[next_[id]] : kNever;
    }
    [[nodiscard]] bool in_register(VectorId id) const { return register_of_[id] != kNever; }
    [[nodiscard]] Place register_place(VectorId id) const {
        return {Place::Kind::kRegister, register_of_[id]};
    }

    void emit(PlacedInst::Kind kind, Place target, Place from) {
        PlacedInst inst;
        inst.kind = kind;
        inst.target = target;
        inst.args[0] = from;
        out_.insts.push_back(inst);
        out_.stats.loads += kind == PlacedInst::Kind::kLoad ? 1 : 0;
        out_.stats.stores += kind == PlacedInst::Kind::kStore ? 1 : 0;
        out_.stats.operations += kind == PlacedInst::Kind::kMove ? 1 : 0;
    }
    void store(VectorId id, Place to) { emit(PlacedInst::Kind::kStore, to, register_place(id)); }
    void load(VectorId id) {
        if (in_register(id)) return;
        GW_CHECK(home_[id].kind != Place::Kind::kNone, "a value is neither in register nor memory");
        const std::uint32_t into = take();
        holds_[into] = id;
        register_of_[id] = into;
        emit(PlacedInst::Kind::kLoad, {Place::Kind::kRegister, into}, home_[id]);
    }
    void release(VectorId id) {
        if (!in_register(id)) return;
        holds_[register_of_[id]] = kNobody;
        register_of_[id] = kNever;
    }
    [[nodiscard]] bool is_pinned(VectorId id) const {
        return std::find(pinned_.begin(), pinned_.end(), id) != pinned_.end();
    }

    // A free register; if there is none, of the value that is needed last.
    std::uint32_t take() {
        std::uint32_t best = kNever;
        std::uint64_t best_rank = 0;
        for (std::uint32_t r = 0; r < holds_.size(); ++r) {
            const VectorId id = holds_[r];
            if (id == kNobody) return r;
            if (is_pinned(id)) continue;
            // What is in memory anyway costs no store.
            const std::uint64_t distance = next_use(id) - position_;
            const bool has_home = home_[id].kind != Place::Kind::kNone;
            const std::uint64_t rank = has_home ? distance * 3 : distance * 2;
            if (best == kNever || rank > best_rank) {
                best = r;
                best_rank = rank;
            }
        }
        GW_CHECK(best != kNever, "every register is pinned");
        const VectorId victim = holds_[best];
        if (home_[victim].kind == Place::Kind::kNone) {
            home_[victim] = {Place::Kind::kSpill, take_slot()};
            store(victim, home_[victim]);
        }
        release(victim);
        return best;
    }
    std::uint32_t take_slot() {
        if (free_slots_.empty()) return slots_++;
        const std::uint32_t slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    }

    // The last operand of most instructions may be in memory.
    [[nodiscard]] bool last_from_memory(const VectorInst& inst) const {
        const bool is_shift = inst.op == VectorOp::kShiftLeft || inst.op == VectorOp::kShiftRight ||
                              inst.op == VectorOp::kShiftRightLogical;
        return inst.op != VectorOp::kGather && (is_avx512_ || !is_shift);
    }
    // Instructions that overwrite their first operand.
    [[nodiscard]] bool overwrites_first(const VectorInst& inst) const {
        return inst.op == VectorOp::kPermuteWords2 || inst.op == VectorOp::kDotAdd ||
               (is_avx512_ && inst.op == VectorOp::kBlend);
    }

    void place(VectorId id) {
        const VectorInst& inst = program_.insts[id];
        std::array<VectorId, 3> args = inst.args;
        if (is_commutative(inst.op) && !in_register(args[0]) && in_register(args[1]))
            std::swap(args[0], args[1]);
        PlacedInst placed;
        placed.inst = id;
        pinned_.clear();
        for (std::size_t a = 0; a < inst.count; ++a) {
            const bool may_stay = a + 1 == inst.count && last_from_memory(inst);
            if (!in_register(args[a]) && !may_stay) load(args[a]);
            if (in_register(args[a])) {
                placed.args[a] = register_place(args[a]);
                pinned_.push_back(args[a]);
            } else {
                placed.args[a] = home_[args[a]];
                ++out_.stats.memory_operands;
            }
        }
        for (std::size_t a = 0; a < inst.count; ++a) {
            ++next_[args[a]];
        }
        std::uint32_t target = kNever;
        if (overwrites_first(inst)) {
            target = placed.args[0].index;
            if (next_use(args[0]) != kNever) {
                target = take();
                emit(PlacedInst::Kind::kMove, {Place::Kind::kRegister, target}, placed.args[0]);
                placed.args[0].index = target;
            } else {
                release(args[0]);
            }
        }
        const bool keeps_operands = inst.op == VectorOp::kGather;
        for (std::size_t a = 0; a < inst.count && !keeps_operands; ++a) {
            if (next_use(args[a]) == kNever) release(args[a]);
        }
        if (target == kNever) target = take();
        holds_[target] = id;
        register_of_[id] = target;
        placed.target = {Place::Kind::kRegister, target};
        out_.insts.push_back(placed);
        ++out_.stats.operations;
        for (std::size_t a = 0; a < inst.count; ++a) bury(args[a]);
        for (std::uint32_t o = outputs_of_[id]; o != kNever; o = next_output_[o]) {
            const Place home{Place::Kind::kOutput, program_.outputs[o].part};
            store(id, home);
            home_[id] = home;
        }
        if (next_use(id) == kNever) release(id);
        ++position_;
    }

    // Gives back what a dead value had.
    void bury(VectorId id) {
        if (next_use(id) != kNever) return;
        release(id);
        if (home_[id].kind != Place::Kind::kSpill) return;
        free_slots_.push_back(home_[id].index);
        home_[id] = {};
    }

    const VectorProgram& program_;
    const std::vector<VectorId>& order_;
    bool is_avx512_;
    std::vector<std::uint32_t> first_use_;  // per value, into uses_
    std::vector<std::uint32_t> uses_;       // positions in the order
    std::vector<std::uint32_t> next_;       // the next of them
    std::vector<std::uint32_t> register_of_;
    std::vector<Place> home_;
    std::vector<std::uint32_t> outputs_of_;
    std::vector<std::uint32_t> next_output_;
    std::vector<VectorId> holds_;  // per register
    std::vector<VectorId> pinned_;
    std::vector<std::uint32_t> free_slots_;
    std::uint32_t slots_ = 0;
    std::uint32_t position_ = 0;
    PlacedCode out_;
};

}  // namespace

std::size_t PlacedCode::cost() const {
    return stats.operations + stats.loads + stats.stores;
}

PlacedCode allocate_registers(const VectorProgram& program, const std::vector<VectorId>& order) {
    return Allocation(program, order).run();
}

}  // namespace gatewright::emulate
