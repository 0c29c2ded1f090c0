// SPDX-License-Identifier: Apache-2.0
//
// Stages that only move elements. Whole words go through a ring in memory: words are taken while a
// slot is free and read out in the order of the output; a small table says for each output word
// which word of the event it is, how many words must have been taken, and how many slots it frees.
// Anything else gathers all words of an event, then moves them, permuted, into a shift register
// that gives one output word per cycle.
#include <fmt/format.h>

#include <algorithm>

#include "arch/delay_line.h"
#include "rtl/stages/stage_module.h"
#include "rtl/stages/storage.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using arch::Rearrange;
using fixed::Format;
using fixed::Integer;

class RingBuilder {
  public:
    RingBuilder(const StageJob& job, const arch::WordOrder& order, const std::string& name)
        : job_(job),
          order_(order),
          c_(name, fmt::format("{}: {}", job.stage.name, job.stage.description)),
          ports_(declare_ports(job, c_)),
          words_(static_cast<std::int64_t>(input().words)),
          outputs_(static_cast<std::int64_t>(order.from.size())) {
        place_bits_ = count_bits(static_cast<std::int64_t>(order.ring));
    }

    Module run() {
        const StagePort& in = ports_.inputs[0];
        takes_ = c_.wire("takes", 1);
        fires_ = c_.wire("fires", 1);
        const auto output = c_.counter("output_word", outputs_, fires_);
        const Entry entry = plan(output.value);
        counts(entry, output.is_last);
        c_.drive(takes_, c_.both("may_take", in.valid, has_slot_));
        c_.drive(fires_, c_.both("may_fire", ports_.open, has_word_));
        c_.drive(in.pop, takes_);
        c_.drive(ports_.fire, fires_);
        c_.drive(ports_.push, c_.delayed("fired", fires_, {}, Register::Reset::kToZero));
        c_.drive(ports_.out, moved(entry, output));
        return c_.finish();
    }

  private:
    // What the table says of an output word.
    struct Entry {
        Bits needed;  // words of the event that must have been taken
        Bits freed;   // words no later output needs, less those the outputs before freed
        Bits from;    // its place from the event's first word, in the ring
        Bits is_zero;
    };

    [[nodiscard]] const arch::Stream& input() const {
        return job_.design[job_.stage.inputs[0].stream];
    }
    [[nodiscard]] const arch::Stream& result() const { return job_.design[job_.stage.output]; }

    Entry plan(const Bits& output) {
        const int width = count_bits(words_ + 1);
        const auto count = order_.from.size();
        std::vector<std::int64_t> kept_after(count);
        std::int64_t kept = words_;
        for (std::size_t m = count; m-- > 0;) {
            kept_after[m] = kept;
            if (order_.from[m] >= 0) kept = std::min(kept, order_.from[m]);
        }
        std::vector<Integer> needed, freed, from, is_zero;
        std::int64_t last = 0;
        std::int64_t freed_before = 0;
        for (std::size_t m = 0; m < count; ++m) {
            last = std::max(last, order_.from[m]);
            needed.emplace_back(last + 1);
            freed.emplace_back(kept_after[m] - freed_before);
            freed_before = kept_after[m];
            from.push_back(
                Integer(std::max<std::int64_t>(0, order_.from[m])).low_bits(place_bits_));
            is_zero.emplace_back(order_.from[m] < 0 ? 1 : 0);
        }
        return {c_.table("needed", output, width, needed), c_.table("freed", output, width, freed),
                c_.table("from", output, place_bits_, from),
                c_.table("is_zero", output, 1, is_zero)};
    }

    void counts(const Entry& entry, const Bits& is_last) {
        const auto ring = static_cast<std::int64_t>(order_.ring);
        const int width = count_bits(words_ + ring + 2);
        const auto wide = [&](const Bits& bits) { return take({bits, false}, 0, width); };
        const Bits held = c_.state("held", width);    // slots in use
        const Bits ahead = c_.state("ahead", width);  // words of the output's event and later ones
        has_slot_ = c_.below("has_slot", held, constant_bits(ring, width));
        has_word_ = c_.invert("has_word", c_.below("too_early", ahead, wide(entry.needed)));
        const Bits none = constant_bits(0, width);
        const Bits freed = c_.choose("now_freed", fires_, wide(entry.freed), none);
        c_.clock_reset(held,
                       c_.minus("held_next", c_.plus("held_more", held, wide(takes_)), freed));
        const Bits ends = c_.both("event_ends", fires_, is_last);
        const Bits gone = c_.choose("gone", ends, constant_bits(words_, width), none);
        c_.clock_reset(ahead,
                       c_.minus("ahead_next", c_.plus("ahead_more", ahead, wide(takes_)), gone));
        // Places in a ring of a power of two wrap by themselves.
        write_place_ = c_.state("write_place", place_bits_);
        c_.clock_reset(write_place_,
                       c_.plus("write_next", write_place_, constant_bits(1, place_bits_)), takes_);
        base_place_ = c_.state("base_place", place_bits_);
        c_.clock_reset(base_place_,
                       c_.plus("base_next", base_place_,
                               constant_bits(Integer(words_).low_bits(place_bits_), place_bits_)),
                       ends);
    }

