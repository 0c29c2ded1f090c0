// SPDX-License-Identifier: Apache-2.0
#include "schedule/stage_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "arch/delay_line.h"
#include "support/check.h"

namespace gatewright::schedule {
namespace {

using arch::Compute;
using arch::Stage;
using arch::StagedDesign;
using Cycle = std::int64_t;

// Words on their way from a firing to a reader: in the pipeline until `ready`, then in the FIFO.
class Queue {
  public:
    explicit Queue(std::int64_t depth) : depth_(depth) {}
    [[nodiscard]] bool has_word(Cycle now) const {
        return !ready_.empty() && ready_.front() <= now;
    }
    /// A pop gives its credit back a cycle later.
    [[nodiscard]] bool has_credit(Cycle now) const {
        return outstanding() + (last_pop_ == now ? 1 : 0) < depth_;
    }
    void push(Cycle ready) {
        ready_.push_back(ready);
        peak_ = std::max(peak_, outstanding());
    }
    void pop(Cycle now) {
        ready_.pop_front();
        last_pop_ = now;
    }
    [[nodiscard]] std::int64_t peak() const { return peak_; }
    /// The next cycle after now in which this queue may let somebody act who could not now.
    [[nodiscard]] Cycle next_change(Cycle now) const {
        if (last_pop_ == now) return now + 1;
        return !ready_.empty() && ready_.front() > now ? ready_.front() : kUnbounded;
    }

  private:
    [[nodiscard]] std::int64_t outstanding() const {
        return static_cast<std::int64_t>(ready_.size());
    }
    std::int64_t depth_;
    std::deque<Cycle> ready_;
    Cycle last_pop_ = -1;
    std::int64_t peak_ = 0;
};

// The FIFOs that one stage or input port feeds.
struct Feed {
    std::vector<Queue*> queues;
    int latency = 0;
    std::size_t words = 0;         // per event
    Flow::Firings* log = nullptr;  // of a stage

    [[nodiscard]] bool has_credit(Cycle now) const {
        return std::all_of(queues.begin(), queues.end(),
                           [&](const Queue* queue) { return queue->has_credit(now); });
    }
    void fire(Cycle now) const {
        for (Queue* queue : queues) queue->push(now + latency + 1);
        if (log == nullptr || log->count++ >= words) return;
        if (log->count == 1) log->first = now;
        log->last = now;
    }
};

class Actor {
  public:
    Actor() = default;
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;
    virtual ~Actor() = default;
    /// One cycle; true if it did anything.
    virtual bool act(Cycle now) = 0;
    /// The next cycle in which it may act although no queue changes.
    [[nodiscard]] virtual Cycle next_change(Cycle) const { return kUnbounded; }
};

// A compute stage with one input behind a delay line.
class WindowActor final : public Actor {
  public:
    WindowActor(arch::DelayLine line, std::int64_t busy_after_step, std::int64_t busy_after_firing,
                Queue& input, Feed feed)
        : line_(std::move(line)),
          busy_after_step_(busy_after_step),
          busy_after_firing_(busy_after_firing),
          input_(input),
          feed_(std::move(feed)) {}

    bool act(Cycle now) override {
        if (now < free_) return false;
        const bool takes = input_.has_word(now);
        const bool drains = next_word_ == 0 && started_ == finished_ + 1;
        if (!takes && !drains) return false;
        const auto words = static_cast<std::int64_t>(line_.words);
        const std::int64_t newest = takes && next_word_ == 0 ? 0 : newest_ + 1;
        const std::int64_t started = started_ + (takes && next_word_ == 0 ? 1 : 0);
        // The output's event is the newest one, or the one before it, which is padded by the newest
        // one's words.
        const std::int64_t step = started == finished_ + 1 ? newest : output_step_ + 1;
        const bool fires = step == line_.complete[output_];
        if (fires && !feed_.has_credit(now)) return false;
        if (takes) {
            input_.pop(now);
            next_word_ = (next_word_ + 1) % words;
        }
        newest_ = newest;
        started_ = started;
        output_step_ = step;
        free_ = now + busy_after_step_;
        if (fires) fire(now);
        return true;
    }
    [[nodiscard]] Cycle next_change(Cycle now) const override {
        return free_ > now ? free_ : kUnbounded;
    }

