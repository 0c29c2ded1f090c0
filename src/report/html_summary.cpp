// SPDX-License-Identifier: Apache-2.0
//
// The top of the page: what the model is, and the numbers that matter, before any detail.
#include <fmt/format.h>

#include <algorithm>

#include "report/html_sections.h"
#include "report/html_text.h"

namespace gatewright::report {
namespace {

std::string card(std::string_view css, std::string_view what, std::string_view value,
                 std::string_view more) {
    return fmt::format(
        "<li class=\"{}\"><span class=\"what\">{}</span><span class=\"value\">{}</span>"
        "<span class=\"more\">{}</span></li>",
        css, what, value, more);
}

std::string with_unit(const std::string& value, std::string_view unit) {
    return value + " <small>" + std::string(unit) + "</small>";
}

std::string latency_card(const Json& report) {
    const auto ns = number(report, "latency_ns");
    const auto cycles = number(report, "latency_cycles");
    if (!ns && !cycles) return {};
    std::string more = cycles ? grouped(cycles) + " clock cycles" : "";
    if (const auto measured = number(member(report, "verify"), "measured_latency_cycles")) {
        more += cycles && *measured == *cycles ? ", as simulated"
                                               : ", but " + grouped(measured) + " in simulation";
    }
    return card("", "Latency", ns ? with_unit(significant(*ns, 4), "ns") : grouped(cycles), more);
}

std::string clock_card(const Json& report) {
    const auto clock = number(report, "clock_mhz");
    if (!clock) return {};
    std::string more;
    if (const auto ii = number(report, "ii"); ii && *ii >= 1) {
        more =
            *ii == 1 ? "a new event every cycle" : "a new event every " + grouped(ii) + " cycles";
    }
    const auto requested = number(report, "requested_clock_mhz");
    if (requested && *requested > 0 && *requested != *clock) {
        more +=
            (more.empty() ? "asked for " : "; asked for ") + significant(*requested, 4) + " MHz";
    }
    return card("", "Clock", with_unit(significant(*clock, 4), "MHz"), more);
}

// The measured figure if synthesis has run, else the estimate; what stands beside it says which.
std::string resource_card(const Json& report, const char* key, std::string_view title) {
    const auto estimate = number(member(report, "estimate"), key);
    const auto measured = number(member(report, "synth"), key);
    if (measured) {
        const std::string tool = shortened(tool_name(text(member(report, "synth"), "tool")), 24);
        std::string more = "by " + (tool.empty() ? "synthesis" : escaped(tool));
        if (estimate) more += "; estimate " + grouped(estimate);
        return card("", title, grouped(measured), more);
    }
    if (!estimate) return {};
    return card("", title, grouped(estimate), "estimate, not yet synthesized");
}

std::string verified_card(const Json& report) {
    const Json::Array& evaluators = elements(member(report, "verify"), "evaluators");
    if (evaluators.empty()) return card("", "Verified", "not yet", "run gatewright verify");
    double vectors = 0;
    double mismatches = 0;
    for (const Json& evaluator : evaluators) {
        vectors = std::max(vectors, number(evaluator, "vectors").value_or(0));
        mismatches += number(evaluator, "mismatches").value_or(0);
    }
    // `passed` also counts wrong timing and disproven layers.
    const Json& passed = member(member(report, "verify"), "passed");
    const bool good = mismatches == 0 && (!passed.is_bool() || passed.as_bool());
    const std::string more = fmt::format("events, {} mismatches in {} evaluators",
                                         grouped(mismatches), evaluators.size());
    return card(good ? "good" : "bad", good ? "Verified, bit for bit" : "Verification failed",
                grouped(vectors), more);
}

std::string accuracy_card(const Json& report) {
    const auto accuracy = number(member(report, "metrics"), "accuracy");
    if (!accuracy) return {};
    const auto ideal = number(member(report, "metrics"), "float_accuracy");
    return card("", "Accuracy", with_unit(significant(100 * *accuracy, 4), "%"),
                ideal ? "in floating point " + significant(100 * *ideal, 4) + " %"
                      : "of the hardware's answers");
}

double total(const Json& report, const char* key) {
    double sum = 0;
    for (const Json& layer : elements(report, "layers")) sum += number(layer, key).value_or(0);
    return sum;
}

}  // namespace

std::string header(const Json& report) {
    const Json& source = member(report, "source");
    const auto count = elements(report, "layers").size();
    std::string lead;
    if (count > 0)
        lead += fmt::format("A network of {} layer{}", count, count == 1 ? "" : "s");
    else
        lead += "A network";
    if (const double weights = total(report, "weights"); weights > 0) {
        const double kept = total(report, "kept_weights");
        lead += fmt::format(" with {} weights, {} of them ({}) not zero", grouped(weights),
                            grouped(kept), percent(kept / weights));
    }
    if (const std::string file = text(source, "file"); !file.empty()) {
        lead += ", read from <span class=\"mono\">" + escaped(file) + "</span>";
        if (const std::string format = text(source, "format"); !format.empty()) {
            lead += " (" + escaped(format) + ")";
        }
    }
    if (const std::string part = text(report, "part"); !part.empty()) {
        lead += ", as a pipeline for <span class=\"mono\">" + escaped(part) + "</span>";
    }
    std::string out = fmt::format(
        "<header><p class=\"brand\">Gatewright report</p><h1>{}</h1>\n<p class=\"lead\">{}.</p>\n",
        escaped(text(report, "name")), lead);
    if (const std::string hash = text(source, "sha256"); !hash.empty()) {
        out += fmt::format(
            "<p class=\"note\" title=\"{0}\">SHA-256 of the model file: <span class=\"mono\">"
            "{1}</span></p>\n",
            escaped(hash), escaped(shortened(hash, 16)));
    }
    return out + "</header>\n";
}

std::string warnings(const Json& report) {
    std::string items;
    for (const Json& warning : elements(report, "warnings")) {
        if (warning.is_string()) items += "<li>" + escaped(warning.as_string()) + "</li>";
    }
    if (items.empty()) return {};
    return "<aside class=\"warnings\"><strong>Worth knowing</strong><ul>" + items +
           "</ul></aside>\n";
}

std::string headline_cards(const Json& report) {
    return "<ul class=\"cards\" aria-label=\"Headline numbers\">" + latency_card(report) +
           clock_card(report) + resource_card(report, "lut", "LUT") +
           resource_card(report, "ff", "Flip-flops") + verified_card(report) +
           accuracy_card(report) + "</ul>\n";
}

std::string footer(const Json& report) {
    std::string made = "Made by Gatewright";
    if (const std::string version = text(report, "gatewright"); !version.empty()) {
        made += " " + escaped(version);
    }
    return "<footer>" + made +
           " from report.json. This page is one file without scripts: keep it with the "
           "design.</footer>\n";
}

}  // namespace gatewright::report
