// SPDX-License-Identifier: Apache-2.0
//
// z3 as a process: SMT-LIB 2 text in, a verdict out.
#pragma once

#include <chrono>
#include <string>

#include "support/result.h"

namespace gatewright::tools {

enum class Verdict { kSat, kUnsat, kUnknown };

struct SmtResult {
    Verdict verdict = Verdict::kUnknown;
    std::string
        output;  ///< everything z3 printed; after "sat", the values asked for by (get-value)
    double seconds = 0;
};

std::string_view to_string(Verdict verdict);

/// Solves `smt2`, which ends with (check-sat). Passing the time limit is kUnknown, not an error.
Result<SmtResult> run_z3(const std::string& smt2, std::chrono::seconds time_limit);

}  // namespace gatewright::tools
