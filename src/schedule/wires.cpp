// SPDX-License-Identifier: Apache-2.0
#include "schedule/wires.h"

#include <algorithm>

#include "schedule/liveness.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using Kind = BitRun::Kind;

BitRun part_of(const BitRun& run, int from, int width) {
    BitRun part = run;
    part.width = width;
    if (run.kind == Kind::kSlice) part.low = run.low + from;
    if (run.kind == Kind::kConstant) part.constant = (run.constant >> from).low_bits(width);
    return part;
}

BitRun zeros(int width) {
    return {Kind::kConstant, 0, 0, width, 0};
}

// Copies of the top bit of a signed value, zeros above an unsigned one.
BitRun extension(const BitRuns& runs, bool is_signed, int width) {
    if (!is_signed || runs.empty()) return zeros(width);
    const BitRun top = part_of(runs.back(), runs.back().width - 1, 1);
    if (top.kind != Kind::kConstant) return {Kind::kRepeat, top.source, top.low, width, 0};
    return {Kind::kConstant, 0, 0, width,
            fixed::Integer(top.constant.is_zero() ? 0 : -1).low_bits(width)};
}

// Bits low .. low + width - 1 of a number given by its runs: zeros below bit 0, the sign above.
BitRuns take(const BitRuns& runs, bool is_signed, int low, int width) {
    BitRuns out;
    int missing = width;
    if (low < 0) {
        out.push_back(zeros(std::min(-low, width)));
        missing -= out.back().width;
    }
    int position = 0;
    for (const BitRun& run : runs) {
        const int from = std::max(low, position);
        const int to = std::min(low + width, position + run.width);
        if (from < to) {
            out.push_back(part_of(run, from - position, to - from));
            missing -= to - from;
        }
        position += run.width;
    }
    if (missing > 0) out.push_back(extension(runs, is_signed, missing));
    return out;
}

bool rounds(const Program& program, const Node& node) {
    const Node& x = program[node.args[0]];
    return x.format.frac > node.format.frac && node.round != fixed::Round::kTrn &&
           (node.round != fixed::Round::kTrnZero || x.format.is_signed);
}

BitRuns wired(const Program& program, const Node& node, const std::vector<BitRuns>& known) {
    const int width = node.format.width;
    const Node& x = program[node.args[0]];
    const BitRuns& x_runs = known[node.args[0].index()];
    if (node.op == Op::kSlice) return take(x_runs, x.format.is_signed, node.shift, width);
    if (node.op == Op::kConcat) {
        BitRuns both = known[node.args[1].index()];
        both.insert(both.end(), x_runs.begin(), x_runs.end());
        return take(both, false, 0, width);
    }
    const int drop = std::clamp(x.format.frac - node.format.frac, -width, x.format.width);
    return take(x_runs, x.format.is_signed, drop, width);
}

// The lowest bit of its operand the node looks at.
int lowest_bit_read(const Program& program, const Node& node) {
    if (node.op != Op::kCast) return 0;
    const fixed::Format& from = program[node.args[0]].format;
    const int drop = std::clamp(from.frac - node.format.frac, 0, std::max(0, from.width - 1));
    if (!rounds(program, node)) return drop;
    return node.round == fixed::Round::kRnd ? std::max(0, drop - 1) : 0;
}

}  // namespace

bool is_wiring(const Program& program, const Node& node) {
    if (node.op == Op::kSlice || node.op == Op::kConcat) return true;
    if (node.op != Op::kCast || rounds(program, node)) return false;
    const bool wraps = node.overflow == fixed::Overflow::kWrap && node.saturation_bits == 0;
    return wraps || !fixed::can_overflow(program[node.args[0]].range, node.cast());
}

std::vector<BitRuns> trace_bits(const Program& program) {
    std::vector<BitRuns> runs(program.size());
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        const int width = node.format.width;
        if (width == 0) continue;
        if (const auto code = constant_code(node)) {
            runs[i] = {{Kind::kConstant, 0, 0, width, code->low_bits(width)}};
        } else if (is_wiring(program, node)) {
            runs[i] = wired(program, node, runs);
        } else {
            runs[i] = {{Kind::kSlice, i, 0, width, 0}};
        }
    }
    return runs;
}

bool has_cycle(const Program& program, const Node& node) {
    return !is_wiring(program, node) || node.op == Op::kConcat;
}

std::vector<BitReading> bit_readings(const Program& program, const Absorbed& absorbed) {
    const std::vector<bool> live = live_values(program);
    const std::vector<BitRuns> traced = trace_bits(program);
    std::vector<BitReading> readings;
    const auto read = [&](const BitRuns& runs, int lowest, std::size_t user) {
        int position = 0;
        for (const BitRun& run : runs) {
            const int skipped = std::clamp(lowest - position, 0, run.width);
            position += run.width;
            if (run.kind == Kind::kConstant || skipped == run.width) continue;
            const bool is_slice = run.kind == Kind::kSlice;
            const int low = run.low + (is_slice ? skipped : 0);
            readings.push_back({run.source, low, is_slice ? run.low + run.width : low + 1, user});
        }
    };
    const auto reads_input = [&](const BitRun& run) {
        return run.kind != Kind::kConstant && program.nodes()[run.source].op == Op::kInput;
    };
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        if (!live[i] || node.op == Op::kInput) continue;
        if (!has_cycle(program, node)) {
            for (const BitRun& run : traced[i]) {
                if (reads_input(run)) read({run}, 0, i);
            }
            continue;
        }
        if (is_absorbed(absorbed, dfg::ValueId(i))) continue;
        for (const dfg::ValueId value : values_read(program, dfg::ValueId(i), absorbed))
            read(traced[value.index()], lowest_bit_read(program, node), i);
    }
    for (const dfg::ValueId output : program.outputs())
        read(traced[output.index()], 0, kOutputUser);
    return readings;
}

}  // namespace gatewright::schedule
