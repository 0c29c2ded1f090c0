// SPDX-License-Identifier: Apache-2.0
//
// What one operation costs, before any synthesis tool has run: how many operations of each kind,
// carry-chain cells, and an estimate of the LUTs that Yosys' synth_xilinx reports (no DSP, no wide
// multiplexers). Passes decide by it whether a rewrite pays, reports add it up
// (report/resources.h).
//
// Cells of a + b·2^k or a - b·2^k: msb(result) - s + 1, where s is the larger of the operands'
// lowest bit positions, but that of b in a difference. Bits below s pass through: nothing is added
// to them.
#pragma once

#include <cstdint>

#include "dfg/program.h"

namespace gatewright::opt {

struct OpCounts {
    std::int64_t adders = 0;          ///< two-operand additions and subtractions
    std::int64_t ternary_adders = 0;  ///< three operands: made by a schedule
    std::int64_t negations = 0;       ///< 0 - x
    std::int64_t multipliers = 0;     ///< of two variables
    std::int64_t tables = 0;
    std::int64_t muxes = 0;        ///< select, min, max
    std::int64_t saturations = 0;  ///< casts that clamp, or zero, what does not fit
    std::int64_t roundings = 0;    ///< casts that add before they drop bits
    std::int64_t comparators = 0;
    std::int64_t bitwise = 0;
    std::int64_t popcounts = 0;
    friend bool operator==(const OpCounts&, const OpCounts&) = default;
    OpCounts& operator+=(const OpCounts& other);
};

/// What one node costs, from its operands' formats.
struct NodeCost {
    OpCounts ops;
    std::int64_t cells = 0;
    std::int64_t lut = 0;
};
NodeCost node_cost(const dfg::Program& program, const dfg::Node& node);

/// A choice between a value and zero: a relu, or a gated value.
bool is_gate(const dfg::Program& program, const dfg::Node& node);

}  // namespace gatewright::opt
