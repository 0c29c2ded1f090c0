// SPDX-License-Identifier: Apache-2.0
//
// Running code that may crash on hostile input in a process of its own. What it returns comes back
// through a pipe; a crash, an abort or endless work becomes an error.
#pragma once

#include <functional>
#include <string>

#include "support/result.h"

namespace gatewright::frontends {

struct IsolateParams {
    unsigned cpu_seconds = 60;
    std::size_t max_output_bytes = std::size_t{1} << 31U;
};

/// The bytes that `work` returns, computed in a child process. The error says how the child ended.
Result<std::string> run_isolated(const std::function<std::string()>& work,
                                 const IsolateParams& params = {});

}  // namespace gatewright::frontends