    Bits moved(const Entry& entry, const Circuit::Counter& output) {
        const StagePort& in = ports_.inputs[0];
        const Bits place = c_.plus("read_place", base_place_, entry.from);
        const int depth = 1 << place_bits_;
        const int width = in.word.width();
        using Kind = Memory::Read::Kind;
        const Bits word = c_.read_target("word", width, Kind::kSynchronous);
        c_.memory({"ring",
                   depth,
                   width,
                   ram_style(depth, width),
                   {},
                   Memory::Write{takes_, write_place_, in.word},
                   {{word.pieces[0].signal, Kind::kSynchronous, place, fires_}}});
        const Bits clears = c_.delayed("clears", entry.is_zero, fires_);
        Bits out;
        for (std::size_t n = 0; n < input().channels(); ++n) {
            const TypedBits channel = channels(word, input().formats)[n];
            append(out, converted(channel.bits, channel.format, result().formats[n]));
        }
        if (out.width() == 0) out = zero();
        const Bits keeps = c_.invert("keeps", clears);
        out = c_.both("moved", out, take({keeps, true}, 0, out.width()));
        if (job_.banks == Banks::kTravelWithWords) append(out, bank(output));
        return out;
    }

    // An event's bank is that of its first word, which is there when its first output fires.
    Bits bank(const Circuit::Counter& output) {
        using Kind = Memory::Read::Kind;
        const Bits first = c_.read_target("first_bank", 1, Kind::kAsynchronous);
        const int depth = 1 << place_bits_;
        c_.memory({"banks",
                   depth,
                   1,
                   Memory::Style::kLogic,
                   {},
                   Memory::Write{takes_, write_place_, ports_.inputs[0].bank},
                   {{first.pieces[0].signal, Kind::kAsynchronous, base_place_, {}}}});
        const Bits is_first = outputs_ == 1 ? one() : c_.equals("is_first_output", output.value, 0);
        return c_.delayed("bank", first, c_.both("event_begins", fires_, is_first));
    }

    const StageJob& job_;
    const arch::WordOrder& order_;
    Circuit c_;
    StagePorts ports_;
    std::int64_t words_, outputs_;
    int place_bits_ = 1;
    Bits takes_, fires_, has_slot_, has_word_, write_place_, base_place_;
};

// All words in, then all words out.
Module gather(const StageJob& job, const Rearrange& work, const std::string& name) {
    Circuit c(name, fmt::format("{}: {}", job.stage.name, job.stage.description));
    StagePorts ports = declare_ports(job, c);
    const arch::Stream& from = job.design[job.stage.inputs[0].stream];
    const arch::Stream& to = job.design[job.stage.output];
    const StagePort& in = ports.inputs[0];
    const Bits takes = c.wire("takes", 1);
    const Bits fires = c.wire("fires", 1);
    const auto word = c.counter("word", static_cast<std::int64_t>(from.words), takes);
    const auto output = c.counter("output_word", static_cast<std::int64_t>(to.words), fires);
    const Bits is_first = to.words == 1 ? one() : c.equals("is_first", output.value, 0);
    const Bits is_full = c.state("is_full", 1);
    const Bits fills = c.both("fills", takes, word.is_last);
    const Bits empties = c.both("empties", fires, is_first);
    c.clock_reset(is_full, fills, c.either("full_changes", fills, empties));
    c.drive(takes, c.both("may_take", in.valid, c.invert("has_room", is_full)));
    const Bits has_word = c.either("has_word", is_full, c.invert("is_later", is_first));
    c.drive(fires, c.both("may_fire", has_word, ports.open));
    c.drive(in.pop, takes);
    c.drive(ports.fire, fires);
    c.drive(ports.push, c.delayed("fired", fires, {}, Register::Reset::kToZero));

    c.note("the event, its first word lowest");
    const int width = in.word.width();
    const int event_bits = width * static_cast<int>(from.words);
    const Bits event = c.state("event", event_bits);
    c.clock(event, take({concat(in.word, event), false}, width, event_bits), takes);
    Bits permuted;
    const int word_width = word_bits(to);
    for (std::size_t p = 0; p < to.words; ++p) {
        Bits all;
        for (std::size_t n = 0; n < to.channels(); ++n) {
            const std::int64_t source = work.from[p * to.channels() + n];
            const Format& format = to.formats[n];
            if (source < 0) {
                append(all, constant_bits(0, format.width));
                continue;
            }
            const auto element = static_cast<std::size_t>(source);
            const std::size_t channel = element % from.channels();
            const Bits whole =
                take({event, false}, width * static_cast<int>(element / from.channels()), width);
            append(all, converted(channels(whole, from.formats)[channel].bits,
                                  from.formats[channel], format));
        }
        append(permuted, take({all, false}, 0, word_width));
    }
    c.note("output words, the next one lowest");
    const int out_bits = permuted.width();
    const Bits words = c.state("words", out_bits);
    const Bits shifted = take({words, false}, word_width, out_bits);
    c.clock(words, c.choose("words_next", is_first, permuted, shifted), fires);
    Bits out = take({words, false}, 0, word_width);
    if (job.banks == Banks::kTravelWithWords) {
        const Bits taken = c.delayed("event_bank", in.bank, takes);
        append(out, c.delayed("bank", taken, empties));
    }
    c.drive(ports.out, out);
    return c.finish();
}

}  // namespace

Module build_rearrange(const StageJob& job, const std::string& name) {
    const auto& work = std::get<Rearrange>(job.stage.work);
    const arch::Stream& from = job.design[job.stage.inputs[0].stream];
    const arch::Stream& to = job.design[job.stage.output];
    if (const auto order = arch::word_order(work, from, to)) {
        return RingBuilder(job, *order, name).run();
    }
    return gather(job, work, name);
}

}  // namespace gatewright::rtl
