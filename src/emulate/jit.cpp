// SPDX-License-Identifier: Apache-2.0
#include "emulate/jit.h"

#include <algorithm>
#include <cstring>

#include "emulate/encode.h"
#include "emulate/vector_program.h"

namespace gatewright::emulate {

struct JitCode::Memory {
    std::unique_ptr<MachineCode> code;
    std::vector<std::byte> data;  // constants, then tables; aligned within
};

JitCode::JitCode() = default;
JitCode::~JitCode() = default;

namespace {

std::vector<VectorUnit> find_vector_units() {
    std::vector<VectorUnit> units;
#if defined(GW_HAVE_ASMJIT) && defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512) units.push_back(VectorUnit::kAvx512);
    if (__builtin_cpu_supports("avx2")) units.push_back(VectorUnit::kAvx2);
#endif
    return units;
}

std::size_t aligned(std::size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

PlacedCode best_code(const VectorProgram& program) {
    PlacedCode best;
    bool has_best = false;
    for (const std::vector<VectorId>& order : candidate_orders(program)) {
        PlacedCode code = allocate_registers(program, order);
        if (has_best && code.cost() >= best.cost()) continue;
        best = std::move(code);
        has_best = true;
    }
    return best;
}

}  // namespace

std::span<const VectorUnit> supported_vector_units() {
    static const std::vector<VectorUnit> units = find_vector_units();
    return units;
}

DotUnit dot_unit(VectorUnit unit) {
#if defined(__x86_64__)
    if (unit == VectorUnit::kAvx512 && __builtin_cpu_supports("avx512vnni"))
        return DotUnit::kMultiplyAndAdd;
#endif
    (void)unit;
    return DotUnit::kMultiplyThenAdd;
}

std::unique_ptr<JitCode> JitCode::compile(const LaneProgram& lanes, VectorUnit unit) {
    const auto units = supported_vector_units();
    const bool supported = std::find(units.begin(), units.end(), unit) != units.end();
    if (!supported || lanes.needs_exact) return nullptr;
    std::unique_ptr<JitCode> jit(new JitCode);
    jit->unit_ = unit;
    const VectorProgram program = expand(lanes, unit, dot_unit(unit), jit->inputs_, jit->outputs_);
    const PlacedCode code = best_code(program);
    const std::size_t vector = program.vector_bytes();
    jit->memory_ = std::make_unique<Memory>();
    jit->memory_->code = encode(program, code);
    if (!jit->memory_->code) return nullptr;

    // Constants whole, then the first dword of each for instructions that repeat it themselves.
    const std::size_t whole = program.constants.size() * sizeof(VectorConstant);
    const std::size_t constants = aligned(whole + program.constants.size() * 4);
    std::vector<std::byte>& data = jit->memory_->data;
    data.resize(constants + program.tables.size() + 128);
    const std::size_t start = aligned(reinterpret_cast<std::uintptr_t>(data.data())) -
                              reinterpret_cast<std::uintptr_t>(data.data());
    std::byte* base = data.data() + start;
    for (std::size_t c = 0; c < program.constants.size(); ++c) {
        std::memcpy(base + c * sizeof(VectorConstant), &program.constants[c],
                    sizeof(VectorConstant));
        std::memcpy(base + whole + c * 4, &program.constants[c], 4);
    }
    if (!program.tables.empty())
        std::memcpy(base + constants, program.tables.data(), program.tables.size());
    jit->constants_ = base;
    jit->tables_ = base + constants;
    jit->block_ = vector / 2;
    jit->input_bytes_ = aligned(program.input_vectors * vector);
    jit->output_bytes_ = aligned(program.output_vectors * vector);
    jit->spill_bytes_ = aligned(code.spill_slots * vector);
    jit->stats_ = code.stats;
    jit->stats_.code_bytes = jit->memory_->code->size();
    jit->function_ = reinterpret_cast<Function>(jit->memory_->code->entry());
    return jit;
}

}  // namespace gatewright::emulate
