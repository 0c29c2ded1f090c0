// SPDX-License-Identifier: Apache-2.0
#include "emulate/staged_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>

#include "arch/part_program.h"
#include "emulate/engine.h"
#include "support/check.h"
#include "support/parallel.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GW_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GW_VECTOR_CLONES
#endif

namespace gatewright::emulate {
namespace {

using arch::Compute;
using arch::Rearrange;
using arch::Stage;
using arch::StagedDesign;
using fixed::Format;
using fixed::Integer;

// Rows (positions of events) that pass through a stage together: their windows stay in the cache.
constexpr std::size_t kRows = 256;
// Elements of all streams that one thread works on at a time.
constexpr std::size_t kElementsAtOnce = std::size_t{1} << 16;

bool fits(const Format& format, int bits) {
    return format.width <= (format.is_signed ? bits : bits - 1);
}

// An element on its way between formats of different fractions: value · 2^shift.
struct Place {
    std::int32_t from = 0;  // element of the source, or -1: zero
    std::int8_t shift = 0;
};

std::int64_t shifted(std::int64_t code, int shift) {
    if (shift >= 0) return static_cast<std::int64_t>(static_cast<std::uint64_t>(code) << shift);
    return code >> -shift;
}

std::int64_t wrapped(std::int64_t code, const Format& format) {
    if (format.width == 0) return 0;
    if (format.width >= 64) return code;
    const int unused = 64 - format.width;
    const auto top = static_cast<std::uint64_t>(code) << unused;
    return format.is_signed ? static_cast<std::int64_t>(top) >> unused
                            : static_cast<std::int64_t>(top >> unused);
}

// sums += x · weights, modulo 2^64; rows of x and of sums, weights row-major inputs × outputs.
GW_VECTOR_CLONES
void multiply(const std::int64_t* x, const std::int64_t* weights, std::int64_t* sums,
              std::size_t inputs, std::size_t outputs) {
    for (std::size_t i = 0; i < inputs; ++i) {
        const auto value = static_cast<std::uint64_t>(x[i]);
        if (value == 0) continue;
        const std::int64_t* row = weights + i * outputs;
        for (std::size_t o = 0; o < outputs; ++o) {
            sums[o] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[o]) +
                                                value * static_cast<std::uint64_t>(row[o]));
        }
    }
}
// The same modulo 2^32.
GW_VECTOR_CLONES
void multiply(const std::int32_t* x, const std::int32_t* weights, std::int32_t* sums,
              std::size_t inputs, std::size_t outputs) {
    for (std::size_t i = 0; i < inputs; ++i) {
        const auto value = static_cast<std::uint32_t>(x[i]);
        if (value == 0) continue;
        const std::int32_t* row = weights + i * outputs;
        for (std::size_t o = 0; o < outputs; ++o) {
            sums[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[o]) +
                                                value * static_cast<std::uint32_t>(row[o]));
        }
    }
}

// A head with all operands scaled to the units of the sums: they are exact, and wrap like them.
template <class Code>
struct Matrix {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    std::vector<Code> weights;
    std::vector<Code> bias;

    explicit Matrix(const arch::LinearHead& head) : inputs(head.inputs), outputs(head.outputs) {
        weights.reserve(inputs * outputs);
        for (std::size_t i = 0; i < inputs; ++i) {
            for (std::size_t o = 0; o < outputs; ++o) {
                const int shift =
                    head.sums[o].frac - head.input_formats[i].frac - head.weight_format.frac;
                weights.push_back(static_cast<Code>(shifted(head.weights[i * outputs + o], shift)));
            }
        }
        for (std::size_t o = 0; o < outputs; ++o) {
            const int shift = head.sums[o].frac - head.bias_format.frac;
            bias.push_back(head.bias.empty() ? Code{0}
                                             : static_cast<Code>(shifted(head.bias[o], shift)));
        }
    }
};

