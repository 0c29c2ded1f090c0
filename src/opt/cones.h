// SPDX-License-Identifier: Apache-2.0
//
// Cone to table: a value that depends on few bits becomes a lookup of those bits where that needs
// fewer LUTs than computing it. A cut of a value is a set of values below it (the leaves) that
// decides it; the cone is what lies between. Cuts of at most kMostCutBits bits are enumerated from
// the inputs upward, as in technology mapping (Cong, Ding: FlowMap, 1994; Mishchenko, Chatterjee,
// Brayton: Improvements to technology mapping for LUT-based FPGAs, 2007), but on words instead of
// single bits.
//
//   rule                                       why it is exact
//   v = f(leaves) -> table of f at all codes   the table is f, evaluated by the interpreter at
//   every
//                                              code of the leaves that their ranges allow
//
// What it saves are the nodes that nobody else reads (the cone's maximal fanout-free part), counted
// by opt/node_cost.h; what it costs is opt/table_cost.h of the very table. Constant and small
// multiplications, sums of narrow activations, neurons of one or two inputs, tables of tables and
// casts are all the same rule.
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

inline constexpr int kMostCutBits = 8;

dfg::Program cones_to_tables(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
