// SPDX-License-Identifier: Apache-2.0
//
// Reading one member of a zip archive into memory, with a limit on the unpacked size (zip bombs).
#pragma once

#include <cstddef>
#include <string>

#include "support/result.h"

namespace gatewright::frontends {

/// The unpacked bytes of `member`. Errors name the archive and the member.
Result<std::string> read_zip_member(const std::string& archive, const std::string& member,
                                    std::size_t max_bytes);

}  // namespace gatewright::frontends
