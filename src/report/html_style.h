// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace gatewright::report {

/// The page's style sheet. Colours are variables with a light and a dark value; print is always
/// light.
std::string_view style_sheet();

}  // namespace gatewright::report
