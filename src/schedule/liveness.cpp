// SPDX-License-Identifier: Apache-2.0
#include "schedule/liveness.h"

namespace gatewright::schedule {

std::optional<fixed::Integer> constant_code(const dfg::Node& node) {
    if (node.format.width == 0) return fixed::Integer(0);
    if (node.op == dfg::Op::kConstant || node.range.is_constant()) return node.range.lo;
    return std::nullopt;
}

std::vector<bool> live_values(const dfg::Program& program) {
    std::vector<bool> live(program.size(), false);
    const auto mark = [&](dfg::ValueId id) {
        if (!constant_code(program[id])) live[id.index()] = true;
    };
    for (const dfg::ValueId output : program.outputs()) mark(output);
    for (std::size_t i = program.size(); i-- > 0;) {
        if (!live[i]) continue;
        for (const dfg::ValueId arg : program.nodes()[i].operands()) mark(arg);
    }
    return live;
}

}  // namespace gatewright::schedule
