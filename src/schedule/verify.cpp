// SPDX-License-Identifier: Apache-2.0
//
// The referee. It trusts no array of the solver and shares only the delay model with it: every path
// of every cycle is summed again, every register counted again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "schedule/liveness.h"
#include "schedule/schedule.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::ValueId;

class Referee {
  public:
    Referee(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule)
        : program_(flat.program),
          device_(loaded_device(flat.program, device)),
          schedule_(schedule),
          live_(live_values(flat.program)) {}

    Status check() {
        if (schedule_.cycle.size() != program_.size() ||
            schedule_.arrival_ps.size() != program_.size()) {
            return fail(fmt::format("the schedule is for {} values, the program has {}",
                                    schedule_.cycle.size(), program_.size()));
        }
        last_use_ = schedule_.cycle;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (live_[i]) GW_TRY_STATUS(check_node(i));
        }
        GW_TRY_STATUS(check_outputs());
        return check_totals();
    }

  private:
    [[nodiscard]] tl::unexpected<Error> bad(std::size_t node, const std::string& what) const {
        return fail(fmt::format("{}: value %{} ({}), cycle {}: {}", program_.name, node,
                                dfg::to_string(program_.nodes()[node].op), schedule_.cycle[node],
                                what));
    }

    Status check_node(std::size_t i) {
        const Node& node = program_.nodes()[i];
        const std::int32_t cycle = schedule_.cycle[i];
        if (node.op == dfg::Op::kInput) {
            if (input_cycle_ < 0) input_cycle_ = cycle;
            if (cycle != input_cycle_ || cycle < 0 || cycle > 1) {
                return bad(i, "inputs are in cycle 0, or all of them in cycle 1");
            }
        }
        double start = device_.register_ps;
        for (const ValueId arg : node.operands()) {
            if (!live_[arg.index()]) continue;
            const std::int32_t made = schedule_.cycle[arg.index()];
            if (made > cycle) {
                return bad(
                    i, fmt::format("its operand %{} is computed in cycle {}", arg.index(), made));
            }
            if (made == cycle) start = std::max(start, arrival_[arg.index()]);
            last_use_[arg.index()] = std::max(last_use_[arg.index()], cycle);
        }
        const double delay = delay_ps(program_, node, device_);
        arrival_[i] = start + (delay > 0 ? device_.net_ps + delay : 0);
        if (std::abs(arrival_[i] - schedule_.arrival_ps[i]) > 1e-3) {
            return bad(i, fmt::format("is stable after {:.1f} ps, not {:.1f}", arrival_[i],
                                      schedule_.arrival_ps[i]));
        }
        if (arrival_[i] > 1e6 / schedule_.clock_mhz + 1e-3) {
            return bad(i, fmt::format("is stable after {:.1f} ps, the period is {:.1f} ps",
                                      arrival_[i], 1e6 / schedule_.clock_mhz));
        }
        critical_ps_ = std::max(critical_ps_, arrival_[i]);
        return {};
    }

    Status check_outputs() {
        for (const ValueId output : program_.outputs()) {
            if (!live_[output.index()]) continue;
            if (schedule_.cycle[output.index()] > schedule_.latency_cycles) {
                return bad(output.index(),
                           fmt::format("an output computed after the latency of {} cycles",
                                       schedule_.latency_cycles));
            }
            last_use_[output.index()] = schedule_.latency_cycles;
        }
        return {};
    }

    Status check_totals() {
        std::int64_t bits = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (!live_[i]) continue;
            const Node& node = program_.nodes()[i];
            const std::int32_t from = node.op == dfg::Op::kInput ? 0 : schedule_.cycle[i];
            bits += std::int64_t{node.format.width} * (last_use_[i] - from);
        }
        if (bits != schedule_.register_bits) {
            return fail(fmt::format("{}: {} register bits, the schedule says {}", program_.name,
                                    bits, schedule_.register_bits));
        }
        if (std::abs(critical_ps_ - schedule_.critical_ps) > 1e-3) {
            return fail(fmt::format("{}: the longest path is {:.1f} ps, the schedule says {:.1f}",
                                    program_.name, critical_ps_, schedule_.critical_ps));
        }
        if (schedule_.clock_mhz > device_.max_clock_mhz * (1 + 1e-9)) {
            return fail(fmt::format("{}: a clock of {} MHz, above the device's limit of {}",
                                    program_.name, schedule_.clock_mhz, device_.max_clock_mhz));
        }
        return {};
    }

    const dfg::Program& program_;
    const Device device_;
    const Schedule& schedule_;
    const std::vector<bool> live_;
    std::vector<double> arrival_ = std::vector<double>(program_.size(), 0.0);
    std::vector<std::int32_t> last_use_;
    std::int32_t input_cycle_ = -1;
    double critical_ps_ = device_.register_ps;
};

}  // namespace

Status verify(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule) {
    return Referee(flat, device, schedule).check();
}

}  // namespace gatewright::schedule
