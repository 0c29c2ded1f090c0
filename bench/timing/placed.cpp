// SPDX-License-Identifier: Apache-2.0
#include "placed.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compile/design_directory.h"
#include "compile/place.h"
#include "compile/report_json.h"
#include "schedule/problem.h"
#include "support/files.h"

namespace gatewright::bench {
namespace {

Json arc_json(const tools::PlaceArc& arc) {
    Json json = Json::object();
    json.set("type", arc.type).set("from", arc.from_port).set("to", arc.to_port);
    json.set("net", arc.net).set("ps", arc.ps);
    return json;
}

Json stored_json(const tools::PlaceReport& report) {
    Json arcs = Json::array();
    for (const tools::PlaceArc& arc : report.critical_path) arcs.push_back(arc_json(arc));
    Json json = Json::object();
    json.set("tool", report.tool).set("seed", static_cast<std::int64_t>(report.seed));
    json.set("clock_mhz", report.clock_mhz ? Json(*report.clock_mhz) : Json());
    json.set("in_wrapper", report.limited_by_wrapper);
    json.set("cells", report.cells).set("cells_available", report.cells_available);
    json.set("seconds", report.seconds).set("path", std::move(arcs));
    return json;
}

Result<tools::PlaceReport> from_stored(const Json& json) {
    tools::PlaceReport report;
    GW_TRY(report.tool, json.get_string("tool"));
    GW_TRY(const std::int64_t seed, json.get_integer("seed"));
    report.seed = static_cast<std::uint64_t>(seed);
    if (const Json* clock = json.find("clock_mhz"); clock != nullptr && clock->is_number())
        report.clock_mhz = clock->as_number();
    GW_TRY(report.limited_by_wrapper, json.get_bool("in_wrapper"));
    GW_TRY(report.cells, json.get_integer("cells"));
    GW_TRY(report.cells_available, json.get_integer("cells_available"));
    GW_TRY(report.seconds, json.get_number("seconds"));
    GW_TRY(const Json::Array* arcs, json.get_array("path"));
    for (const Json& item : *arcs) {
        tools::PlaceArc arc;
        GW_TRY(arc.type, item.get_string("type"));
        GW_TRY(arc.from_port, item.get_string("from"));
        GW_TRY(arc.to_port, item.get_string("to"));
        GW_TRY(arc.net, item.get_string("net"));
        GW_TRY(arc.ps, item.get_number("ps"));
        report.critical_path.push_back(std::move(arc));
    }
    return report;
}

std::string job_hash(const compile::Compiled& compiled, const tools::PlaceJob& job) {
    std::string all = fmt::format("{} {} {:.4f}\n", job.vendor_part, job.seed, job.clock_mhz);
    all += tools::place_wrapper(job);
    for (const rtl::File& file : rtl::verilog_files(compiled.netlist)) all += file.content;
    return sha256_hex(all);
}

Result<tools::PlaceReport> place_once(const compile::Compiled& compiled,
                                      const std::string& directory, const std::string& folder) {
    tools::PlaceJob job = compile::place_job(compiled, directory);
    job.time_limit = std::chrono::seconds(900);  // of a machine that may be busy
    const std::string kept = folder + "/" + job_hash(compiled, job) + ".json";
    if (std::filesystem::exists(kept)) {
        GW_TRY(const Json json, read_json_file(kept));
        return from_stored(json);
    }
    GW_TRY(const tools::PlaceReport report, tools::place_and_route(job));
    GW_TRY_STATUS(write_file(kept, stored_json(report).dump(1) + "\n"));
    return report;
}

}  // namespace

Result<Placed> place_design(const TimingDesign& design, const std::string& part, double clock_mhz,
                            const std::string& folder) {
    compile::Options options;
    options.model = design.file;
    if (design.file.empty()) {
        options.model = folder + "/" + design.name + ".model.json";
        GW_TRY_STATUS(write_file(options.model, design.model.dump(1) + "\n"));
    }
    options.name = design.name;
    options.part = part;
    options.clock_mhz = clock_mhz;
    options.import.winner_only = true;
    Progress progress;
    GW_TRY(compile::Compiled compiled, compile::compile_model(options, progress));
    const std::string directory = folder + "/" + design.name;
    const Json report = compile::make_report(compiled, progress, directory);
    GW_TRY_STATUS(compile::write_design_directory(compiled, report, directory));
    GW_TRY(tools::PlaceReport placed, place_once(compiled, directory, folder));
    if (!placed.clock_mhz) return fail(design.name + ": no path between registers");
    return Placed{design, clock_mhz, std::move(compiled), std::move(placed)};
}

double retimed_ps(const compile::Compiled& compiled, const schedule::Device& device) {
    const auto loaded = schedule::loaded_device(compiled.flat.program, device);
    const auto problem = schedule::make_problem(compiled.flat.program, loaded, {});
    double longest = loaded.register_ps;
    for (const double arrival : schedule::arrivals(problem, compiled.schedule.cycle))
        longest = std::max(longest, arrival);
    return longest;
}

}  // namespace gatewright::bench
