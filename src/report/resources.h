// SPDX-License-Identifier: Apache-2.0
//
// What a design costs, per kernel and in total, before any synthesis tool has run. Three kinds of
// figure:
//
//   ops     how many operations of each kind the program holds (equal ones counted once);
//   cells   carry-chain bits of the additions, the measure by which adder graphs are compared;
//   LUT, FF an estimate of what Yosys' synth_xilinx reports (no DSP, no block RAM, no wide
//   multiplexers).
//
// Cells of a + b·2^k or a - b·2^k: msb(result) - s + 1, where s is the larger of the operands'
// lowest bit positions, but that of b in a difference. Bits below s pass through: nothing is added
// to them.
//
// The LUT rules were fitted to Yosys 0.23 on single operations (docs/report.md has the
// measurements). A carry position costs a LUT only where both operands bring a bit: adding a
// constant, or the sign bits above both operands, costs carry cells but no LUT of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/design.h"
#include "opt/node_cost.h"
#include "schedule/schedule.h"
#include "support/json.h"

namespace gatewright::report {

using opt::is_gate;
using opt::node_cost;
using opt::NodeCost;
using opt::OpCounts;

struct Estimate {
    std::int64_t lut = 0;
    std::int64_t ff = 0;
    std::int64_t dsp = 0;   ///< 0: multiplications are made of LUTs unless asked otherwise
    std::int64_t bram = 0;  ///< 0: tables are made of LUTs
    double fmax_mhz = 0;    ///< of the schedule's delay model
};

struct Resources {
    OpCounts ops;
    std::int64_t cells = 0;
    std::int64_t register_bits = 0;
    Estimate estimate;
    int first_cycle = 0;  ///< earliest and latest cycle in which an operation computes
    int last_cycle = 0;
};

struct ResourceReport {
    std::vector<Resources> kernels;  ///< index = KernelId
    Resources total;                 ///< with the input registers and the valid pipeline
};

/// `register_bits` as schedule::register_bits_by_kernel() gives them: per kernel, then the inputs'.
/// Operations that several kernels repeat are counted in the first.
ResourceReport count_resources(const arch::Design& design, const arch::FlatProgram& flat,
                               const schedule::Schedule& schedule,
                               const std::vector<std::int64_t>& register_bits);

/// The `ops` and `estimate` objects of report.json.
Json to_json(const OpCounts& ops);
Json to_json(const Estimate& estimate);

}  // namespace gatewright::report
