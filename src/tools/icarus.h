// SPDX-License-Identifier: Apache-2.0
//
// Icarus Verilog on the emitted testbench (sim/<name>_tb.v): the check that needs nothing of
// Gatewright but the files a user gets.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright::tools {

struct IcarusJob {
    std::string top;                 ///< module of the testbench
    std::vector<std::string> files;  ///< Verilog sources
    std::string directory;  ///< where the testbench runs, so that it finds its vector files
    std::chrono::seconds time_limit{300};
};

struct IcarusRun {
    std::string output;    ///< what the testbench printed
    std::string warnings;  ///< what iverilog -Wall said
    bool passed = false;   ///< a line starts with PASS and none with FAIL
    bool timed_out = false;
    double compile_seconds = 0;
    double run_seconds = 0;
};

/// Fails if a tool is missing, or the sources do not compile; a testbench that prints FAIL is a
/// result.
Result<IcarusRun> simulate_icarus(const IcarusJob& job);

}  // namespace gatewright::tools
