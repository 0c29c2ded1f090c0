// SPDX-License-Identifier: Apache-2.0
//
// A simulator program from Verilog files and a driver in C++. The Verilator runtime is compiled
// once and kept in the cache folder, and so are the simulators of the last designs, each by the
// hash of all that went into it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "support/files.h"
#include "support/result.h"
#include "tools/tool.h"

namespace gatewright::tools {

struct VerilatorModel {
    const std::string& top;
    const std::vector<std::string>& files;
    std::string_view driver;               ///< C++ text with main(); it uses class Vtop
    std::string settings;                  ///< what stands before it: macros of the design's sizes
    std::chrono::seconds time_limit{600};  ///< for each step
};

/// Path of the program: one built earlier from the same files by the same tools, or a new one.
Result<std::string> build_simulator(const VerilatorModel& model, const ScratchDirectory& scratch);

}  // namespace gatewright::tools
