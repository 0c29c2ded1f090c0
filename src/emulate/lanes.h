// SPDX-License-Identifier: Apache-2.0
//
// The loops of the emulator: one block of kLanes events through a plan. Kept in one file of plain
// counted loops without branches or aliasing, which the compiler turns into vector instructions
// (built with -O3, and on x86-64 a second time for AVX2, chosen when the program starts).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dfg/program.h"
#include "emulate/plan.h"

namespace gatewright::emulate {

template <class T>
struct Machine {
    const dfg::Program& program;
    const LanePlan& plan;
    std::span<const std::vector<T>> tables;
    T* slots;  ///< plan.slots blocks of kLanes values; inputs and constants are filled in
};

void run_block(const Machine<std::int32_t>& machine);
void run_block(const Machine<std::int64_t>& machine);

}  // namespace gatewright::emulate
