// SPDX-License-Identifier: Apache-2.0
//
// Bytes for placed instructions, with AsmJit.
#pragma once

#include <memory>

#include "emulate/vector_program.h"

namespace gatewright::emulate {

/// Where the areas of the working memory begin, in bytes.
struct MemoryLayout {
    std::size_t spill = 0;
    std::size_t outputs = 0;
    std::size_t end = 0;
};

/// Executable code and the constants it reads; unmapped on destruction.
class MachineCode {
  public:
    virtual ~MachineCode() = default;
    /// void(memory, constants, tables)
    [[nodiscard]] virtual void* entry() const = 0;
    [[nodiscard]] virtual std::size_t size() const = 0;
};

/// Null where no code can be made: another processor, or no executable memory.
std::unique_ptr<MachineCode> encode(const VectorProgram& program, const PlacedCode& code,
                                    const MemoryLayout& layout);

}  // namespace gatewright::emulate
