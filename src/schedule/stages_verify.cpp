// SPDX-License-Identifier: Apache-2.0
//
// The referee of FIFO depths, latency and initiation interval: the contract of stages.h played
// cycle by cycle, with pipelines and FIFOs as they are in hardware, and everything else told by
// counting words from the beginning of time. Once without hindrance, where the claims must hold
// exactly, and several times with source and sink holding words back at random, where every word
// must come through. Since no choice depends on values and no stage feeds an earlier one, a design
// that takes whole events through FIFOs of these depths can do so under any timing.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "arch/delay_line.h"
#include "schedule/stages.h"
#include "support/rng.h"

namespace gatewright::schedule {
namespace {

using arch::Compute;
using arch::Rearrange;
using arch::Stage;
using arch::StagedDesign;
using arch::Stream;

struct Line {  // a FIFO with the pipeline that leads to it
    std::int64_t depth = 0;
    std::int64_t fired = 0;   // by the producer
    std::int64_t stored = 0;  // arrived in the FIFO, ever
    std::int64_t popped = 0;  // visible to the producer from the next cycle on
    std::int64_t popped_before = 0;
    std::deque<std::int64_t> arrivals;  // cycles at whose end a word is stored
};

// One stage (or port) counted from the beginning of time.
struct Unit {
    const Stage* stage = nullptr;
    std::vector<std::size_t> inputs;  // lines
    std::vector<bool> held;           // per input: one word for the whole event
    std::vector<std::size_t> outputs;
    int latency = 0;
    std::int64_t words = 0;    // per event, in
    std::int64_t results = 0;  // per event, out
    std::int64_t after_step = 1;
    std::int64_t after_firing = 1;
    std::vector<std::int64_t> complete;    // windows
    std::optional<arch::WordOrder> order;  // rings
    std::int64_t taken = 0, fired = 0, steps = 0, free = 0;
    std::vector<std::int64_t> started;  // per event: the step that took its first word
    std::int64_t serial = 0;            // gathering: outputs of the event left to fire
};

struct Holding {
    double source = 0;  // chance that a word is held back in a cycle
    double sink = 0;
};

class Referee {
  public:
    Referee(const StagedDesign& design, const StagedSchedule& schedule)
        : design_(design), schedule_(schedule) {}

    Status build() {
        for (std::size_t f = 0; f < schedule_.rates.fifos.size(); ++f) {
            lines_.emplace_back().depth = schedule_.rates.fifos[f].depth;
        }
        for (std::size_t s = 0; s < design_.stages.size(); ++s) GW_TRY_STATUS(add_stage(s));
        for (std::size_t s = 0; s < design_.streams.size(); ++s) {
            if (design_.streams[s].producer.valid()) continue;
            Unit source;
            source.outputs = lines_of(arch::StreamId(s));
            source.results = static_cast<std::int64_t>(design_.streams[s].words);
            sources_.push_back(std::move(source));
        }
        for (std::size_t p = 0; p < design_.results.size(); ++p) {
            const arch::StreamId id = design_.results[p];
            GW_TRY(const std::size_t line, line_of(id, design_[id].readers.size() + p));
            Unit sink;
            sink.inputs = {line};
            sink.words = static_cast<std::int64_t>(design_[id].words);
            sinks_.push_back(std::move(sink));
        }
        return {};
    }

