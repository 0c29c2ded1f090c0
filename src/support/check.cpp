// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"

#include <fmt/core.h>

namespace gatewright {

void throw_internal_error(const char* condition, const char* file, int line,
                          const std::string& message) {
    throw InternalError(
        fmt::format("internal error: {} ({}:{}: {})", message, file, line, condition));
}

}  // namespace gatewright
