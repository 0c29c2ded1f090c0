// SPDX-License-Identifier: Apache-2.0
//
// Sections about time: the trade-off over pipeline stages, and the slowest path of each stage by
// the names of the user's layers.
#include <fmt/format.h>

#include "report/html_sections.h"
#include "report/html_text.h"
#include "report/svg.h"

namespace gatewright::report {
namespace {

std::string scroll_box(std::string_view css, std::string_view name, const std::string& content) {
    return fmt::format(
        "<div class=\"scroll {}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n", css,
        name, content);
}

std::string cell(std::string_view content) {
    return fmt::format("<td>{}</td>", content);
}

std::string value(const Json& object, const char* key, int digits) {
    const auto found = number(object, key);
    return found ? significant(*found, digits) : "–";
}

std::string tenths(const Json& object, const char* key) {
    const auto found = number(object, key);
    return found ? fmt::format("{:.1f}", *found) : "–";
}

std::string tradeoff_row(const Json& point) {
    const Json& design = member(point, "is_design");
    const bool is_design = design.is_bool() && design.as_bool();
    return fmt::format(
        "<tr{}><th scope=\"row\">{}{}</th>{}{}{}{}</tr>\n", is_design ? " class=\"chosen\"" : "",
        value(point, "stages", 6), is_design ? " <span class=\"soft\">this design</span>" : "",
        cell(tenths(point, "clock_mhz")), cell(tenths(point, "latency_ns")),
        cell(grouped(number(point, "lut"))), cell(grouped(number(point, "register_bits"))));
}

// "dense_0: add s9.3, add s10.3 → dense_1: max u6.2": runs of one layer are written together.
std::string path_text(const Json& path) {
    std::string out;
    std::string layer;
    for (const Json& step : elements(path, "steps")) {
        const std::string own = text(step, "layer");
        const bool is_new = out.empty() || own != layer;
        if (is_new) {
            out += (out.empty() ? "<b>" : " → <b>") + escaped(shortened(own, 30)) + "</b>: ";
            layer = own;
        } else {
            out += ", ";
        }
        out += escaped(text(step, "op"));
    }
    return out.empty() ? "wiring only" : out;
}

std::string path_row(const Json& path, double period_ps) {
    const double taken = number(path, "ps").value_or(0);
    const double share = period_ps > 0 ? std::min(100.0, 100 * taken / period_ps) : 0;
    return fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{} <span class=\"meter\"><i "
        "style=\"width:{:.1f}%\"></i></span></td>{}<td class=\"left path\">{}</td></tr>\n",
        value(path, "cycle", 6), value(path, "ps", 4), share, cell(value(path, "slack_ps", 4)),
        path_text(path));
}

}  // namespace

std::string tradeoff_section(const Json& report) {
    const std::string picture = tradeoff_svg(report);
    if (picture.empty()) return {};
    std::string table =
        "<table><thead><tr><th scope=\"col\">Stages</th><th scope=\"col\">Clock in MHz</th>"
        "<th scope=\"col\">Latency in ns</th><th scope=\"col\">LUT</th>"
        "<th scope=\"col\">Register bits</th></tr></thead><tbody>\n";
    for (const Json& point : elements(report, "explore")) table += tradeoff_row(point);
    table += "</tbody></table>";
    return "<p class=\"note\">The best clock for each number of pipeline stages, and the fewest "
           "register bits at that clock, by the delay model of the part. The ring is this design. "
           "Numbers of stages that bring no higher clock are left out.</p>\n" +
           scroll_box("figure", "Plot of the trade-off", picture) +
           scroll_box("", "Table of the trade-off", table);
}

std::string critical_path_section(const Json& report) {
    const Json::Array& paths = elements(report, "critical_path");
    if (paths.empty()) return {};
    const double clock = number(report, "clock_mhz").value_or(0);
    std::string table =
        "<table><thead><tr><th scope=\"col\">Cycle</th><th scope=\"col\">Slowest path in ps</th>"
        "<th scope=\"col\">Slack in ps</th><th scope=\"col\" class=\"left\">Operations, by "
        "layer</th></tr></thead><tbody>\n";
    for (const Json& path : paths) table += path_row(path, clock > 0 ? 1e6 / clock : 0);
    table += "</tbody></table>";
    return fmt::format(
               "<p class=\"note\">The slowest path from registers to registers in each "
               "clock cycle of {} ps, nets and registers included, by the delay model of "
               "the part.</p>\n",
               significant(clock > 0 ? 1e6 / clock : 0, 4)) +
           scroll_box("", "Table of critical paths", table);
}

}  // namespace gatewright::report
