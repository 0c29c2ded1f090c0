// SPDX-License-Identifier: Apache-2.0
//
// The front of a compute stage: which words it takes, when it fires, and the window it then has.
//
// The delay line shifts once per step. A countdown says how many steps are left until the one that
// completes the next window: within an event it is reloaded with a constant that depends only on
// which axes of the output position wrap around; after an event's last output it is the first
// window's step less the words of the next event that have come already. Taps outside the image
// are cleared by masks that look at the output position, so whatever words stand there (another
// row's, the next event's, none at all) does not matter.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "arch/delay_line.h"
#include "rtl/stages/stage_module.h"
#include "rtl/stages/storage.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using arch::Compute;
using fixed::Integer;

// Cycles from a step, and from a firing, to the next step.
struct Pace {
    std::int64_t after_step = 1;
    std::int64_t after_firing = 1;
};

bool takes_by_input(const Compute& work) {
    return work.parts.front().head && work.folding.order == arch::Folding::Order::kByInput;
}

Pace pace_of(const Compute& work, std::int64_t words) {
    if (!work.parts.front().head) return {};
    if (!takes_by_input(work)) return {1, work.folding.reuse()};
    const std::int64_t cycles = work.folding.slices / words * work.folding.groups;
    return {cycles, cycles};
}

class WindowBuilder {
  public:
    WindowBuilder(const StageJob& job, Circuit& circuit, StagePorts& ports)
        : job_(job), c_(circuit), ports_(ports), work_(std::get<Compute>(job.stage.work)) {
        const auto& input = job.stage.inputs[0];
        words_ = static_cast<std::int64_t>(job.design[input.stream].words);
        if (takes_by_input(work_)) {
            line_ = {static_cast<std::size_t>(words_), {0}, {words_ - 1}};
        } else if (job.stage.inputs.size() == 1) {
            auto line = arch::delay_line(input.window, work_.positions);
            GW_CHECK(line.has_value(), "layer '" + job.stage.name + "' has no delay line");
            line_ = std::move(*line);
            GW_CHECK(line_.drain() <= words_ && line_.drain() <= line_.complete[0],
                     "windows of more than two events at once in '" + job.stage.name + "'");
        }
    }

    Window run() {
        if (job_.stage.inputs.size() > 1) {
            join();
        } else {
            control();
            shift_line();
        }
        number_part();
        return std::move(out_);
    }

  private:
    // True if a step is allowed: none was taken too recently.
    Bits idle(const Pace& pace, const Bits& go, const Bits& fires) {
        const std::int64_t longest = std::max(pace.after_step, pace.after_firing);
        if (longest == 1) return one();
        const int width = count_bits(longest);
        const Bits busy = c_.state("busy", width);
        const Bits loaded =
            c_.choose("busy_after", fires, constant_bits(pace.after_firing - 1, width),
                      constant_bits(pace.after_step - 1, width));
        const Bits is_idle = c_.equals("idle", busy, 0);
        const Bits less = c_.minus("busy_less", busy, constant_bits(1, width));
        c_.clock_reset(busy, c_.choose("busy_next", go, loaded, less),
                       c_.either("busy_moves", go, c_.invert("waits", is_idle)));
        return is_idle;
    }

    void control() {
        const StagePort& in = ports_.inputs[0];
        const Bits go = c_.wire("step", 1);
        const Bits takes = c_.wire("takes", 1);
        const Bits fire = c_.wire("fires", 1);
        const auto word = c_.counter("word", words_, takes);
        position_counters(fire);
        Bits draining = zero();
        if (line_.drain() > 0) {
            draining = c_.state("draining", 1);
            const Bits ends = c_.both("event_ends", takes, word.is_last);
            const Bits last_out = c_.both("last_fires", fire, all_last_);
            c_.clock_reset(draining, ends, c_.either("draining_changes", ends, last_out));
        }
        const Bits completes = countdown(go, takes, word.value);
        const Pace pace = pace_of(work_, words_);
        const Bits free = idle(pace, go, completes);
        const Bits at_boundary = words_ == 1 ? one() : c_.equals("between_events", word.value, 0);
        const Bits pads = c_.both("pads", draining, at_boundary);
        const Bits has_step = c_.either("has_step", in.valid, pads);
        const Bits has_room = c_.either("has_room", ports_.open, c_.invert("no_window", completes));
        c_.drive(go, c_.all_of("may_step", {free, has_step, has_room}));
        c_.drive(takes, c_.both("may_take", go, in.valid));
        c_.drive(fire, c_.both("may_fire", go, completes));
        c_.drive(in.pop, takes);
        go_ = go;
        out_.fire = fire;
        out_.begin = takes_by_input(work_) ? takes : fire;
        out_.bank = in.bank;
        if (line_.drain() > 0 && job_.banks == Banks::kTravelWithWords) {
            const Bits ended =
                c_.delayed("ended_bank", in.bank, c_.both("ends", takes, word.is_last));
            out_.bank = c_.choose("bank", draining, ended, in.bank);
        }
    }

