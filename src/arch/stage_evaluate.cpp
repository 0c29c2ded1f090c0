// SPDX-License-Identifier: Apache-2.0
//
// The meaning of a staged plan, without time: each stage's words from those of its inputs.
#include "arch/folding.h"
#include "arch/stages.h"
#include "dfg/interpreter.h"
#include "support/check.h"

namespace gatewright::arch {

using fixed::Format;
using fixed::Integer;

namespace {

// The code of the same value at another format that holds it.
Integer in_format(const Integer& code, const Format& from, const Format& to) {
    if (code.is_zero()) return code;
    const Integer moved = code << (to.frac - from.frac);
    GW_CHECK((moved >> (to.frac - from.frac)) == code && to.holds(moved),
             "a value does not fit its stream: code " + code.to_string() + " of " +
                 to_string(from) + " in " + to_string(to));
    return moved;
}

class StageEvaluator {
  public:
    StageEvaluator(const StagedDesign& design, const std::vector<std::vector<Integer>>& streams)
        : design_(design), streams_(streams) {}

    [[nodiscard]] std::vector<Integer> run(const Stage& stage) const {
        if (const auto* work = std::get_if<Compute>(&stage.work)) return compute(stage, *work);
        return rearrange(stage, std::get<Rearrange>(stage.work));
    }

  private:
    [[nodiscard]] std::vector<Integer> rearrange(const Stage& stage, const Rearrange& work) const {
        const StreamId id = stage.inputs[0].stream;
        const Stream& from = design_[id];
        const Stream& to = design_[stage.output];
        std::vector<Integer> out;
        for (std::size_t i = 0; i < work.from.size(); ++i) {
            if (work.from[i] < 0) {
                out.emplace_back(0);
                continue;
            }
            const auto source = static_cast<std::size_t>(work.from[i]);
            out.push_back(in_format(streams_[id.index()][source],
                                    from.formats[source % from.channels()],
                                    to.formats[i % to.channels()]));
        }
        return out;
    }

    [[nodiscard]] std::vector<Integer> compute(const Stage& stage, const Compute& work) const {
        const Stream& to = design_[stage.output];
        std::vector<Integer> out;
        for (std::size_t p = 0; p < to.words; ++p) {
            const Part& part = work.parts[work.part_of.empty() ? 0 : work.part_of[p]];
            std::vector<Integer> x = window(stage, work, p);
            if (part.head) x = evaluate_head(*part.head, x);
            const std::vector<Integer> y = dfg::interpret(part.program, x);
            for (std::size_t c = 0; c < y.size(); ++c) {
                const Format& from = part.program[part.program.outputs()[c]].format;
                out.push_back(in_format(y[c], from, to.formats[c]));
            }
        }
        return out;
    }

    // What the part at position p reads.
    [[nodiscard]] std::vector<Integer> window(const Stage& stage, const Compute& work,
                                              std::size_t p) const {
        std::vector<Integer> x;
        for (const StageInput& input : stage.inputs) {
            const std::size_t channels = design_[input.stream].channels();
            const std::vector<Integer>& codes = streams_[input.stream.index()];
            for (std::size_t tap = 0; tap < tensor::element_count(input.window.size); ++tap) {
                const std::int64_t word = input_position(input.window, work.positions, p, tap);
                for (std::size_t c = 0; c < channels; ++c) {
                    x.push_back(word < 0 ? Integer(0)
                                         : codes[static_cast<std::size_t>(word) * channels + c]);
                }
            }
        }
        return x;
    }

    const StagedDesign& design_;
    const std::vector<std::vector<Integer>>& streams_;
};

}  // namespace

std::vector<Integer> stream_codes(const StagedDesign& design, std::size_t port,
                                  std::span<const Integer> codes, const Stream& stream) {
    const std::vector<fixed::Cast>& elements = design.inputs[port].elements;
    GW_CHECK(codes.size() == elements.size(), "codes of another port");
    std::vector<Integer> out;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        out.push_back(
            in_format(codes[i], elements[i].format, stream.formats[i % stream.channels()]));
    }
    return out;
}

std::vector<Integer> evaluate(const StagedDesign& design, std::span<const Integer> event,
                              std::vector<std::vector<Integer>>* streams) {
    std::vector<std::vector<Integer>> codes(design.streams.size());
    std::vector<std::size_t> first_element{0};
    for (const dfg::Port& port : design.inputs) {
        first_element.push_back(first_element.back() + port.elements.size());
    }
    GW_CHECK(event.size() == first_element.back(), "an event of another size");
    for (std::size_t s = 0; s < design.streams.size(); ++s) {
        const Stream& stream = design.streams[s];
        if (stream.producer.valid()) continue;
        codes[s] = stream_codes(
            design, stream.port,
            event.subspan(first_element[stream.port], design.inputs[stream.port].elements.size()),
            stream);
    }
    for (const Stage& stage : design.stages) {
        codes[stage.output.index()] = StageEvaluator(design, codes).run(stage);
    }
    std::vector<Integer> out;
    for (const StreamId result : design.results) {
        out.insert(out.end(), codes[result.index()].begin(), codes[result.index()].end());
    }
    if (streams != nullptr) *streams = std::move(codes);
    return out;
}

std::vector<Integer> evaluate_folded(const LinearHead& head, const FoldedHead& folded,
                                     std::span<const Integer> inputs) {
    const int frac = folded.accumulator.frac;
    std::vector<Integer> accumulators(head.outputs);
    std::vector<Integer> sums(head.outputs);
    for (std::size_t s = 0; s < folded.steps.size(); ++s) {
        const FoldedHead::Step& step = folded.steps[s];
        std::vector<Integer> x;
        for (std::size_t i = 0; i < folded.lane_inputs; ++i) {
            const std::size_t input = static_cast<std::size_t>(step.slice) * folded.lane_inputs + i;
            x.push_back(
                in_format(inputs[input], head.input_formats[input], folded.lane_formats[i]));
        }
        for (const std::int64_t weight : folded.weights[s]) x.emplace_back(weight);
        const std::vector<Integer> partial = dfg::interpret(folded.step, x);
        for (std::size_t j = 0; j < folded.lane_outputs; ++j) {
            const std::size_t o = static_cast<std::size_t>(step.group) * folded.lane_outputs + j;
            if (step.first) {
                accumulators[o] = Integer(head.bias[o]) << (frac - head.bias_format.frac);
            }
            const Format& format = folded.step[folded.step.outputs()[j]].format;
            accumulators[o] =
                folded.accumulator.wrap(accumulators[o] + (partial[j] << (frac - format.frac)));
            if (step.last) sums[o] = head.sums[o].wrap(accumulators[o]);
        }
    }
    return sums;
}

}  // namespace gatewright::arch
