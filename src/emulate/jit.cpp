// SPDX-License-Identifier: Apache-2.0
#include "emulate/jit.h"
namespace gatewright::emulate {
struct JitCode::Memory {};
JitCode::JitCode() = default;
JitCode::~JitCode() = default;
std::span<const VectorUnit> supported_vector_units() {
    return {};
}
std::unique_ptr<JitCode> JitCode::compile(const LaneProgram&, VectorUnit) {
    return nullptr;
}
}  // namespace gatewright::emulate
