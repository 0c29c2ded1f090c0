// SPDX-License-Identifier: Apache-2.0
//
// Clocks estimated by our delay model against clocks that nextpnr reaches after place and route.
// Every design is compiled for a clock, so that the table shows both: the error of the estimate,
// and whether the clock asked for is met. Two sets of designs (timing/designs.h): `calibrate` fits
// the device's numbers on one and prints them for src/schedule/devices/<part>.json; without it the
// other set is measured. Baseline of the run: the device's numbers as they are.
// Usage: bench_timing FOLDER [PART] [calibrate]        (PART: ice40hx8k, or a device file)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "support/files.h"
#include "support/parallel.h"
#include "timing/fit.h"
#include "timing/placed.h"

namespace gatewright::bench {
namespace {

// The same networks are asked for faster clocks on a faster chip, within what its clock network
// can.
double asked_mhz(const TimingDesign& design, const schedule::Device& device) {
    const double scale = device.family == "ecp5" ? 1.5 : 1.0;
    return std::min(design.clock_mhz * scale, device.max_clock_mhz);
}

void print_row(const Placed& placed) {
    const double reached = *placed.report.clock_mhz;
    const schedule::Schedule& schedule = placed.compiled.schedule;
    fmt::print("{:<18}{:<26}{:>7}{:>7}{:>9.1f}{:>10.1f}{:>9.1f}{:>7.1f}%{:>6}{:>9}\n",
               placed.design.name, placed.design.kind, placed.report.cells, schedule.latency_cycles,
               schedule.clock_mhz, 1e6 / placed.estimated_ps(), reached,
               100 * (placed.achieved_ps() / placed.estimated_ps() - 1),
               reached >= schedule.clock_mhz ? "yes" : "NO",
               placed.report.limited_by_wrapper ? "yes" : "");
    std::fflush(stdout);
}

Result<std::vector<Placed>> place_all(const std::vector<TimingDesign>& designs,
                                      const std::string& part, const schedule::Device& device,
                                      const std::string& folder) {
    std::vector<std::optional<Result<Placed>>> results(designs.size());
    parallel_for(designs.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const double clock_mhz = asked_mhz(designs[i], device);
            results[i] = place_design(designs[i], part, clock_mhz, folder);
        }
    });
    fmt::print("{:<18}{:<26}{:>7}{:>7}{:>9}{:>10}{:>9}{:>8}{:>6}{:>9}\n", "design", "kind", "cells",
               "cycles", "asked", "estimated", "reached", "error", "met", "wrapper");
    std::vector<Placed> all;
    for (std::optional<Result<Placed>>& result : results) {
        GW_TRY(Placed placed, std::move(*result));
        print_row(placed);
        all.push_back(std::move(placed));
    }
    return all;
}

double median_error(const std::vector<double>& errors) {
    std::vector<double> sizes;
    for (const double error : errors) sizes.push_back(std::abs(error));
    std::sort(sizes.begin(), sizes.end());
    const std::size_t half = sizes.size() / 2;
    if (sizes.empty()) return 0;
    return sizes.size() % 2 == 1 ? sizes[half] : (sizes[half - 1] + sizes[half]) / 2;
}

Json row_json(const Placed& placed) {
    const schedule::Schedule& schedule = placed.compiled.schedule;
    Json row = Json::object();
    row.set("design", placed.design.name).set("kind", placed.design.kind);
    row.set("cells", placed.report.cells);
    row.set("latency_cycles", std::int64_t{schedule.latency_cycles});
    row.set("requested_mhz", placed.requested_mhz).set("clock_mhz", schedule.clock_mhz);
    row.set("estimated_mhz", 1e6 / placed.estimated_ps());
    row.set("achieved_mhz", *placed.report.clock_mhz);
    row.set("error", placed.achieved_ps() / placed.estimated_ps() - 1);
    row.set("met", *placed.report.clock_mhz >= schedule.clock_mhz);
    row.set("slowest_path_in_wrapper", placed.report.limited_by_wrapper);
    row.set("seed", static_cast<std::int64_t>(placed.report.seed));
    return row;
}