template <class Code>
struct ComputeStep {
    struct Input {
        std::size_t stream = 0;
        std::size_t channels = 0;
        std::size_t taps = 0;
        std::vector<std::int32_t> positions;  // per output position and tap; -1: zeros
    };
    struct Part {
        std::optional<Matrix<Code>> head;
        Engine engine;
        std::vector<std::uint32_t> positions;
        /// Per channel, from the program's fraction bits to the stream's: a channel that is the
        /// same constant at all positions of the part keeps its own format. Empty: all 0.
        std::vector<int> shifts;
    };
    std::vector<Input> inputs;
    std::vector<Part> parts;
    std::size_t width = 0;  // inputs of a part
    std::size_t output = 0;
    std::size_t channels = 0;
};

struct MoveStep {
    std::size_t input = 0;
    std::size_t output = 0;
    std::vector<Place> places;  // per output element
};

template <class Code>
using Step = std::variant<ComputeStep<Code>, MoveStep>;

std::vector<std::uint32_t> positions_of(const Compute& work, std::size_t part, std::size_t count) {
    std::vector<std::uint32_t> out;
    for (std::size_t p = 0; p < count; ++p) {
        if (work.part_of.empty() ? part == 0 : work.part_of[p] == part) {
            out.push_back(static_cast<std::uint32_t>(p));
        }
    }
    return out;
}

// A part's program with outputs in the formats of the stage's stream, but for constants.
dfg::Program alone(const StagedDesign& design, const Stage& stage, const arch::Part& part) {
    Compute work;
    work.parts.push_back({std::nullopt, part.program});
    return arch::merge_parts(design, {stage.name, {}, {}, {}, stage.output, std::move(work)});
}

std::vector<int> output_shifts(const dfg::Program& program, const arch::Stream& stream) {
    std::vector<int> shifts;
    for (std::size_t c = 0; c < stream.channels(); ++c)
        shifts.push_back(stream.formats[c].frac - program[program.outputs()[c]].format.frac);
    const bool none =
        std::all_of(shifts.begin(), shifts.end(), [](int shift) { return shift == 0; });
    return none ? std::vector<int>{} : shifts;
}

template <class Code>
ComputeStep<Code> compute_step(const StagedDesign& design, const Stage& stage) {
    const Compute& work = std::get<Compute>(stage.work);
    ComputeStep<Code> step;
    const std::size_t positions = design[stage.output].words;
    for (const arch::StageInput& input : stage.inputs) {
        typename ComputeStep<Code>::Input from;
        from.stream = input.stream.index();
        from.channels = design[input.stream].channels();
        from.taps = tensor::element_count(input.window.size);
        for (std::size_t p = 0; p < positions; ++p) {
            for (std::size_t t = 0; t < from.taps; ++t) {
                from.positions.push_back(static_cast<std::int32_t>(
                    arch::input_position(input.window, work.positions, p, t)));
            }
        }
        step.width += from.taps * from.channels;
        step.inputs.push_back(std::move(from));
    }
    for (std::size_t k = 0; k < work.parts.size(); ++k) {
        const arch::Part& part = work.parts[k];
        std::optional<Matrix<Code>> head;
        if (part.head) head.emplace(*part.head);
        const dfg::Program program = alone(design, stage, part);
        step.parts.push_back({std::move(head), Engine(program), positions_of(work, k, positions),
                              output_shifts(program, design[stage.output])});
    }
    step.output = stage.output.index();
    step.channels = design[stage.output].channels();
    return step;
}

MoveStep move_step(const StagedDesign& design, const Stage& stage) {
    const Rearrange& work = std::get<Rearrange>(stage.work);
    const arch::Stream& from = design[stage.inputs[0].stream];
    const arch::Stream& to = design[stage.output];
    MoveStep step{stage.inputs[0].stream.index(), stage.output.index(), {}};
    for (std::size_t i = 0; i < work.from.size(); ++i) {
        const std::int64_t source = work.from[i];
        const int shift =
            source < 0 ? 0
                       : to.formats[i % to.channels()].frac -
                             from.formats[static_cast<std::size_t>(source) % from.channels()].frac;
        step.places.push_back({static_cast<std::int32_t>(source), static_cast<std::int8_t>(shift)});
    }
    return step;
}

