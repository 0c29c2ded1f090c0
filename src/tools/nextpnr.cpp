// SPDX-License-Identifier: Apache-2.0
#include "tools/nextpnr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "support/files.h"
#include "support/json.h"
#include "support/stopwatch.h"
#include "tools/yosys.h"

namespace gatewright::tools {
namespace {

constexpr std::string_view kDesignNets = "design.";

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

// Which program, and how it is told the chip.
struct Chip {
    std::string family;
    Tool tool;
    std::vector<std::string> arguments;
    std::string allow_unplaced_pins;
};

// "ice40hx8k-ct256"
Result<Chip> ice40_chip(const std::vector<std::string>& tokens) {
    const std::string device = tokens[0].substr(5);
    const std::string package = tokens.size() > 1 ? tokens[1] : "ct256";
    return Chip{
        "ice40", kNextpnrIce40, {"--" + device, "--package", package}, "--pcf-allow-unconstrained"};
}

// "LFE5U-45F-6BG381C": size, then speed grade, package and temperature range in one.
Result<Chip> ecp5_chip(const std::string& part, const std::vector<std::string>& tokens) {
    const bool complete = tokens.size() >= 3 && tokens[1].size() >= 2 && tokens[2].size() >= 6;
    if (!complete) {
        return fail(fmt::format("part '{}': expected a name like LFE5U-45F-6BG381C", part));
    }
    const std::string balls = tokens[2].substr(3, 3);
    const std::string style = tokens[2].substr(1, 2) == "mg" ? "CSFBGA" : "CABGA";
    const Tool tool = is_installed(kNextpnrEcp5) ? kNextpnrEcp5 : kYowaspEcp5;
    return Chip{"ecp5",
                tool,
                {"--" + tokens[1].substr(0, 2) + "k", "--speed", tokens[2].substr(0, 1),
                 "--package", style + balls},
                "--lpf-allow-unconstrained"};
}

Result<Chip> chip_of(const std::string& part) {
    const std::vector<std::string> tokens = split(lower(part), '-');
    if (tokens[0].starts_with("ice40") && tokens[0].size() > 5) return ice40_chip(tokens);
    if (tokens[0] == "lfe5u") return ecp5_chip(part, tokens);
    return fail(fmt::format(
        "part '{}' cannot be placed and routed by the open tools; parts that can: ice40hx8k and "
        "lfe5u-85f, and other iCE40 and ECP5 chips by a device file whose vendor_part is like "
        "ice40hx1k-tq144 or LFE5U-45F-6BG381C",
        part));
}

std::string synthesis_script(const PlaceJob& job, const Chip& chip) {
    std::string text;
    for (const std::string& file : job.files) {
        text += fmt::format("read_verilog \"{}\"\n", std::filesystem::absolute(file).string());
    }
    // Adders keep one carry chain each, as in synth/synth.ys of a design directory.
    text +=
        "read_verilog wrapper.v\nhierarchy -check -top gatewright_wrapper\n"
        "proc\nflatten\nopt_expr\nopt_clean\nmemory_collect\nmemory_map\nopt_merge\nwreduce\n"
        "opt_expr -fine\ntechmap -map adders.v\n";
    const char* options = chip.family == "ecp5" ? " -nodsp -nobram -nolutram" : " -nobram";
    return text + fmt::format("synth_{}{} -top gatewright_wrapper -json design.json\n", chip.family,
                              options);
}

std::vector<std::string> router_arguments(const PlaceJob& job, const Chip& chip,
                                          std::uint64_t seed) {
    std::vector<std::string> arguments = chip.arguments;
    for (const std::string& argument :
         {std::string("-q"), std::string("--json"), std::string("design.json"),
          std::string("--freq"), fmt::format("{:.4f}", job.clock_mhz), chip.allow_unplaced_pins,
          std::string("--timing-allow-fail"), std::string("--seed"), fmt::format("{}", seed),
          std::string("--report"), std::string("report.json")}) {
        arguments.push_back(argument);
    }
    return arguments;
}

// A run that passes its time limit is repeated with the next seed; any other failure is final.
Result<std::uint64_t> route(const PlaceJob& job, const Chip& chip, const std::string& directory) {
    for (int attempt = 0;; ++attempt) {
        const std::uint64_t seed = job.seed + static_cast<std::uint64_t>(attempt);
        std::vector<std::string> command{chip.tool.program};
        for (std::string& argument : router_arguments(job, chip, seed))
            command.push_back(std::move(argument));
        GW_TRY(const ProcessOutcome outcome,
               run_process(command, within(job.time_limit, directory)));
        if (outcome.ok()) return seed;
        if (outcome.output.find("no BELs remaining") != std::string::npos)
            return fail(fmt::format("{} does not fit on {}", job.top, job.vendor_part));
        if (!outcome.timed_out || attempt + 1 >= job.attempts)
            return tl::unexpected<Error>(run_error(command, outcome, job.time_limit));
    }
}

Result<PlaceArc> read_arc(const Json& json) {
    PlaceArc arc;
    GW_TRY(arc.type, json.get_string("type"));
    GW_TRY(const double nanoseconds, json.get_number("delay"));
    arc.ps = 1000 * nanoseconds;
    GW_TRY(arc.net, json.string_or("net", ""));
    GW_TRY(const Json* from, json.get_object("from"));
    GW_TRY(const Json* to, json.get_object("to"));
    GW_TRY(arc.from_port, from->string_or("port", ""));
    GW_TRY(arc.to_port, to->string_or("port", ""));
    return arc;
}

// Paths between registers: from a clock edge to a clock edge.
Status read_critical_path(const Json& path, PlaceReport& report) {
    GW_TRY(const std::string from, path.get_string("from"));
    GW_TRY(const std::string to, path.get_string("to"));
    if (!from.starts_with("posedge ") || !to.starts_with("posedge ")) return {};
    GW_TRY(const Json::Array* arcs, path.get_array("path"));
    report.critical_path.clear();
    report.limited_by_wrapper = true;
    for (const Json& item : *arcs) {
        GW_TRY(PlaceArc arc, read_arc(item));
        if (arc.net.starts_with(kDesignNets)) report.limited_by_wrapper = false;
        report.critical_path.push_back(std::move(arc));
    }
    return {};
}

Status read_utilization(const Json& json, PlaceReport& report) {
    GW_TRY(const Json* utilization, json.get_object("utilization"));
    for (const auto& [name, entry] : utilization->as_object()) {
        PlaceUse use;
        GW_TRY(use.used, entry.get_integer("used"));
        GW_TRY(use.available, entry.get_integer("available"));
        report.use[name] = use;
        if (name == "ICESTORM_LC" || name == "TRELLIS_COMB") {
            report.cells = use.used;
            report.cells_available = use.available;
        }
    }
    return {};
}

}  // namespace

Result<std::string> router_family(const std::string& vendor_part) {
    GW_TRY(const Chip chip, chip_of(vendor_part));
    return chip.family;
}

bool can_place(const std::string& vendor_part) {
    const auto chip = chip_of(vendor_part);
    return chip.has_value() && is_installed(chip->tool);
}

Status read_nextpnr_report(const std::string& text, PlaceReport& report) {
    GW_TRY(const Json json, parse_json(text));
    GW_TRY(const Json* clocks, json.get_object("fmax"));
    for (const auto& [name, clock] : clocks->as_object()) {
        GW_TRY(const double achieved, clock.get_number("achieved"));
        report.clock_mhz = std::min(report.clock_mhz.value_or(achieved), achieved);
    }
    GW_TRY(const Json::Array* paths, json.get_array("critical_paths"));
    for (const Json& path : *paths) GW_TRY_STATUS(read_critical_path(path, report));
    return read_utilization(json, report);
}

Result<PlaceReport> place_and_route(const PlaceJob& job) {
    GW_TRY(const Chip chip, chip_of(job.vendor_part));
    PlaceReport report;
    GW_TRY(report.tool, version(chip.tool));
    std::erase(report.tool, '"');  // yowasp quotes its name
    GW_TRY(const ScratchDirectory scratch, ScratchDirectory::create());
    GW_TRY_STATUS(write_file(scratch.file("adders.v"), yosys_adder_map()));
    GW_TRY_STATUS(write_file(scratch.file("wrapper.v"), place_wrapper(job)));
    GW_TRY_STATUS(write_file(scratch.file("synth.ys"), synthesis_script(job, chip)));
    const ProcessParams params = within(4 * job.time_limit, scratch.path());
    GW_TRY(const ProcessOutcome synthesis, run_tool(kYosys, {"-q", "-s", "synth.ys"}, params));
    const Stopwatch watch;
    GW_TRY(report.seed, route(job, chip, scratch.path()));
    report.seconds = synthesis.seconds + watch.seconds();
    report.vendor_part = job.vendor_part;
    report.wrapper_registers = job.in_bits + 2 * (job.out_bits + 1) + 4;
    GW_TRY(const std::string text, read_file(scratch.file("report.json")));
    const Status read = read_nextpnr_report(text, report);
    if (!read) return fail("report of " + report.tool + ": " + read.error().message);
    return report;
}

}  // namespace gatewright::tools
