// SPDX-License-Identifier: Apache-2.0
//
// The middle of the page: layers, pipeline, resources, distributions and accuracy.
#include "report/html_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/html_text.h"
#include "report/svg.h"

namespace gatewright::report {
namespace {

// A box that scrolls sideways when the screen is narrower than its content, also by keyboard.
std::string scroll_box(std::string_view css, std::string_view name, const std::string& content) {
    return fmt::format(
        "<div class=\"scroll {}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n", css,
        name, content);
}

std::string cell(std::string_view content) {
    return fmt::format("<td>{}</td>", content);
}

std::string shape_text(const Json& shape) {
    if (!shape.is_array()) return {};
    std::string out;
    for (const Json& dim : shape.as_array()) {
        if (!out.empty()) out += "×";
        out += number(dim) ? fmt::format("{:g}", *number(dim)) : "?";
    }
    return out.empty() ? "scalar" : out;
}

std::string kinds_text(const Json& layer) {
    std::string out;
    for (const Json& kind : elements(layer, "kinds")) {
        if (!kind.is_string()) continue;
        out += (out.empty() ? "" : " + ") + kind.as_string();
    }
    return out.empty() ? text(layer, "kind") : out;
}

// A number with a thin bar below: its share of `whole`.
std::string metered(std::optional<double> value, double whole, std::string_view content) {
    if (!value) return cell("–");
    const double share = whole > 0 ? std::clamp(100 * *value / whole, 0.0, 100.0) : 0;
    return fmt::format("<td>{}<span class=\"meter\"><i style=\"width:{:.1f}%\"></i></span></td>",
                       content, share);
}

double largest(const Json& report, const char* key) {
    double out = 0;
    for (const Json& layer : elements(report, "layers"))
        out = std::max(out, number(layer, key).value_or(0));
    return out;
}

std::string layer_row(const Json& report, const Json& layer) {
    std::string sub = escaped(kinds_text(layer));
    const double table_error = number(layer, "max_error").value_or(0);
    if (table_error > 0) sub += fmt::format(", table error at most {:.2g}", table_error);
    std::string row = fmt::format(
        "<tr><th scope=\"row\" title=\"{}\">{}<span class=\"sub\">{}</span></th>",
        escaped(text(layer, "description")), escaped(shortened(text(layer, "name"), 40)), sub);
    row += cell(shape_text(member(layer, "input_shape")) + " → " +
                shape_text(member(layer, "output_shape")));
    row += fmt::format("<td class=\"left formats\">{}</td>", escaped(text(layer, "formats")));
    const auto weights = number(layer, "weights");
    const auto kept = number(layer, "kept_weights");
    row += weights && *weights > 0 && kept
               ? metered(kept, *weights,
                         grouped(kept) + " <span class=\"soft\">of " + grouped(weights) + "</span>")
               : cell("–");
    const auto ebops = number(layer, "ebops");
    row += cell(ebops && *ebops > 0 ? grouped(ebops) : "–");
    row += cell(grouped(number(layer, "adders"))) + cell(grouped(number(layer, "cells")));
    row += metered(number(layer, "lut"), largest(report, "lut"), grouped(number(layer, "lut")));
    row += metered(number(layer, "register_bits"), largest(report, "register_bits"),
                   grouped(number(layer, "register_bits")));
    return row + "</tr>\n";
}

std::string layer_totals(const Json& report) {
    const auto sum = [&](const char* key) {
        double out = 0;
        for (const Json& layer : elements(report, "layers")) out += number(layer, key).value_or(0);
        return out;
    };
    std::string row = "<tfoot><tr><th scope=\"row\">Sum of the layers</th><td></td><td></td>";
    row += cell(grouped(sum("kept_weights")) + " <span class=\"soft\">of " +
                grouped(sum("weights")) + "</span>");
    row += cell(sum("ebops") > 0 ? grouped(sum("ebops")) : "–");
    for (const char* key : {"adders", "cells", "lut", "register_bits"})
        row += cell(grouped(sum(key)));
    return row + "</tr></tfoot>";
}

}  // namespace

std::string layers_section(const Json& report) {
    const Json::Array& layers = elements(report, "layers");
    if (layers.empty()) return {};
    std::string table =
        "<table><thead><tr><th scope=\"col\">Layer</th><th scope=\"col\">Shape</th>"
        "<th scope=\"col\" class=\"left\">Output formats</th><th scope=\"col\">Weights kept</th>"
        "<th scope=\"col\">EBOPs</th><th scope=\"col\">Adders</th><th scope=\"col\">Carry "
        "cells</th>"
        "<th scope=\"col\">LUT</th><th scope=\"col\">Register "
        "bits</th></tr></thead><tbody>\n";
    for (const Json& layer : layers) table += layer_row(report, layer);
    table += "</tbody>" + layer_totals(report) + "</table>";
    return "<p class=\"note\">One row per layer of the model, named as in its file. A format s8.3 "
           "is signed, 8 "
           "bits, 3 of them fraction bits; u is unsigned. LUT is the estimate before "
           "synthesis.</p>\n" +
           scroll_box("", "Table of layers", table);
}

std::string pipeline_section(const Json& report) {
    const std::string picture = timeline_svg(report);
    if (picture.empty()) return {};
    std::string note = "The clock cycles in which each layer computes, for one event.";
    if (!elements(report, "stage_rows").empty()) {
        note =
            "One event alone in the design, from the cycle in which its first word is accepted: "
            "each "
            "stage from the step that completes its first word to its last word at the next stage.";
    }
    const auto ii = number(report, "ii");
    if (ii && *ii == 1) {
        note +=
            " A new event enters every cycle, so all stages work at once, each on another event.";
    }
    return "<p class=\"note\">" + note + "</p>\n" +
           scroll_box("figure", "Timeline of the pipeline", picture);
}

namespace {

struct Quantity {
    const char* key;
    const char* name;
};

std::string synthesis_table(const Json& report) {
    const Json& estimate = member(report, "estimate");
    const Json& synth = member(report, "synth");
    constexpr Quantity kRows[] = {{"lut", "LUT"},
                                  {"ff", "Flip-flops"},
                                  {"carry", "Carry blocks"},
                                  {"dsp", "DSP"},
                                  {"bram", "Block RAM"},
                                  {"muxf", "Wide multiplexers"},
                                  {"srl", "Shift-register LUTs"},
                                  {"lutram", "LUT memories"},
                                  {"depth", "Logic levels"}};
    std::string rows;
    for (const Quantity& quantity : kRows) {
        const auto expected = number(estimate, quantity.key);
        const auto measured = number(synth, quantity.key);
        const bool is_main = expected.has_value() || measured.value_or(0) != 0;
        if (!is_main) continue;
        std::string difference = "–";
        if (expected && measured && *measured > 0) {
            const double ratio = *expected / *measured - 1;
            difference = (ratio < 0 ? "−" : "+") + percent(std::abs(ratio));
        }
        rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", quantity.name,
                            cell(grouped(expected)), cell(grouped(measured)), cell(difference));
    }
    if (rows.empty()) return {};
    return "<table><thead><tr><th scope=\"col\">Resource</th><th scope=\"col\">Estimate</th><th "
           "scope=\"col\">"
           "Synthesis</th><th scope=\"col\">Difference</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>";
}

std::string operations_table(const Json& report) {
    constexpr Quantity kRows[] = {
        {"adders", "Two-operand adders"}, {"ternary_adders", "Three-operand adders"},
        {"negations", "Negations"},       {"multipliers", "Multipliers"},
        {"tables", "Lookup tables"},      {"muxes", "Choices (select, minimum, maximum)"},
        {"saturations", "Saturations"},   {"roundings", "Roundings"},
        {"comparators", "Comparators"},   {"bitwise", "Bitwise operations"},
        {"popcounts", "Bit counts"}};
    std::string rows;
    for (const Quantity& quantity : kRows) {
        const auto count = number(member(report, "ops"), quantity.key);
        if (!count || *count == 0) continue;
        rows += fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", quantity.name,
                            cell(grouped(count)));
    }
    if (const auto cells = number(report, "cells")) {
        rows += fmt::format("<tr><th scope=\"row\">Carry cells of the adders</th>{}</tr>\n",
                            cell(grouped(cells)));
    }
    if (const auto bits = number(report, "register_bits")) {
        rows +=
            fmt::format("<tr><th scope=\"row\">Register bits</th>{}</tr>\n", cell(grouped(bits)));
    }
    if (rows.empty()) return {};
    return "<table><thead><tr><th scope=\"col\">Operation</th><th "
           "scope=\"col\">Count</th></tr></thead><tbody>\n" +
           rows + "</tbody></table>";
}

}  // namespace

