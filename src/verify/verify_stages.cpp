// SPDX-License-Identifier: Apache-2.0
#include "verify/verify_stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulate/staged_engine.h"
#include "rtl/stages/simulate.h"
#include "support/parallel.h"
#include "tools/verilator.h"
#include "tools/verilator_streams.h"
#include "verify/harness.h"

namespace gatewright::verify {
namespace {

using fixed::Format;
using fixed::Integer;
using tools::WordStream;

// Events for the netlist simulator: it walks every cycle on exact bits.
constexpr std::int64_t kSimulatedCycles = 15'000;

// Where an element of a port lies in the words of its stream. Written from the definition of a word
// (channels side by side, the first lowest), sharing nothing with rtl/stages.
class WordLayout {
  public:
    WordLayout(const dfg::Port& port, const arch::Stream& stream) {
        int offset = 0;
        std::vector<int> offsets;
        for (const Format& format : stream.formats) {
            offsets.push_back(offset);
            offset += format.width;
        }
        bits_ = std::max(1, offset);
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            const std::size_t channel = i % stream.channels();
            fields_.push_back({i / stream.channels(), offsets[channel], stream.formats[channel],
                               port.elements[i].format});
        }
    }
    [[nodiscard]] std::size_t elements() const { return fields_.size(); }
    [[nodiscard]] int bits() const { return bits_; }
    [[nodiscard]] std::size_t size() const { return tools::words(bits_); }

    void pack(std::span<const Integer> codes, std::span<std::uint32_t> event) const {
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            const Field& field = fields_[i];
            const Integer code = codes[i] << (field.in_word.frac - field.in_port.frac);
            for (int b = 0; b < field.in_word.width; ++b) {
                if ((code >> b).low_bits(1).is_zero()) continue;
                const auto bit = static_cast<std::size_t>(field.offset + b);
                event[field.word * size() + bit / 32] |= 1U << (bit % 32);
            }
        }
    }
    void unpack(std::span<const std::uint32_t> event, std::span<Integer> codes) const {
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            const Field& field = fields_[i];
            Integer code = 0;
            for (int b = field.in_word.width; b-- > 0;) {
                const auto bit = static_cast<std::size_t>(field.offset + b);
                const auto word = event[field.word * size() + bit / 32];
                code = (code << 1) + Integer(std::int64_t{(word >> (bit % 32)) & 1U});
            }
            code = field.in_word.wrap(code);
            const int shift = field.in_port.frac - field.in_word.frac;
            codes[i] = shift >= 0 ? code << shift : code >> -shift;
        }
    }

  private:
    struct Field {
        std::size_t word;
        int offset;
        Format in_word;
        Format in_port;
    };
    std::vector<Field> fields_;
    int bits_ = 1;
};

std::vector<WordLayout> input_layouts(const arch::StagedDesign& design) {
    std::vector<WordLayout> out;
    for (std::size_t p = 0; p < design.inputs.size(); ++p) {
        for (const arch::Stream& stream : design.streams) {
            if (!stream.producer.valid() && stream.port == p)
                out.emplace_back(design.inputs[p], stream);
        }
    }
    return out;
}

std::vector<WordLayout> output_layouts(const arch::StagedDesign& design) {
    std::vector<WordLayout> out;
    for (std::size_t p = 0; p < design.outputs.size(); ++p)
        out.emplace_back(design.outputs[p], design[design.results[p]]);
    return out;
}

std::size_t elements_of(const std::vector<WordLayout>& layouts) {
    std::size_t count = 0;
    for (const WordLayout& layout : layouts) count += layout.elements();
    return count;
}

Codes run_plan(const arch::StagedDesign& design, std::span<const Integer> events) {
    const std::size_t in = elements_of(input_layouts(design));
    const std::size_t out = elements_of(output_layouts(design));
    const std::size_t count = events.size() / in;
    Codes codes(count * out);
    parallel_for(count, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            auto result = arch::evaluate(design, events.subspan(e * in, in));
            std::move(result.begin(), result.end(),
                      codes.begin() + static_cast<std::ptrdiff_t>(e * out));
        }
    });
    return codes;
}

