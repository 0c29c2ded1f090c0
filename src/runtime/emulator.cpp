// SPDX-License-Identifier: Apache-2.0
#include "runtime/emulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>

#include "emulate/engine.h"
#include "emulate/reals.h"
#include "fixed/dyadic.h"
#include "support/parallel.h"

namespace gatewright::runtime {

using fixed::Cast;
using fixed::Integer;

struct Emulator::Parts {
    StoredProgram stored;
    std::unique_ptr<emulate::BatchFunction> engine;
    emulate::RealPorts reals;
    std::vector<Cast> inputs;  ///< of all ports' elements in order
    std::vector<Cast> outputs;
};

namespace {

// Events that are sorted into ports, or run exactly, at a time.
constexpr std::size_t kBlock = 512;

std::vector<Cast> element_casts(const std::vector<dfg::Port>& ports) {
    std::vector<Cast> out;
    for (const dfg::Port& port : ports)
        out.insert(out.end(), port.elements.begin(), port.elements.end());
    return out;
}

// The port of element `index` of an event; `index` becomes the port's own.
const dfg::Port& port_of(const std::vector<dfg::Port>& ports, std::size_t& index) {
    std::size_t p = 0;
    for (; index >= ports[p].elements.size(); ++p) index -= ports[p].elements.size();
    return ports[p];
}

// Bits a signed integer needs for all codes of the format.
int signed_bits(const fixed::Format& format) {
    return format.width + (format.is_signed || format.width == 0 ? 0 : 1);
}

struct Counts {
    std::size_t events = 0;
    RunError error;
};

Counts refused(std::string message) {
    return {0, {RunProblem::kArgument, std::move(message)}};
}

Counts count_events(std::size_t inputs, std::size_t outputs, std::size_t per_input,
                    std::size_t per_output) {
    const auto broken = [](std::string_view what, std::size_t found, std::size_t per) {
        return refused(fmt::format("{} {} values given, no whole number of events of {} values",
                                   found, what, per));
    };
    if (per_input == 0 ? inputs != 0 : inputs % per_input != 0)
        return broken("input", inputs, per_input);
    if (per_output == 0 ? outputs != 0 : outputs % per_output != 0)
        return broken("output", outputs, per_output);
    if (per_input == 0) return {per_output == 0 ? 0 : outputs / per_output, {}};
    const std::size_t events = inputs / per_input;
    if (per_output == 0 || events == outputs / per_output) return {events, {}};
    return refused(fmt::format("inputs of {} events and room for outputs of {} events given",
                               events, outputs / per_output));
}

template <class Real>
RunError find_not_finite(const std::vector<dfg::Port>& ports, std::size_t per_event,
                         std::span<const Real> values) {
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](Real value) { return !std::isfinite(value); });
    if (bad == values.end()) return {};
    const auto index = static_cast<std::size_t>(bad - values.begin());
    std::size_t element = index % per_event;
    const dfg::Port& port = port_of(ports, element);
    return {RunProblem::kValue,
            fmt::format("input port '{}': event {}, element {} is {}; only finite numbers have a "
                        "code",
                        port.name, index / per_event, element, *bad)};
}

// One array per port for some events, in memory that the caller gives.
template <class Real>
std::vector<Real*> port_arrays(const std::vector<dfg::Port>& ports, std::size_t events,
                               Real* memory) {
    std::vector<Real*> arrays;
    for (const dfg::Port& port : ports) {
        arrays.push_back(memory);
        memory += port.elements.size() * events;
    }
    return arrays;
}

// copy(place in the rows of events, place in the port's array) for every value.
template <class Real, class Copy>
void for_each_value(const std::vector<dfg::Port>& ports, std::size_t per_event, std::size_t events,
                    const std::vector<Real*>& arrays, const Copy& copy) {
    std::size_t first = 0;
    for (std::size_t p = 0; p < ports.size(); ++p) {
        const std::size_t count = ports[p].elements.size();
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < count; ++i)
                copy(e * per_event + first + i, arrays[p][e * count + i]);
        }
        first += count;
    }
}

// Blocks of events on `threads` threads.
template <class Run>
void over_blocks(std::size_t events, unsigned threads, const Run& run) {
    if (threads != 1 && events > kBlock) {
        parallel_for(events, kBlock, threads, run);
        return;
    }
    for (std::size_t begin = 0; begin < events; begin += kBlock)
        run(begin, std::min(events, begin + kBlock));
}

// Exact integers of any width: code_of(place, element) in, take(place, element, code) out.
template <class CodeOf, class Take>
void run_exactly(const emulate::BatchFunction& engine, std::size_t events, unsigned threads,
                 const CodeOf& code_of, const Take& take) {
    const std::size_t in = engine.input_count();
    const std::size_t out = engine.output_count();
    over_blocks(events, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<Integer> inputs((end - begin) * in);
        std::vector<Integer> outputs((end - begin) * out);
        for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = code_of(begin * in + i, i % in);
        engine.run_exact(inputs, outputs);
        for (std::size_t i = 0; i < outputs.size(); ++i) take(begin * out + i, i % out, outputs[i]);
    });
}

}  // namespace

