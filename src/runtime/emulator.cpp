// SPDX-License-Identifier: Apache-2.0
#include "runtime/emulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <type_traits>

#include "emulate/engine.h"
#include "runtime/port_codes.h"
#include "support/parallel.h"

namespace gatewright::runtime {

using fixed::Integer;

struct Emulator::Parts {
    StoredProgram stored;
    emulate::Engine engine;
    RowCasts inputs;
    RowCasts outputs;
    int code_bits = 64;  ///< 16, 32 or 64: the narrowest integers that carry all ports' codes
};

namespace {

// Events converted, run and converted back at a time: the codes of a block stay in the cache.
constexpr std::size_t kBlock = 512;

// "input port 'x', element 3" of element `index` of an event.
std::string place(const std::vector<dfg::Port>& ports, std::size_t index, std::string_view what) {
    for (const dfg::Port& port : ports) {
        if (index < port.elements.size())
            return fmt::format("{} port '{}', element {}", what, port.name, index);
        index -= port.elements.size();
    }
    return std::string(what);
}

// Bits a signed integer needs for all codes of the format.
int signed_bits(const fixed::Format& format) {
    return format.width + (format.is_signed || format.width == 0 ? 0 : 1);
}

// Inputs only need their width: the engine takes codes modulo it.
int narrowest_codes(const RowCasts& inputs, const emulate::Engine& engine) {
    int bits = engine.output_bits();
    for (std::size_t i = 0; i < inputs.size(); ++i)
        bits = std::max(bits, inputs[i].cast.format.width);
    return bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
}

struct Counts {
    std::size_t events = 0;
    RunError error;
};

Counts count_events(std::size_t inputs, std::size_t outputs, std::size_t per_input,
                    std::size_t per_output) {
    const auto wrong = [](std::string_view what, std::size_t found, std::size_t per) {
        return Counts{0,
                      {RunProblem::kArgument,
                       fmt::format("{} {} values given, no whole number of events of {} values",
                                   found, what, per)}};
    };
    if (per_input == 0 ? inputs != 0 : inputs % per_input != 0)
        return wrong("input", inputs, per_input);
    if (per_output == 0 ? outputs != 0 : outputs % per_output != 0)
        return wrong("output", outputs, per_output);
    if (per_input == 0) return {per_output == 0 ? 0 : outputs / per_output, {}};
    const std::size_t events = inputs / per_input;
    if (per_output == 0 || events == outputs / per_output) return {events, {}};
    return {0,
            {RunProblem::kArgument,
             fmt::format("inputs of {} events and room for outputs of {} events given", events,
                         outputs / per_output)}};
}

RunError not_finite(const std::vector<dfg::Port>& ports, std::size_t index, std::size_t per_event,
                    double value) {
    return {RunProblem::kValue,
            fmt::format("{}: event {} is {}; only finite numbers have a code",
                        place(ports, index % per_event, "input"), index / per_event, value)};
}

// run(begin, end) for blocks of events on `threads` threads; the error of the lowest block.
template <class Run>
RunError over_blocks(std::size_t events, unsigned threads, const Run& run) {
    if (threads == 1 || events <= kBlock) {
        for (std::size_t begin = 0; begin < events; begin += kBlock) {
            if (RunError error = run(begin, std::min(events, begin + kBlock))) return error;
        }
        return {};
    }
    std::mutex guard;
    std::size_t lowest = events;
    RunError first;
    parallel_for(events, kBlock, threads, [&](std::size_t begin, std::size_t end) {
        RunError error = run(begin, end);
        if (!error) return;
        const std::lock_guard lock(guard);
        if (begin >= lowest) return;
        lowest = begin;
        first = std::move(error);
    });
    return first;
}

// Memory of one block; each thread keeps its own, so that a run allocates nothing.
template <class Code>
struct Block {
    std::span<Code> inputs;
    std::span<Code> outputs;