    // First and last output cycle of every event.
    struct Record {
        std::vector<std::int64_t> accepted, first, last;
    };
    Result<Record> play(std::size_t events, Holding holding, std::uint64_t seed) {
        Rng rng(seed);
        Record record{std::vector<std::int64_t>(events, -1), std::vector<std::int64_t>(events, -1),
                      std::vector<std::int64_t>(events, -1)};
        std::int64_t quiet = 0;
        for (std::int64_t now = 0; !finished(events); ++now) {
            arrive(now - 1);
            bool moved = false;
            for (Unit& unit : units_) moved = act(unit, now) || moved;
            for (Unit& source : sources_) {
                if (source.fired >= source.results * static_cast<std::int64_t>(events)) continue;
                if (!has_credit(source) || rng.chance(holding.source)) continue;
                const auto event = static_cast<std::size_t>(source.fired / source.results);
                if (source.fired % source.results == 0)
                    record.accepted[event] = std::max(record.accepted[event], now);
                fire(source, now);
                moved = true;
            }
            for (Unit& sink : sinks_) {
                if (!has_word(sink.inputs[0])) continue;
                note(sink, now, record);
                if (rng.chance(holding.sink)) continue;
                pop(sink.inputs[0]);
                ++sink.taken;
                moved = true;
            }
            for (Line& line : lines_) line.popped_before = line.popped;
            GW_TRY_STATUS(check_lines(now));
            quiet = moved ? 0 : quiet + 1;
            if (quiet > patience()) {
                return fail(
                    fmt::format("staged design: no word has moved since cycle {}", now - quiet));
            }
        }
        return record;
    }

  private:
    Result<std::size_t> line_of(arch::StreamId stream, std::size_t reader) const {
        for (std::size_t f = 0; f < lines_.size(); ++f) {
            const Fifo& fifo = schedule_.rates.fifos[f];
            if (fifo.stream == stream && fifo.reader == reader) return f;
        }
        return fail(fmt::format("staged design: reader {} of stream '{}' has no FIFO", reader,
                                design_[stream].name));
    }
    std::vector<std::size_t> lines_of(arch::StreamId stream) const {
        std::vector<std::size_t> out;
        for (std::size_t f = 0; f < lines_.size(); ++f) {
            if (schedule_.rates.fifos[f].stream == stream) out.push_back(f);
        }
        return out;
    }

    Status add_stage(std::size_t s) {
        const Stage& stage = design_.stages[s];
        Unit unit;
        unit.stage = &stage;
        unit.latency = schedule_.stages[s].latency;
        unit.outputs = lines_of(stage.output);
        unit.results = static_cast<std::int64_t>(design_[stage.output].words);
        for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
            const Stream& stream = design_[stage.inputs[i].stream];
            for (std::size_t r = 0; r < stream.readers.size(); ++r) {
                if (stream.readers[r].stage != arch::StageId(s) || stream.readers[r].input != i)
                    continue;
                GW_TRY(const std::size_t line, line_of(stage.inputs[i].stream, r));
                unit.inputs.push_back(line);
            }
            unit.held.push_back(stream.words == 1 && unit.results > 1 && stage.inputs.size() > 1);
            unit.words = std::max(unit.words, static_cast<std::int64_t>(stream.words));
        }
        if (const auto* work = std::get_if<Rearrange>(&stage.work)) {
            unit.order =
                arch::word_order(*work, design_[stage.inputs[0].stream], design_[stage.output]);
        } else {
            GW_TRY_STATUS(add_windows(std::get<Compute>(stage.work), unit));
        }
        units_.push_back(std::move(unit));
        return {};
    }

    Status add_windows(const Compute& work, Unit& unit) const {
        const arch::Folding& folding = work.folding;
        if (work.parts.front().head && folding.order == arch::Folding::Order::kByInput) {
            unit.after_step = unit.after_firing = folding.slices / unit.words * folding.groups;
            unit.complete = {unit.words - 1};
            return {};
        }
        if (work.parts.front().head) unit.after_firing = folding.reuse();
        if (unit.inputs.size() > 1) {
            for (std::int64_t p = 0; p < unit.results; ++p) unit.complete.push_back(p);
            return {};
        }
        GW_TRY(const arch::DelayLine line,
               arch::delay_line(unit.stage->inputs[0].window, work.positions));
        unit.complete = line.complete;
        return {};
    }

