// SPDX-License-Identifier: Apache-2.0
//
// Whether a plan is one: everything a reader of it relies on is computed again from the streams'
// ranges and the programs, and nothing the planner remembered is used.
#include <fmt/format.h>

#include "arch/delay_line.h"
#include "arch/linear_head.h"
#include "arch/stages.h"
#include "dfg/affine.h"
#include "support/check.h"

namespace gatewright::arch {

using fixed::Format;
using fixed::Interval;

namespace {

bool holds(const Format& format, const Interval& range) {
    return format_of(range).width == 0 ||
           (range.frac <= format.frac && format.holds(range.lo << (format.frac - range.frac)) &&
            format.holds(range.hi << (format.frac - range.frac)));
}

class StageVerifier {
  public:
    StageVerifier(const StagedDesign& design, StageId id)
        : design_(design), stage_(design[id]), output_(design[stage_.output]) {}

    Status run() const {
        if (const auto* work = std::get_if<Rearrange>(&stage_.work)) return check(*work);
        return check(std::get<Compute>(stage_.work));
    }

  private:
    Status check(const Rearrange& work) const {
        if (stage_.inputs.size() != 1) return fail("a rearrangement of several inputs");
        const Stream& input = design_[stage_.inputs[0].stream];
        const auto elements = static_cast<std::int64_t>(input.words * input.channels());
        if (work.from.size() != output_.words * output_.channels()) {
            return fail(fmt::format("{} elements are made for {} words of {} channels",
                                    work.from.size(), output_.words, output_.channels()));
        }
        for (std::size_t i = 0; i < work.from.size(); ++i) {
            if (work.from[i] < -1 || work.from[i] >= elements) {
                return fail(
                    fmt::format("element {} is element {} of {}", i, work.from[i], elements));
            }
            const auto source = static_cast<std::size_t>(std::max<std::int64_t>(work.from[i], 0));
            const Interval range =
                work.from[i] < 0 ? Interval{} : input.ranges[source % input.channels()];
            GW_TRY_STATUS(check_fits(i % output_.channels(), range));
        }
        return {};
    }

    Status check_fits(std::size_t channel, const Interval& range) const {
        if (output_.ranges[channel].contains(range)) return {};
        return fail(fmt::format("channel {} can be {}, its stream says {}", channel,
                                to_string(range), to_string(output_.ranges[channel])));
    }

    Status check(const Compute& work) const {
        if (tensor::element_count(work.positions) != output_.words) {
            return fail(fmt::format("{} positions for a stream of {} words",
                                    tensor::element_count(work.positions), output_.words));
        }
        for (const StageInput& input : stage_.inputs) GW_TRY_STATUS(check_window(work, input));
        GW_TRY_STATUS(check_part_numbers(work));
        const std::vector<Interval> inputs = input_ranges(work);
        for (const Part& part : work.parts) {
            if (part.head) {
                GW_TRY_STATUS(check_head(*part.head, work.folding, inputs));
                GW_TRY_STATUS(check_program(part.program, part.head->sums, part.head->sum_ranges));
            } else {
                GW_TRY_STATUS(check_program(part.program, input_formats(), inputs));
            }
        }
        return {};
    }

    Status check_window(const Compute& work, const StageInput& input) const {
        const model::Window& window = input.window;
        const std::size_t axes = window.extent.size();
        if (window.size.size() != axes || window.stride.size() != axes ||
            window.dilation.size() != axes || window.before.size() != axes) {
            return fail("a window with lists of unlike lengths");
        }
        GW_TRY(const DelayLine line, delay_line(window, work.positions));
        if (line.words != design_[input.stream].words) {
            return fail(fmt::format("a window over {} positions of a stream of {} words",
                                    line.words, design_[input.stream].words));
        }
        if (stage_.inputs.size() == 1) return {};
        for (std::size_t p = 0; p < output_.words; ++p) {
            if (line.delays.size() != 1 || line.words != output_.words ||
                line.complete[p] != static_cast<std::int64_t>(p)) {
                return fail("one of several inputs is not read word by word");
            }
        }
        return {};
    }

