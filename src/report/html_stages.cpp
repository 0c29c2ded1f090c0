// SPDX-License-Identifier: Apache-2.0
//
// The section of a design of stages: what each stage does and how busy it is, the words at the
// ports, and the FIFOs between.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/html_sections.h"
#include "report/html_text.h"

namespace gatewright::report {
namespace {

std::string scroll_box(std::string_view name, const std::string& content) {
    return fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n", name,
        content);
}

std::string cell(std::string_view content) {
    return fmt::format("<td>{}</td>", content);
}

std::string heading(const std::vector<std::string_view>& columns) {
    std::string out = "<table><thead><tr>";
    for (const std::string_view column : columns)
        out += fmt::format("<th scope=\"col\">{}</th>", column);
    return out + "</tr></thead><tbody>\n";
}

std::string name_cell(const Json& row, const char* key) {
    return fmt::format("<th scope=\"row\">{}</th>", escaped(shortened(text(row, key), 40)));
}

// "–" for what a stage does not have.
std::string count_unless_zero(const Json& row, const char* key) {
    const auto count = number(row, key);
    return cell(count && *count > 0 ? grouped(count) : "–");
}

std::string words_text(const Json& row, const char* bits) {
    return grouped(number(row, "words")) + " <span class=\"soft\">of " +
           grouped(number(row, bits)) + " bits</span>";
}

struct Column {
    const char* key;
    const char* title;
};
// Left out where no stage has any.
constexpr Column kCosts[] = {{"multipliers", "Multipliers"},
                             {"weight_bits", "Weight bits"},
                             {"adders", "Adders"},
                             {"lut", "LUT"},
                             {"dsp", "DSP"}};

bool is_used(const Json& report, const char* key) {
    const Json::Array& rows = elements(report, "stage_rows");
    return std::any_of(rows.begin(), rows.end(),
                       [&](const Json& row) { return number(row, key).value_or(0) > 0; });
}

std::string stage_row(const Json& report, const Json& row) {
    const Json& slowest = member(row, "bottleneck");
    const bool is_slowest = slowest.is_bool() && slowest.as_bool();
    const auto reuse = number(row, "reuse");
    std::string below = escaped(shortened(text(row, "description"), 60));
    if (reuse && *reuse > 1) below += " · reuse " + grouped(reuse);
    if (is_slowest) below += " · sets the pace";
    std::string out = fmt::format("<tr{}><th scope=\"row\">{}<span class=\"sub\">{}</span></th>",
                                  is_slowest ? " class=\"chosen\"" : "",
                                  escaped(shortened(text(row, "name"), 40)), below);
    out += cell(words_text(row, "word_bits"));
    out += cell(grouped(number(row, "busy_cycles"))) + cell(grouped(number(row, "latency")));
    for (const Column& column : kCosts) {
        if (is_used(report, column.key)) out += count_unless_zero(row, column.key);
    }
    return out + "</tr>\n";
}

std::string stages_table(const Json& report) {
    std::vector<std::string_view> columns = {"Stage", "Words per event", "Busy cycles", "Latency"};
    for (const Column& column : kCosts) {
        if (is_used(report, column.key)) columns.emplace_back(column.title);
    }
    std::string table = heading(columns);
    for (const Json& row : elements(report, "stage_rows")) table += stage_row(report, row);
    return table + "</tbody></table>";
}

std::string ports_table(const Json& report) {
    if (elements(report, "ports").empty()) return {};
    std::string table = heading({"Port", "Direction", "Words per event"});
    for (const Json& row : elements(report, "ports")) {
        table += "<tr>" + name_cell(row, "name") + cell(escaped(text(row, "direction"))) +
                 cell(words_text(row, "bits")) + "</tr>\n";
    }
    return "<h3>Ports</h3>\n" + scroll_box("Table of ports", table + "</tbody></table>");
}

std::string fifos_table(const Json& report) {
    if (elements(report, "fifos").empty()) return {};
    std::string table = heading({"Stream", "Reader", "Depth", "Most words held", "Bits"});
    for (const Json& row : elements(report, "fifos")) {
        table +=
            "<tr>" + name_cell(row, "stream") + cell(escaped(shortened(text(row, "reader"), 40)));
        for (const char* key : {"depth", "peak", "bits"}) table += cell(grouped(number(row, key)));
        table += "</tr>\n";
    }
    return "<h3>FIFOs</h3>\n<p class=\"note\">The least depths that cost neither pace nor latency; "
           "most words held: counted when events come back to back, those on their way in the "
           "producer's pipeline included.</p>\n" +
           scroll_box("Table of FIFOs", table + "</tbody></table>");
}

}  // namespace

std::string stages_section(const Json& report) {
    if (elements(report, "stage_rows").empty()) return {};
    return "<p class=\"note\">Stages are connected by streams of words. Busy cycles are those that "
           "one event takes from a stage; the busiest sets the pace. Latency is in cycles from the "
           "step that completes a word's inputs to the word. LUT and DSP are estimates of the "
           "stage's arithmetic.</p>\n" +
           scroll_box("Table of stages", stages_table(report)) + ports_table(report) +
           fifos_table(report);
}

}  // namespace gatewright::report
