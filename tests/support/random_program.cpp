// SPDX-License-Identifier: Apache-2.0
#include "support/random_program.h"

#include <algorithm>
#include <optional>

namespace gatewright::testing {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

constexpr int kOpCount = static_cast<int>(Op::kPopcount) + 1;

class Generator {
  public:
    Generator(Rng& rng, const RandomProgramParams& params) : rng_(rng), params_(params) {}

    Program make() {
        program_.name = "random";
        for (std::size_t i = 0; i < params_.inputs; ++i) append_input();
        const std::size_t target = params_.inputs + params_.nodes;
        while (program_.size() < target) {
            if (auto node = random_node()) program_.append(std::move(*node));
        }
        // The last values see the most of the program, so half of the outputs come from them.
        for (std::size_t i = 0; i < params_.outputs; ++i) {
            const std::size_t recent = std::min(params_.outputs, program_.size());
            const std::size_t back = i % 2 == 0 ? rng_.below(recent) : rng_.below(program_.size());
            program_.append_output(ValueId(program_.size() - 1 - back));
        }
        return std::move(program_);
    }

  private:
    int between(int lo, int hi) { return static_cast<int>(rng_.between(lo, hi)); }

    // Widths near 1 are common, since that is where sign handling goes wrong.
    Format random_format() {
        const int width = rng_.chance(0.3) ? between(0, 3) : between(1, params_.max_width);
        return {rng_.chance(0.5), width, between(-params_.max_fraction, params_.max_fraction)};
    }

    void append_input() {
        Node node;
        node.op = Op::kInput;
        node.format = random_format();
        node.range = Interval::of(node.format);
        if (rng_.chance(0.3)) {
            const Integer a = random_integer(rng_, node.range.lo, node.range.hi);
            const Integer b = random_integer(rng_, node.range.lo, node.range.hi);
            node.range.lo = min(a, b);
            node.range.hi = max(a, b);
        }
        program_.append(std::move(node));
    }

    ValueId random_value() {
        const std::size_t recent = std::min<std::size_t>(12, program_.size());
        const std::size_t back = rng_.below(rng_.chance(0.6) ? recent : program_.size());
        return ValueId(program_.size() - 1 - back);
    }

    std::optional<Node> random_node() {
        Node node;
        node.op = static_cast<Op>(rng_.between(1, kOpCount - 1));
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i) node.args[i] = random_value();
        if (node.op == Op::kConstant) return random_constant();
        if (node.op == Op::kTable) return random_table(node);
        if (node.op == Op::kCast) return with_range(random_cast(node));
        if (node.op == Op::kAdd || node.op == Op::kSub) {
            node.shift = rng_.chance(0.5) ? 0 : between(-5, 5);
        }
        switch (node.op) {
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
            case Op::kNot:
            case Op::kConcat:
                node.format = random_format();
                return with_range(node);
            case Op::kSlice:
                return with_range(random_slice(node));
            default:
                return with_result_format(node);
        }
    }

    Node random_constant() {
        Node node;
        node.op = Op::kConstant;
        node.format = random_format();
        const Integer code = random_integer(rng_, node.format.min_code(), node.format.max_code());
        node.range = {code, code, node.format.frac};
        return node;
    }

    Node random_cast(Node node) {
        node.format = random_format();
        node.round = static_cast<fixed::Round>(rng_.below(7));
        node.overflow = static_cast<fixed::Overflow>(rng_.below(5));
        const bool wraps = node.overflow == fixed::Overflow::kWrap;
        if (node.overflow == fixed::Overflow::kWrapSm) {
            node.format.is_signed = true;
            node.saturation_bits = between(0, std::min(1, node.format.width));
        } else if (wraps && rng_.chance(0.4)) {
            node.saturation_bits = between(0, std::min(3, node.format.width));
        }
        return node;
    }

    // Half of the slices take the whole value, which only moves its binary point.
    Node random_slice(Node node) {
        node.format = random_format();
        if (rng_.chance(0.5)) {
            const Format& source = program_[node.args[0]].format;
            node.format.width = source.width;
            node.format.is_signed = source.is_signed;
        } else {
            node.shift = between(0, program_[node.args[0]].format.width + 1);
        }
        return node;
    }

    std::optional<Node> random_table(Node node) {
        const int bits = program_[node.args[0]].format.width;
        if (bits > params_.max_table_bits) return std::nullopt;
        node.format = random_format();
        dfg::Table table{"t", {}};
        for (std::size_t i = 0; i < std::size_t{1} << static_cast<unsigned>(bits); ++i) {
            table.codes.push_back(
                random_integer(rng_, node.format.min_code(), node.format.max_code()));
        }
        node.table = program_.append_table(std::move(table));
        return with_range(node);
    }

    // For ops whose binary point follows from their operands.
    std::optional<Node> with_result_format(Node node) {
        const int frac = dfg::result_frac(program_, node);
        if (std::abs(frac) > params_.max_fraction) return std::nullopt;
        node.format = {true, fixed::kMaxWidth * 3, frac};
        Interval exact = dfg::result_range(program_, node);
        exact = on_grid(exact, frac);
        node.format = format_of(exact);
        if (rng_.chance(params_.wrap_chance)) {
            node.format.is_signed = rng_.chance(0.5);
            node.format.width = between(0, std::min(params_.max_width, node.format.width + 2));
        }
        node.format.width = std::min(node.format.width, params_.max_width);
        return with_range(node);
    }

    Node with_range(Node node) {
        node.range = dfg::result_range(program_, node);
        node.range = on_grid(node.range, node.format.frac);
        return node;
    }

    Rng& rng_;
    const RandomProgramParams& params_;
    Program program_;
};

}  // namespace

Integer random_integer(Rng& rng, const Integer& lo, const Integer& hi) {
    const Integer span = hi - lo + 1;
    Integer draw = 0;
    for (int bits = 0; bits < span.magnitude_bits() + 32; bits += 32) {
        draw = (draw << 32) + Integer(static_cast<std::int64_t>(rng.below(1ULL << 32U)));
    }
    return lo + (draw - Integer::floor_divide(draw, span) * span);
}

Program random_program(Rng& rng, const RandomProgramParams& params) {
    return Generator(rng, params).make();
}

std::vector<std::vector<Integer>> random_input_codes(const Program& program, std::size_t count,
                                                     Rng& rng) {
    std::vector<std::vector<Integer>> events(count);
    for (std::size_t e = 0; e < count; ++e) {
        for (std::size_t i = 0; i < program.inputs().size(); ++i) {
            const Interval& range = program[program.inputs()[i]].range;
            if (e == 0 || (e == 3 && i % 2 == 0)) {
                events[e].push_back(range.lo);
            } else if (e == 1 || e == 3) {
                events[e].push_back(range.hi);
            } else if (e == 2) {
                events[e].push_back(max(range.lo, min(range.hi, Integer(0))));
            } else {
                events[e].push_back(random_integer(rng, range.lo, range.hi));
            }
        }
    }
    return events;
}

}  // namespace gatewright::testing