    Status check_part_numbers(const Compute& work) const {
        if (work.parts.empty()) return fail("no part");
        if (!work.part_of.empty() && work.part_of.size() != output_.words) {
            return fail("part numbers of another number of positions");
        }
        for (const std::uint32_t part : work.part_of) {
            if (part >= work.parts.size()) return fail("a part number without a part");
        }
        if (work.part_of.empty() && work.parts.size() > 1) return fail("parts that nothing uses");
        if (work.parts.size() > 1 && work.parts[0].head) return fail("several parts with a head");
        return {};
    }

    // Of every value a part reads, 0 included where a tap is outside.
    [[nodiscard]] std::vector<Interval> input_ranges(const Compute& work) const {
        std::vector<Interval> out;
        for (const StageInput& input : stage_.inputs) {
            for (std::size_t tap = 0; tap < tensor::element_count(input.window.size); ++tap) {
                bool outside = false;
                for (std::size_t p = 0; p < output_.words && !outside; ++p) {
                    outside = input_position(input.window, work.positions, p, tap) < 0;
                }
                for (Interval range : design_[input.stream].ranges) {
                    if (outside) range = hull(range, {0, 0, range.frac});
                    out.push_back(std::move(range));
                }
            }
        }
        return out;
    }

    [[nodiscard]] std::vector<Format> input_formats() const {
        std::vector<Format> out;
        for (const StageInput& input : stage_.inputs) {
            const std::vector<Format>& formats = design_[input.stream].formats;
            for (std::size_t tap = 0; tap < tensor::element_count(input.window.size); ++tap) {
                out.insert(out.end(), formats.begin(), formats.end());
            }
        }
        return out;
    }

    Status check_program(const dfg::Program& program, const std::vector<Format>& formats,
                         const std::vector<Interval>& ranges) const {
        GW_TRY_STATUS(dfg::verify_ranges(program));
        if (program.inputs().size() != formats.size()) {
            return fail(fmt::format("a part of {} inputs reads {} values", program.inputs().size(),
                                    formats.size()));
        }
        for (std::size_t i = 0; i < formats.size(); ++i) {
            const dfg::Node& input = program[program.inputs()[i]];
            if (input.format != formats[i] || !input.range.contains(ranges[i])) {
                return fail(fmt::format("input {} of a part is {} in {}, what it reads is {} in {}",
                                        i, to_string(input.range), to_string(input.format),
                                        to_string(ranges[i]), to_string(formats[i])));
            }
        }
        if (program.outputs().size() != output_.channels()) {
            return fail(fmt::format("a part of {} outputs makes words of {} channels",
                                    program.outputs().size(), output_.channels()));
        }
        for (std::size_t c = 0; c < output_.channels(); ++c) {
            GW_TRY_STATUS(check_fits(c, program[program.outputs()[c]].range));
        }
        return {};
    }

    Status check_head(const LinearHead& head, const Folding& folding,
                      const std::vector<Interval>& inputs) const {
        const bool fits = head.inputs == inputs.size() && head.input_formats == input_formats() &&
                          head.weights.size() == head.inputs * head.outputs &&
                          head.bias.size() == head.outputs && head.sums.size() == head.outputs &&
                          head.sum_ranges.size() == head.outputs;
        if (!fits) return fail("a head whose lists do not fit its inputs and outputs");
        for (const std::int64_t weight : head.weights) {
            if (!head.weight_format.holds(weight)) {
                return fail(fmt::format("weight {} does not fit {}", weight,
                                        to_string(head.weight_format)));
            }
        }
        for (std::size_t j = 0; j < head.outputs; ++j) {
            const Interval sum = sum_range(head, inputs, j, folding.store);
            if (!head.bias_format.holds(head.bias[j]) || !head.sum_ranges[j].contains(sum) ||
                !holds(head.sums[j], head.sum_ranges[j]) ||
                head.sums[j].frac != head.sums[0].frac) {
                return fail(fmt::format("sum {} can be {}, the head says {} in {}", j,
                                        to_string(sum), to_string(head.sum_ranges[j]),
                                        to_string(head.sums[j])));
            }
        }
        return check_folding(head, folding);
    }

    Status check_folding(const LinearHead& head, const Folding& folding) const {
        const auto inputs = static_cast<std::int64_t>(head.inputs);
        const auto outputs = static_cast<std::int64_t>(head.outputs);
        if (folding.slices < 1 || folding.groups < 1 || inputs % folding.slices != 0 ||
            outputs % folding.groups != 0) {
            return fail(fmt::format("{} slices of {} inputs and {} groups of {} outputs",
                                    folding.slices, inputs, folding.groups, outputs));
        }
        if (folding.order == Folding::Order::kByOutput) return {};
        const auto words = static_cast<std::int64_t>(design_[stage_.inputs[0].stream].words);
        if (output_.words != 1 || folding.slices % words != 0) {
            return fail("inputs are taken word by word, but the window is not all words");
        }
        return {};
    }

