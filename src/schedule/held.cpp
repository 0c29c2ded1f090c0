// SPDX-License-Identifier: Apache-2.0
//
// What a finished schedule holds in registers: which bits, until when, for whom. The netlist and
// the report are made from this.
#include <algorithm>

#include "schedule/liveness.h"
#include "schedule/schedule.h"
#include "schedule/wires.h"

namespace gatewright::schedule {
namespace {

std::int32_t cycle_of(const Schedule& schedule, std::size_t user) {
    return user == kOutputUser ? schedule.latency_cycles : schedule.cycle[user];
}

// First cycle in which the value can be read: inputs from cycle 0, though they may be registered.
std::int32_t first_cycle(const dfg::Program& program, const Schedule& schedule, std::size_t value) {
    return program.nodes()[value].op == dfg::Op::kInput ? 0 : schedule.cycle[value];
}

}  // namespace

std::vector<std::vector<std::int32_t>> last_uses(const dfg::Program& program,
                                                 const Schedule& schedule) {
    std::vector<std::vector<std::int32_t>> last(program.size());
    const std::vector<bool> live = live_values(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const dfg::Node& node = program.nodes()[i];
        if (!live[i] || is_wiring(program, node)) continue;
        if (is_absorbed(schedule.absorbed, dfg::ValueId(i))) continue;
        last[i].assign(static_cast<std::size_t>(node.format.width),
                       first_cycle(program, schedule, i));
    }
    for (const BitReading& reading : bit_readings(program, schedule.absorbed)) {
        const std::int32_t cycle = cycle_of(schedule, reading.user);
        for (int bit = reading.low; bit < reading.high; ++bit) {
            std::int32_t& at = last[reading.source][static_cast<std::size_t>(bit)];
            at = std::max(at, cycle);
        }
    }
    return last;
}

std::vector<std::map<std::int32_t, std::vector<std::size_t>>> users_by_cycle(
    const dfg::Program& program, const Schedule& schedule) {
    std::vector<std::map<std::int32_t, std::vector<std::size_t>>> users(program.size());
    for (const BitReading& reading : bit_readings(program, schedule.absorbed)) {
        if (reading.user != kOutputUser && !has_cycle(program, program.nodes()[reading.user]))
            continue;
        std::vector<std::size_t>& list = users[reading.source][cycle_of(schedule, reading.user)];
        if (list.empty() || list.back() != reading.user) list.push_back(reading.user);
    }
    return users;
}

std::vector<std::int64_t> copied_bits(const dfg::Program& program, const Schedule& schedule) {
    std::vector<std::int64_t> bits(program.size(), 0);
    if (schedule.register_fanout == 0) return bits;
    const auto limit = static_cast<std::size_t>(schedule.register_fanout);
    const auto last = last_uses(program, schedule);
    const auto users = users_by_cycle(program, schedule);
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const auto& [cycle, readers] : users[i]) {
            if (cycle <= first_cycle(program, schedule, i)) continue;
            const auto held = std::count_if(last[i].begin(), last[i].end(),
                                            [c = cycle](std::int32_t l) { return l >= c; });
            bits[i] += held * static_cast<std::int64_t>((readers.size() - 1) / limit);
        }
    }
    return bits;
}

std::vector<std::int64_t> register_bits_by_kernel(const arch::FlatProgram& flat,
                                                  std::size_t kernels, const Schedule& schedule) {
    std::vector<std::int64_t> bits(kernels + 1, 0);
    const auto last = last_uses(flat.program, schedule);
    const auto copies = copied_bits(flat.program, schedule);
    for (std::size_t i = 0; i < last.size(); ++i) {
        const arch::KernelId kernel = flat.kernel_of[i];
        std::int64_t& own = bits[kernel.valid() ? kernel.index() : kernels];
        own += copies[i];
        for (const std::int32_t cycle : last[i])
            own += cycle - first_cycle(flat.program, schedule, i);
    }
    return bits;
}

}  // namespace gatewright::schedule
