// SPDX-License-Identifier: Apache-2.0
#include "emulate/engine.h"

#include <algorithm>

#include "dfg/interpreter.h"
#include "emulate/lanes.h"
#include "emulate/plan.h"
#include "support/check.h"
#include "support/parallel.h"

namespace gatewright::emulate {

using fixed::Format;
using fixed::Integer;

struct Engine::Plan {
    dfg::Program program;
    bool fits_int64 = false;
    LanePlan lanes;
    std::vector<std::vector<std::int32_t>> tables32;
};

namespace {

template <class T>
T wrap_code(std::int64_t code, const Format& format) {
    if (format.width == 0) return 0;
    const int up = 64 - format.width;
    const auto shifted = static_cast<std::uint64_t>(code) << up;
    if (format.is_signed) return static_cast<T>(static_cast<std::int64_t>(shifted) >> up);
    return static_cast<T>(shifted >> up);
}

// One thread's working memory and the steps of a block: in, run, out.
template <class T>
class Worker {
  public:
    Worker(const dfg::Program& program, const LanePlan& plan,
           std::span<const std::vector<T>> tables)
        : plan_(plan),
          memory_(plan.slots * kLanes + 64 / sizeof(T)),
          machine_{program, plan, tables, aligned(memory_.data())} {
        for (const PlanConstant& constant : plan.constants) {
            std::fill_n(slot(constant.slot), kLanes, static_cast<T>(constant.code));
        }
    }

    void run(const std::int64_t* inputs, std::size_t input_count, std::int64_t* outputs,
             std::size_t events) {
        for (const PlanInput& input : plan_.inputs) {
            T* lane = slot(input.slot);
            for (std::size_t e = 0; e < events; ++e) {
                lane[e] = wrap_code<T>(inputs[e * input_count + input.element], input.format);
            }
            std::fill(lane + events, lane + kLanes, T{0});
        }
        run_block(machine_);
        const std::size_t output_count = plan_.output_slots.size();
        for (std::size_t i = 0; i < output_count; ++i) {
            const T* lane = slot(plan_.output_slots[i]);
            for (std::size_t e = 0; e < events; ++e) outputs[e * output_count + i] = lane[e];
        }
    }

  private:
    static T* aligned(T* start) {
        const auto address = reinterpret_cast<std::uintptr_t>(start);
        return reinterpret_cast<T*>((address + 63U) & ~std::uintptr_t{63});
    }
    T* slot(std::uint32_t index) { return machine_.slots + index * kLanes; }

    const LanePlan& plan_;
    std::vector<T> memory_;
    Machine<T> machine_;
};

// Blocks a thread takes at once: enough that filling in the constants does not count.
constexpr std::size_t kBlocksPerTurn = 8;

template <class T>
void run_lanes(const dfg::Program& program, const LanePlan& plan,
               std::span<const std::vector<T>> tables, std::span<const std::int64_t> inputs,
               std::span<std::int64_t> outputs, std::size_t events) {
    const std::size_t input_count = program.inputs().size();
    const std::size_t output_count = program.outputs().size();
    parallel_for(events, kLanes * kBlocksPerTurn, [&](std::size_t begin, std::size_t end) {
        Worker<T> worker(program, plan, tables);
        for (std::size_t e = begin; e < end; e += kLanes) {
            worker.run(inputs.data() + e * input_count, input_count,
                       outputs.data() + e * output_count, std::min(kLanes, end - e));
        }
    });
}

std::size_t count_events(std::size_t inputs, std::size_t outputs, const dfg::Program& program) {
    const std::size_t in = program.inputs().size();
    const std::size_t out = program.outputs().size();
    const std::size_t events = out == 0 ? (in == 0 ? 0 : inputs / in) : outputs / out;
    GW_CHECK(inputs == events * in && outputs == events * out,
             "emulator: inputs and outputs are not a whole number of events of " + program.name);
    return events;
}

}  // namespace

Engine::Engine(const dfg::Program& program) : plan_(std::make_unique<Plan>()) {
    plan_->program = program;
    plan_->fits_int64 = emulate::fits_int64(program);
    if (!plan_->fits_int64) return;
    plan_->lanes = make_plan(plan_->program);
    if (plan_->lanes.lane_bits != 32) return;
    for (const auto& table : plan_->lanes.tables) {
        plan_->tables32.emplace_back();
        for (const std::int64_t code : table)
            plan_->tables32.back().push_back(static_cast<std::int32_t>(code));
    }
}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

bool Engine::fits_int64() const {
    return plan_->fits_int64;
}
int Engine::lane_bits() const {
    return plan_->fits_int64 ? plan_->lanes.lane_bits : 0;
}
std::size_t Engine::input_count() const {
    return plan_->program.inputs().size();
}
std::size_t Engine::output_count() const {
    return plan_->program.outputs().size();
}

void Engine::run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs) const {
    GW_CHECK(plan_->fits_int64, "run() on a program with values wider than int64; use run_exact()");
    const std::size_t events = count_events(inputs.size(), outputs.size(), plan_->program);
    if (plan_->lanes.lane_bits == 32) {
        run_lanes<std::int32_t>(plan_->program, plan_->lanes, plan_->tables32, inputs, outputs,
                                events);
    } else {
        run_lanes<std::int64_t>(plan_->program, plan_->lanes, plan_->lanes.tables, inputs, outputs,
                                events);
    }
}

void Engine::run_exact(std::span<const Integer> inputs, std::span<Integer> outputs) const {
    const std::size_t events = count_events(inputs.size(), outputs.size(), plan_->program);
    parallel_for(events, 16, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            auto codes =
                dfg::interpret(plan_->program, inputs.subspan(e * input_count(), input_count()));
            std::move(codes.begin(), codes.end(), outputs.data() + e * output_count());
        }
    });
}

}  // namespace gatewright::emulate
