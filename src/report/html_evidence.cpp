// SPDX-License-Identifier: Apache-2.0
//
// The end of the page: why the design can be trusted, and how to repeat every figure.
#include <fmt/format.h>

#include <map>

#include "report/html_sections.h"
#include "report/html_text.h"

namespace gatewright::report {
namespace {

std::string scroll_box(std::string_view name, const std::string& table) {
    return fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n", name,
        table);
}

std::string seconds_cell(const Json& row) {
    const auto seconds = number(row, "seconds");
    return "<td>" + (seconds ? duration(*seconds) : std::string("–")) + "</td>";
}

std::string evaluators_table(const Json& verify) {
    std::string rows;
    for (const Json& evaluator : elements(verify, "evaluators")) {
        const auto mismatches = number(evaluator, "mismatches");
        const bool clean = mismatches && *mismatches == 0;
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"{}\">{}</td>{}</tr>\n",
            escaped(text(evaluator, "evaluator")), grouped(number(evaluator, "vectors")),
            clean ? "good-text" : "bad-text", grouped(mismatches), seconds_cell(evaluator));
    }
    if (rows.empty()) return {};
    return "<table><thead><tr><th scope=\"col\">Evaluator</th><th scope=\"col\">Events</th><th "
           "scope=\"col\">"
           "Mismatches</th><th scope=\"col\">Time</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>";
}

bool is_proven(const std::string& result) {
    return result == "proven" || result == "equivalent";
}

std::string proofs_table(const Json& verify) {
    std::string rows;
    for (const Json& proof : elements(verify, "proofs")) {
        const std::string result = text(proof, "result");
        const std::string css = is_proven(result)       ? "good-text"
                                : result == "different" ? "bad-text"
                                                        : "soft";
        rows += fmt::format(
            "<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td><td class=\"left "
            "{}\">{}</td>{}</tr>\n",
            escaped(shortened(text(proof, "kernel"), 40)), escaped(text(proof, "method")), css,
            escaped(result), seconds_cell(proof));
    }
    if (rows.empty()) return {};
    return "<table><thead><tr><th scope=\"col\">Layer</th><th scope=\"col\" "
           "class=\"left\">Method</th><th "
           "scope=\"col\" class=\"left\">Result</th><th "
           "scope=\"col\">Time</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>";
}

std::string code_block(const std::string& command) {
    return "<pre tabindex=\"0\"><code>" + escaped(command) + "</code></pre>";
}

std::string seconds_table(const Json& report) {
    const Json& seconds = member(report, "seconds");
    if (!seconds.is_object()) return {};
    std::string rows;
    for (const auto& [stage, value] : seconds.as_object()) {
        if (const auto spent = number(value)) {
            rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(stage),
                                duration(*spent));
        }
    }
    if (rows.empty()) return {};
    return "<table><thead><tr><th scope=\"col\">Stage</th><th "
           "scope=\"col\">Time</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>";
}

}  // namespace

std::string evidence_section(const Json& report) {
    const Json& verify = member(report, "verify");
    const std::string evaluators = evaluators_table(verify);
    const std::string proofs = proofs_table(verify);
    if (evaluators.empty() && proofs.empty()) {
        return "<p>Nothing has been verified yet. <span class=\"mono\">gatewright verify</span> "
               "fills this part.</p>\n";
    }
    std::string out =
        "<p class=\"note\">Every evaluator computes every bit of every output; a mismatch is one "
        "event in which any bit "
        "differs from the reference. Events are edge cases first (smallest, largest, zero, one "
        "step beside zero, "
        "alternating), then random, then data.</p>\n<div class=\"columns\">";
    if (!evaluators.empty()) {
        out += "<div><h3>Tested</h3>\n" + scroll_box("Evaluators", evaluators);
        if (const auto seed = number(verify, "seed"))
            out += "<p class=\"note\">Seed of the random events: " + fmt::format("{:.0f}", *seed) +
                   ".</p>";
        out += "</div>";
    }
    if (!proofs.empty())
        out += "<div><h3>Proven for all inputs</h3>\n" + scroll_box("Proofs", proofs) + "</div>";
    return out + "</div>\n";
}

std::string commands_section(const Json& report) {
    std::string items;
    for (const Json& entry : elements(report, "commands")) {
        const std::string command = text(entry, "command");
        if (command.empty()) continue;
        items += "<li><span>" + escaped(text(entry, "what")) + "</span>" + code_block(command) +
                 "</li>\n";
    }
    if (const std::string command = text(member(report, "verify"), "command"); !command.empty()) {
        items += "<li><span>The verification above, with the same events</span>" +
                 code_block(command) + "</li>\n";
    }
    const std::string times = seconds_table(report);
    if (items.empty() && times.empty()) return {};
    std::string out;
    if (!items.empty())
        out +=
            "<p class=\"note\">One click on a command selects all of it.</p>\n<ul "
            "class=\"commands\">" +
            items + "</ul>\n";
    if (!times.empty())
        out += "<h3>Time spent</h3>\n<div class=\"narrow\">" + scroll_box("Time per stage", times) +
               "</div>\n";
    return out;
}

}  // namespace gatewright::report
