// SPDX-License-Identifier: Apache-2.0
//
// Five ways to compute a design's outputs, all with the same shape: codes of events in, codes of
// events out, event-major over all ports' elements. They share no arithmetic: plain loops over the
// layers; the dataflow program on exact integers; the emulator's lanes; the netlist, cycle by
// cycle; the emitted Verilog in Verilator.
#pragma once

#include <span>
#include <vector>

#include "arch/design.h"
#include "emulate/batch_function.h"
#include "rtl/netlist.h"
#include "tools/verilator.h"

namespace gatewright::verify {

using Codes = std::vector<fixed::Integer>;

/// The layers' reference functions.
Codes run_reference(const model::TypedGraph& typed, const dfg::Interface& ports,
                    std::span<const fixed::Integer> inputs);

/// dfg::interpret.
Codes run_dataflow(const arch::FlatProgram& flat, std::span<const fixed::Integer> inputs);

/// emulate::Engine or StagedEngine.
Codes run_emulator(const emulate::BatchFunction& function, std::span<const fixed::Integer> inputs);

/// rtl::Simulator, an event in every cycle. Fails if out_valid does not come latency_cycles after
/// in_valid.
Result<Codes> run_netlist(const rtl::Netlist& netlist, std::span<const fixed::Integer> inputs);

/// The .v files in Verilator. Timing is in the second part.
struct VerilogOutputs {
    Codes codes;
    tools::VerilatorRun run;
};
Result<VerilogOutputs> run_verilog(const dfg::Interface& ports, const std::string& top,
                                   const std::vector<std::string>& files,
                                   std::span<const fixed::Integer> inputs, std::uint64_t seed);

}  // namespace gatewright::verify
