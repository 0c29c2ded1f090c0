// SPDX-License-Identifier: Apache-2.0
//
// The trade-off of `compile --explore`: over the number of pipeline stages, the clock above and the
// register bits below, with the latency under each. Two plots on one axis, so that no scale has two
// meanings.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/html_text.h"
#include "report/svg.h"
#include "report/svg_parts.h"

namespace gatewright::report {
namespace {

constexpr double kWidth = 880;
constexpr double kLeft = 112;
constexpr double kRight = kWidth - 24;
constexpr double kClockTop = 26;
constexpr double kClockBottom = 196;
constexpr double kBitsTop = 236;
constexpr double kBitsBottom = 346;
constexpr std::size_t kMostPoints = 200;

struct Point {
    double stages = 0;
    double clock = 0;
    double latency = 0;
    double bits = 0;
    bool is_design = false;
};

std::vector<Point> points_of(const Json& report) {
    std::vector<Point> points;
    for (const Json& entry : elements(report, "explore")) {
        const auto stages = number(entry, "stages");
        const auto clock = number(entry, "clock_mhz");
        const auto latency = number(entry, "latency_ns");
        const auto bits = number(entry, "register_bits");
        if (!stages || !clock || !latency || !bits || points.size() == kMostPoints) continue;
        if (*stages < 0 || *clock <= 0 || *bits < 0 || *stages > 1e5) continue;
        const Json& design = member(entry, "is_design");
        points.push_back({*stages, *clock, *latency, *bits, design.is_bool() && design.as_bool()});
    }
    return points;
}

struct Frame {
    double first = 0;  ///< stages at the left and right ends
    double last = 1;
    double clock = 1;  ///< tops of the two scales
    double bits = 1;

    [[nodiscard]] double slot() const { return (kRight - kLeft) / (last - first + 1); }
    [[nodiscard]] double x(double stages) const { return kLeft + (stages - first + 0.5) * slot(); }
    [[nodiscard]] double clock_y(double mhz) const {
        return kClockBottom - mhz / clock * (kClockBottom - kClockTop);
    }
    [[nodiscard]] double bits_y(double count) const {
        return kBitsBottom - count / bits * (kBitsBottom - kBitsTop);
    }
};

double round_up(double value, double most_ticks) {
    const double step = tick_step(value, most_ticks);
    return std::max(step, std::ceil(value / step) * step);
}

Frame frame_of(const std::vector<Point>& points) {
    Frame frame{points.front().stages, points.front().stages, 1, 1};
    double clock = 0;
    double bits = 0;
    for (const Point& p : points) {
        frame.first = std::min(frame.first, p.stages);
        frame.last = std::max(frame.last, p.stages);
        clock = std::max(clock, p.clock);
        bits = std::max(bits, p.bits);
    }
    frame.clock = round_up(clock, 5);
    frame.bits = round_up(std::max(1.0, bits), 4);
    return frame;
}

std::string axes(const Frame& frame) {
    std::string out = label("after", kLeft, kClockTop - 12, "Clock in MHz");
    const double clock_step = tick_step(frame.clock, 5);
    for (double mhz = 0; mhz <= frame.clock; mhz += clock_step) {
        out +=
            line(mhz == 0 ? "axis" : "grid", kLeft, frame.clock_y(mhz), kRight, frame.clock_y(mhz));
        out += label("unit", kLeft - 10, frame.clock_y(mhz) + 4, fmt::format("{:g}", mhz));
    }
    out += label("after", kLeft, kBitsTop - 12, "Register bits");
    const double bits_step = tick_step(frame.bits, 4);
    for (double bits = 0; bits <= frame.bits; bits += bits_step) {
        out += line(bits == 0 ? "axis" : "grid", kLeft, frame.bits_y(bits), kRight,
                    frame.bits_y(bits));
        out += label("unit", kLeft - 10, frame.bits_y(bits) + 4, grouped(bits));
    }
    out += label("unit", kLeft - 10, kBitsBottom + 18, "stages");
    return out + label("unit", kLeft - 10, kBitsBottom + 36, "nanoseconds");
}

std::string mark(const Frame& frame, const Point& p) {
    const double x = frame.x(p.stages);
    const std::string title = fmt::format(
        "{}{:g} stages: {} MHz, {} ns, {} register bits", p.is_design ? "this design, " : "",
        p.stages, significant(p.clock, 4), significant(p.latency, 3), grouped(p.bits));
    std::string out = "<g><title>" + title + "</title>";
    if (p.is_design) {
        return out +
               fmt::format("<circle class=\"chosen\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"7\"/></g>", x,
                           frame.clock_y(p.clock));
    }
    const double width = std::clamp(0.6 * frame.slot(), 2.0, 44.0);
    out += rectangle("bar", x - width / 2, frame.bits_y(p.bits), width,
                     kBitsBottom - frame.bits_y(p.bits), 2);
    out += fmt::format("<circle class=\"extreme\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/></g>", x,
                       frame.clock_y(p.clock));
    return out;
}

}  // namespace

std::string tradeoff_svg(const Json& report) {
    const std::vector<Point> points = points_of(report);
    if (points.empty()) return {};
    const Frame frame = frame_of(points);
    std::string curve;
    std::string marks;
    double next_free = 0;
    for (const Point& p : points) {
        marks += mark(frame, p);
        if (p.is_design) continue;
        const double x = frame.x(p.stages);
        curve += fmt::format("{:.1f},{:.1f} ", x, frame.clock_y(p.clock));
        if (x < next_free) continue;
        next_free = x + 34;
        marks += label("tick", x, kBitsBottom + 18, fmt::format("{:g}", p.stages));
        marks += label("tick", x, kBitsBottom + 36, fmt::format("{:.1f}", p.latency));
    }
    return open_svg(kWidth, kBitsBottom + 46,
                    "Trade-off: clock and register bits over the number of pipeline stages") +
           axes(frame) + "<polyline class=\"curve c0\" points=\"" + curve + "\"/>" + marks +
           "</svg>";
}

}  // namespace gatewright::report
