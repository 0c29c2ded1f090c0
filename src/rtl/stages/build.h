// SPDX-License-Identifier: Apache-2.0
//
// From a staged design and its schedule to hardware. The top has one port per stream that enters or
// leaves, in the manner of AXI4-Stream: a word moves in a cycle in which valid and ready are both
// 1, and `last` marks the last word of an event.
//
//     clk, rst,  in_valid, in_ready, in, in_last,  out_valid, out_ready, out, out_last,
//     frame_error
//
// With several inputs (outputs) each has its own set, named after the port instead of in (out). A
// word is one position: its channels side by side in the formats of the stream, the first lowest.
// in_last only feeds frame_error, which stays 1 from the first word on at which it was not where
// the event's last word is. rst (synchronous) empties the design.
//
// With loadable weights there is a register port, answered in the same cycle (control.h):
//
//     reg_select, reg_write, reg_address, reg_wdata -> reg_rdata, reg_error
#pragma once

#include <string>
#include <vector>

#include "rtl/emit.h"
#include "rtl/netlist.h"
#include "rtl/stages/loading.h"
#include "schedule/stages.h"

namespace gatewright::rtl {

/// One stream at the top.
struct StreamPort {
    std::string name;  ///< "in", "out" or the port's: <name>_valid ...; the word is <name>
    arch::StreamId stream;
    std::size_t words = 1;               ///< per event
    int bits = 1;                        ///< of a word
    std::vector<fixed::Format> formats;  ///< of its channels
};

struct StagedNetlist {
    Netlist netlist;
    std::vector<StreamPort> inputs;   ///< in the order of the design's input ports
    std::vector<StreamPort> outputs;  ///< likewise
    std::vector<LoadBlock> blocks;    ///< of loadable stages, at their addresses
    int address_bits = 0;             ///< of reg_address (words); 0: no register port

    [[nodiscard]] bool is_loadable() const { return address_bits > 0; }
};

StagedNetlist build_staged_netlist(const arch::StagedDesign& design,
                                   const schedule::StagedSchedule& schedule);

/// rtl/<module>.v for every module and rtl/<name>_axis.v, the AXI4-Stream wrapper; with loadable
/// weights also rtl/<name>_apb.v and rtl/<name>_axi_lite.v, and registers.md, registers.json and
/// registers.h, their map.
std::vector<File> staged_files(const arch::StagedDesign& design, const StagedNetlist& staged);

/// An event's codes over all input ports' elements and over all output ports'.
struct StagedVector {
    std::vector<fixed::Integer> in;
    std::vector<fixed::Integer> out;
};
/// sim/<name>_tb.v, a hex file of words per port, run.sh: a self-checking testbench for Icarus or
/// Verilator. The first half of the events comes back to back to a receiver that is always ready,
/// the second half with gaps on both sides. Every word and `last` is compared, and the cycles from
/// the first word to the first result.
std::vector<File> staged_testbench_files(const arch::StagedDesign& design,
                                         const StagedNetlist& staged,
                                         const std::vector<StagedVector>& vectors);

}  // namespace gatewright::rtl
