// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include <fmt/format.h>

#include "cli/table.h"

namespace gatewright::cli {
namespace {

// Reports may come from another version or be edited: what is missing reads as empty or 0.
std::string text_of(const Json& json, std::string_view key) {
    return json.string_or(key, "").value_or("");
}
double number_of(const Json& json, std::string_view key) {
    return json.number_or(key, 0).value_or(0.0);
}
std::string count_of(const Json& json, std::string_view key) {
    return with_commas(static_cast<std::int64_t>(number_of(json, key)));
}

std::string size_line(const Json& report) {
    const Json* ops = report.find("ops");
    const Json* estimate = report.find("estimate");
    if (ops == nullptr || estimate == nullptr) return {};
    return fmt::format(
        "  size       {} adders, {} carry cells; estimate {} LUT, {} FF, {} DSP, {} BRAM\n",
        count_of(*ops, "adders"), count_of(report, "cells"), count_of(*estimate, "lut"),
        count_of(*estimate, "ff"), count_of(*estimate, "dsp"), count_of(*estimate, "bram"));
}

// Of a design of stages.
std::string streams_line(const Json& report) {
    const Json* rows = report.find("stage_rows");
    if (rows == nullptr || !rows->is_array() || rows->as_array().empty()) return {};
    std::string slowest;
    double multipliers = 0;
    for (const Json& row : rows->as_array()) {
        multipliers += number_of(row, "multipliers");
        if (slowest.empty() && row.bool_or("bottleneck", false).value_or(false))
            slowest = text_of(row, "name");
    }
    return fmt::format(
        "  stages     {}; first word after {} cycles, last after {}; pace set by {}\n"
        "  memory     {} bits for weights, lines and FIFOs; {:.0f} multipliers\n",
        rows->as_array().size(), count_of(report, "first_word_cycles"),
        count_of(report, "latency_cycles"), slowest.empty() ? "the ports" : slowest,
        count_of(report, "memory_bits"), multipliers);
}

std::string synthesis_line(const Json& report) {
    const Json* synth = report.find("synth");
    if (synth == nullptr || !synth->is_object()) return {};
    return fmt::format("  synthesis  {} LUT, {} FF, {} DSP, {} BRAM ({})\n",
                       count_of(*synth, "lut"), count_of(*synth, "ff"), count_of(*synth, "dsp"),
                       count_of(*synth, "bram"), text_of(*synth, "tool"));
}

std::string evidence_line(const Json& report) {
    const Json* verify = report.find("verify");
    const Json* evaluators = verify == nullptr ? nullptr : verify->find("evaluators");
    if (evaluators == nullptr || !evaluators->is_array()) return {};
    double mismatches = 0;
    std::string names;
    for (const Json& entry : evaluators->as_array()) {
        mismatches += number_of(entry, "mismatches");
        names += fmt::format("{}{} {}", names.empty() ? "" : ", ", text_of(entry, "evaluator"),
                             count_of(entry, "vectors"));
    }
    return fmt::format("  evidence   {} mismatches; events compared: {}\n", mismatches, names);
}

std::string accuracy_line(const Json& report) {
    const Json* metrics = report.find("metrics");
    if (metrics == nullptr || !metrics->is_object()) return {};
    std::string line = fmt::format("  accuracy   {:.4f}", number_of(*metrics, "accuracy"));
    const Json* ideal = metrics->find("float_accuracy");
    if (ideal != nullptr && ideal->is_number())
        line += fmt::format(" (floating point {:.4f})", ideal->as_number());
    return line + "\n";
}

}  // namespace

std::string summary_text(const Json& report) {
    const Json empty = Json::object();
    const Json* source = report.find("source");
    if (source == nullptr) source = &empty;
    std::string out = fmt::format("{}: {} ({})\n", text_of(report, "name"),
                                  text_of(*source, "file"), text_of(*source, "format"));
    out += fmt::format(
        "  latency    {:.0f} cycles at {:g} MHz on {} = {:.1f} ns, a new event every {}\n",
        number_of(report, "latency_cycles"), number_of(report, "clock_mhz"),
        text_of(report, "part"), number_of(report, "latency_ns"),
        number_of(report, "ii") == 1 ? "cycle"
                                     : fmt::format("{:.0f} cycles", number_of(report, "ii")));
    out += streams_line(report) + size_line(report) + synthesis_line(report) +
           evidence_line(report) + accuracy_line(report);
    if (const Json* warnings = report.find("warnings");
        warnings != nullptr && warnings->is_array()) {
        for (const Json& warning : warnings->as_array()) {
            if (warning.is_string()) out += "  warning    " + warning.as_string() + "\n";
        }
    }
    return out;
}

}  // namespace gatewright::cli
