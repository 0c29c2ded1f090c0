// SPDX-License-Identifier: Apache-2.0
//
// Bytes for placed instructions, with AsmJit.
#pragma once

#include <memory>

#include "emulate/vector_program.h"

namespace gatewright::emulate {

/// Executable code and the constants it reads; unmapped on destruction.
class MachineCode {
  public:
    virtual ~MachineCode() = default;
    /// void(inputs, outputs, spill, constants, tables)
    [[nodiscard]] virtual void* entry() const = 0;
    [[nodiscard]] virtual std::size_t size() const = 0;
};

/// Null where no code can be made: another processor, or no executable memory.
std::unique_ptr<MachineCode> encode(const VectorProgram& program, const PlacedCode& code);

}  // namespace gatewright::emulate
