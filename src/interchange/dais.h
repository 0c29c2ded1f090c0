// SPDX-License-Identifier: Apache-2.0
//
// DAIS, version 1, the program format of da4ml: a bare JSON array
//
//     [[n_in, n_out], inp_shifts, out_idxs, out_shifts, out_negs, ops, carry_size, adder_size,
//     tables]
//
// with op = [id0, id1, opcode, data, [min, max, step], latency, cost], or a list of such arrays for
// a pipeline, which is read as one program: a stage's inputs are the outputs of the one before.
// Condition and shift of a multiplexer, and all of a bitwise op, are packed into `data`.
#pragma once

#include "interchange/slot_program.h"
#include "support/json.h"

namespace gatewright::interchange {

/// The program has passed check(). Errors name the stage and the op.
Result<SlotProgram> read_dais(const Json& json);
/// A program that da4ml's own interpreter runs: multiplexers have signed conditions, because it
/// takes the wrong bit of unsigned ones.
Json write_dais(const SlotProgram& program);

}  // namespace gatewright::interchange