    [[nodiscard]] bool finished(std::size_t events) const {
        return std::all_of(sinks_.begin(), sinks_.end(), [&](const Unit& sink) {
            return sink.taken >= sink.words * static_cast<std::int64_t>(events);
        });
    }
    void arrive(std::int64_t before) {
        for (Line& line : lines_) {
            while (!line.arrivals.empty() && line.arrivals.front() <= before) {
                line.arrivals.pop_front();
                ++line.stored;
            }
        }
    }
    [[nodiscard]] bool has_word(std::size_t line) const {
        return lines_[line].stored > lines_[line].popped;
    }
    [[nodiscard]] bool has_credit(const Unit& unit) const {
        return std::all_of(unit.outputs.begin(), unit.outputs.end(), [&](std::size_t line) {
            return lines_[line].fired - lines_[line].popped_before < lines_[line].depth;
        });
    }
    void pop(std::size_t line) { ++lines_[line].popped; }
    void fire(Unit& unit, std::int64_t now) {
        for (const std::size_t line : unit.outputs) {
            ++lines_[line].fired;
            lines_[line].arrivals.push_back(now + unit.latency);
        }
        ++unit.fired;
    }

    bool act(Unit& unit, std::int64_t now) {
        if (!std::holds_alternative<Rearrange>(unit.stage->work)) return act_window(unit, now);
        return unit.order ? act_ring(unit, now) : act_gather(unit, now);
    }

    bool act_window(Unit& unit, std::int64_t now) {
        if (now < unit.free) return false;
        const bool takes = std::all_of(unit.inputs.begin(), unit.inputs.end(),
                                       [&](std::size_t line) { return has_word(line); });
        const auto event = static_cast<std::size_t>(unit.fired / unit.results);
        const bool between = unit.taken % unit.words == 0;
        const bool owes = unit.taken > unit.fired / unit.results * unit.words;
        if (!takes && !(between && owes)) return false;
        std::vector<std::int64_t> started = unit.started;
        if (takes && between) started.push_back(unit.steps);
        const bool fires = event < started.size() &&
                           unit.steps - started[event] ==
                               unit.complete[static_cast<std::size_t>(unit.fired % unit.results)];
        if (fires && !has_credit(unit)) return false;
        unit.started = std::move(started);
        ++unit.steps;
        if (takes) {
            ++unit.taken;
            for (std::size_t i = 0; i < unit.inputs.size(); ++i) {
                if (!unit.held[i] || unit.taken % unit.words == 0) pop(unit.inputs[i]);
            }
        }
        unit.free = now + (fires ? unit.after_firing : unit.after_step);
        if (fires) fire(unit, now);
        return true;
    }

    bool act_ring(Unit& unit, std::int64_t now) {
        const std::int64_t base = unit.fired / unit.results * unit.words;
        const auto output = static_cast<std::size_t>(unit.fired % unit.results);
        const auto& from = unit.order->from;
        const auto here = from.begin() + static_cast<std::ptrdiff_t>(output);
        const std::int64_t newest =
            std::max<std::int64_t>(0, *std::max_element(from.begin(), here + 1));
        std::int64_t oldest = base + unit.words;
        for (auto later = here; later != from.end(); ++later) {
            if (*later >= 0) oldest = std::min(oldest, base + *later);
        }
        const bool takes = has_word(unit.inputs[0]) &&
                           unit.taken - oldest < static_cast<std::int64_t>(unit.order->ring);
        const bool fires = unit.taken > base + newest && has_credit(unit);
        if (takes) {
            pop(unit.inputs[0]);
            ++unit.taken;
        }
        if (fires) fire(unit, now);
        return takes || fires;
    }

    bool act_gather(Unit& unit, std::int64_t now) {
        const std::int64_t gathered =
            unit.taken - (unit.fired + unit.results - 1) / unit.results * unit.words;
        const bool full = gathered == unit.words;
        const bool inside = unit.fired % unit.results != 0;
        const bool fires = (inside || full) && has_credit(unit);
        const bool takes = gathered < unit.words && has_word(unit.inputs[0]);
        if (takes) {
            pop(unit.inputs[0]);
            ++unit.taken;
        }
        if (fires) fire(unit, now);
        return takes || fires;
    }

