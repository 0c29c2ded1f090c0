// SPDX-License-Identifier: Apache-2.0
//
// ALIR, version 4, the program format of alkaid:
//
//     {"meta": "ALIRModel", "spec_version": 4, "model": [[n_in, n_out], inp_shifts, out_idxs,
//      out_shifts, out_negs, ops, carry_size, adder_size, tables]}
//
// with op = [addr[], opcode, data[], [min, max, step], latency, cost]. Latencies and costs are the
// writing tool's estimates and not part of the function: ignored when read, zero when written.
// Version 3 (an op 3 without its shift) is read as well.
#pragma once

#include "interchange/slot_program.h"
#include "support/json.h"

namespace gatewright::interchange {

inline constexpr std::int64_t kAlirVersion = 4;

/// True if this is a file of alkaid, of whatever version.
bool is_alir(const Json& json);
/// The program has passed check(). Errors name the op.
Result<SlotProgram> read_alir(const Json& json);
Json write_alir(const SlotProgram& program);

}  // namespace gatewright::interchange