std::string resources_section(const Json& report) {
    const std::string synthesis = synthesis_table(report);
    const std::string operations = operations_table(report);
    if (synthesis.empty() && operations.empty()) return {};
    std::string out = "<div class=\"columns\">";
    if (!synthesis.empty()) out += "<div>" + scroll_box("", "Resources", synthesis);
    const std::string tool = text(member(report, "synth"), "tool");
    if (!synthesis.empty()) {
        out += tool.empty() ? "<p class=\"note\">Not synthesized yet.</p></div>"
                            : "<p class=\"note\">Synthesis by " + escaped(tool) +
                                  ", no place and route.</p></div>";
    }
    if (!operations.empty()) out += "<div>" + scroll_box("", "Operations", operations) + "</div>";
    return out + "</div>\n";
}

std::string distributions_section(const Json& report) {
    const std::string weights =
        boxes_svg(elements(report, "weights_boxes"), "Magnitudes of the weights per layer");
    const std::string activations =
        boxes_svg(elements(report, "activation_boxes"), "Magnitudes of the layers' outputs");
    if (weights.empty() && activations.empty()) return {};
    std::string out =
        "<p class=\"note\">Magnitudes of the values that are not zero, on a scale of powers of "
        "two. Values beyond the "
        "right end of the shaded range would overflow, values below its left end would be "
        "lost.</p>\n"
        "<ul class=\"legend\">"
        "<li><svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><rect class=\"range\" x=\"0\" y=\"0\" "
        "width=\"34\" "
        "height=\"16\" rx=\"3\"/></svg>what the format holds</li>"
        "<li><svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><rect class=\"box\" x=\"4\" y=\"2\" "
        "width=\"26\" "
        "height=\"12\" rx=\"2\"/><line class=\"median\" x1=\"17\" y1=\"2\" x2=\"17\" "
        "y2=\"14\"/></svg>"
        "25 % to 75 %, median</li>"
        "<li><svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><line class=\"whisker\" x1=\"3\" "
        "y1=\"8\" x2=\"31\" "
        "y2=\"8\"/><line class=\"whisker\" x1=\"3\" y1=\"3\" x2=\"3\" y2=\"13\"/><line "
        "class=\"whisker\" x1=\"31\" "
        "y1=\"3\" x2=\"31\" y2=\"13\"/></svg>5 % to 95 %</li>"
        "<li><svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><circle class=\"extreme\" cx=\"17\" "
        "cy=\"8\" "
        "r=\"2.4\"/></svg>smallest and largest</li></ul>\n";
    if (!weights.empty())
        out += "<h3>Weights</h3>\n" + scroll_box("figure", "Distributions of weights", weights);
    if (!activations.empty()) {
        out += "<h3>Layer outputs on the given events</h3>\n" +
               scroll_box("figure", "Distributions of layer outputs", activations);
    }
    return out;
}

