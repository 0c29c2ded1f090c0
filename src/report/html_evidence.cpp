// SPDX-License-Identifier: Apache-2.0
//
// The end of the page: why the design can be trusted, and how to repeat every figure.
#include <fmt/format.h>

#include <utility>

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

// What an evaluator of verify/verify.h is, in words.
std::string evaluator_meaning(const std::string& name) {
    if (name == "reference") return "plain loops on exact numbers";
    if (name == "dataflow") return "the dataflow program, interpreted";
    if (name == "emulator") return "the fast emulator";
    if (name == "netlist") return "the netlist, cycle by cycle";
    if (name == "verilator") return "the emitted Verilog, simulated";
    if (name == "icarus") return "the emitted testbench, from the files alone";
    return {};
}

std::string sub_text(const std::string& content) {
    return content.empty() ? "" : "<span class=\"sub\">" + escaped(content) + "</span>";
}

std::string evaluators_table(const Json& verify) {
    std::string rows;
    for (const Json& evaluator : elements(verify, "evaluators")) {
        const auto mismatches = number(evaluator, "mismatches");
        const std::string failure = text(evaluator, "failure");
        const bool clean = mismatches && *mismatches == 0 && failure.empty();
        const std::string name = text(evaluator, "evaluator");
        std::string meaning = evaluator_meaning(name);
        if (const std::string tool = tool_name(text(evaluator, "tool")); !tool.empty()) {
            meaning += (meaning.empty() ? "" : "; ") + tool;
        }
        rows += fmt::format(
            "<tr><th scope=\"row\">{}{}</th><td>{}</td><td class=\"{}\">{}{}</td>{}</tr>\n",
            escaped(name), sub_text(meaning), grouped(number(evaluator, "vectors")),
            clean ? "good-text" : "bad-text", grouped(mismatches), sub_text(failure),
            seconds_cell(evaluator));
    }
    if (rows.empty()) return {};
    return R"(<table><thead><tr><th scope="col">Evaluator</th><th scope="col">Events</th>)"
           R"(<th scope="col">Mismatches</th><th scope="col">Time</th></tr></thead><tbody>)" +
           rows + "</tbody></table>";
}

std::string proofs_table(const Json& verify) {
    std::string rows;
    for (const Json& proof : elements(verify, "proofs")) {
        const std::string outcome = text(proof, "outcome");
        const std::string css = outcome == "proven"      ? "good-text"
                                : outcome == "disproven" ? "bad-text"
                                                         : "soft";
        std::string how = text(proof, "method");
        if (how.empty()) how = text(proof, "detail");
        rows += fmt::format(
            R"(<tr title="{}"><th scope="row">{}{}</th><td class="left {}">{}{}</td>{}</tr>)",
            escaped(text(proof, "detail")), escaped(shortened(text(proof, "layer"), 40)),
            sub_text(text(proof, "kind")), css, escaped(outcome), sub_text(how),
            seconds_cell(proof));
        rows += '\n';
    }
    if (rows.empty()) return {};
    return R"(<table><thead><tr><th scope="col">Layer</th><th scope="col" class="left">Outcome</th>)"
           R"(<th scope="col">Time</th></tr></thead><tbody>)" +
           rows + "</tbody></table>";
}

// "6 edge, 100 000 random and 2 048 data events; random seed 1."
std::string events_note(const Json& verify) {
    std::string out;
    constexpr std::pair<const char*, const char*> kKinds[] = {{"edge_vectors", " edge events"},
                                                              {"random_vectors", " random events"},
                                                              {"data_vectors", " events of data"}};
    for (const auto& [key, name] : kKinds) {
        const auto count = number(verify, key);
        if (count && *count > 0) out += (out.empty() ? "" : ", ") + grouped(count) + name;
    }
    if (const auto seed = number(verify, "seed")) {
        out += (out.empty() ? "S" : "; s") + fmt::format("eed {:.0f}", *seed);
    }
    std::string notes = out.empty() ? "" : "<p class=\"note\">" + out + ".</p>\n";
    for (const Json& note : elements(verify, "notes")) {
        if (note.is_string()) notes += "<p class=\"note\">" + escaped(note.as_string()) + "</p>\n";
    }
    return notes;
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
        out += events_note(verify);
        out += "</div>";
    }
    if (!proofs.empty()) {
        out += "<div><h3>Proven for all inputs</h3>\n" + scroll_box("Proofs", proofs);
        const Json& all = member(verify, "every_layer_proven");
        if (all.is_bool() && all.as_bool()) {
            out +=
                "<p class=\"note\">Every layer is proven: the dataflow equals the reference for "
                "all "
                "inputs, not only for those tested.</p>";
        }
        out += "</div>";
    }
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
    const std::string command = text(member(report, "verify"), "command");
    if (!command.empty()) {
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
