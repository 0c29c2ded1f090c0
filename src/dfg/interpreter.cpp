// SPDX-License-Identifier: Apache-2.0
#include "dfg/interpreter.h"

#include <array>

#include "dfg/semantics.h"

namespace gatewright::dfg {
namespace {

using fixed::Integer;

struct ExactDomain {
    using Value = Integer;
    Integer constant(const Integer& value) const { return value; }
    Integer add(const Integer& a, const Integer& b) const { return a + b; }
    Integer sub(const Integer& a, const Integer& b) const { return a - b; }
    Integer mul(const Integer& a, const Integer& b) const { return a * b; }
    Integer shl(const Integer& a, int bits) const { return a << bits; }
    Integer shr(const Integer& a, int bits) const { return a >> bits; }
    Integer low_bits(const Integer& a, int bits) const { return a.low_bits(bits); }
    Integer less(const Integer& a, const Integer& b) const { return a < b ? 1 : 0; }
    Integer equal(const Integer& a, const Integer& b) const { return a == b ? 1 : 0; }
    Integer choose(const Integer& c, const Integer& a, const Integer& b) const {
        return c.is_zero() ? b : a;
    }
    Integer bit_and(const Integer& a, const Integer& b) const { return a & b; }
    Integer bit_or(const Integer& a, const Integer& b) const { return a | b; }
    Integer bit_xor(const Integer& a, const Integer& b) const { return a ^ b; }
    Integer lookup(const Table& table, const Integer& index) const {
        return table.codes[static_cast<std::size_t>(*index.to_int64())];
    }
    Integer popcount(const Integer& a) const {
        std::int64_t ones = 0;
        for (int i = 0; i <= a.magnitude_bits(); ++i) ones += a.bit(i) ? 1 : 0;
        return ones;
    }
};

}  // namespace

Integer evaluate_node(const Program& program, const Node& node, std::span<const Integer> operands) {
    return eval(ExactDomain{}, program, node, operands);
}

std::vector<Integer> interpret_all(const Program& program, std::span<const Integer> inputs) {
    GW_CHECK(inputs.size() == program.inputs().size(),
             "wrong number of inputs for " + program.name);
    std::vector<Integer> codes;
    codes.reserve(program.size());
    std::size_t next_input = 0;
    std::array<Integer, 3> operands;
    for (const Node& node : program.nodes()) {
        if (node.op == Op::kInput) {
            codes.push_back(node.format.wrap(inputs[next_input++]));
            continue;
        }
        for (std::size_t i = 0; i < arity(node.op); ++i) operands[i] = codes[node.args[i].index()];
        codes.push_back(evaluate_node(program, node, {operands.data(), arity(node.op)}));
    }
    return codes;
}

std::vector<Integer> interpret(const Program& program, std::span<const Integer> inputs) {
    const std::vector<Integer> codes = interpret_all(program, inputs);
    std::vector<Integer> outputs;
    outputs.reserve(program.outputs().size());
    for (const ValueId output : program.outputs()) outputs.push_back(codes[output.index()]);
    return outputs;
}

}  // namespace gatewright::dfg