  private:
    void fire(Cycle now) {
        feed_.fire(now);
        free_ = now + busy_after_firing_;
        if (++output_ < line_.complete.size()) return;
        output_ = 0;
        ++finished_;
    }

    arch::DelayLine line_;
    std::int64_t busy_after_step_, busy_after_firing_;
    Queue& input_;
    Feed feed_;
    Cycle free_ = 0;
    std::int64_t next_word_ = 0;    // of the event that is being taken
    std::int64_t newest_ = -1;      // steps since the first word of the newest event
    std::int64_t started_ = 0;      // events whose first word was taken
    std::int64_t finished_ = 0;     // events whose last output was fired
    std::int64_t output_step_ = 0;  // steps since the first word of the output's event
    std::size_t output_ = 0;
};

// A compute stage that reads the same position of all its inputs; one of a single word is held for
// the whole event.
class JoinActor final : public Actor {
  public:
    struct Input {
        Queue* queue;
        bool held;
    };
    JoinActor(std::vector<Input> inputs, std::size_t words, std::int64_t busy, Feed feed)
        : inputs_(std::move(inputs)), words_(words), busy_(busy), feed_(std::move(feed)) {}

    bool act(Cycle now) override {
        if (now < free_ || !feed_.has_credit(now)) return false;
        if (!std::all_of(inputs_.begin(), inputs_.end(),
                         [&](const Input& input) { return input.queue->has_word(now); })) {
            return false;
        }
        const bool is_last = word_ + 1 == words_;
        for (const Input& input : inputs_) {
            if (!input.held || is_last) input.queue->pop(now);
        }
        word_ = is_last ? 0 : word_ + 1;
        feed_.fire(now);
        free_ = now + busy_;
        return true;
    }
    [[nodiscard]] Cycle next_change(Cycle now) const override {
        return free_ > now ? free_ : kUnbounded;
    }

  private:
    std::vector<Input> inputs_;
    std::size_t words_;
    std::int64_t busy_;
    Feed feed_;
    Cycle free_ = 0;
    std::size_t word_ = 0;
};

// A rearrangement of whole words through a ring buffer.
class RingActor final : public Actor {
  public:
    RingActor(const arch::WordOrder& order, std::size_t words, Queue& input, Feed feed)
        : words_(static_cast<std::int64_t>(words)),
          ring_(static_cast<std::int64_t>(order.ring)),
          input_(input),
          feed_(std::move(feed)),
          needs_(order.from.size()),
          releases_(order.from.size()) {
        std::int64_t needed = 0;
        for (std::size_t m = 0; m < order.from.size(); ++m) {
            needed = std::max(needed, order.from[m]);
            needs_[m] = needed + 1;
        }
        std::int64_t kept = words_;
        for (const std::int64_t from : order.from) {
            if (from >= 0) kept = std::min(kept, from);
        }
        released_ = kept;
        kept += words_;
        for (std::size_t m = order.from.size(); m-- > 0;) {
            releases_[m] = kept;
            if (order.from[m] >= 0) kept = std::min(kept, order.from[m]);
        }
    }

    bool act(Cycle now) override {
        const bool takes = input_.has_word(now) && taken_ - released_ < ring_;
        const bool fires = taken_ >= base_ + needs_[output_] && feed_.has_credit(now);
        if (takes) {
            input_.pop(now);
            ++taken_;
        }
        if (fires) {
            feed_.fire(now);
            released_ = base_ + releases_[output_];
            if (++output_ == needs_.size()) {
                output_ = 0;
                base_ += words_;
            }
        }
        changed_ = takes || fires ? now : changed_;
        return takes || fires;
    }
    [[nodiscard]] Cycle next_change(Cycle now) const override {
        return changed_ == now ? now + 1 : kUnbounded;
    }

