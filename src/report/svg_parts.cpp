// SPDX-License-Identifier: Apache-2.0
#include "report/svg_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/html_text.h"

namespace gatewright::report {

std::string open_svg(double width, double height, std::string_view label) {
    return fmt::format(
        "<svg viewBox=\"0 0 {:g} {:g}\" role=\"img\" aria-label=\"{}\" "
        "xmlns=\"http://www.w3.org/2000/svg\">",
        width, height, escaped(label));
}

std::string line(std::string_view css, double x1, double y1, double x2, double y2) {
    return fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", css, x1, y1,
        x2, y2);
}

std::string rectangle(std::string_view css, double x, double y, double width, double height,
                      double radius) {
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "rx=\"{:g}\"/>",
        css, x, y, std::max(0.0, width), height, radius);
}

std::string label(std::string_view css, double x, double y, std::string_view content) {
    return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", css, x, y,
                       content);
}

double tick_step(double span, double most) {
    double step = 1;
    for (int i = 0; span / step > most; ++i) step *= i % 3 == 1 ? 2.5 : 2;
    return step;
}

}  // namespace gatewright::report
