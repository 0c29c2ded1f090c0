// SPDX-License-Identifier: Apache-2.0
#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "report/html_text.h"
#include "report/svg_parts.h"

namespace gatewright::report {
namespace {

constexpr double kWidth = 880;
constexpr double kLabelWidth = 168;  // left column with names
constexpr std::size_t kMaxRows = 400;

std::string row_name(const std::string& name, double y) {
    return fmt::format("<g><title>{}</title>{}</g>", escaped(name),
                       label("name", kLabelWidth - 12, y, escaped(shortened(name, 22))));
}

struct Bar {
    std::string name;
    double first = 0;
    double last = 0;
};

std::vector<Bar> timeline_bars(const Json& report) {
    std::vector<Bar> bars;
    for (const Json& row : elements(report, "timeline")) {
        const auto first = number(row, "first_cycle");
        const auto last = number(row, "last_cycle");
        if (!first || !last || *first < 0 || *last < *first || *last > 1e6) continue;
        if (bars.size() < kMaxRows) bars.push_back({text(row, "kernel"), *first, *last});
    }
    return bars;
}

// Two scales below the bars: clock cycles and, where the clock is known, nanoseconds.
std::string timeline_axis(double cycles, double unit, double bottom,
                          std::optional<double> clock_mhz) {
    std::string out = line("axis", kLabelWidth, bottom, kWidth - 16, bottom);
    const double step = tick_step(cycles, 16);
    for (double cycle = 0; cycle <= cycles; cycle += step) {
        const double x = kLabelWidth + cycle * unit;
        out += line("grid", x, 8, x, bottom);
        out += label("tick", x, bottom + 16, fmt::format("{:g}", cycle));
    }
    out += label("unit", kLabelWidth - 18, bottom + 16, "clock cycle");
    if (!clock_mhz || *clock_mhz <= 0) return out;
    const double total_ns = cycles * 1000 / *clock_mhz;
    const double step_ns = tick_step(total_ns, 10);
    for (double ns = 0; ns <= total_ns; ns += step_ns) {
        out += label("tick", kLabelWidth + ns * *clock_mhz / 1000 * unit, bottom + 34,
                     fmt::format("{:g}", ns));
    }
    return out + label("unit", kLabelWidth - 18, bottom + 34, "nanoseconds");
}

std::string timeline_bar(const Bar& bar, double unit, double y) {
    const double x = kLabelWidth + bar.first * unit;
    const double width = (bar.last - bar.first + 1) * unit;
    const double cycles = bar.last - bar.first + 1;
    const std::string range = bar.first == bar.last
                                  ? fmt::format("cycle {:g}", bar.first)
                                  : fmt::format("cycles {:g}–{:g}", bar.first, bar.last);
    std::string out = fmt::format("<g><title>{}: {}</title>{}", escaped(bar.name), range,
                                  rectangle("bar", x + 1, y, width - 2, 20, 4));
    const std::string count = fmt::format("{:g} {}", cycles, cycles == 1 ? "cycle" : "cycles");
    const bool fits_after = x + width + 70 < kWidth;
    if (width > 72) {
        out += label("inbar", x + width / 2, y + 14.5, count);
    } else {
        out += label(fits_after ? "after" : "before", fits_after ? x + width + 6 : x - 6, y + 14.5,
                     count);
    }
    return out + "</g>";
}

// One box's numbers as exponents of two.
struct LogBox {
    std::string name;
    double low = 0;  // the type's range
    double high = 0;
    bool has_type = false;
    std::vector<double> quantiles;  // min, 5, 25, 50, 75, 95 %, max; empty if all values are zero
    double zero_fraction = 0;
};

std::optional<LogBox> log_box(const Json& json) {
    LogBox box;
    box.name = text(json, "layer");
    const std::string what = text(json, "what");
    if (!what.empty() && what != "output") box.name += " · " + what;
    box.zero_fraction = std::clamp(number(json, "zero_fraction").value_or(0), 0.0, 1.0);
    const auto exponent = [](double value) { return std::clamp(std::log2(value), -64.0, 64.0); };
    for (const char* key : {"min", "p5", "p25", "median", "p75", "p95", "max"}) {
        const auto value = number(json, key);
        if (!value || *value <= 0) {
            box.quantiles.clear();
            break;
        }
        box.quantiles.push_back(exponent(*value));
    }
    std::sort(box.quantiles.begin(), box.quantiles.end());
    const auto lsb = number(json, "lsb");
    const auto limit = number(json, "limit");
    if (lsb && limit && *lsb > 0 && *limit >= *lsb) {
        box.has_type = true;
        box.low = exponent(*lsb);
        box.high = exponent(*limit);
    }
    if (!box.has_type && box.quantiles.empty()) return std::nullopt;
    return box;
}

struct LogAxis {
    double low = 0;
    double high = 0;
    [[nodiscard]] double x(double exponent) const {
        return kLabelWidth + (exponent - low) / (high - low) * (kWidth - 104 - kLabelWidth);
    }
};

LogAxis axis_of(const std::vector<LogBox>& boxes) {
    LogAxis axis{1e9, -1e9};
    const auto take = [&](double exponent) {
        axis.low = std::min(axis.low, std::floor(exponent));
        axis.high = std::max(axis.high, std::ceil(exponent));
    };
    for (const LogBox& box : boxes) {
        if (box.has_type) take(box.low);
        if (box.has_type) take(box.high);
        for (const double q : box.quantiles) take(q);
    }
    axis.high = std::max(axis.high, axis.low + 1);
    return axis;
}

std::string draw_box(const LogBox& box, const LogAxis& axis, double y) {
    std::string out;
    const double middle = y + 15;
    if (box.has_type) {
        out +=
            rectangle("range", axis.x(box.low), y + 3, axis.x(box.high) - axis.x(box.low), 24, 3);
    }
    if (!box.quantiles.empty()) {
        const auto x = [&](std::size_t i) { return axis.x(box.quantiles[i]); };
        for (const std::size_t end : {std::size_t{0}, std::size_t{6}}) {
            out += fmt::format("<circle class=\"extreme\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"/>",
                               x(end), middle);
        }
        out += line("whisker", x(1), middle, x(5), middle);
        out += line("whisker", x(1), middle - 5, x(1), middle + 5);
        out += line("whisker", x(5), middle - 5, x(5), middle + 5);
        out += rectangle("box", x(2), y + 7, std::max(2.0, x(4) - x(2)), 16, 2);
        out += line("median", x(3), y + 7, x(3), y + 23);
    }
    const std::string zeros =
        box.zero_fraction == 0 ? "no zeros" : fmt::format("{:.0f} % zero", 100 * box.zero_fraction);
    return out + label("after", kWidth - 92, y + 19, zeros);
}

std::string power_of_two_axis(const LogAxis& axis, double bottom) {
    std::string out = line("axis", axis.x(axis.low), bottom, axis.x(axis.high), bottom);
    const double step = tick_step(axis.high - axis.low, 14);
    for (double e = std::ceil(axis.low / step) * step; e <= axis.high; e += step) {
        out += line("grid", axis.x(e), 6, axis.x(e), bottom);
        out += label("tick", axis.x(e), bottom + 17,
                     fmt::format("2<tspan class=\"power\" dy=\"-5\">{}{:g}</tspan>",
                                 e < 0 ? "−" : "", std::abs(e)));
    }
    return out + label("unit", kLabelWidth - 24, bottom + 17, "magnitude");
}

}  // namespace

std::string timeline_svg(const Json& report) {
    const std::vector<Bar> bars = timeline_bars(report);
    if (bars.empty()) return {};
    double cycles = std::clamp(number(report, "latency_cycles").value_or(1), 1.0, 1e6);
    for (const Bar& bar : bars) cycles = std::max(cycles, bar.last + 1);
    const double unit = (kWidth - 16 - kLabelWidth) / cycles;
    const double bottom = 12 + 28 * static_cast<double>(bars.size());
    std::string out =
        open_svg(kWidth, bottom + 44, "Pipeline: the clock cycles in which each layer computes");
    out += timeline_axis(cycles, unit, bottom, number(report, "clock_mhz"));
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double y = 12 + 28 * static_cast<double>(i);
        out += row_name(bars[i].name, y + 15);
        out += timeline_bar(bars[i], unit, y);
    }
    return out + "</svg>";
}