// What lies between the ports' codes and the streams'.
struct PortElement {
    std::size_t stream = 0;
    std::size_t element = 0;
    Format format;  // of the port
    int shift = 0;  // from the source's fraction to the target's
};

}  // namespace

struct StagedEngine::Plan {
    StagedDesign design;
    std::vector<PortElement> inputs, outputs;
    std::vector<std::size_t> sizes;  // elements per stream and event
    bool fits_int64 = false;
    bool fits_int32 = false;  // every stream, head and port
    std::vector<Step<std::int32_t>> steps32;
    std::vector<Step<std::int64_t>> steps64;

    explicit Plan(const StagedDesign& staged) : design(staged) {
        for (const arch::Stream& stream : design.streams)
            sizes.push_back(stream.words * stream.channels());
        std::vector<std::size_t> streams;
        for (std::size_t s = 0; s < design.streams.size(); ++s) {
            const arch::Stream& stream = design.streams[s];
            if (stream.producer.valid()) continue;
            add_port(design.inputs[stream.port], s, 1, inputs_by_port[stream.port]);
        }
        for (auto& [port, elements] : inputs_by_port)
            inputs.insert(inputs.end(), elements.begin(), elements.end());
        for (std::size_t p = 0; p < design.results.size(); ++p)
            add_port(design.outputs[p], design.results[p].index(), -1, outputs);
        fits_int64 = all_fit(64);
        fits_int32 = all_fit(32);
        if (!fits_int64) return;
        for (const Stage& stage : design.stages) {
            if (std::holds_alternative<Rearrange>(stage.work)) {
                if (fits_int32) steps32.emplace_back(move_step(design, stage));
                if (!fits_int32) steps64.emplace_back(move_step(design, stage));
            } else {
                if (fits_int32) steps32.emplace_back(compute_step<std::int32_t>(design, stage));
                if (!fits_int32) steps64.emplace_back(compute_step<std::int64_t>(design, stage));
            }
        }
    }

    template <class Code>
    [[nodiscard]] const std::vector<Step<Code>>& steps() const {
        if constexpr (std::is_same_v<Code, std::int32_t>) {
            return steps32;
        } else {
            return steps64;
        }
    }