// The netlist, words held back at random. What it gives for the first `count` events.
Result<Codes> run_simulator(const StagedVerifyInput& input, std::span<const Integer> events,
                            std::size_t in, std::uint64_t seed) {
    std::vector<std::vector<Integer>> rows;
    for (std::size_t e = 0; e * in < events.size(); ++e) {
        const auto event = events.subspan(e * in, in);
        rows.emplace_back(event.begin(), event.end());
    }
    rtl::Traffic traffic;
    traffic.source = 0.7;
    traffic.sink = 0.8;
    traffic.seed = seed;
    GW_TRY(const rtl::StagedRun run,
           rtl::simulate_staged(input.design, input.hardware, rows, traffic));
    Codes codes;
    for (const auto& outputs : run.outputs)
        codes.insert(codes.end(), outputs.begin(), outputs.end());
    return codes;
}

// Products and moves of one event: what the slow evaluators pay for.
std::size_t work_of(const arch::StagedDesign& design) {
    std::size_t work = 1;
    for (const arch::Stage& stage : design.stages) {
        const arch::Stream& output = design[stage.output];
        std::size_t taps = 1;
        if (std::holds_alternative<arch::Compute>(stage.work)) {
            const arch::StageInput& input = stage.inputs[0];
            taps = tensor::element_count(input.window.size) * design[input.stream].channels();
        }
        work += output.words * output.channels() * taps;
    }
    return work;
}

// Pictures are large events: fewer of them say as much.
VerifyParams affordable_params(const StagedVerifyInput& input, VerifyParams params) {
    constexpr std::size_t kElements = 4'000'000;
    constexpr std::size_t kWork = 40'000'000;
    const std::size_t elements = elements_of(input_layouts(input.design));
    params.vectors = std::min(params.vectors, std::max<std::size_t>(50, kElements / elements));
    params.most_slow = std::max<std::size_t>(12, kWork / work_of(input.design));
    return params;
}

class StagesCheck {
  public:
    StagesCheck(const StagedVerifyInput& input, const VerifyParams& params)
        : input_(input),
          params_(affordable_params(input, params)),
          ports_(input.design.interface()),
          harness_(ports_, params_),
          in_layouts_(input_layouts(input.design)),
          out_layouts_(output_layouts(input.design)),
          in_(elements_of(in_layouts_)),
          out_(elements_of(out_layouts_)) {}

    Result<VerifyResult> run() {
        const Stopwatch watch;
        GW_TRY_STATUS(harness_.make_events());
        harness_.run_models(input_.typed, emulate::StagedEngine(input_.design));
        Stopwatch own;
        const Codes plan = run_plan(input_.design, harness_.slow_events());
        harness_.compare_slow("plan", plan, own.seconds());
        run_netlist();
        GW_TRY_STATUS(run_verilator());
        GW_TRY_STATUS(harness_.run_testbench(input_.hardware.netlist.name, input_.directory));
        VerifyResult& result = harness_.result();
        result.latency_cycles = static_cast<int>(input_.schedule.rates.last_word_cycles);
        result.initiation_interval = input_.schedule.rates.initiation_interval;
        result.notes.emplace_back(
            "stages are compared on events; no proof covers all inputs (parts are the same "
            "programs that the unrolled design proves)");
        result.seconds = watch.seconds();
        return std::move(result);
    }

  private:
    [[nodiscard]] std::size_t affordable(std::size_t events, std::int64_t cycles) const {
        const std::int64_t each =
            std::max<std::int64_t>(1, 2 * input_.schedule.rates.initiation_interval);
        return std::clamp<std::size_t>(static_cast<std::size_t>(cycles / each), 3,
                                       std::max<std::size_t>(3, events));
    }

    void run_netlist() {
        const Stopwatch watch;
        const std::size_t count =
            std::min(affordable(harness_.event_count(), kSimulatedCycles), harness_.event_count());
        const auto codes = run_simulator(input_, std::span(harness_.events()).first(count * in_),
                                         in_, params_.seed);
        harness_.compare_first("netlist", codes, count, watch.seconds());
    }