std::string boxes_svg(const Json::Array& entries, std::string_view subject) {
    std::vector<LogBox> boxes;
    for (const Json& entry : entries) {
        if (auto box = log_box(entry); box && boxes.size() < kMaxRows)
            boxes.push_back(std::move(*box));
    }
    if (boxes.empty()) return {};
    const LogAxis axis = axis_of(boxes);
    const double bottom = 10 + 32 * static_cast<double>(boxes.size());
    std::string out = open_svg(kWidth, bottom + 28, subject);
    out += power_of_two_axis(axis, bottom);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const double y = 8 + 32 * static_cast<double>(i);
        out += row_name(boxes[i].name, y + 19);
        out += draw_box(boxes[i], axis, y);
    }
    return out + "</svg>";
}

namespace {

constexpr double kRocLeft = 62;
constexpr double kRocRight = 424;
constexpr double kRocTop = 12;
constexpr double kRocBottom = 300;
constexpr double kRocDecades = 3;

double roc_x(double signal) {
    return kRocLeft + std::clamp(signal, 0.0, 1.0) * (kRocRight - kRocLeft);
}
double roc_y(double background) {
    const double decade = std::log10(std::clamp(background, std::pow(10, -kRocDecades), 1.0));
    return kRocTop - decade / kRocDecades * (kRocBottom - kRocTop);
}

std::string roc_axes() {
    std::string out;
    for (int i = 0; i <= 5; ++i) {
        const double x = roc_x(i * 0.2);
        out += line("grid", x, kRocTop, x, kRocBottom);
        out += label("tick", x, kRocBottom + 18, fmt::format("{:g}", i * 0.2));
    }
    for (int decade = 0; decade <= static_cast<int>(kRocDecades); ++decade) {
        const double y = roc_y(std::pow(10, -decade));
        out += line("grid", kRocLeft, y, kRocRight, y);
        const std::string power =
            decade == 0 ? "1"
                        : fmt::format("10<tspan class=\"power\" dy=\"-5\">−{}</tspan>", decade);
        out += label("unit", kRocLeft - 8, y + 4, power);
    }
    out += label("tick", (kRocLeft + kRocRight) / 2, kRocBottom + 38, "signal efficiency");
    const double middle = (kRocTop + kRocBottom) / 2;
    return out + fmt::format(
                     "<text class=\"tick\" transform=\"translate(16 {:g}) rotate(-90)\">background "
                     "efficiency</text>",
                     middle);
}

// Polyline of the part above the axis' floor; empty if the curve is not usable.
std::string roc_points(const Json& curve) {
    const Json::Array& fpr = elements(curve, "fpr");
    const Json::Array& tpr = elements(curve, "tpr");
    std::string points;
    for (std::size_t i = 0; i < std::min(fpr.size(), tpr.size()); ++i) {
        const auto background = number(fpr[i]);
        const auto signal = number(tpr[i]);
        if (!background || !signal || *background < std::pow(10, -kRocDecades)) continue;
        points += fmt::format("{:.1f},{:.1f} ", roc_x(*signal), roc_y(*background));
    }
    return points;
}

}  // namespace

