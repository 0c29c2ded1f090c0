// SPDX-License-Identifier: Apache-2.0
//
// Invariants. GW_CHECK states what must hold if our own code is right; it throws InternalError,
// which only the outermost layers (cli, python, fuzz targets) catch. It is never used for user
// input.
#pragma once

#include <stdexcept>
#include <string>

namespace gatewright {

class InternalError : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

[[noreturn]] void throw_internal_error(const char* condition, const char* file, int line,
                                       const std::string& message);

#define GW_CHECK(condition, message)                                                     \
    do {                                                                                 \
        if (!(condition))                                                                \
            ::gatewright::throw_internal_error(#condition, __FILE__, __LINE__, message); \
    } while (false)

#define GW_UNREACHABLE(message) \
    ::gatewright::throw_internal_error("unreachable", __FILE__, __LINE__, message)

}  // namespace gatewright