Json summary_json(const std::vector<Placed>& placed, const schedule::Device& device) {
    Json rows = Json::array();
    std::vector<double> errors;
    std::size_t met = 0;
    for (const Placed& one : placed) {
        rows.push_back(row_json(one));
        errors.push_back(one.achieved_ps() / one.estimated_ps() - 1);
        met += *one.report.clock_mhz >= one.compiled.schedule.clock_mhz ? 1U : 0U;
    }
    Json json = Json::object();
    json.set("benchmark", "timing");
    json.set("command", fmt::format("build/bin/bench_timing build/bench {}", device.part));
    json.set("part", device.part).set("tool", placed.at(0).report.tool);
    json.set("designs", placed.size()).set("met", met);
    json.set("median_error", median_error(errors)).set("rows", std::move(rows));
    return json;
}

std::string points(const std::vector<double>& at, const std::vector<double>& factor) {
    return fmt::format("{:.6g}, {:.6g}, {:.6g} -> {:.3f}, {:.3f}, {:.3f}", at[0], at[1], at[2],
                       factor[0], factor[1], factor[2]);
}

void print_fit(const schedule::Device& fitted, const std::vector<Placed>& placed) {
    const ArcMedians arcs = arc_medians(placed);
    fmt::print(
        "\nmedians on critical paths, ps: clock to out {:.0f}, LUT {:.0f}, carry entry and "
        "exit {:.0f}, per bit {:.1f}, block {:.0f}, net {:.0f}\n",
        arcs.clock_to_out, arcs.lut, arcs.carry_entry, arcs.carry_bit, arcs.carry_block, arcs.net);
    fmt::print(
        "register_ps {:.0f}\nlut_ps {:.0f}\ncarry_entry_ps {:.0f}\ncarry_ps_per_bit {:.1f}\n"
        "carry_block.ps {:.0f}\nnet_ps {:.0f}\n",
        fitted.register_ps, fitted.lut_ps, fitted.carry_entry_ps, fitted.carry_ps_per_bit,
        fitted.carry_block_ps, fitted.net_ps);
    fmt::print("net_growth {}\n", points(fitted.net_growth.cells, fitted.net_growth.factor));
    fmt::print("fanout_growth {}\n\n",
               points(fitted.fanout_growth.sinks, fitted.fanout_growth.factor));
    std::vector<double> errors;
    std::size_t kept = 0;
    for (const Placed& one : placed) {
        const double ps = retimed_ps(one.compiled, fitted);
        errors.push_back(one.achieved_ps() / ps - 1);
        kept += one.achieved_ps() <= ps ? 1U : 0U;
        fmt::print("{:<18} fitted {:>7.1f} MHz, reached {:>7.1f}, {:+.1f} %\n", one.design.name,
                   1e6 / ps, *one.report.clock_mhz, 100 * errors.back());
    }
    fmt::print("on the designs fitted to: median error {:.1f} %, {} of {} not promised too much\n",
               100 * median_error(errors), kept, placed.size());
}

Status run_bench(const std::string& folder, const std::string& part, bool calibrate) {
    GW_TRY(const schedule::Device device, schedule::find_device(part));
    if (!tools::can_place(device.vendor_part)) {
        fmt::print("the router for {} is not installed: nothing measured\n", part);
        return {};
    }
    const std::string work = folder + "/timing";
    std::filesystem::create_directories(work);
    GW_TRY(const std::vector<Placed> placed,
           place_all(calibrate ? calibration_designs() : evaluation_designs(), part, device, work));
    if (calibrate) {
        print_fit(fit_device(device, placed), placed);
        return {};
    }
    Json result = summary_json(placed, device);
    fmt::print("{}: median error {:.1f} %, {} of {} designs meet the clock asked for\n", part,
               100 * result.find("median_error")->as_number(), result.find("met")->as_integer(),
               placed.size());
    return write_file(folder + "/timing.json", result.dump(1) + "\n");
}

}  // namespace
}  // namespace gatewright::bench

int main(int argc, char** argv) {
    const std::string part = argc > 2 ? argv[2] : "ice40hx8k";
    const bool calibrate = argc > 3 && std::string(argv[3]) == "calibrate";
    if (argc < 2 || argc > 4 || (argc > 3 && !calibrate)) {
        fmt::print(stderr, "usage: bench_timing FOLDER [PART] [calibrate]\n");
        return 2;
    }
    const auto status = gatewright::bench::run_bench(argv[1], part, calibrate);
    if (!status) fmt::print(stderr, "bench_timing: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
