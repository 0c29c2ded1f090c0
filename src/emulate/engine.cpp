// SPDX-License-Identifier: Apache-2.0
#include "emulate/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "dfg/interpreter.h"
#include "emulate/jit.h"
#include "emulate/lower.h"
#include "emulate/transpose.h"
#include "support/check.h"
#include "support/parallel.h"

namespace gatewright::emulate {

using fixed::Integer;

namespace {

// Machine code is made when this many operations have been interpreted: about the time it costs.
constexpr std::uint64_t kOperationsBeforeCode = 1'000'000;
// A batch is shared among threads from this many operations on.
constexpr std::uint64_t kOperationsPerThread = 20'000'000;
// Working memory up to this lies on the stack, else in one buffer per thread.
constexpr std::size_t kStackBytes = std::size_t{192} << 10;

bool fits(const fixed::Format& format) {
    return format.width <= (format.is_signed ? 64 : 63);
}

bool ports_fit(const dfg::Program& program) {
    const auto all_fit = [&](std::span<const dfg::ValueId> values) {
        return std::all_of(values.begin(), values.end(),
                           [&](dfg::ValueId id) { return fits(program[id].format); });
    };
    return all_fit(program.inputs()) && all_fit(program.outputs());
}

std::vector<LanePlace> places(std::span<const Slot> slots, std::span<const std::uint32_t> elements,
                              std::size_t scale) {
    std::vector<LanePlace> out;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const auto element = elements.empty() ? static_cast<std::uint32_t>(i) : elements[i];
        out.push_back(
            {element, static_cast<std::uint32_t>(slots[i].offset * scale), slots[i].bits});
    }
    return out;
}

// Machine code runs on several blocks in a row: all are loaded, then computed, then stored. Wide
// reads right after the narrower writes of the same bytes would stall the processor.
constexpr std::size_t kBlocksAtOnce = 8;

// Arrays in and out of a machine's lanes. Lanes that nobody reads lie behind the others.
struct Exchange {
    Transposer inputs;
    Transposer outputs;
};

Exchange exchange_for(const dfg::Program& program, const BlockInterpreter& machine) {
    const std::size_t block = machine.block();
    const auto spare = static_cast<std::uint32_t>(machine.bytes());
    return {{places(machine.inputs(), machine.lanes().input_elements, block),
             program.inputs().size(), block, spare, LaneOrder::kInOrder, 128},
            {places(machine.outputs(), {}, block), program.outputs().size(), block, spare,
             LaneOrder::kInOrder, 128}};
}

Exchange exchange_for(const dfg::Program& program, const LaneProgram& lanes, const JitCode& code) {
    const auto order = LaneOrder::kUnpacked;
    return {{places(code.inputs(), lanes.input_elements, 1), program.inputs().size(), code.block(),
             static_cast<std::uint32_t>(code.input_bytes()), order, code.vector_bits()},
            {places(code.outputs(), {}, 1), program.outputs().size(), code.block(),
             static_cast<std::uint32_t>(code.output_bytes()), order, code.vector_bits()}};
}

std::byte* aligned(std::byte* start) {
    const auto address = reinterpret_cast<std::uintptr_t>(start);
    return reinterpret_cast<std::byte*>((address + 63U) & ~std::uintptr_t{63});
}

// Calls work(memory) with `bytes` bytes aligned to 64.
template <class Work>
void with_memory(std::size_t bytes, const Work& work) {
    const std::size_t needed = bytes + 64;
    if (needed <= kStackBytes) {
        work(aligned(static_cast<std::byte*>(__builtin_alloca(needed))));
        return;
    }
    thread_local std::vector<std::byte> memory;
    if (memory.size() < needed) memory.resize(needed);
    work(aligned(memory.data()));
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

struct Engine::Plan {
    dfg::Program program;
    Machine machine = Machine::kAutomatic;
    bool fits_int64 = false;
    std::unique_ptr<BlockInterpreter> interpreter;
    std::unique_ptr<Exchange> interpreter_exchange;

    // Made at most once, on first need; read by any thread after the flag says so.
    mutable std::once_flag compiled;
    mutable std::atomic<bool> has_code{false};
    mutable std::unique_ptr<JitCode> code;
    mutable std::unique_ptr<Exchange> code_exchange;
    mutable std::atomic<std::uint64_t> interpreted{0};

    [[nodiscard]] const LaneProgram& lanes() const { return interpreter->lanes(); }
    [[nodiscard]] std::uint64_t operations(std::size_t events) const {
        return std::uint64_t{lanes().insts.size() + 8} * events;
    }

    void compile() const {
        std::call_once(compiled, [this] {
            if (machine == Machine::kInterpreter) return;
            for (const VectorUnit unit : supported_vector_units()) {
                if (machine == Machine::kAvx2 && unit != VectorUnit::kAvx2) continue;
                if (machine == Machine::kAvx512 && unit != VectorUnit::kAvx512) continue;
                if (lanes().needs_exact) return;
                const LaneProgram lowered = lower(program, dot_unit(unit));
                code = JitCode::compile(lowered, unit);
                if (!code) return;
                code_exchange = std::make_unique<Exchange>(exchange_for(program, lowered, *code));
                has_code.store(true, std::memory_order_release);
                return;
            }
        });
    }

    // True if this batch runs as machine code.
    [[nodiscard]] bool use_code(std::size_t events) const {
        if (has_code.load(std::memory_order_acquire)) return true;
        if (machine == Machine::kInterpreter) return false;
        const std::uint64_t work = operations(events);
        const std::uint64_t seen = interpreted.fetch_add(work, std::memory_order_relaxed) + work;
        if (seen < kOperationsBeforeCode) return false;
        compile();
        return has_code.load(std::memory_order_acquire);
    }

    template <class Code>
    void run_code(const Code* in, Code* out, std::size_t events) const {
        const std::size_t in_row = program.inputs().size();
        const std::size_t out_row = program.outputs().size();
        const std::size_t block = code->block();
        const std::size_t spare = block * 2;
        const std::size_t in_bytes = code->input_bytes() + spare;
        const std::size_t out_bytes = code->output_bytes() + spare;
        const std::size_t at_once = std::min(kBlocksAtOnce, (events + block - 1) / block);
        const std::size_t bytes = code->spill_bytes() + at_once * (in_bytes + out_bytes);
        with_memory(bytes, [&](std::byte* memory) {
            std::byte* inputs = memory + code->spill_bytes();
            std::byte* outputs = inputs + at_once * in_bytes;
            const auto count = [&](std::size_t e) { return std::min(block, events - e); };
            for (std::size_t begin = 0; begin < events; begin += at_once * block) {
                const std::size_t end = std::min(events, begin + at_once * block);
                std::byte* lanes = inputs;
                for (std::size_t e = begin; e < end; e += block, lanes += in_bytes)
                    code_exchange->inputs.load(in + e * in_row, count(e), lanes);
                lanes = inputs;
                std::byte* results = outputs;
                for (std::size_t e = begin; e < end;
                     e += block, lanes += in_bytes, results += out_bytes)
                    code->run(lanes, results, memory);
                results = outputs;
                for (std::size_t e = begin; e < end; e += block, results += out_bytes)
                    code_exchange->outputs.store(results, count(e), out + e * out_row);
            }
        });
    }

    template <class Code>
    void run_interpreter(const Code* in, Code* out, std::size_t events) const {
        const std::size_t in_row = program.inputs().size();
        const std::size_t out_row = program.outputs().size();
        const std::size_t block = interpreter->block();
        std::vector<Integer> wide(interpreter->wide_slots() * block);
        with_memory(interpreter->bytes() + block * 2, [&](std::byte* memory) {
            interpreter->prepare(memory);
            for (std::size_t e = 0; e < events; e += block) {
                const std::size_t count = std::min(block, events - e);
                interpreter_exchange->inputs.load(in + e * in_row, count, memory);
                interpreter->run(memory, wide.data(), count);
                interpreter_exchange->outputs.store(memory, count, out + e * out_row);
            }
        });
    }
};

Engine::Engine(const dfg::Program& program, const EngineParams& params)
    : plan_(std::make_unique<Plan>()) {
    plan_->program = program;
    plan_->machine = params.machine;
    plan_->fits_int64 = ports_fit(program);
    if (!plan_->fits_int64) return;
    plan_->interpreter = std::make_unique<BlockInterpreter>(plan_->program, lower(plan_->program));
    plan_->interpreter_exchange =
        std::make_unique<Exchange>(exchange_for(plan_->program, *plan_->interpreter));
    const bool at_once = params.machine == Machine::kAvx2 || params.machine == Machine::kAvx512;
    if (at_once) plan_->compile();
}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

bool Engine::fits_int64() const {
    return plan_->fits_int64;
}
int Engine::output_bits() const {
    if (!plan_->fits_int64) return 0;
    int bits = 16;
    for (const Slot& slot : plan_->interpreter->outputs()) bits = std::max(bits, slot.bits);
    return bits;
}
int Engine::lane_bits() const {
    if (!plan_->fits_int64 || plan_->lanes().needs_exact) return 0;
    int bits = 16;
    for (const LaneInst& inst : plan_->lanes().insts) bits = std::max<int>(bits, inst.bits);
    return bits;
}
std::size_t Engine::input_count() const {
    return plan_->program.inputs().size();
}
std::size_t Engine::output_count() const {
    return plan_->program.outputs().size();
}

std::string Engine::description() const {
    if (!plan_->fits_int64) return "exact integers, one event at a time: ports wider than 64 bits";
    plan_->compile();
    if (plan_->code) {
        const JitStats& stats = plan_->code->stats();
        return fmt::format("{} machine code, {} events at a time, {} vector instructions",
                           plan_->code->unit() == VectorUnit::kAvx512 ? "AVX-512" : "AVX2",
                           plan_->code->block(), stats.operations + stats.loads + stats.stores);
    }
    const char* why = plan_->machine == Machine::kInterpreter ? "as asked"
                      : plan_->lanes().needs_exact            ? "some values exceed 64 bits"
                      : supported_vector_units().empty() ? "machine code needs x86-64 with AVX2"
                                                         : "no machine code could be made";
    return fmt::format("block interpreter, {} events at a time, {} operations ({})",
                       plan_->interpreter->block(), plan_->lanes().insts.size(), why);
}

template <class Code>
void Engine::run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                       std::size_t threads) const {
    GW_CHECK(plan_->fits_int64, "run() on a program with ports wider than int64; use run_exact()");
    const std::size_t events = count_events(inputs.size(), outputs.size(), plan_->program);
    if (events == 0) return;
    const bool use_code = plan_->use_code(events);
    const auto work = [&](std::size_t begin, std::size_t end) {
        const Code* in = inputs.data() + begin * input_count();
        Code* out = outputs.data() + begin * output_count();
        if (use_code) {
            plan_->run_code(in, out, end - begin);
        } else {
            plan_->run_interpreter(in, out, end - begin);
        }
    };
    const std::uint64_t most = plan_->operations(events) / kOperationsPerThread + 1;
    const std::size_t wanted = threads == 0 ? thread_count() : threads;
    const auto workers = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, most));
    if (workers <= 1) return work(0, events);
    const std::size_t unit = std::max(plan_->interpreter->block(), std::size_t{512});
    parallel_for(events, (events / workers / 4 / unit + 1) * unit, work);
}

void Engine::run(std::span<const std::int16_t> inputs, std::span<std::int16_t> outputs,
                 std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}
void Engine::run(std::span<const std::int32_t> inputs, std::span<std::int32_t> outputs,
                 std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}
void Engine::run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs,
                 std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}

template <class Code>
std::optional<std::size_t> Engine::first_outside(std::span<const Code> inputs) const {
    std::vector<std::pair<std::int64_t, std::int64_t>> bounds;
    for (const dfg::ValueId id : plan_->program.inputs()) {
        const fixed::Format& format = plan_->program[id].format;
        bounds.emplace_back(format.min_code().to_int64().value_or(INT64_MIN),
                            format.max_code().to_int64().value_or(INT64_MAX));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto& [lowest, highest] = bounds[i % bounds.size()];
        if (inputs[i] < lowest || inputs[i] > highest) return i;
    }
    return std::nullopt;
}
template std::optional<std::size_t> Engine::first_outside(std::span<const std::int16_t>) const;
template std::optional<std::size_t> Engine::first_outside(std::span<const std::int32_t>) const;
template std::optional<std::size_t> Engine::first_outside(std::span<const std::int64_t>) const;

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
