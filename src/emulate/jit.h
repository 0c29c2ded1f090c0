// SPDX-License-Identifier: Apache-2.0
//
// A lane program as machine code for this processor: straight-line vector code, one event per lane,
// without a loop, a branch or an address computed at run time. The stages are expand.h (lanes to
// vector instructions), order.h (an order with few live values), registers.h (which of them are in
// registers) and encode.cpp (bytes, with AsmJit).
//
// Code is written to memory that is then made executable and never writable again (AsmJit's
// runtime; with hardened allocation both views are never open at once). Where the system forbids
// that, compile() gives nothing and the engine says so.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "emulate/block_interpreter.h"
#include "emulate/lower.h"

namespace gatewright::emulate {

enum class VectorUnit : std::uint8_t { kAvx2, kAvx512 };

/// What the processor and the operating system support, best first; empty off x86-64.
std::span<const VectorUnit> supported_vector_units();

/// How the vector unit of this processor computes matrix products.
DotUnit dot_unit(VectorUnit unit);

struct JitStats {
    std::size_t operations = 0;  ///< vector instructions without moves between memory and registers
    std::size_t loads = 0;       ///< instructions that only load
    std::size_t stores = 0;      ///< instructions that only store
    std::size_t memory_operands = 0;
    std::size_t code_bytes = 0;
};

class JitCode {
  public:
    /// Null where code cannot be made: the lane program needs exact integers, no vector unit, or
    /// the system gives no executable memory.
    static std::unique_ptr<JitCode> compile(const LaneProgram& lanes, VectorUnit unit);
    static std::unique_ptr<JitCode> compile(const dfg::Program& program, VectorUnit unit) {
        return compile(lower(program, dot_unit(unit)), unit);
    }
    ~JitCode();
    JitCode(const JitCode&) = delete;
    JitCode& operator=(const JitCode&) = delete;

    /// Events one call computes.
    [[nodiscard]] std::size_t block() const { return block_; }
    /// Bytes of the three areas of memory, each aligned to 64: lanes of the inputs, of the outputs
    /// (both in LaneOrder::kUnpacked), and what the code needs for itself.
    [[nodiscard]] std::size_t input_bytes() const { return input_bytes_; }
    [[nodiscard]] std::size_t output_bytes() const { return output_bytes_; }
    [[nodiscard]] std::size_t spill_bytes() const { return spill_bytes_; }
    [[nodiscard]] std::size_t vector_bits() const {
        return unit_ == VectorUnit::kAvx512 ? 512 : 256;
    }
    [[nodiscard]] std::span<const Slot> inputs() const { return inputs_; }
    [[nodiscard]] std::span<const Slot> outputs() const { return outputs_; }
    [[nodiscard]] VectorUnit unit() const { return unit_; }
    [[nodiscard]] const JitStats& stats() const { return stats_; }

    void run(const std::byte* inputs, std::byte* outputs, std::byte* spill) const {
        function_(inputs, outputs, spill, constants_, tables_);
    }

  private:
    using Function = void (*)(const std::byte*, std::byte*, std::byte*, const std::byte*,
                              const std::byte*);
    struct Memory;
    JitCode();

    VectorUnit unit_ = VectorUnit::kAvx2;
    std::size_t block_ = 0;
    std::size_t input_bytes_ = 0;
    std::size_t output_bytes_ = 0;
    std::size_t spill_bytes_ = 0;
    std::vector<Slot> inputs_;
    std::vector<Slot> outputs_;
    JitStats stats_;
    Function function_ = nullptr;
    const std::byte* constants_ = nullptr;
    const std::byte* tables_ = nullptr;
    std::unique_ptr<Memory> memory_;
};

}  // namespace gatewright::emulate
