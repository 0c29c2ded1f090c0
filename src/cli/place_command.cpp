// SPDX-License-Identifier: Apache-2.0
//
// `gatewright place`: the clock that open place and route reaches, beside the one promised.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/table.h"
#include "compile/design_directory.h"
#include "compile/place.h"

namespace gatewright::cli {
namespace {

std::string place_text(const compile::Compiled& compiled, const tools::PlaceReport& placed) {
    const double estimated_mhz = 1e6 / compiled.schedule.critical_ps;
    const double requested_mhz = compiled.schedule.clock_mhz;
    if (!placed.clock_mhz) {
        return fmt::format("  no path between registers on {}: no clock to report\n",
                           placed.vendor_part);
    }
    std::string out = fmt::format(
        "  clock      {:.1f} MHz reached, {:.1f} MHz estimated ({:+.1f} %); {:.6g} MHz asked for: "
        "{}\n",
        *placed.clock_mhz, estimated_mhz, 100 * (estimated_mhz / *placed.clock_mhz - 1),
        requested_mhz, *placed.clock_mhz >= requested_mhz ? "met" : "NOT met");
    if (placed.limited_by_wrapper) {
        out += "  the slowest path is in the wrapper: the design itself is at least as fast\n";
    }
    out += fmt::format("  cells      {} of {} on {}, {} registers of them in the wrapper\n",
                       with_commas(placed.cells), with_commas(placed.cells_available),
                       placed.vendor_part, with_commas(placed.wrapper_registers));
    return out + fmt::format("  {}, seed {}, {:.1f} s; paths from and to pins are excluded\n",
                             placed.tool, placed.seed, placed.seconds);
}

}  // namespace

Result<Outcome> run_place(const PlaceArgs& args, Progress& progress) {
    GW_TRY(const compile::Compiled compiled, compile::load_design(args.directory, progress));
    GW_TRY_STATUS(compile::check_files(rtl::verilog_files(compiled.netlist), args.directory));
    GW_TRY(Json report, compile::read_report(args.directory));
    tools::PlaceJob job = compile::place_job(compiled, args.directory);
    job.seed = args.seed;
    job.time_limit = std::chrono::seconds(args.time_limit_seconds);
    progress.stage("place and route");
    GW_TRY(const tools::PlaceReport placed, tools::place_and_route(job));
    Outcome out;
    out.json = compile::place_json(compiled, placed);
    out.text = place_text(compiled, placed);
    report.set("place", out.json);
    GW_TRY_STATUS(compile::write_report(args.directory, report));
    return out;
}

}  // namespace gatewright::cli