  private:
    std::int64_t words_, ring_;
    Queue& input_;
    Feed feed_;
    std::vector<std::int64_t> needs_;     // per output: words of the event that must be taken
    std::vector<std::int64_t> releases_;  // per output: words not needed after it
    std::int64_t taken_ = 0, released_ = 0, base_ = 0;
    std::size_t output_ = 0;
    Cycle changed_ = -1;
};

// A rearrangement of elements: all words in, then all words out.
class GatherActor final : public Actor {
  public:
    GatherActor(std::size_t words_in, std::size_t words_out, Queue& input, Feed feed)
        : words_in_(words_in), words_out_(words_out), input_(input), feed_(std::move(feed)) {}

    bool act(Cycle now) override {
        const bool full = taken_ == words_in_;
        const bool fires = (output_ > 0 || full) && feed_.has_credit(now);
        const bool takes = !full && input_.has_word(now);
        if (takes) {
            input_.pop(now);
            ++taken_;
        }
        if (fires) {
            if (output_ == 0) taken_ = 0;
            feed_.fire(now);
            output_ = (output_ + 1) % words_out_;
        }
        changed_ = takes || fires ? now : changed_;
        return takes || fires;
    }
    [[nodiscard]] Cycle next_change(Cycle now) const override {
        return changed_ == now ? now + 1 : kUnbounded;
    }

  private:
    std::size_t words_in_, words_out_;
    Queue& input_;
    Feed feed_;
    std::size_t taken_ = 0, output_ = 0;
    Cycle changed_ = -1;
};

// An input port whose events are there from the start, or every `period` cycles.
class Source final : public Actor {
  public:
    Source(std::size_t words, std::size_t events, std::int64_t period, Feed feed,
           std::vector<Flow::Event>& log)
        : words_(words), events_(events), period_(period), feed_(std::move(feed)), log_(log) {}

    bool act(Cycle now) override {
        if (event_ == events_ || now < earliest() || !feed_.has_credit(now)) return false;
        if (word_ == 0) log_[event_].accepted = std::max(log_[event_].accepted, now);
        feed_.fire(now);
        changed_ = now;
        if (++word_ == words_) {
            word_ = 0;
            ++event_;
        }
        return true;
    }
    [[nodiscard]] Cycle next_change(Cycle now) const override {
        if (event_ == events_) return kUnbounded;
        return earliest() > now ? earliest() : (changed_ == now ? now + 1 : kUnbounded);
    }

  private:
    [[nodiscard]] Cycle earliest() const {
        return word_ == 0 ? static_cast<Cycle>(event_) * period_ : 0;
    }
    std::size_t words_, events_;
    std::int64_t period_;
    Feed feed_;
    std::vector<Flow::Event>& log_;
    std::size_t event_ = 0, word_ = 0;
    Cycle changed_ = -1;
};

class Sink final : public Actor {
  public:
    Sink(std::size_t words, Queue& queue, std::vector<Flow::Event>& log, std::size_t& finished)
        : words_(words), queue_(queue), log_(log), finished_(finished) {}

    bool act(Cycle now) override {
        if (!queue_.has_word(now)) return false;
        queue_.pop(now);
        if (event_ == log_.size()) return true;
        Flow::Event& event = log_[event_];
        if (word_ == 0 && (event.first == 0 || now < event.first)) event.first = now;
        event.last = std::max(event.last, now);
        if (++word_ == words_) {
            word_ = 0;
            ++event_;
            ++finished_;
        }
        return true;
    }

