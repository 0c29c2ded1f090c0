// SPDX-License-Identifier: Apache-2.0
#include "emulate/lane_program.h"

#include <algorithm>

#include "support/check.h"

namespace gatewright::emulate {

int operand_count(LaneOp op) {
    switch (op) {
        case LaneOp::kInput:
        case LaneOp::kConstant:
            return 0;
        case LaneOp::kShiftLeft:
        case LaneOp::kShiftRight:
        case LaneOp::kExtend:
        case LaneOp::kTruncate:
        case LaneOp::kLookup:
        case LaneOp::kPopcount:
        case LaneOp::kDot:
            return 1;
        case LaneOp::kAdd:
        case LaneOp::kSub:
        case LaneOp::kMul:
        case LaneOp::kAnd:
        case LaneOp::kOr:
        case LaneOp::kXor:
        case LaneOp::kMin:
        case LaneOp::kMax:
        case LaneOp::kPair:
        case LaneOp::kGreater:
        case LaneOp::kEqual:
            return 2;
        case LaneOp::kBlend:
            return 3;
        case LaneOp::kExact:
            break;
    }
    GW_UNREACHABLE("operands of kExact are its node's");
}

std::size_t LaneProgram::count(LaneOp op) const {
    return static_cast<std::size_t>(std::count_if(
        insts.begin(), insts.end(), [op](const auto& inst) { return inst.op == op; }));
}

}  // namespace gatewright::emulate
