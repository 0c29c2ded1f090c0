// SPDX-License-Identifier: Apache-2.0
#include "compile/place.h"

#include <fmt/format.h>

#include "compile/design_directory.h"
#include "rtl/emit.h"
#include "support/files.h"

namespace gatewright::compile {
namespace {

// Sums of the critical path by kind of arc, and the levels of logic in it. A carry from bit to bit
// is a logic arc, but no level of its own.
Json path_json(const tools::PlaceReport& report) {
    Json json = Json::object();
    std::map<std::string, double> sums;
    std::int64_t levels = 0;
    std::int64_t carries = 0;
    for (const tools::PlaceArc& arc : report.critical_path) {
        sums[arc.type] += arc.ps;
        const bool is_carry = arc.from_port == "CIN" || arc.from_port == "FCI";
        if (arc.type == "logic") ++(is_carry ? carries : levels);
    }
    for (const auto& [type, ps] : sums) json.set(type + "_ps", ps);
    json.set("logic_levels", levels).set("carry_arcs", carries);
    json.set("in_wrapper", report.limited_by_wrapper);
    return json;
}

}  // namespace

tools::PlaceJob place_job(const Compiled& compiled, const std::string& directory) {
    tools::PlaceJob job;
    job.top = compiled.netlist.name;
    job.files = rtl_paths(compiled.netlist, directory);
    job.in_bits = rtl::input_bits(compiled.netlist);
    job.out_bits = rtl::output_bits(compiled.netlist);
    job.vendor_part = compiled.device.vendor_part;
    job.clock_mhz = compiled.schedule.clock_mhz;
    return job;
}

Json place_json(const Compiled& compiled, const tools::PlaceReport& report) {
    Json json = Json::object();
    json.set("tool", report.tool).set("part", report.vendor_part);
    json.set("seed", static_cast<std::int64_t>(report.seed));
    json.set("requested_mhz", compiled.schedule.clock_mhz);
    json.set("estimated_mhz", 1e6 / compiled.schedule.critical_ps);
    json.set("achieved_mhz", report.clock_mhz ? Json(*report.clock_mhz) : Json());
    if (report.clock_mhz) {
        const double achieved_ps = 1e6 / *report.clock_mhz;
        json.set("estimate_error", compiled.schedule.critical_ps / achieved_ps - 1);
        json.set("meets_clock", *report.clock_mhz >= compiled.schedule.clock_mhz);
    }
    json.set("cells", report.cells).set("cells_available", report.cells_available);
    json.set("wrapper_registers", report.wrapper_registers);
    json.set("critical_path", path_json(report)).set("seconds", report.seconds);
    return json;
}

}  // namespace gatewright::compile