    Status run_verilator() {
        if (!harness_.wants_verilator()) return {};
        const Stopwatch watch;
        tools::StreamsJob job;
        job.top = input_.hardware.netlist.top().name;
        GW_TRY(job.files, Harness::verilog_files(input_.directory));
        constexpr std::int64_t kCycles = 20'000'000;
        job.events = std::min(affordable(harness_.event_count(), kCycles), harness_.event_count());
        job.held_events = affordable(50, kCycles / 20);
        job.seed = params_.seed;
        add_streams(job);
        GW_TRY(const tools::StreamsRun run, tools::simulate_streams(job));
        const Codes codes = output_codes(run, job.events);
        EvaluatorResult& row =
            harness_.compare_first("verilator", codes, job.events, watch.seconds());
        row.tool = run.version;
        row.failure = timing_failure(run);
        harness_.result().measured_latency = run.last_word_cycles;
        return {};
    }

    void add_streams(tools::StreamsJob& job) const {
        std::size_t first = 0;
        for (std::size_t p = 0; p < in_layouts_.size(); ++p) {
            const WordLayout& layout = in_layouts_[p];
            const rtl::StreamPort& port = input_.hardware.inputs[p];
            WordStream stream{port.name, layout.bits(), port.words, {}};
            const std::size_t event_size = port.words * layout.size();
            stream.data.resize(job.events * event_size);
            for (std::size_t e = 0; e < job.events; ++e) {
                layout.pack(
                    std::span(harness_.events()).subspan(e * in_ + first, layout.elements()),
                    std::span(stream.data).subspan(e * event_size, event_size));
            }
            first += layout.elements();
            job.inputs.push_back(std::move(stream));
        }
        for (std::size_t p = 0; p < out_layouts_.size(); ++p) {
            const rtl::StreamPort& port = input_.hardware.outputs[p];
            job.outputs.push_back({port.name, out_layouts_[p].bits(), port.words, {}});
        }
    }

    [[nodiscard]] Codes output_codes(const tools::StreamsRun& run, std::size_t events) const {
        Codes codes(events * out_);
        std::size_t first = 0;
        for (std::size_t p = 0; p < out_layouts_.size(); ++p) {
            const WordLayout& layout = out_layouts_[p];
            const std::size_t event_size = input_.hardware.outputs[p].words * layout.size();
            for (std::size_t e = 0; e < events; ++e) {
                layout.unpack(std::span(run.outputs[p]).subspan(e * event_size, event_size),
                              std::span(codes).subspan(e * out_ + first, layout.elements()));
            }
            first += layout.elements();
        }
        return codes;
    }

    [[nodiscard]] std::string timing_failure(const tools::StreamsRun& run) const {
        const schedule::Rates& rates = input_.schedule.rates;
        if (!run.finished) return "words stopped moving before the last event was out";
        if (run.first_word_cycles != rates.first_word_cycles ||
            run.last_word_cycles != rates.last_word_cycles) {
            return fmt::format(
                "first and last word come after {} and {} cycles, the design promises {} and {}",
                run.first_word_cycles, run.last_word_cycles, rates.first_word_cycles,
                rates.last_word_cycles);
        }
        if (run.cycles_per_event > static_cast<double>(rates.initiation_interval) + 1e-9) {
            return fmt::format("events took {:.2f} cycles each, the design promises {}",
                               run.cycles_per_event, rates.initiation_interval);
        }
        if (run.wrong_last > 0)
            return fmt::format("the end of an event was marked wrongly {} times", run.wrong_last);
        if (run.held_mismatches > 0) {
            return fmt::format("with words held back at random {} words differ",
                               run.held_mismatches);
        }
        if (run.reset_mismatches > 0)
            return fmt::format("after a reset {} words differ", run.reset_mismatches);
        return {};
    }

    const StagedVerifyInput& input_;
    VerifyParams params_;
    dfg::Interface ports_;
    Harness harness_;
    std::vector<WordLayout> in_layouts_, out_layouts_;
    std::size_t in_, out_;
};

}  // namespace

Result<VerifyResult> verify_stages(const StagedVerifyInput& input, const VerifyParams& params) {
    return StagesCheck(input, params).run();
}

}  // namespace gatewright::verify
