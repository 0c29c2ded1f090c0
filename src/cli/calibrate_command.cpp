// SPDX-License-Identifier: Apache-2.0
//
// `gatewright calibrate`: a device file from a vendor's timing reports.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "compile/calibrate.h"
#include "support/files.h"

namespace gatewright::cli {
namespace {

constexpr std::size_t kLargestReport = std::size_t{256} << 20U;

template <class T>
Result<T> in_file(const std::string& path, Result<T> result) {
    if (!result) return fail(fmt::format("{}: {}", path, result.error().message));
    return result;
}

// Reports of another chip must not become this one's numbers unnoticed.
std::string part_warning(const schedule::Device& device, const tools::VivadoTiming& report) {
    const std::string base = report.device.substr(0, report.device.find('-'));
    if (base.empty() || device.vendor_part.starts_with(base)) return {};
    return fmt::format("  warning    the report is of {} {}, the device is {}\n", report.device,
                       report.speed, device.vendor_part);
}

}  // namespace

Result<Outcome> run_calibrate(const CalibrateArgs& args, Progress&) {
    GW_TRY(const schedule::Device start, schedule::find_device(args.part));
    std::vector<tools::VivadoTiming> reports;
    Outcome out;
    for (const std::string& path : args.reports) {
        GW_TRY(const std::string text, read_file(path, kLargestReport));
        GW_TRY(tools::VivadoTiming report, in_file(path, tools::read_vivado_timing(text)));
        out.text += part_warning(start, report);
        reports.push_back(std::move(report));
    }
    std::optional<std::int64_t> luts;
    if (!args.utilization.empty()) {
        GW_TRY(const std::string text, read_file(args.utilization, kLargestReport));
        GW_TRY(luts, in_file(args.utilization, tools::read_vivado_luts(text)));
    }
    GW_TRY(const compile::Calibration calibration, compile::calibrate(start, reports, luts));
    GW_TRY_STATUS(write_file(args.output, calibration.device.dump(4) + "\n"));
    out.text += fmt::format("  {} paths, {} nets; written to {}; use it with --part {}\n",
                            calibration.paths, calibration.nets, args.output, args.output);
    for (const char* key : {"lut_ps", "carry_entry_ps", "net_ps", "register_ps"}) {
        const double value = calibration.device.find(key)->number_or("value", 0).value_or(0.0);
        out.text += fmt::format("  {:<16}{:>8.1f} ps\n", key, value);
    }
    if (!calibration.kept.empty()) {
        out.text += fmt::format("  not in the reports, as in {}: {}\n", start.part,
                                fmt::join(calibration.kept, ", "));
    }
    out.json = calibration.device;
    return out;
}

}  // namespace gatewright::cli
