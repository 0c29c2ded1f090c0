// SPDX-License-Identifier: Apache-2.0
//
// Scripts for the synthesis tools, run in the design directory. The Yosys script is the measured
// fast flow of docs/rtl.md.
#include <fmt/format.h>

#include "rtl/emit.h"
#include "rtl/templates.h"

namespace gatewright::rtl {

namespace {

std::string yosys_template(const std::string& family) {
    const bool has_own = family == "ice40" || family == "ecp5";
    return fmt::format("synth_{}.ys.in", has_own ? family : "xilinx");
}

}  // namespace

std::vector<File> synthesis_files(const Netlist& netlist, const schedule::Device& device,
                                  double clock_mhz) {
    std::string reads;
    std::string files;
    const bool has_ternary_adders = statistics(netlist).ternary_adders > 0;
    if (has_ternary_adders) reads = "read_verilog -lib -specify +/xilinx/cells_sim.v";
    for (const std::string& module : module_files(netlist)) {
        reads += fmt::format("{}read_verilog {}rtl/{}.v", reads.empty() ? "" : "\n",
                             has_ternary_adders ? "-D GATEWRIGHT_LUT6_2 " : "", module);
        files += fmt::format("{}rtl/{}.v", files.empty() ? "" : " ", module);
    }
    const TemplateValues values = {
        {"name", netlist.name},
        {"part", device.part},
        {"vendor_part", device.vendor_part},
        {"family", device.family},
        {"clock", fmt::format("{:.6g}", clock_mhz)},
        {"period", fmt::format("{:.3f}", 1000.0 / clock_mhz)},
        {"reads", reads},
        {"files", files},
    };
    return {
        {"synth/synth.ys", fill_template(yosys_template(device.family), values)},
        {"synth/add2alu.v", fill_template("add2alu.v.in", values)},
        {"synth/vivado.tcl", fill_template("vivado.tcl.in", values)},
        {fmt::format("synth/{}.xdc", netlist.name), fill_template("clock.xdc.in", values)},
        {"synth/quartus.tcl", fill_template("quartus.tcl.in", values)},
        {fmt::format("synth/{}.sdc", netlist.name), fill_template("clock.sdc.in", values)},
    };
}

}  // namespace gatewright::rtl
