// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/stage_module.h"

#include <fmt/format.h>

#include <algorithm>

#include "rtl/emit.h"
#include "rtl/stages/loading.h"
#include "support/check.h"

namespace gatewright::rtl {

using arch::Compute;
using fixed::Format;

int word_bits(const arch::Stream& stream) {
    return std::max(1, stream.width());
}

int word_bits(const arch::Stream& stream, Banks banks) {
    return word_bits(stream) + (banks == Banks::kTravelWithWords ? 1 : 0);
}

bool is_loadable(const arch::Stage& stage) {
    const auto* work = std::get_if<Compute>(&stage.work);
    return work != nullptr && work->parts.front().head &&
           work->folding.store == arch::WeightStore::kLoadable;
}

StagePorts declare_ports(const StageJob& job, Circuit& circuit) {
    StagePorts ports;
    for (std::size_t i = 0; i < job.stage.inputs.size(); ++i) {
        const arch::Stream& stream = job.design[job.stage.inputs[i].stream];
        const std::string name = fmt::format("in{}", i);
        const Bits valid = circuit.input(name + "_valid", 1);
        const Bits all = circuit.input(name, word_bits(stream, job.banks));
        const Bits word = take({all, false}, 0, word_bits(stream));
        const Bits bank = job.banks == Banks::kTravelWithWords
                              ? take({all, false}, word_bits(stream), 1)
                              : zero();
        ports.inputs.push_back({valid, word, bank, circuit.output(name + "_pop", 1)});
    }
    ports.open = circuit.input("open", 1);
    ports.fire = circuit.output("fire", 1);
    ports.push = circuit.output("push", 1);
    ports.out = circuit.output("out", word_bits(job.design[job.stage.output], job.banks));
    return ports;
}

Pipeline embed_pipeline(const StageJob& job, const schedule::Pipeline& source,
                        const std::string& name) {
    Pipeline out;
    arch::Design design;
    design.name = name;
    arch::Kernel kernel;
    kernel.name = "logic";
    kernel.description = job.stage.description;
    kernel.program = source.flat.program;
    arch::Port in{"x", {}, {}, {}, 0};
    for (const dfg::ValueId input : kernel.program.inputs()) {
        const Format& format = kernel.program[input].format;
        kernel.inputs.push_back({arch::KernelId(), in.elements.size()});
        in.bit_offset.push_back(in.width);
        in.elements.push_back({.format = format});
        in.width += format.width;
        out.inputs.push_back(format);
    }
    arch::Port result{"y", {}, {}, {}, 0};
    for (const dfg::ValueId output : kernel.program.outputs()) {
        const Format& format = kernel.program[output].format;
        design.results.push_back({arch::KernelId(0), result.elements.size()});
        result.bit_offset.push_back(result.width);
        result.elements.push_back({.format = format});
        result.width += format.width;
        out.outputs.push_back(format);
    }
    in.shape = {static_cast<std::int64_t>(in.elements.size())};
    result.shape = {static_cast<std::int64_t>(result.elements.size())};
    design.inputs = {in};
    design.outputs = {result};
    design.kernels.push_back(std::move(kernel));
    Netlist made = build_netlist(design, source.flat, source.schedule);
    const std::size_t offset = job.netlist.modules.size();
    for (Module& module : made.modules) {
        module.name = job.names.unique(module.name);
        for (Statement& statement : module.statements) {
            if (auto* instance = std::get_if<Instance>(&statement))
                instance->module = ModuleId(instance->module.index() + offset);
        }
        job.netlist.modules.push_back(std::move(module));
    }
    out.module = ModuleId(job.netlist.modules.size() - 1);
    out.latency = source.schedule.latency_cycles;
    return out;
}

Bits pipeline_input(const Pipeline& pipeline, const std::vector<TypedBits>& values) {
    GW_CHECK(values.size() == pipeline.inputs.size(), "a pipeline with other inputs");
    Bits bits;
    for (std::size_t i = 0; i < values.size(); ++i) {
        append(bits, converted(values[i].bits, values[i].format, pipeline.inputs[i]));
    }
    return bits.width() == 0 ? zero() : bits;
}

std::vector<TypedBits> channels(const Bits& word, const std::vector<Format>& formats) {
    std::vector<TypedBits> out;
    int offset = 0;
    for (const Format& format : formats) {
        out.push_back({take({word, false}, offset, format.width), format});
        offset += format.width;
    }
    return out;
}

namespace {

Bits channels_side_by_side(const std::vector<TypedBits>& values,
                           const std::vector<Format>& formats) {
    Bits bits;
    for (std::size_t i = 0; i < values.size(); ++i) {
        append(bits, converted(values[i].bits, values[i].format, formats[i]));
    }
    return bits.width() == 0 ? zero() : bits;
}

// The taps' channels in order, then the number of the part.
std::vector<TypedBits> window_values(const StageJob& job, const Window& window) {
    std::vector<TypedBits> values;
    std::size_t tap = 0;
    for (const arch::StageInput& input : job.stage.inputs) {
        const arch::Stream& stream = job.design[input.stream];
        for (std::size_t n = 0; n < tensor::element_count(input.window.size); ++n) {
            for (TypedBits& channel : channels(window.taps[tap], stream.formats)) {
                values.push_back(std::move(channel));
            }
            ++tap;
        }
    }
    if (window.part.width() > 0) {
        values.push_back({window.part, {false, window.part.width(), 0}});
    }
    return values;
}

// What is shifted along with a pipeline, cycle by cycle.
Bits alongside(Circuit& c, std::string_view name, const Bits& value, int cycles) {
    Bits held = value;
    for (int cycle = 1; cycle <= cycles && !value.constant(); ++cycle) {
        held = c.delayed(fmt::format("{}_d{}", name, cycle), held);
    }
    return held;
}

Module compute_module(const StageJob& job, const std::string& name) {
    const auto& work = std::get<Compute>(job.stage.work);
    GW_CHECK(job.pipelines.words.has_value(), "a compute stage without its pipeline");
    const Pipeline words = embed_pipeline(job, *job.pipelines.words, name + "_words");
    Circuit c(name, fmt::format("{}: {}", job.stage.name, job.stage.description));
    StagePorts ports = declare_ports(job, c);
    const Window window = build_window(job, c, ports);
    Sums from;
    if (work.parts.front().head) {
        from = build_head(job, c, window, name);
    } else {
        c.note("the window is complete");
        from.valid = c.delayed("window_valid", window.fire, {}, Register::Reset::kToZero);
        from.values = window_values(job, window);
        from.bank = c.delayed("window_bank", window.bank);
    }
    const Bits valid = c.wire("result_valid", 1);
    int result_bits = 0;
    for (const Format& format : words.outputs) result_bits += format.width;
    const Bits result = c.wire("result", std::max(1, result_bits));
    c.instance("words", job.netlist, words.module,
               {{"in_valid", from.valid},
                {"in", pipeline_input(words, from.values)},
                {"out_valid", valid},
                {"out", result}});
    const arch::Stream& stream = job.design[job.stage.output];
    Bits out = channels_side_by_side(channels(result, words.outputs), stream.formats);
    if (job.banks == Banks::kTravelWithWords) {
        append(out, alongside(c, "result_bank", from.bank, words.latency));
    }
    c.drive(ports.fire, window.fire);
    c.drive(ports.push, valid);
    c.drive(ports.out, out);
    return c.finish();
}

}  // namespace

ModuleId build_stage(const StageJob& job) {
    const std::string name = job.names.unique(job.netlist.name + "_" + job.stage.name);
    Module module = std::holds_alternative<Compute>(job.stage.work) ? compute_module(job, name)
                                                                    : build_rearrange(job, name);
    for (char& letter : module.comment) {
        if (letter < ' ' || letter > '~') letter = ' ';
    }
    job.netlist.modules.push_back(std::move(module));
    return ModuleId(job.netlist.modules.size() - 1);
}

}  // namespace gatewright::rtl