    // One counter per axis of the output position, the last one fastest.
    void position_counters(const Bits& fire) {
        Bits carry = fire;
        position_.resize(work_.positions.size());
        for (std::size_t axis = work_.positions.size(); axis-- > 0;) {
            position_[axis] =
                c_.counter(fmt::format("position{}", axis), work_.positions[axis], carry);
            carry = c_.both(fmt::format("wraps{}", axis), carry, position_[axis].is_last);
        }
        std::vector<Bits> terms;
        for (const auto& counter : position_) terms.push_back(counter.is_last);
        all_last_ = c_.all_of("last_position", terms);
    }

    // Steps between the firing of a position at which just the axes behind `axis` wrap, and the
    // next one, less 1.
    std::int64_t gap_after(std::size_t axis) const {
        std::int64_t inner = 1;
        for (std::size_t a = axis + 1; a < work_.positions.size(); ++a) inner *= work_.positions[a];
        const std::int64_t outer = inner * work_.positions[axis];
        std::int64_t gap = -1;
        for (std::size_t p = 0; p + 1 < line_.complete.size(); ++p) {
            const auto next = static_cast<std::int64_t>(p) + 1;
            if (next % inner != 0 || next % outer == 0) continue;
            const std::int64_t found = line_.complete[p + 1] - line_.complete[p] - 1;
            GW_CHECK(gap < 0 || gap == found, "uneven steps in '" + job_.stage.name + "'");
            gap = found;
        }
        return gap;
    }

    // One bit: a step now completes a window.
    Bits countdown(const Bits& go, const Bits& takes, const Bits& word) {
        const std::int64_t first = line_.complete.front();
        const std::int64_t between = words_ - line_.complete.back() - 1 + first;
        std::int64_t largest = std::max(first, between);
        std::vector<std::pair<std::size_t, std::int64_t>> gaps;  // by axis, the last one first
        for (std::size_t axis = work_.positions.size(); axis-- > 0;) {
            const std::int64_t gap = gap_after(axis);
            if (gap < 0) continue;
            gaps.emplace_back(axis, gap);
            largest = std::max(largest, gap);
        }
        if (largest == 0) return one();
        const int width = count_bits(largest + 1);
        // Kept as the difference from its first value, because rst clears registers.
        const Bits start = constant_bits(first, width);
        const Bits kept = c_.state("steps_left_kept", width);
        const Bits left = c_.differ("steps_left", kept, start);
        Bits reload = constant_bits(between, width);
        if (line_.drain() > 0) {
            const int bits = std::max(width, word.width()) + 1;
            const Bits seen =
                c_.plus("words_seen", take({word, false}, 0, bits), take({takes, false}, 0, bits));
            reload =
                take({c_.minus("steps_after_event", take({start, false}, 0, bits), seen), false}, 0,
                     width);
        }
        for (std::size_t n = gaps.size(); n-- > 0;) {
            reload = c_.choose("reload", position_[gaps[n].first].is_last, reload,
                               constant_bits(gaps[n].second, width));
        }
        const Bits completes = c_.equals("completes", left, 0);
        const Bits less = c_.minus("steps_less", left, constant_bits(1, width));
        const Bits next = c_.choose("steps_next", completes, reload, less);
        c_.clock_reset(kept, c_.differ("steps_next_kept", next, start), go);
        return completes;
    }

    void shift_line() {
        const Bits& word = ports_.inputs[0].word;
        std::map<std::int64_t, Bits> at;
        for (const std::int64_t delay : line_.delays) at.emplace(delay, Bits{});
        Bits newest;
        std::int64_t reached = -1;
        Bits held = word;
        for (auto& [delay, bits] : at) {
            held = delayed_by(c_, fmt::format("word_{}", delay), held, delay - reached, go_);
            bits = held;
            reached = delay;
        }
        for (std::size_t tap = 0; tap < line_.delays.size(); ++tap) {
            out_.taps.push_back(masked(tap, at.at(line_.delays[tap])));
        }
        if (line_.delays.size() == 1 && line_.delays[0] == 0) out_.next_word = word;
    }

