// SPDX-License-Identifier: Apache-2.0
#include "arch/stored_stages_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatewright::arch {
namespace {

using fixed::Format;

// Elements of a tensor, taps of all windows of a stage: far above every design that fits a chip.
constexpr std::int64_t kMostElements = std::int64_t{1} << 28;
// Strides, dilations and paddings: products of them with positions stay far inside 64 bits.
constexpr std::int64_t kMostSteps = std::int64_t{1} << 28;

// Product of the dimensions, at least `least` each; an error beyond kMostElements.
Result<std::int64_t> count(const tensor::Shape& shape, std::string_view what) {
    std::int64_t elements = 1;
    for (const std::int64_t dim : shape) {
        if (dim < 1 || dim > kMostElements / elements) {
            return fail(fmt::format("{} is {}: dimensions from 1 on, at most {} elements", what,
                                    tensor::to_string(shape), kMostElements));
        }
        elements *= dim;
    }
    return elements;
}

class StageStructure {
  public:
    StageStructure(const StagedDesign& design, const Stage& stage)
        : design_(design), stage_(stage), output_(design[stage.output]) {}

    Status check() const {
        if (const auto* move = std::get_if<Rearrange>(&stage_.work)) return check(*move);
        return check(std::get<Compute>(stage_.work));
    }

  private:
    Status check(const Rearrange& work) const {
        if (stage_.inputs.size() != 1) return fail("rearranges more than one input");
        const Stream& input = design_[stage_.inputs[0].stream];
        const std::size_t made = output_.words * output_.channels();
        if (work.from.size() != made) {
            return fail(fmt::format("'from' has {} entries, its output stream {} elements",
                                    work.from.size(), made));
        }
        const auto elements = static_cast<std::int64_t>(input.words * input.channels());
        for (const std::int64_t from : work.from) {
            if (from < -1 || from >= elements) {
                return fail(fmt::format("'from' names element {}, its input stream has {}", from,
                                        elements));
            }
        }
        return {};
    }

    Status check(const Compute& work) const {
        GW_TRY(const std::int64_t positions, count(work.positions, "'positions'"));
        if (positions != static_cast<std::int64_t>(output_.words)) {
            return fail(fmt::format("'positions' are {}, its output stream has {} words", positions,
                                    output_.words));
        }
        std::vector<Format> read;
        for (const StageInput& input : stage_.inputs) {
            GW_TRY(const std::int64_t taps, check_window(input, positions));
            const std::vector<Format>& formats = design_[input.stream].formats;
            if (taps * static_cast<std::int64_t>(formats.size()) > kMostElements)
                return fail("a window holds more values than any design");
            for (std::int64_t tap = 0; tap < taps; ++tap)
                read.insert(read.end(), formats.begin(), formats.end());
        }
        if (work.part_of.empty() ? work.parts.size() > 1 : work.part_of.size() != output_.words) {
            return fail(fmt::format("'part_of' has {} entries for {} positions and {} parts",
                                    work.part_of.size(), positions, work.parts.size()));
        }
        for (const Part& part : work.parts) GW_TRY_STATUS(check_part(part, read));
        return {};
    }

    Result<std::int64_t> check_window(const StageInput& input, std::int64_t positions) const {
        const model::Window& window = input.window;
        GW_TRY(const std::int64_t words, count(window.extent, "a window's 'extent'"));
        if (words != static_cast<std::int64_t>(design_[input.stream].words)) {
            return fail(fmt::format("a window over {} positions reads a stream of {} words", words,
                                    design_[input.stream].words));
        }
        GW_TRY(const std::int64_t taps, count(window.size, "a window's 'size'"));
        if (taps > kMostElements / positions) return fail("its windows hold too many taps");
        for (std::size_t axis = 0; axis < window.extent.size(); ++axis) {
            if (window.stride[axis] < 1 || window.stride[axis] > kMostSteps ||
                window.dilation[axis] < 1 || window.dilation[axis] > kMostSteps ||
                std::abs(window.before[axis]) > kMostSteps) {
                return fail(fmt::format("a window with stride {}, dilation {} and padding {}",
                                        window.stride[axis], window.dilation[axis],
                                        window.before[axis]));
            }
        }
        return taps;
    }

