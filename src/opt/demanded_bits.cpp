// SPDX-License-Identifier: Apache-2.0
#include "opt/demanded_bits.h"

#include <algorithm>
#include <optional>

#include "opt/copier.h"

namespace gatewright::opt {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Format;
using fixed::Interval;
using fixed::Overflow;
using fixed::Round;

bool looks_at_sign(Round round) {
    return round == Round::kTrnZero || round == Round::kRndZero || round == Round::kRndInf;
}

// Low bits of operand i that decide the low `seen` bits of the node's result.
int seen_of_operand(const Program& program, const Node& node, std::size_t i, int seen) {
    const Node& operand = program[node.args[i]];
    const int all = operand.format.width;
    const int up = node.format.frac - operand.format.frac;
    switch (node.op) {
        case Op::kAdd:
        case Op::kSub:
            return seen - (i == 1 ? up + node.shift : up);
        case Op::kSelect:
            return i == 0 ? all : seen - up;
        case Op::kMul:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kNot:
            return seen;
        case Op::kConcat:
            return i == 1 ? seen : seen - program[node.args[1]].format.width;
        case Op::kSlice:
            return seen + node.shift;
        case Op::kCast: {
            const bool wraps = node.overflow == Overflow::kWrap && node.saturation_bits == 0;
            return wraps && !looks_at_sign(node.round) ? seen - up : all;
        }
        default:
            return all;
    }
}

bool can_be_narrowed(Op op) {
    switch (op) {
        case Op::kAdd:
        case Op::kSub:
        case Op::kMul:
        case Op::kSelect:
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kNot:
            return true;
        default:
            return false;
    }
}

class NarrowingPass {
  public:
    NarrowingPass(const Program& source, PassCount& count)
        : source_(source), copier_(source), seen_(demanded_bits(source)), count_(count) {}

    Program run() {
        const std::vector<bool> needed = needed_values(source_);
        for (std::size_t i = 0; i < source_.size(); ++i) {
            const ValueId id(i);
            const Node& node = source_[id];
            if (seen_[i] == 0 && node.op != Op::kInput) {
                // Any value will do where no bit is seen.
                copier_.replace(id, copier_.builder_for(id).constant(0));
                continue;
            }
            const bool narrows = needed[i] && seen_[i] > 0 && seen_[i] < node.format.width;
            if (narrows && can_be_narrowed(node.op)) {
                narrow(id);
            } else if (narrows && node.op == Op::kMax && relu_operand(node)) {
                narrow_relu(id, *relu_operand(node));
            } else if (node.op == Op::kConcat) {
                concatenate(id);
            } else {
                copier_.copy(id);
            }
        }
        return copier_.finish();
    }

  private:
    // Readers see only low bits, so what stands above them in a signed or unsigned reading is free;
    // unsigned keeps the range claims of readers simple.
    [[nodiscard]] Format low_format(ValueId id) const {
        return {false, seen_[id.index()], source_[id].format.frac};
    }

    void narrow(ValueId id) {
        ++count_.rewrites;
        Node node = source_[id];
        node.format = low_format(id);
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i)
            node.args[i] = copier_.made(node.args[i]);
        dfg::Builder& b = copier_.builder_for(id);
        node.range = Interval::of(node.format);
        copier_.stand_in(id, b.make_as_is(std::move(node)));
    }

    // The one reader for which an operand's width matters: it says where the other one begins.
    void concatenate(ValueId id) {
        Node node = source_[id];
        dfg::Builder& b = copier_.builder_for(id);
        for (ValueId& arg : std::span(node.args).first(2)) {
            arg = copier_.in_format(copier_.made(arg), source_[arg].format);
        }
        copier_.stand_in(id, b.make_as_is(std::move(node)));
    }

    [[nodiscard]] std::optional<ValueId> relu_operand(const Node& node) const {
        for (const std::size_t i : {0U, 1U}) {
            if (is_constant_zero(source_, node.args[1 - i])) return node.args[i];
        }
        return std::nullopt;
    }

    void narrow_relu(ValueId id, ValueId x) {
        ++count_.rewrites;
        dfg::Builder& b = copier_.builder_for(id);
        const ValueId low = copier_.in_format(copier_.made(x), low_format(id));
        const ValueId negative = sign_bit(b, copier_.made(x));
        Node choice;
        choice.op = Op::kSelect;
        // On the grid of the value: a plain 0 has a finer one than a value of coarse steps.
        const ValueId zero = copier_.in_format(b.constant(0), low_format(id));
        choice.args = {negative, zero, low};
        choice.format = low_format(id);
        choice.range = Interval::of(choice.format);
        copier_.stand_in(id, b.make_as_is(std::move(choice)));
    }

    const Program& source_;
    Copier copier_;
    std::vector<int> seen_;
    PassCount& count_;
};

}  // namespace

std::vector<int> demanded_bits(const Program& program) {
    std::vector<int> seen(program.size(), 0);
    const auto see = [&](ValueId id, int bits) {
        seen[id.index()] = std::clamp(bits, seen[id.index()], program[id].format.width);
    };
    for (const ValueId output : program.outputs()) see(output, program[output].format.width);
    for (std::size_t i = program.size(); i-- > 0;) {
        const Node& node = program.nodes()[i];
        if (seen[i] == 0) continue;
        for (std::size_t k = 0; k < dfg::arity(node.op); ++k) {
            see(node.args[k], seen_of_operand(program, node, k, seen[i]));
        }
    }
    return seen;
}

Program drop_undemanded_bits(const Program& program, PassCount& count) {
    return NarrowingPass(program, count).run();
}

}  // namespace gatewright::opt
