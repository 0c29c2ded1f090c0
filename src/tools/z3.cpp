// SPDX-License-Identifier: Apache-2.0
#include "tools/z3.h"

#include <fmt/format.h>

#include "tools/tool.h"

namespace gatewright::tools {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::kSat:
            return "sat";
        case Verdict::kUnsat:
            return "unsat";
        case Verdict::kUnknown:
            return "unknown";
    }
    return "unknown";
}

Result<SmtResult> run_z3(const std::string& smt2, std::chrono::seconds time_limit) {
    if (!is_installed(kZ3))
        return run_tool(kZ3, {}, {}).map([](const auto&) { return SmtResult(); });
    ProcessParams params;
    params.stdin_text = smt2;
    params.time_limit = time_limit + std::chrono::seconds(5);
    const std::vector<std::string> command{kZ3.program, "-smt2",
                                           fmt::format("-T:{}", time_limit.count()), "-in"};
    GW_TRY(ProcessOutcome outcome, run_process(command, params));
    SmtResult result;
    result.seconds = outcome.seconds;
    result.output = outcome.output;
    const std::string first = outcome.output.substr(0, outcome.output.find('\n'));
    if (first == "sat") {
        result.verdict = Verdict::kSat;
    } else if (first == "unsat") {
        result.verdict = Verdict::kUnsat;
    } else if (!outcome.timed_out && first != "unknown" && first != "timeout") {
        return tl::unexpected<Error>(run_error(command, outcome, params.time_limit));
    }
    return result;
}

}  // namespace gatewright::tools