    // The tap, 0 where it lies outside the image.
    Bits masked(std::size_t tap, const Bits& word) {
        if (takes_by_input(work_)) return word;
        const model::Window& window = job_.stage.inputs[0].window;
        std::vector<Bits> inside;
        std::size_t rest = tap;
        for (std::size_t axis = window.extent.size(); axis-- > 0;) {
            const auto size = static_cast<std::size_t>(window.size[axis]);
            const std::int64_t offset =
                static_cast<std::int64_t>(rest % size) * window.dilation[axis] -
                window.before[axis];
            rest /= size;
            inside.push_back(inside_axis(window, axis, offset));
        }
        const std::string name = fmt::format("tap{}", tap);
        const Bits is_inside = c_.all_of(name + "_inside", inside);
        if (is_inside == one()) return word;
        const Bits mask = c_.delayed(name + "_mask", is_inside, out_.fire);
        return c_.both(name, word, take({mask, true}, 0, word.width()));
    }

    // 0 <= position · stride + offset < extent
    Bits inside_axis(const model::Window& window, std::size_t axis, std::int64_t offset) {
        const std::size_t missing = window.extent.size() - work_.positions.size();
        const bool has_position = window.extent.size() < work_.positions.size() || axis >= missing;
        const std::size_t p = axis + work_.positions.size() - window.extent.size();
        if (!has_position) {
            return offset >= 0 && offset < window.extent[axis] ? one() : zero();
        }
        const std::int64_t stride = window.stride[axis];
        std::int64_t lowest = 0;
        std::int64_t highest = -1;
        for (std::int64_t i = work_.positions[p]; i-- > 0;) {
            const std::int64_t at = i * stride + offset;
            if (at < 0 || at >= window.extent[axis]) continue;
            lowest = i;
            highest = std::max(highest, i);
        }
        if (highest < 0) return zero();
        const Bits& position = position_[p].value;
        Bits inside = one();
        const std::string name = fmt::format("axis{}", axis);
        if (lowest > 0) {
            inside = c_.invert(name + "_behind_start",
                               c_.below(name + "_before_start", position,
                                        constant_bits(lowest, position.width())));
        }
        if (highest + 1 < work_.positions[p]) {
            const Bits below_end = c_.below(name + "_before_end", position,
                                            constant_bits(highest + 1, position.width()));
            inside = c_.both(name + "_inside", inside, below_end);
        }
        return inside;
    }

    // The same place of every input; one of a single word is held for the whole event.
    void join() {
        const auto words = static_cast<std::int64_t>(job_.design[job_.stage.output].words);
        const Bits go = c_.wire("step", 1);
        const auto word = c_.counter("word", words, go);
        std::vector<Bits> terms{idle(pace_of(work_, words), go, one()), ports_.open};
        for (std::size_t i = 0; i < ports_.inputs.size(); ++i) {
            const StagePort& in = ports_.inputs[i];
            GW_CHECK(tensor::element_count(job_.stage.inputs[i].window.size) == 1,
                     "several inputs with windows in '" + job_.stage.name + "'");
            terms.push_back(in.valid);
            const bool is_held = words > 1 && job_.design[job_.stage.inputs[i].stream].words == 1;
            c_.drive(in.pop,
                     is_held ? c_.both(fmt::format("releases{}", i), go, word.is_last) : go);
            out_.taps.push_back(c_.delayed(fmt::format("word_{}", i), in.word, go));
        }
        c_.drive(go, c_.all_of("may_step", terms));
        go_ = go;
        out_.fire = go;
        out_.begin = go;
        out_.bank = ports_.inputs[0].bank;
    }

    void number_part() {
        if (work_.parts.size() < 2) return;
        const int width = count_bits(static_cast<std::int64_t>(work_.parts.size()));
        const auto positions = static_cast<std::int64_t>(work_.part_of.size());
        GW_CHECK(positions == static_cast<std::int64_t>(job_.design[job_.stage.output].words),
                 "parts of other positions");
        const auto position = c_.counter("part_position", positions, out_.fire);
        std::vector<Integer> numbers;
        for (const std::uint32_t part : work_.part_of) {
            numbers.emplace_back(static_cast<std::int64_t>(part));
        }
        const Bits number = c_.table("part_number", position.value, width, numbers);
        out_.part = c_.delayed("part", number, out_.fire);
    }

    const StageJob& job_;
    Circuit& c_;
    StagePorts& ports_;
    const Compute& work_;
    std::int64_t words_ = 1;
    arch::DelayLine line_;
    Window out_;
    Bits go_;
    std::vector<Circuit::Counter> position_;
    Bits all_last_;
};

}  // namespace

Window build_window(const StageJob& job, Circuit& circuit, StagePorts& ports) {
    return WindowBuilder(job, circuit, ports).run();
}

}  // namespace gatewright::rtl
