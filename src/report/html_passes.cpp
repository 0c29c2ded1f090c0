// SPDX-License-Identifier: Apache-2.0
//
// The table of the dataflow passes: what each one did, and what that saved by the cost model.
#include <fmt/format.h>

#include "report/html_sections.h"
#include "report/html_text.h"

namespace gatewright::report {
namespace {

double part(const Json& row, const char* key, std::size_t index) {
    const Json::Array& both = elements(row, key);
    return index < both.size() && both[index].is_number() ? both[index].as_number() : 0;
}

std::string count(double value) {
    return fmt::format("<td>{}</td>", grouped(value));
}

// "−12" where something was saved, "+3" where a pass had to spend, "–" where nothing changed.
std::string change(const Json& row, const char* key) {
    const double difference = part(row, key, 1) - part(row, key, 0);
    if (difference == 0) return "<td>–</td>";
    return fmt::format("<td>{}{}</td>", difference < 0 ? "−" : "+",
                       grouped(difference < 0 ? -difference : difference));
}

}  // namespace

std::string passes_section(const Json& report) {
    const Json::Array& rows = elements(report, "passes");
    if (rows.empty()) return {};
    std::string table =
        "<table><thead><tr><th scope=\"col\" class=\"left\">Pass</th><th scope=\"col\" "
        "class=\"left\">What it does</th><th scope=\"col\">Rewrites</th>"
        "<th scope=\"col\">Operations</th><th scope=\"col\">LUT</th><th scope=\"col\">Carry "
        "cells</th><th scope=\"col\">Result bits</th></tr></thead><tbody>\n";
    for (const Json& row : rows) {
        table += fmt::format(
            "<tr><th scope=\"row\" class=\"left\">{}</th><td "
            "class=\"left\">{}</td>{}{}{}{}{}</tr>\n",
            escaped(text(row, "pass")), escaped(text(row, "summary")),
            count(number(row, "rewrites").value_or(0)), change(row, "nodes"), change(row, "lut"),
            change(row, "cells"), change(row, "result_bits"));
    }
    table += "</tbody></table>";
    const Json& first = rows.front();
    const Json& last = rows.back();
    return fmt::format(
        "<p class=\"note\">What each pass over the dataflow program changed, by the cost model: {} "
        "LUT and {} carry cells before the first, {} and {} after the last. Choices that a "
        "register "
        "or the next LUT takes in are counted here and not in the estimate of the design.</p>\n"
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of "
        "passes\">{}</div>\n",
        grouped(part(first, "lut", 0)), grouped(part(first, "cells", 0)),
        grouped(part(last, "lut", 1)), grouped(part(last, "cells", 1)), table);
}

}  // namespace gatewright::report
