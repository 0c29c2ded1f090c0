// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/json.h"

namespace gatewright::cli {

/// report.json in a few lines a person understands.
std::string summary_text(const Json& report);

}  // namespace gatewright::cli
