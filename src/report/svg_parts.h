// SPDX-License-Identifier: Apache-2.0
//
// The marks the report's pictures are drawn with. Classes are those of the page's style sheet.
#pragma once

#include <string>
#include <string_view>

namespace gatewright::report {

std::string open_svg(double width, double height, std::string_view label);
std::string line(std::string_view css, double x1, double y1, double x2, double y2);
std::string rectangle(std::string_view css, double x, double y, double width, double height,
                      double radius);
/// `content` is markup already.
std::string label(std::string_view css, double x, double y, std::string_view content);
/// Least of 1, 2, 5, 10, 20 ... that gives at most `most` steps over the span.
double tick_step(double span, double most);

}  // namespace gatewright::report
