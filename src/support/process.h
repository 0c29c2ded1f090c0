// SPDX-License-Identifier: Apache-2.0
//
// Running another program (Verilator, Yosys, Icarus, z3): no shell, a time limit, its output
// captured, its whole process group ended when the limit passes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright {

struct ProcessParams {
    std::string working_directory;  ///< empty: ours
    std::string stdin_text;
    std::chrono::seconds time_limit{600};
};

struct ProcessOutcome {
    int exit_code = 0;
    bool timed_out = false;
    std::string output;  ///< standard output and standard error, in the order they came
    double seconds = 0;
    [[nodiscard]] bool ok() const { return exit_code == 0 && !timed_out; }
};

/// Runs `command[0]` (looked up in PATH) with its arguments. Fails only if it cannot be started.
Result<ProcessOutcome> run_process(const std::vector<std::string>& command,
                                   const ProcessParams& params = {});

/// Full path of a program in PATH.
std::optional<std::string> find_program(const std::string& name);

}  // namespace gatewright
