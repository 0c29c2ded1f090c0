// SPDX-License-Identifier: Apache-2.0
//
// Yosys: open synthesis of the emitted Verilog, and what its report means. LUTs are the raw sum of
// LUT1..LUT6 (`stat -tech xilinx` halves small LUTs, which is wrong for carry logic); inverters are
// counted apart, for they fold into their neighbours. Numbers are synthesis results without
// placement; wires have no delay.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright::tools {

enum class YosysFlow {
    kFast,    ///< one carry chain per adder, no DSP or block RAM: 2-3 ms per LUT (xc* only)
    kVendor,  ///< Yosys' own script for the family: slower, maps multiplications and memories to
              ///< blocks
};

struct YosysJob {
    std::string top;
    std::vector<std::string> files;
    std::string family = "xcup";  ///< xcup, xcu, xc7, ice40, ecp5, generic (6-input LUTs)
    YosysFlow flow = YosysFlow::kFast;
    std::chrono::seconds time_limit{1200};
};

struct YosysReport {
    std::string tool;  ///< "Yosys 0.23 (git sha1 7ce5011c24b)"
    std::string family;
    /// "fast", "synth_xilinx -nowidelut", "synth_ice40", "synth_ecp5", "synth -lut 6"
    std::string flow;
    std::int64_t lut = 0;
    std::int64_t inverters = 0;
    std::int64_t ff = 0;
    std::int64_t carry = 0;  ///< CARRY4, CARRY8, SB_CARRY (one bit each), CCU2C (two bits)
    std::int64_t dsp = 0;
    std::int64_t bram = 0;
    std::int64_t muxf = 0;
    std::int64_t srl = 0;
    std::int64_t lutram = 0;
    std::optional<std::int64_t> depth;  ///< cells on the longest path between registers
    std::optional<std::int64_t>
        logic_ps;  ///< arrival time by `sta`, Artix-7 cells, no wires (fast flow)
    std::map<std::string, std::int64_t> cells;  ///< every cell type as Yosys counts it
    double seconds = 0;
};

/// Families that synthesize() knows.
std::vector<std::string> yosys_families();

Result<YosysReport> synthesize(const YosysJob& job);

/// A technology map (Verilog) that gives every $add and $sub one carry chain.
std::string yosys_adder_map();

}  // namespace gatewright::tools