  private:
    std::size_t words_;
    Queue& queue_;
    std::vector<Flow::Event>& log_;
    std::size_t& finished_;
    std::size_t event_ = 0, word_ = 0;
};

// Cycles between two steps, and from a firing to the next step.
struct Busy {
    std::int64_t after_step = 1;
    std::int64_t after_firing = 1;
};

Busy busy_cycles(const Compute& work, std::size_t input_words) {
    if (!work.parts.front().head) return {};
    const arch::Folding& folding = work.folding;
    if (folding.order == arch::Folding::Order::kByOutput) return {1, folding.reuse()};
    const auto words = static_cast<std::int64_t>(input_words);
    GW_CHECK(folding.slices % words == 0, "slices are not whole words");
    const std::int64_t cycles = folding.slices / words * folding.groups;
    return {cycles, cycles};
}

bool by_input(const Compute& work) {
    return work.parts.front().head && work.folding.order == arch::Folding::Order::kByInput;
}

class FlowBuilder {
  public:
    FlowBuilder(const StagedDesign& design, const FlowParams& params)
        : design_(design), params_(params), places_(fifo_places(design)) {
        flow_.events.resize(params.events);
        flow_.stages.resize(design.stages.size());
        queues_.reserve(places_.size());
        for (std::size_t i = 0; i < places_.size(); ++i) queues_.emplace_back(params.depths[i]);
    }

    Result<Flow> run() {
        GW_TRY_STATUS(add_actors());
        Cycle now = 0;
        while (finished_ < params_.events * design_.results.size()) {
            bool acted = false;
            for (const auto& actor : actors_) acted = actor->act(now) || acted;
            Cycle next = kUnbounded;
            for (const auto& actor : actors_) next = std::min(next, actor->next_change(now));
            for (const Queue& queue : queues_) next = std::min(next, queue.next_change(now));
            if (acted) next = std::min(next, now + 1);
            if (next >= kUnbounded) {
                return fail(fmt::format("the words stop moving after {} cycles", now));
            }
            now = next;
        }
        for (const Queue& queue : queues_) flow_.peaks.push_back(queue.peak());
        return std::move(flow_);
    }

  private:
    Queue& queue(arch::StreamId stream, std::size_t reader) {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (places_[i].stream == stream && places_[i].reader == reader) return queues_[i];
        }
        GW_UNREACHABLE("a stream without this reader");
    }

    Queue& input_queue(std::size_t stage, std::size_t input) {
        const arch::StreamId id = design_.stages[stage].inputs[input].stream;
        const auto& readers = design_[id].readers;
        for (std::size_t r = 0; r < readers.size(); ++r) {
            if (readers[r].stage.index() == stage && readers[r].input == input) {
                return queue(id, r);
            }
        }
        GW_UNREACHABLE("a stage that its input stream does not know");
    }

    Feed feed(arch::StreamId stream, int latency) {
        Feed out{{}, latency, design_[stream].words, nullptr};
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (places_[i].stream == stream) out.queues.push_back(&queues_[i]);
        }
        return out;
    }

    Status add_actors() {
        for (std::size_t s = 0; s < design_.streams.size(); ++s) {
            const arch::Stream& stream = design_.streams[s];
            if (stream.producer.valid()) continue;
            actors_.push_back(std::make_unique<Source>(stream.words, params_.events,
                                                       params_.source_period,
                                                       feed(arch::StreamId(s), 0), flow_.events));
        }
        for (std::size_t s = 0; s < design_.stages.size(); ++s) GW_TRY_STATUS(add_stage(s));
        for (std::size_t p = 0; p < design_.results.size(); ++p) {
            const arch::StreamId id = design_.results[p];
            Queue& output = queue(id, design_[id].readers.size() + p);
            actors_.push_back(
                std::make_unique<Sink>(design_[id].words, output, flow_.events, finished_));
        }
        return {};
    }

