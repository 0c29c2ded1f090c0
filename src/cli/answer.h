// SPDX-License-Identifier: Apache-2.0
//
// A command line as a function: the words after `gatewright` in, what it would print out. The
// program prints it; the Python package makes objects and exceptions of it.
#pragma once

#include <string>
#include <vector>

#include "support/progress.h"

namespace gatewright::cli {

inline constexpr int kWrongUsage = 2;

struct Answer {
    int exit_code = 0;   ///< 1: something given cannot be used; 2: wrong usage; 3: a defect of ours
    std::string output;  ///< for standard output: text, or JSON with --json
    std::string error;   ///< one message if the command could not be carried out, else empty
};

/// Runs one command. Throws nothing of ours; standard output and error are left alone, but by
/// `progress` and by commands that stream ("--output -").
Answer answer(const std::vector<std::string>& arguments, Progress& progress);

}  // namespace gatewright::cli