std::string roc_svg(const Json::Array& curves) {
    std::string lines;
    std::string legend;
    std::size_t drawn = 0;
    for (const Json& curve : curves) {
        const std::string points = roc_points(curve);
        if (points.empty() || drawn == 24) continue;
        const std::size_t colour = drawn % 8;
        const std::string name = text(curve, "class");
        const auto auc = number(curve, "auc");
        const std::string area = auc ? fmt::format("{:.4f}", *auc) : "–";
        lines += fmt::format(
            "<g><title>{}: AUC {}</title><polyline class=\"curve c{}\" points=\"{}\"/></g>",
            escaped(name), area, colour, points);
        const double y = kRocBottom + 66 + 20 * static_cast<double>(drawn / 2);
        const double x = kRocLeft - 30 + 206 * static_cast<double>(drawn % 2);
        legend += line(fmt::format("curve c{}", colour), x, y - 4, x + 22, y - 4);
        legend += label("after", x + 30, y,
                        fmt::format("{} <tspan class=\"soft\">AUC {}</tspan>",
                                    escaped(shortened(name, 12)), area));
        ++drawn;
    }
    if (drawn == 0) return {};
    const double height = kRocBottom + 62 + 20 * std::ceil(static_cast<double>(drawn) / 2);
    return open_svg(440, height, "ROC curves: background efficiency over signal efficiency") +
           roc_axes() + lines + legend + "</svg>";
}

}  // namespace gatewright::report
