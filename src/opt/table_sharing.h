// SPDX-License-Identifier: Apache-2.0
//
// Tables that share content. Two tables read by the same index hold the same curve if every entry
// of one is the entry of the other, scaled by a power of two, negated or not, plus a constant:
// sigmoid and its derivative's mirror, exp and exp - 1, a curve in two units. One lookup then
// serves both; the other one is wiring or one sum with a constant.
//
//   rule                                                     why it is exact
//   u[i] = t[i] · 2^s at all indices that occur -> t · 2^s   wiring: the binary point moves
//   u[i] = c ± t[i] · 2^s -> c ± t · 2^s                     the same at every index that occurs
//   entry at an index that never occurs -> entry at an       nobody looks it up; of the known bits
//     index that does, its known bits put right                of the index the table depends no
//     more
//
// A sum replaces a table only where the table's own LUTs (opt/table_cost.h) are more than the bits
// of the sum. Equal tables are one already (simplify); equal columns of two tables are found by the
// synthesis itself.
#pragma once

#include "opt/pass.h"

namespace gatewright::opt {

dfg::Program share_tables(const dfg::Program& program, PassCount& count);

}  // namespace gatewright::opt