    const StagedDesign& design_;
    const Stage& stage_;
    const Stream& output_;
};

Status check_stream(const StagedDesign& design, StreamId id) {
    const Stream& stream = design[id];
    const std::size_t channels = stream.channels();
    if (channels == 0 || stream.ranges.size() != channels ||
        stream.words * channels != tensor::element_count(stream.shape)) {
        return fail(fmt::format("{} words of {} channels for a tensor {}", stream.words, channels,
                                tensor::to_string(stream.shape)));
    }
    for (std::size_t c = 0; c < channels; ++c) {
        if (stream.formats[c].frac != stream.ranges[c].frac ||
            !holds(stream.formats[c], stream.ranges[c])) {
            return fail(fmt::format("channel {} is {} in {}", c, to_string(stream.ranges[c]),
                                    to_string(stream.formats[c])));
        }
    }
    for (const Stream::Reader& reader : stream.readers) {
        const bool linked = reader.stage.index() < design.stages.size() &&
                            reader.input < design[reader.stage].inputs.size() &&
                            design[reader.stage].inputs[reader.input].stream == id;
        if (!linked) return fail("a reader that does not read it");
    }
    if (stream.producer.valid()) {
        const bool linked =
            stream.producer.index() < design.stages.size() && design[stream.producer].output == id;
        return linked ? Status{} : fail("a producer that makes another stream");
    }
    if (stream.port >= design.inputs.size()) return fail("neither a producer nor a port");
    const std::vector<fixed::Cast>& elements = design.inputs[stream.port].elements;
    if (elements.size() != stream.words * channels) return fail("a port of another size");
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (!stream.ranges[i % channels].contains(Interval::of(elements[i].format))) {
            return fail(fmt::format("element {} of its port does not fit", i));
        }
    }
    return {};
}

// Every stream a stage reads is made before, and lists the stage among its readers.
Status check_order(const StagedDesign& design, StageId id) {
    const Stage& stage = design[id];
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
        const Stream& stream = design[stage.inputs[i].stream];
        if (stream.producer.valid() && !(stream.producer < id)) {
            return fail("reads a stream that is made later");
        }
        bool listed = false;
        for (const Stream::Reader& reader : stream.readers) {
            listed = listed || (reader.stage == id && reader.input == i);
        }
        if (!listed) return fail("is not among the readers of stream '" + stream.name + "'");
    }
    return design[stage.output].producer == id ? Status{} : fail("does not own its output");
}

Status check_results(const StagedDesign& design) {
    if (design.results.size() != design.outputs.size()) return fail("an output without a stream");
    for (std::size_t port = 0; port < design.results.size(); ++port) {
        const Stream& stream = design[design.results[port]];
        const std::vector<fixed::Cast>& elements = design.outputs[port].elements;
        const bool one_word = design.mapping.io == Io::kStream || stream.words == 1;
        if (elements.size() != stream.words * stream.channels() || !one_word) {
            return fail("output '" + design.outputs[port].name + "' is cut into other words");
        }
        for (std::size_t i = 0; i < elements.size(); ++i) {
            if (elements[i].format != stream.formats[i % stream.channels()]) {
                return fail(
                    fmt::format("element {} of output '{}' has another format than its "
                                "stream",
                                i, design.outputs[port].name));
            }
        }
    }
    return {};
}

}  // namespace

Status verify(const StagedDesign& design) {
    for (std::size_t s = 0; s < design.streams.size(); ++s) {
        if (auto status = check_stream(design, StreamId(s)); !status) {
            return fail_in("stream '" + design.streams[s].name + "'", status.error());
        }
    }
    for (std::size_t s = 0; s < design.stages.size(); ++s) {
        auto status = check_order(design, StageId(s));
        if (status) status = StageVerifier(design, StageId(s)).run();
        if (!status) return fail_in("stage '" + design.stages[s].name + "'", status.error());
    }
    return check_results(design);
}

}  // namespace gatewright::arch