    void note(const Unit& sink, std::int64_t now, Record& record) const {
        const auto event = static_cast<std::size_t>(sink.taken / sink.words);
        if (event >= record.first.size()) return;
        if (sink.taken % sink.words == 0 &&
            (record.first[event] < 0 || now < record.first[event])) {
            record.first[event] = now;
        }
        record.last[event] = std::max(record.last[event], now);
    }

    Status check_lines(std::int64_t now) const {
        for (std::size_t f = 0; f < lines_.size(); ++f) {
            const Line& line = lines_[f];
            if (line.stored - line.popped <= line.depth && line.popped <= line.stored) continue;
            return fail(
                fmt::format("staged design: the FIFO of stream '{}' holds {} words in cycle {}, "
                            "its depth is {}",
                            design_[schedule_.rates.fifos[f].stream].name,
                            line.stored - line.popped, now, line.depth));
        }
        return {};
    }

    // Longer than anything can take between two words, and than any run of bad luck.
    [[nodiscard]] std::int64_t patience() const {
        std::int64_t longest = 1000;
        for (const Unit& unit : units_)
            longest = std::max(longest, 1000 + unit.latency + 2 * unit.after_firing);
        return longest;
    }

    const StagedDesign& design_;
    const StagedSchedule& schedule_;
    std::vector<Line> lines_;
    std::vector<Unit> units_, sources_, sinks_;
};

// Of one event through an empty design.
Status check_latency(const Rates& claimed, const Referee::Record& record) {
    const auto check = [&](std::int64_t cycle, std::int64_t promised, const char* word) -> Status {
        const std::int64_t after = cycle - record.accepted[0];
        if (after == promised) return {};
        return fail(fmt::format("staged design: the {} output word comes after {} cycles, not {}",
                                word, after, promised));
    };
    GW_TRY_STATUS(check(record.first[0], claimed.first_word_cycles, "first"));
    return check(record.last[0], claimed.last_word_cycles, "last");
}

Status check_pace(const Rates& claimed, const Referee::Record& record) {
    const std::size_t half = record.last.size() / 2;
    const std::int64_t cycles = record.last.back() - record.last[half - 1];
    const auto events = static_cast<std::int64_t>(record.last.size() - half);
    if (cycles > claimed.initiation_interval * events) {
        return fail(fmt::format("staged design: {} events took {} cycles, not {} each", events,
                                cycles, claimed.initiation_interval));
    }
    return {};
}

}  // namespace

Status verify(const StagedDesign& design, const StagedSchedule& schedule) {
    // Events enough to fill the design and see its pace; random holding costs more cycles each.
    const Rates& rates = schedule.rates;
    const std::int64_t inside = 1 + rates.last_word_cycles / rates.initiation_interval;
    const auto events = static_cast<std::size_t>(std::min<std::int64_t>(2 * inside + 6, 400));
    const auto run = [&](std::size_t count, Holding holding,
                         std::uint64_t seed) -> Result<Referee::Record> {
        Referee referee(design, schedule);
        GW_TRY_STATUS(referee.build());
        return referee.play(count, holding, seed);
    };
    GW_TRY(const Referee::Record alone, run(1, {}, 1));
    GW_TRY_STATUS(check_latency(rates, alone));
    GW_TRY(const Referee::Record free, run(events, {}, 1));
    GW_TRY_STATUS(check_pace(rates, free));
    for (const Holding holding : {Holding{0.5, 0}, Holding{0, 0.5}, Holding{0.9, 0.3}}) {
        GW_TRY_STATUS(run(3, holding, 2).map([](const auto&) {}));
    }
    return {};
}

}  // namespace gatewright::schedule