Emulator::Emulator(StoredProgram stored) {
    std::unique_ptr<emulate::BatchFunction> engine = make_function(stored);
    emulate::RealPorts reals(stored.ports);
    auto inputs = element_casts(stored.ports.inputs);
    auto outputs = element_casts(stored.ports.outputs);
    parts_ = std::make_unique<Parts>(Parts{std::move(stored), std::move(engine), std::move(reals),
                                           std::move(inputs), std::move(outputs)});
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
    return parts_->engine->description();
}

// Several ports: rows of events hold all of them, the casts want one array each.
template <class Real>
bool Emulator::run_ports(std::span<const Real> inputs, std::span<Real> outputs) const {
    const dfg::Interface& ports = parts_->stored.ports;
    const std::size_t events =
        input_count() != 0 ? inputs.size() / input_count() : outputs.size() / output_count();
    thread_local std::vector<Real> memory;
    memory.resize(std::max(memory.size(), inputs.size() + outputs.size()));
    const auto in = port_arrays(ports.inputs, events, memory.data());
    const auto out = port_arrays(ports.outputs, events, memory.data() + inputs.size());
    for_each_value(ports.inputs, input_count(), events, in,
                   [&](std::size_t place, Real& value) { value = inputs[place]; });
    const std::vector<const Real*> const_in(in.begin(), in.end());
    if (!parts_->reals.run<Real>(*parts_->engine, const_in, out, events, 1)) return false;
    for_each_value(ports.outputs, output_count(), events, out,
                   [&](std::size_t place, Real& value) { outputs[place] = value; });
    return true;
}

template <class Real>
bool Emulator::run_casts(std::span<const Real> inputs, std::span<Real> outputs, std::size_t events,
                         unsigned threads) const {
    const dfg::Interface& ports = parts_->stored.ports;
    if (ports.inputs.size() == 1 && ports.outputs.size() == 1) {
        const std::array<const Real*, 1> in = {inputs.data()};
        const std::array<Real*, 1> out = {outputs.data()};
        return parts_->reals.run<Real>(*parts_->engine, in, out, events, threads).has_value();
    }
    std::atomic<bool> good{true};
    const std::size_t in = input_count();
    const std::size_t out = output_count();
    over_blocks(events, threads, [&](std::size_t begin, std::size_t end) {
        const std::size_t count = end - begin;
        if (!run_ports<Real>(inputs.subspan(begin * in, count * in),
                             outputs.subspan(begin * out, count * out)))
            good = false;
    });
    return good;
}

template <class Real>
RunError Emulator::run(std::span<const Real> inputs, std::span<Real> outputs,
                       unsigned threads) const {
    const Counts counts =
        count_events(inputs.size(), outputs.size(), input_count(), output_count());
    if (counts.error || counts.events == 0) return counts.error;
    const auto not_finite = [&] {
        return find_not_finite(parts_->stored.ports.inputs, input_count(), inputs);
    };
    if (parts_->engine->fits_int64())
        return run_casts<Real>(inputs, outputs, counts.events, threads) ? RunError{} : not_finite();
    if (RunError error = not_finite()) return error;
    run_exactly(
        *parts_->engine, counts.events, threads,
        [&](std::size_t i, std::size_t element) {
            return emulate::real_to_code(double{inputs[i]}, parts_->inputs[element]);
        },
        [&](std::size_t i, std::size_t element, const Integer& code) {
            const int frac = parts_->outputs[element].format.frac;
            outputs[i] = static_cast<Real>(fixed::Dyadic(code, -frac).to_double());
        });
    return {};
}

template <class Code>
RunError Emulator::check_outputs_fit() const {
    constexpr int kBits = std::numeric_limits<Code>::digits + 1;
    for (std::size_t i = 0; i < output_count(); ++i) {
        const fixed::Format& format = parts_->outputs[i].format;
        if (signed_bits(format) <= kBits) continue;
        std::size_t element = i;
        const dfg::Port& port = port_of(parts_->stored.ports.outputs, element);
        return {RunProblem::kValue,
                fmt::format("output port '{}', element {} is {}, whose codes need {} bits; "
                            "integers of {} bits were given",
                            port.name, element, to_string(format), signed_bits(format), kBits)};
    }
    return {};
}

template <class Code>
RunError Emulator::run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                             unsigned threads) const {
    const Counts counts =
        count_events(inputs.size(), outputs.size(), input_count(), output_count());
    if (counts.error || counts.events == 0) return counts.error;
    if (RunError error = check_outputs_fit<Code>()) return error;
    if (parts_->engine->fits_int64()) {
        parts_->engine->run(inputs, outputs, threads);
        return {};
    }
    run_exactly(
        *parts_->engine, counts.events, threads,
        [&](std::size_t i, std::size_t) { return Integer(std::int64_t{inputs[i]}); },
        [&](std::size_t i, std::size_t, const Integer& code) {
            outputs[i] = static_cast<Code>(code.to_int64().value_or(0));
        });
    return {};
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