    Status add_stage(std::size_t s) {
        const Stage& stage = design_.stages[s];
        Feed output = feed(stage.output, params_.latency[s]);
        output.log = &flow_.stages[s];
        const arch::Stream& first = design_[stage.inputs[0].stream];
        if (const auto* work = std::get_if<arch::Rearrange>(&stage.work)) {
            const arch::Stream& result = design_[stage.output];
            if (const auto order = arch::word_order(*work, first, result)) {
                actors_.push_back(std::make_unique<RingActor>(
                    *order, first.words, input_queue(s, 0), std::move(output)));
            } else {
                actors_.push_back(std::make_unique<GatherActor>(
                    first.words, result.words, input_queue(s, 0), std::move(output)));
            }
            return {};
        }
        const Compute& work = std::get<Compute>(stage.work);
        const Busy busy = busy_cycles(work, first.words);
        if (stage.inputs.size() > 1) {
            const std::size_t words = design_[stage.output].words;
            std::vector<JoinActor::Input> inputs;
            for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
                const bool held = words > 1 && design_[stage.inputs[i].stream].words == 1;
                inputs.push_back({&input_queue(s, i), held});
            }
            actors_.push_back(std::make_unique<JoinActor>(std::move(inputs), words,
                                                          busy.after_firing, std::move(output)));
            return {};
        }
        arch::DelayLine line;
        if (by_input(work)) {
            line = {first.words, {0}, {static_cast<std::int64_t>(first.words) - 1}};
        } else {
            GW_TRY(line, arch::delay_line(stage.inputs[0].window, work.positions));
        }
        actors_.push_back(std::make_unique<WindowActor>(std::move(line), busy.after_step,
                                                        busy.after_firing, input_queue(s, 0),
                                                        std::move(output)));
        return {};
    }

    const StagedDesign& design_;
    const FlowParams& params_;
    std::vector<FifoPlace> places_;
    std::vector<Queue> queues_;
    std::vector<std::unique_ptr<Actor>> actors_;
    Flow flow_;
    std::size_t finished_ = 0;
};

}  // namespace

std::vector<FifoPlace> fifo_places(const StagedDesign& design) {
    std::vector<FifoPlace> out;
    for (std::size_t s = 0; s < design.streams.size(); ++s) {
        const std::size_t readers = design.streams[s].readers.size();
        for (std::size_t r = 0; r < readers; ++r) out.push_back({arch::StreamId(s), r});
        for (std::size_t p = 0; p < design.results.size(); ++p) {
            if (design.results[p] == arch::StreamId(s)) {
                out.push_back({arch::StreamId(s), readers + p});
            }
        }
    }
    return out;
}

Result<Flow> run_flow(const StagedDesign& design, const FlowParams& params) {
    return FlowBuilder(design, params).run();
}

std::int64_t stage_cycles(const StagedDesign& design, const Stage& stage) {
    const auto words_in = static_cast<std::int64_t>(design[stage.inputs[0].stream].words);
    const auto words_out = static_cast<std::int64_t>(design[stage.output].words);
    if (!std::holds_alternative<Compute>(stage.work)) return std::max(words_in, words_out);
    const Compute& work = std::get<Compute>(stage.work);
    const Busy busy = busy_cycles(work, static_cast<std::size_t>(words_in));
    if (by_input(work)) return words_in * busy.after_step;
    // Every output takes its firing step; words that complete no window take a step each. Outputs
    // completed by padding after the last word share the next event's first steps.
    if (stage.inputs.size() > 1) return words_out * busy.after_firing;
    const auto line = arch::delay_line(stage.inputs[0].window, work.positions);
    if (!line) return 0;
    std::vector<bool> fires(line->words, false);
    for (const std::int64_t step : line->complete) {
        fires[static_cast<std::size_t>(step) % line->words] = true;
    }
    std::int64_t cycles = 0;
    for (const bool step_fires : fires) cycles += step_fires ? busy.after_firing : 1;
    return cycles;
}

}  // namespace gatewright::schedule