    // Streams of `events` events, filled by running all steps.
    template <class Code, class In>
    std::vector<std::vector<Code>> run(const In* in, std::size_t events) const {
        std::vector<std::vector<Code>> streams(sizes.size());
        for (std::size_t s = 0; s < sizes.size(); ++s) streams[s].resize(sizes[s] * events);
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                const PortElement& to = inputs[i];
                const std::int64_t code = wrapped(in[e * inputs.size() + i], to.format);
                streams[to.stream][e * sizes[to.stream] + to.element] =
                    static_cast<Code>(shifted(code, to.shift));
            }
        }
        for (const Step<Code>& step : steps<Code>()) {
            if (const auto* move = std::get_if<MoveStep>(&step)) {
                run_move(*move, streams, events);
            } else {
                run_compute(std::get<ComputeStep<Code>>(step), streams, events);
            }
        }
        return streams;
    }

    [[nodiscard]] std::size_t elements() const {
        std::size_t all = 1;
        for (const std::size_t size : sizes) all += size;
        return all;
    }

  private:
    std::map<std::size_t, std::vector<PortElement>> inputs_by_port;

    // direction 1: port to stream, -1: stream to port
    void add_port(const dfg::Port& port, std::size_t stream, int direction,
                  std::vector<PortElement>& out) const {
        const arch::Stream& words = design.streams[stream];
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            const Format& format = port.elements[i].format;
            const int shift = words.formats[i % words.channels()].frac - format.frac;
            out.push_back({stream, i, format, direction * shift});
        }
    }

    [[nodiscard]] bool all_fit(int bits) const {
        const auto fit = [&](const std::vector<Format>& formats) {
            return std::all_of(formats.begin(), formats.end(),
                               [&](const Format& format) { return fits(format, bits); });
        };
        for (const arch::Stream& stream : design.streams)
            if (!fit(stream.formats)) return false;
        for (const Stage& stage : design.stages) {
            const auto* work = std::get_if<Compute>(&stage.work);
            if (work == nullptr) continue;
            for (const arch::Part& part : work->parts)
                if (part.head && !fit(part.head->sums)) return false;
        }
        const auto port_fits = [&](const PortElement& element) {
            return fits(element.format, bits);
        };
        return std::all_of(inputs.begin(), inputs.end(), port_fits) &&
               std::all_of(outputs.begin(), outputs.end(), port_fits);
    }

    template <class Code>
    void run_move(const MoveStep& step, std::vector<std::vector<Code>>& streams,
                  std::size_t events) const {
        for (std::size_t e = 0; e < events; ++e) {
            const Code* in = streams[step.input].data() + e * sizes[step.input];
            Code* out = streams[step.output].data() + e * sizes[step.output];
            for (std::size_t i = 0; i < step.places.size(); ++i) {
                const Place& place = step.places[i];
                out[i] = place.from < 0 ? Code{0}
                                        : static_cast<Code>(shifted(in[place.from], place.shift));
            }
        }
    }

    template <class Code>
    void run_compute(const ComputeStep<Code>& step, std::vector<std::vector<Code>>& streams,
                     std::size_t events) const {
        std::vector<Code> windows, sums, words;
        for (const auto& part : step.parts) {
            const std::size_t rows = part.positions.size() * events;
            const auto place = [&](std::size_t row) {
                return std::pair{row / part.positions.size(),
                                 std::size_t{part.positions[row % part.positions.size()]}};
            };
            for (std::size_t begin = 0; begin < rows; begin += kRows) {
                const std::size_t count = std::min(kRows, rows - begin);
                windows.resize(count * step.width);
                for (std::size_t r = 0; r < count; ++r) {
                    const auto [event, position] = place(begin + r);
                    gather(step, streams, event, position, windows.data() + r * step.width);
                }
                words.resize(count * step.channels);
                if (part.head) {
                    multiply_rows(*part.head, windows, count, sums);
                    part.engine.run(std::span<const Code>(sums), std::span<Code>(words), 1);
                } else {
                    part.engine.run(std::span<const Code>(windows), std::span<Code>(words), 1);
                }
                for (std::size_t i = 0; i < words.size() && !part.shifts.empty(); ++i) {
                    words[i] = static_cast<Code>(shifted(words[i], part.shifts[i % step.channels]));
                }
                for (std::size_t r = 0; r < count; ++r) {
                    const auto [event, position] = place(begin + r);
                    std::copy_n(words.data() + r * step.channels, step.channels,
                                streams[step.output].data() + event * sizes[step.output] +
                                    position * step.channels);
                }
            }
        }
    }

    template <class Code>
    static void multiply_rows(const Matrix<Code>& head, const std::vector<Code>& windows,
                              std::size_t rows, std::vector<Code>& sums) {
        sums.resize(rows * head.outputs);
        for (std::size_t r = 0; r < rows; ++r) {
            Code* out = sums.data() + r * head.outputs;
            std::copy(head.bias.begin(), head.bias.end(), out);
            multiply(windows.data() + r * head.inputs, head.weights.data(), out, head.inputs,
                     head.outputs);
        }
    }

    template <class Code>
    void gather(const ComputeStep<Code>& step, const std::vector<std::vector<Code>>& streams,
                std::size_t event, std::size_t position, Code* out) const {
        for (const auto& input : step.inputs) {
            const Code* words = streams[input.stream].data() + event * sizes[input.stream];
            for (std::size_t t = 0; t < input.taps; ++t, out += input.channels) {
                const std::int32_t from = input.positions[position * input.taps + t];
                if (from < 0) {
                    std::fill_n(out, input.channels, Code{0});
                } else {
                    std::copy_n(words + static_cast<std::size_t>(from) * input.channels,
                                input.channels, out);
                }
            }
        }
    }
};

