// SPDX-License-Identifier: Apache-2.0
//
// Reader of Vivado's text reports: `report_timing` and `report_timing_summary` (any number of
// paths), and the LUT count of `report_utilization`. Of each setup path it keeps what a delay model
// is made of: cell arcs with their pins, nets with their fan-out, the clock's share. Clock paths,
// hold paths and all other tables are passed over. Format: AMD UG906, "Timing Path Details"; the
// reader takes both layouts of a cell row (delay on the same line or on the next) and rows with and
// without a location.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace gatewright::tools {

struct VivadoArc {
    std::string cell;         ///< "FDRE", "LUT6", "CARRY8"; "net" for a net
    std::string from_pin;     ///< "C", "I0", "S[0]", "CI"; empty for a net
    std::string to_pin;       ///< "Q", "O", "CO[7]"
    std::int64_t fanout = 0;  ///< of a net
    double ps = 0;
};

struct VivadoPath {
    std::string source;
    std::string destination;
    std::string group;  ///< path group, which names the clock
    double slack_ps = 0;
    double requirement_ps = 0;
    double data_delay_ps = 0;
    std::int64_t logic_levels = 0;
    std::optional<double> setup_ps;        ///< of the capturing register; may be negative
    std::optional<double> uncertainty_ps;  ///< of the clock
    std::vector<VivadoArc> arcs;           ///< data path: register to register
};

struct VivadoTiming {
    std::string device;  ///< "xcvu9p-flgb2104"
    std::string speed;   ///< "-2"
    std::optional<double> worst_slack_ps;
    std::optional<double> total_negative_slack_ps;
    std::vector<VivadoPath> paths;
};

/// A text without a single setup path, or with a row that makes no sense, is an error that names
/// the line.
Result<VivadoTiming> read_vivado_timing(std::string_view text);

/// "CLB LUTs" or "Slice LUTs" of a utilization report.
Result<std::int64_t> read_vivado_luts(std::string_view text);

}  // namespace gatewright::tools
