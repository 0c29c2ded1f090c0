// SPDX-License-Identifier: Apache-2.0
#include "verify/evaluators.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfg/interpreter.h"
#include "rtl/simulate.h"
#include "support/check.h"
#include "support/parallel.h"
#include "verify/packing.h"

namespace gatewright::verify {
namespace {

using fixed::Dyadic;
using fixed::Integer;

std::size_t element_count(const std::vector<arch::Port>& ports) {
    std::size_t count = 0;
    for (const arch::Port& port : ports) count += port.elements.size();
    return count;
}

std::vector<model::Values> port_values(const dfg::Interface& ports,
                                       std::span<const Integer> codes) {
    std::vector<model::Values> out;
    std::size_t next = 0;
    for (const arch::Port& port : ports.inputs) {
        model::Values values(port.shape);
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            values[i] = Dyadic(codes[next++], -port.elements[i].format.frac);
        }
        out.push_back(std::move(values));
    }
    return out;
}

// The code of a reference value on its port. A value off the port's grid can have no right code; a
// code that fits no format marks it as different from every evaluator's.
Integer port_code(const Dyadic& value, const fixed::Format& format) {
    if (!value.is_zero() && value.frac() > format.frac)
        return Integer::power_of_two(format.width + 1);
    return value.is_zero() ? Integer(0) : value.code_at(format.frac);
}

Integer to_integer(std::span<const std::uint32_t> words) {
    Integer value = 0;
    for (std::size_t i = words.size(); i-- > 0;)
        value = (value << 32) + Integer(std::int64_t{words[i]});
    return value;
}

void to_words(const Integer& value, std::span<std::uint32_t> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const Integer word = (value >> static_cast<int>(32 * i)).low_bits(32);
        words[i] = static_cast<std::uint32_t>(*word.to_int64());
    }
}

}  // namespace

Codes run_reference(const model::TypedGraph& typed, const dfg::Interface& ports,
                    std::span<const Integer> inputs) {
    const std::size_t in = element_count(ports.inputs);
    const std::size_t out = element_count(ports.outputs);
    const std::size_t events = in == 0 ? 0 : inputs.size() / in;
    const auto& outputs = typed.graph().outputs();
    Codes codes(events * out);
    parallel_for(events, 8, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            const auto values =
                evaluate_reference(typed.graph(), port_values(ports, inputs.subspan(e * in, in)));
            std::size_t next = e * out;
            for (std::size_t p = 0; p < outputs.size(); ++p) {
                const model::Values& result = values[outputs[p].index()];
                for (std::size_t i = 0; i < result.size(); ++i) {
                    codes[next++] = port_code(result[i], ports.outputs[p].elements[i].format);
                }
            }
        }
    });
    return codes;
}

Codes run_dataflow(const arch::FlatProgram& flat, std::span<const Integer> inputs) {
    const std::size_t in = flat.program.inputs().size();
    const std::size_t out = flat.program.outputs().size();
    const std::size_t events = in == 0 ? 0 : inputs.size() / in;
    Codes codes(events * out);
    parallel_for(events, 16, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            auto result = dfg::interpret(flat.program, inputs.subspan(e * in, in));
            std::move(result.begin(), result.end(),
                      codes.begin() + static_cast<std::ptrdiff_t>(e * out));
        }
    });
    return codes;
}

Codes run_emulator(const emulate::BatchFunction& engine, std::span<const Integer> inputs) {
    const std::size_t in = engine.input_count();
    const std::size_t out = engine.output_count();
    const std::size_t events = in == 0 ? 0 : inputs.size() / in;
    Codes codes(events * out);
    if (!engine.fits_int64()) {
        engine.run_exact(inputs, codes);
        return codes;
    }
    std::vector<std::int64_t> small_in;
    small_in.reserve(inputs.size());
    for (const Integer& code : inputs) small_in.push_back(*code.to_int64());
    std::vector<std::int64_t> small_out(codes.size());
    engine.run(small_in, small_out);
    std::copy(small_out.begin(), small_out.end(), codes.begin());
    return codes;
}

Result<Codes> run_netlist(const rtl::Netlist& netlist, std::span<const Integer> inputs) {
    const BusLayout in(netlist.inputs);
    const BusLayout out(netlist.outputs);
    const std::size_t events = in.elements() == 0 ? 0 : inputs.size() / in.elements();
    const auto latency = static_cast<std::size_t>(netlist.latency_cycles);
    rtl::Simulator simulator(netlist);
    simulator.reset();
    Codes codes(events * out.elements());
    std::vector<std::uint32_t> out_words(out.words());
    for (std::size_t cycle = 0; cycle < events + latency + 2; ++cycle) {
        std::vector<std::uint32_t> in_words(in.words());
        const bool sent = cycle < events;
        if (sent) in.pack(inputs.subspan(cycle * in.elements(), in.elements()), in_words);
        const auto result = simulator.step(to_integer(in_words), sent);
        const bool expected = cycle >= latency && cycle - latency < events;
        if (result.valid != expected) {
            return fail(fmt::format(
                "out_valid is {} in cycle {}; events are offered in cycles 0 to {} and the "
                "latency is {}",
                result.valid ? 1 : 0, cycle, events - 1, latency));
        }
        if (!expected) continue;
        to_words(result.out, out_words);
        out.unpack(out_words,
                   std::span(codes).subspan((cycle - latency) * out.elements(), out.elements()));
    }
    return codes;
}

Result<VerilogOutputs> run_verilog(const dfg::Interface& ports, const std::string& top,
                                   const std::vector<std::string>& files,
                                   std::span<const Integer> inputs, std::uint64_t seed) {
    const BusLayout in(ports.inputs);
    const BusLayout out(ports.outputs);
    const std::size_t events = in.elements() == 0 ? 0 : inputs.size() / in.elements();
    std::vector<std::uint32_t> words(events * in.words());
    for (std::size_t e = 0; e < events; ++e) {
        in.pack(inputs.subspan(e * in.elements(), in.elements()),
                std::span(words).subspan(e * in.words(), in.words()));
    }
    tools::VerilatorJob job;
    job.top = top;
    job.files = files;
    job.in_bits = in.bits();
    job.out_bits = out.bits();
    job.inputs = words;
    job.events = events;
    job.seed = seed;
    VerilogOutputs result;
    GW_TRY(result.run, tools::simulate_verilator(job));
    result.codes.resize(events * out.elements());
    for (std::size_t e = 0; e < events; ++e) {
        out.unpack(std::span(result.run.outputs).subspan(e * out.words(), out.words()),
                   std::span(result.codes).subspan(e * out.elements(), out.elements()));
    }
    return result;
}

}  // namespace gatewright::verify
