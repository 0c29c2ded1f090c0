// SPDX-License-Identifier: Apache-2.0
//
// From a scheduled design to the files an engineer gets. Top module `<name>`:
//
//     input clk, input rst, input in_valid, input [IN-1:0] in, output out_valid, output [OUT-1:0]
//     out
//
// `in` is all input ports side by side (first port lowest), elements at their bit offsets, as
// design.json lists them; `out` likewise. Initiation interval 1: a new event each cycle; out_valid
// follows in_valid by latency_cycles. rst clears the valid pipeline only.
#pragma once

#include <string>
#include <vector>

#include "arch/design.h"
#include "rtl/netlist.h"
#include "schedule/schedule.h"

namespace gatewright::rtl {

struct File {
    std::string path;  ///< relative to the design directory, "rtl/jets.v"
    std::string content;
};

/// Hierarchical netlist: one module per kernel, a top, all signals exactly sized and legally named.
Netlist build_netlist(const arch::Design& design, const arch::FlatProgram& flat,
                      const schedule::Schedule& schedule);

/// rtl/<module>.v for every module, rtl/<name>_add3.v if the netlist has three-input adders, and
/// rtl/<name>_axis.v, the AXI4-Stream wrapper.
std::vector<File> verilog_files(const Netlist& netlist);
/// The same without the wrapper.
std::vector<File> module_sources(const Netlist& netlist);
/// Names, without folder and ending, of the files the top needs: all but the wrapper.
std::vector<std::string> module_files(const Netlist& netlist);

/// sim/<name>_tb.v with vectors (hex files) for any Verilog simulator: it prints PASS or FAIL
/// lines. Each event is the packed `in` and the expected packed `out`.
struct Vector {
    fixed::Integer in;
    fixed::Integer out;
};
std::vector<File> testbench_files(const Netlist& netlist, const std::vector<Vector>& vectors);

/// synth/: Yosys script, Vivado and Quartus Tcl, XDC and SDC constraints.
std::vector<File> synthesis_files(const Netlist& netlist, const schedule::Device& device,
                                  double clock_mhz);

/// Packs codes into a port vector and back.
fixed::Integer pack(const std::vector<arch::Port>& ports, std::span<const fixed::Integer> codes);
std::vector<fixed::Integer> unpack(const std::vector<arch::Port>& ports,
                                   const fixed::Integer& bits);

}  // namespace gatewright::rtl
