// SPDX-License-Identifier: Apache-2.0
//
// What the files of both tools share: the array of eight or nine fields around the ops, ranges, and
// lookup tables.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "interchange/slot_program.h"
#include "support/json.h"

namespace gatewright::interchange {

/// The program of a model array; `read_op` reads one op. The result has passed check().
Result<SlotProgram> read_model_array(const Json& json,
                                     const std::function<Result<SlotOp>(const Json&)>& read_op);

/// The array again, around ops that are written already: slot i of the program is op places[i].
Json write_model_array(const SlotProgram& program, Json::Array ops,
                       const std::vector<std::int32_t>& places);

/// [min, max, step]; min and max are multiples of the step, a power of two.
Result<fixed::Interval> read_range(const Json& json);
Json write_range(const fixed::Interval& range);

/// Element `index` of an array as an integer in [lo, hi]; `what` is for the error.
Result<std::int64_t> read_integer(const Json& array, std::size_t index, std::string_view what,
                                  std::int64_t lo, std::int64_t hi);
/// An array of so many elements, at least and at most; `what` is for the error.
Status expect_array(const Json& json, std::string_view what, std::size_t least, std::size_t most);

/// Bit operations by their number in both files.
inline constexpr std::array kUnaryBits = {Opcode::kNot, Opcode::kAny, Opcode::kAll};
inline constexpr std::array kBinaryBits = {Opcode::kAnd, Opcode::kOr, Opcode::kXor};

inline constexpr std::int64_t kMostSlots = std::int64_t{1} << 30U;
inline constexpr std::int64_t kMostShiftInFile = 256;

}  // namespace gatewright::interchange
