// SPDX-License-Identifier: Apache-2.0
//
// Proof that the netlist computes the dataflow program, for all inputs, in two parts that trust
// nothing the netlist builder says:
//
// 1. Balance. Every path from the input port to the output port passes the same number of registers
//    wherever paths meet, and latency_cycles in all. So each output bit is a function of one event,
//    the one offered latency_cycles before, and registers may be read as wires.
// 2. Function. For every value of the program z3 shows that the signal said to carry it equals the
//    operation on its operands' signals, for all operand values in their ranges. By induction along
//    the program the outputs are equal. Each step is one operation, so each is easy, however large
//    the network is.
//
// What stays tested and not proven: the valid bit, and the printing of the netlist as Verilog.
#pragma once

#include "arch/design.h"
#include "rtl/netlist.h"
#include "verify/proof.h"

namespace gatewright::verify {

/// One result for the whole netlist (layer "netlist"). A disproof names the value.
ProofResult prove_netlist(const arch::FlatProgram& flat, const rtl::Netlist& netlist,
                          double budget_seconds);

}  // namespace gatewright::verify
