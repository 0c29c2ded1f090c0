// SPDX-License-Identifier: Apache-2.0
//
// dfg/semantics.h in lane instructions of one width: the caller has checked that no intermediate
// value leaves the lane.
#pragma once

#include "dfg/program.h"
#include "emulate/lane_builder.h"
#include "support/check.h"

namespace gatewright::emulate {

struct LaneDomain {
    using Value = LaneId;
    LaneBuilder& builder;
    int bits;

    Value constant(const fixed::Integer& value) const { return builder.constant(bits, value); }
    Value add(Value a, Value b) const { return builder.add(bits, a, b); }
    Value sub(Value a, Value b) const { return builder.sub(bits, a, b); }
    Value mul(Value a, Value b) const { return builder.emit(LaneOp::kMul, bits, {a, b}); }
    Value shl(Value a, int count) const { return builder.shift_left(bits, a, count); }
    Value shr(Value a, int count) const { return builder.shift_right(bits, a, count); }
    Value low_bits(Value a, int count) const {
        return builder.bit_and(bits, a, constant(fixed::Integer::power_of_two(count) - 1));
    }
    Value one_or_zero(LaneOp op, Value a, Value b) const {
        return builder.masked(bits, builder.emit(op, bits, {a, b}), 1);
    }
    Value less(Value a, Value b) const { return one_or_zero(LaneOp::kGreater, b, a); }
    Value equal(Value a, Value b) const { return one_or_zero(LaneOp::kEqual, a, b); }
    Value choose(Value condition, Value a, Value b) const {
        const Value is_zero = builder.emit(LaneOp::kEqual, bits, {condition, constant(0)});
        return builder.emit(LaneOp::kBlend, bits, {is_zero, b, a});
    }
    Value bit_and(Value a, Value b) const { return builder.bit_and(bits, a, b); }
    Value bit_or(Value a, Value b) const { return builder.emit(LaneOp::kOr, bits, {a, b}); }
    Value bit_xor(Value a, Value b) const { return builder.emit(LaneOp::kXor, bits, {a, b}); }
    Value popcount(Value a) const { return builder.emit(LaneOp::kPopcount, bits, {a}); }
    Value lookup(const dfg::Table&, Value) const {
        GW_UNREACHABLE("tables are lowered by themselves");
    }
};

}  // namespace gatewright::emulate