namespace {

std::string class_name(const Json& metrics, std::size_t index) {
    const Json::Array& classes = elements(metrics, "classes");
    if (index < classes.size() && classes[index].is_string())
        return escaped(shortened(classes[index].as_string(), 24));
    return fmt::format("{}", index);
}

// Rows in per cent of their true class, so that classes of any size compare.
std::string confusion_table(const Json& metrics) {
    const Json::Array& rows = elements(metrics, "confusion");
    if (rows.empty() || rows.size() > 100) return {};
    std::string head = "<th scope=\"col\">True class</th>";
    for (std::size_t c = 0; c < rows.size(); ++c)
        head += "<th scope=\"col\">" + class_name(metrics, c) + "</th>";
    std::string body;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!rows[r].is_array()) return {};
        double sum = 0;
        for (const Json& entry : rows[r].as_array()) sum += number(entry).value_or(0);
        body += "<tr><th scope=\"row\">" + class_name(metrics, r) + "</th>";
        for (std::size_t c = 0; c < rows[r].as_array().size(); ++c) {
            const double count = number(rows[r].as_array()[c]).value_or(0);
            const double share = sum > 0 ? 100 * count / sum : 0;
            body += fmt::format("<td{} style=\"--p:{:.0f}\" title=\"{} events\">{:.1f} %</td>",
                                r == c ? " class=\"diagonal\"" : "", share, grouped(count), share);
        }
        body += "</tr>\n";
    }
    return "<table class=\"heat\"><thead><tr>" + head + "</tr></thead><tbody>\n" + body +
           "</tbody></table>";
}

}  // namespace

std::string accuracy_section(const Json& report) {
    const Json& metrics = member(report, "metrics");
    if (!metrics.is_object()) return {};
    std::string out;
    if (const auto accuracy = number(metrics, "accuracy")) {
        out += "<p>The hardware's answer is right for " + percent(*accuracy);
        if (const auto events = number(metrics, "events"))
            out += " of " + grouped(events) + " events";
        if (const auto ideal = number(metrics, "float_accuracy")) {
            out += ", the floating-point model's for " + percent(*ideal);
        }
        out += ".</p>\n";
    }
    out += "<div class=\"columns\">";
    if (const std::string picture = roc_svg(elements(metrics, "roc")); !picture.empty()) {
        out += "<div><h3>ROC, each class against the rest</h3>\n" +
               scroll_box("figure small", "ROC curves", picture) + "</div>";
    }
    if (const std::string table = confusion_table(metrics); !table.empty()) {
        out +=
            "<div><h3>Confusion</h3>\n" + scroll_box("", "Confusion matrix", table) +
            "<p class=\"note\">Columns are the answers, in per cent of the true class.</p></div>";
    }
    return out + "</div>\n";
}

}  // namespace gatewright::report