    Block(std::size_t input_codes, std::size_t output_codes) {
        thread_local std::vector<Code> memory;
        if (memory.size() < input_codes + output_codes) memory.resize(input_codes + output_codes);
        inputs = {memory.data(), input_codes};
        outputs = {memory.data() + input_codes, output_codes};
    }
};

// The exact path, for ports wider than 64 bits: events [begin, end) of codes from `code_of` to
// `take`.
template <class CodeOf, class Take>
void run_exactly(const emulate::Engine& engine, std::size_t begin, std::size_t end,
                 const CodeOf& code_of, const Take& take) {
    const std::size_t in = engine.input_count();
    const std::size_t out = engine.output_count();
    std::vector<Integer> inputs((end - begin) * in);
    std::vector<Integer> outputs((end - begin) * out);
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = code_of(begin * in + i, i % in);
    engine.run_exact(inputs, outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) take(begin * out + i, i % out, outputs[i]);
}

}  // namespace

Emulator::Emulator(StoredProgram stored) {
    emulate::Engine engine(stored.program);
    RowCasts inputs(stored.ports.inputs);
    RowCasts outputs(stored.ports.outputs);
    const int bits = engine.fits_int64() ? narrowest_codes(inputs, engine) : 0;
    parts_ = std::make_unique<Parts>(
        Parts{std::move(stored), std::move(engine), std::move(inputs), std::move(outputs), bits});
}
Emulator::~Emulator() = default;
Emulator::Emulator(Emulator&&) noexcept = default;
Emulator& Emulator::operator=(Emulator&&) noexcept = default;

const StoredProgram& Emulator::stored() const {
    return parts_->stored;
}
std::size_t Emulator::input_count() const {
    return parts_->inputs.size();
}
std::size_t Emulator::output_count() const {
    return parts_->outputs.size();
}
std::string Emulator::description() const {
    return parts_->engine.description();
}

template <class Code, class Real>
RunError Emulator::run_block(std::span<const Real> inputs, std::span<Real> outputs,
                             std::size_t first_event) const {
    const Block<Code> block(inputs.size(), outputs.size());
    const std::size_t bad = parts_->inputs.to_codes(inputs, block.inputs);
    if (bad < inputs.size()) {
        return not_finite(parts_->stored.ports.inputs, first_event * input_count() + bad,
                          input_count(), double{inputs[bad]});
    }
    parts_->engine.run(block.inputs, block.outputs, 1);
    parts_->outputs.to_reals(std::span<const Code>(block.outputs), outputs);
    return {};
}

template <class Real>
RunError Emulator::run_exact(std::span<const Real> inputs, std::span<Real> outputs,
                             std::size_t events, unsigned threads) const {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!std::isfinite(inputs[i]))
            return not_finite(parts_->stored.ports.inputs, i, input_count(), double{inputs[i]});
    }
    return over_blocks(events, threads, [&](std::size_t begin, std::size_t end) -> RunError {
        run_exactly(
            parts_->engine, begin, end,
            [&](std::size_t i, std::size_t element) {
                return to_exact_code(double{inputs[i]}, parts_->inputs[element].cast);
            },
            [&](std::size_t i, std::size_t element, const Integer& code) {
                const int frac = parts_->outputs[element].cast.format.frac;
                outputs[i] = static_cast<Real>(to_real(code, frac));
            });
        return {};
    });
}

template <class Real>
RunError Emulator::run(std::span<const Real> inputs, std::span<Real> outputs,
                       unsigned threads) const {
    const std::size_t in = input_count();
    const std::size_t out = output_count();
    const Counts counts = count_events(inputs.size(), outputs.size(), in, out);
    if (counts.error) return counts.error;
    if (parts_->code_bits == 0) return run_exact<Real>(inputs, outputs, counts.events, threads);
    return over_blocks(counts.events, threads, [&](std::size_t begin, std::size_t end) {
        const auto values = inputs.subspan(begin * in, (end - begin) * in);
        const auto results = outputs.subspan(begin * out, (end - begin) * out);
        if (parts_->code_bits == 16) return run_block<std::int16_t>(values, results, begin);
        if (parts_->code_bits == 32) return run_block<std::int32_t>(values, results, begin);
        return run_block<std::int64_t>(values, results, begin);
    });
}

template <class Code>
RunError Emulator::run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                             unsigned threads) const {
    const Counts counts =
        count_events(inputs.size(), outputs.size(), input_count(), output_count());
    if (counts.error) return counts.error;
    constexpr int kBits = std::numeric_limits<Code>::digits + 1;
    for (std::size_t i = 0; i < output_count(); ++i) {
        const fixed::Format& format = parts_->outputs[i].cast.format;
        if (signed_bits(format) <= kBits) continue;
        return {RunProblem::kValue,
                fmt::format("{} is {}, whose codes need {} bits; integers of {} bits were given",
                            place(parts_->stored.ports.outputs, i, "output"), to_string(format),
                            signed_bits(format), kBits)};
    }
    if (parts_->engine.fits_int64()) {
        parts_->engine.run(inputs, outputs, threads);
        return {};
    }
    return over_blocks(counts.events, threads, [&](std::size_t begin, std::size_t end) -> RunError {
        run_exactly(
            parts_->engine, begin, end,
            [&](std::size_t i, std::size_t) { return Integer(std::int64_t{inputs[i]}); },
            [&](std::size_t i, std::size_t, const Integer& code) {
                outputs[i] = static_cast<Code>(code.to_int64().value_or(0));
            });
        return {};
    });
}

template RunError Emulator::run(std::span<const double>, std::span<double>, unsigned) const;
template RunError Emulator::run(std::span<const float>, std::span<float>, unsigned) const;
template RunError Emulator::run_codes(std::span<const std::int16_t>, std::span<std::int16_t>,
                                      unsigned) const;
template RunError Emulator::run_codes(std::span<const std::int32_t>, std::span<std::int32_t>,
                                      unsigned) const;
template RunError Emulator::run_codes(std::span<const std::int64_t>, std::span<std::int64_t>,
                                      unsigned) const;

}  // namespace gatewright::runtime
