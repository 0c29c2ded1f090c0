// SPDX-License-Identifier: Apache-2.0
//
// The pictures of the report as inline SVG. Each is drawn on a fixed grid of user units and takes
// its colours from classes of the page's style sheet, so one drawing serves light, dark and print.
// An empty text means there is nothing to draw.
#pragma once

#include <string>
#include <string_view>

#include "support/json.h"

namespace gatewright::report {

/// When each kernel computes: one bar per entry of report["timeline"], cycles and nanoseconds
/// below.
std::string timeline_svg(const Json& report);

/// Clock and register bits over pipeline stages: report["explore"].
std::string tradeoff_svg(const Json& report);

/// One horizontal box per entry on an axis of powers of two, the type's range behind it. `subject`
/// names the picture for screen readers.
std::string boxes_svg(const Json::Array& boxes, std::string_view subject);

/// Background efficiency (logarithmic, 10^-3 to 1) over signal efficiency, one curve per class.
std::string roc_svg(const Json::Array& curves);

}  // namespace gatewright::report