StagedEngine::StagedEngine(const StagedDesign& design) : plan_(std::make_unique<Plan>(design)) {}
StagedEngine::~StagedEngine() = default;
StagedEngine::StagedEngine(StagedEngine&&) noexcept = default;
StagedEngine& StagedEngine::operator=(StagedEngine&&) noexcept = default;

bool StagedEngine::fits_int64() const {
    return plan_->fits_int64;
}
int StagedEngine::output_bits() const {
    if (!plan_->fits_int64) return 0;
    int bits = 16;
    for (const PortElement& element : plan_->outputs) {
        while (!fits(element.format, bits)) bits *= 2;
    }
    return bits;
}
std::size_t StagedEngine::input_count() const {
    return plan_->inputs.size();
}
std::size_t StagedEngine::output_count() const {
    return plan_->outputs.size();
}

std::string StagedEngine::description() const {
    if (!plan_->fits_int64) return "exact integers, one event at a time: values wider than 64 bits";
    return fmt::format("{} stages, positions and events side by side, {}-bit codes",
                       plan_->design.stages.size(), plan_->fits_int32 ? 32 : 64);
}

template <class Code>
void StagedEngine::run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                             std::size_t threads) const {
    GW_CHECK(plan_->fits_int64, "run() on a design with values wider than int64");
    const std::size_t in = input_count();
    const std::size_t out = output_count();
    const std::size_t events =
        out == 0 ? inputs.size() / std::max<std::size_t>(1, in) : outputs.size() / out;
    GW_CHECK(inputs.size() == events * in && outputs.size() == events * out,
             "emulator: inputs and outputs are not a whole number of events");
    const std::size_t at_once = std::max<std::size_t>(1, kElementsAtOnce / plan_->elements());
    const auto work = [&]<class Inner>(std::size_t begin, std::size_t end, Inner) {
        for (std::size_t e = begin; e < end; e += at_once) {
            const std::size_t count = std::min(at_once, end - e);
            const auto streams = plan_->run<Inner>(inputs.data() + e * in, count);
            for (std::size_t k = 0; k < count; ++k) {
                for (std::size_t i = 0; i < out; ++i) {
                    const PortElement& from = plan_->outputs[i];
                    const std::int64_t code =
                        streams[from.stream][k * plan_->sizes[from.stream] + from.element];
                    outputs[(e + k) * out + i] = static_cast<Code>(shifted(code, from.shift));
                }
            }
        }
    };
    const auto any = [&](std::size_t begin, std::size_t end) {
        if (plan_->fits_int32) {
            work(begin, end, std::int32_t{});
        } else {
            work(begin, end, std::int64_t{});
        }
    };
    const std::size_t workers = std::min(threads == 0 ? thread_count() : threads, events);
    if (workers <= 1) return any(0, events);
    parallel_for(events, at_once, workers, any);
}

void StagedEngine::run(std::span<const std::int16_t> inputs, std::span<std::int16_t> outputs,
                       std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}
void StagedEngine::run(std::span<const std::int32_t> inputs, std::span<std::int32_t> outputs,
                       std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}
void StagedEngine::run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs,
                       std::size_t threads) const {
    run_codes(inputs, outputs, threads);
}

void StagedEngine::run_exact(std::span<const Integer> inputs, std::span<Integer> outputs) const {
    const std::size_t in = input_count();
    const std::size_t out = output_count();
    const std::size_t events = out == 0 ? 0 : outputs.size() / out;
    parallel_for(events, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            auto codes = arch::evaluate(plan_->design, inputs.subspan(e * in, in));
            std::move(codes.begin(), codes.end(), outputs.data() + e * out);
        }
    });
}

std::vector<std::vector<std::int64_t>> StagedEngine::streams(
    std::span<const std::int64_t> event) const {
    GW_CHECK(plan_->fits_int64 && event.size() == input_count(), "not an event of this design");
    if (!plan_->fits_int32) return plan_->run<std::int64_t>(event.data(), 1);
    std::vector<std::vector<std::int64_t>> out;
    for (const auto& stream : plan_->run<std::int32_t>(event.data(), 1))
        out.emplace_back(stream.begin(), stream.end());
    return out;
}

}  // namespace gatewright::emulate