    Status check_part(const Part& part, const std::vector<Format>& read) const {
        if (part.head) GW_TRY_STATUS(check_head(*part.head, read));
        const std::vector<Format>& inputs = part.head ? part.head->sums : read;
        const dfg::Program& program = part.program;
        if (program.inputs().size() != inputs.size()) {
            return fail(fmt::format("a program of {} inputs is given {} values",
                                    program.inputs().size(), inputs.size()));
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const Format& format = program[program.inputs()[i]].format;
            if (format != inputs[i]) {
                return fail(fmt::format("input {} of a program is {}, it is given {}", i,
                                        to_string(format), to_string(inputs[i])));
            }
        }
        if (program.outputs().size() != output_.channels()) {
            return fail(fmt::format("a program of {} outputs makes words of {} channels",
                                    program.outputs().size(), output_.channels()));
        }
        return {};
    }

    static Status check_head(const LinearHead& head, const std::vector<Format>& read) {
        if (head.input_formats != read) {
            return fail(fmt::format("a head of {} inputs reads {} values, or in other formats",
                                    head.inputs, read.size()));
        }
        if (head.outputs == 0) return fail("a head without sums");
        const bool fits = std::all_of(head.weights.begin(), head.weights.end(),
                                      [&](auto w) { return head.weight_format.holds(w); }) &&
                          std::all_of(head.bias.begin(), head.bias.end(),
                                      [&](auto b) { return head.bias_format.holds(b); });
        if (!fits) return fail("a weight or bias does not fit its format");
        // A product or a bias is an integer in the units of the sums.
        for (const Format& sum : head.sums) {
            const auto exact = [&](int frac) { return frac <= sum.frac && sum.frac - frac < 64; };
            const bool all = std::all_of(
                head.input_formats.begin(), head.input_formats.end(),
                [&](const Format& in) { return exact(in.frac + head.weight_format.frac); });
            if (sum.frac != head.sums[0].frac || !all || !exact(head.bias_format.frac))
                return fail("a head's sums do not have the fraction bits of its products");
        }
        return {};
    }

    const StagedDesign& design_;
    const Stage& stage_;
    const Stream& output_;
};

Status check_stream(const StagedDesign& design, const Stream& stream) {
    GW_TRY(const std::int64_t elements, count(stream.shape, "its shape"));
    const std::size_t made = stream.words * stream.channels();
    if (stream.channels() == 0 || made != static_cast<std::size_t>(elements)) {
        return fail(fmt::format("has {} words of {} channels for the shape {}", stream.words,
                                stream.channels(), tensor::to_string(stream.shape)));
    }
    if (stream.producer.valid()) return {};
    const dfg::Port& port = design.inputs[stream.port];
    if (port.elements.size() != made) {
        return fail(fmt::format("has {} elements, its input port '{}' {}", made, port.name,
                                port.elements.size()));
    }
    return {};
}

Status check_results(const StagedDesign& design) {
    if (design.results.size() != design.outputs.size()) {
        return fail(fmt::format("{} results for {} output ports", design.results.size(),
                                design.outputs.size()));
    }
    for (std::size_t p = 0; p < design.results.size(); ++p) {
        const Stream& stream = design[design.results[p]];
        const dfg::Port& port = design.outputs[p];
        if (port.elements.size() != stream.words * stream.channels()) {
            return fail(fmt::format("stream '{}' has {} elements, its output port '{}' {}",
                                    stream.name, stream.words * stream.channels(), port.name,
                                    port.elements.size()));
        }
    }
    return {};
}

// A stream without producer is an input port's, and every port has one.
Status check_inputs(const StagedDesign& design) {
    std::vector<int> streams(design.inputs.size(), 0);
    for (const Stream& stream : design.streams) {
        if (!stream.producer.valid()) ++streams[stream.port];
    }
    for (std::size_t p = 0; p < streams.size(); ++p) {
        if (streams[p] == 1) continue;
        return fail(fmt::format("input port '{}' has {} streams, expected one",
                                design.inputs[p].name, streams[p]));
    }
    return {};
}

}  // namespace

Status check_structure(const StagedDesign& design) {
    GW_TRY_STATUS(check_inputs(design));
    for (const Stream& stream : design.streams) {
        if (auto status = check_stream(design, stream); !status)
            return fail_in("stream '" + stream.name + "'", status.error());
    }
    for (std::size_t s = 0; s < design.stages.size(); ++s) {
        const Stage& stage = design.stages[s];
        Status status;
        for (const StageInput& input : stage.inputs) {
            const StageId producer = design[input.stream].producer;
            if (producer.valid() && !(producer < StageId(s)))
                status = fail("reads stream '" + design[input.stream].name + "' before it is made");
        }
        if (design[stage.output].producer != StageId(s))
            status = fail("makes stream '" + design[stage.output].name + "', as another one does");
        if (status) status = StageStructure(design, stage).check();
        if (!status) return fail_in("stage '" + stage.name + "'", status.error());
    }
    return check_results(design);
}

}  // namespace gatewright::arch
