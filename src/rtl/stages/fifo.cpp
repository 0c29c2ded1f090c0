// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/fifo.h"

#include <fmt/format.h>

#include "rtl/stages/storage.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

struct Level {
    Bits is_full;
    Bits is_empty;
};

// Words added and not yet removed.
Level level(Circuit& c, const std::string& name, std::int64_t depth, const Bits& add,
            const Bits& remove) {
    const int width = count_bits(depth + 1);
    const Bits count = c.state(name, width);
    const Bits one_more = c.plus(name + "_up", count, constant_bits(1, width));
    const Bits one_less = c.minus(name + "_down", count, constant_bits(1, width));
    const Bits next = c.choose(name + "_next", add, one_more, one_less);
    c.clock_reset(count, next, c.differ(name + "_changes", add, remove));
    return {c.equals(name + "_is_full", count, depth), c.equals(name + "_is_empty", count, 0)};
}

// The word at the head. Block RAM is read a cycle ahead, so a word that is pushed to just that
// place goes around it.
Bits head(Circuit& c, std::int64_t depth, const Bits& push, const Bits& in, const Bits& pop) {
    if (depth == 1) return c.delayed("word", in, push);
    const auto write = c.counter("write_place", depth, push);
    const auto read = c.counter("read_place", depth, pop);
    Memory words{"words",    static_cast<int>(depth),
                 in.width(), ram_style(depth, in.width()),
                 {},         Memory::Write{push, write.value, in},
                 {}};
    using Kind = Memory::Read::Kind;
    if (words.style != Memory::Style::kBlock) {
        const Bits out = c.read_target("word", in.width(), Kind::kAsynchronous);
        words.reads.push_back({out.pieces[0].signal, Kind::kAsynchronous, read.value});
        c.memory(std::move(words));
        return out;
    }
    const int width = read.value.width();
    const Bits following = c.choose("following", read.is_last, constant_bits(0, width),
                                    c.plus("place_plus_1", read.value, constant_bits(1, width)));
    const Bits next = c.choose("next_place", pop, following, read.value);
    const Bits stored = c.read_target("stored", in.width(), Kind::kSynchronous);
    words.reads.push_back({stored.pieces[0].signal, Kind::kSynchronous, next, {}});
    c.memory(std::move(words));
    const Bits meets = c.both("meets", push, c.equals("same_place", next, write.value));
    const Bits bypasses = c.delayed("bypasses", meets);
    const Bits bypassed = c.delayed("bypassed", in, meets);
    return c.choose("word", bypasses, bypassed, stored);
}

Module fifo(const std::string& name, std::int64_t depth, int width, Reservation reservation) {
    Circuit c(name, fmt::format("FIFO of {} words of {} bits", depth, width));
    const bool is_ahead = reservation == Reservation::kAhead;
    const Bits reserve = is_ahead ? c.input("reserve", 1) : Bits{};
    const Bits push = c.input("push", 1);
    const Bits in = c.input("in", width);
    const Bits pop = c.input("pop", 1);
    const Bits open = c.output("open", 1);
    const Bits valid = c.output("valid", 1);
    const Bits out = c.output("out", width);
    const Level held = level(c, "held", depth, push, pop);
    const Level used = is_ahead ? level(c, "used", depth, reserve, pop) : held;
    c.drive(open, c.invert("has_place", used.is_full));
    c.drive(valid, c.invert("has_word", held.is_empty));
    c.drive(out, head(c, depth, push, in, pop));
    return c.finish();
}

}  // namespace

ModuleId FifoLibrary::get(std::int64_t depth, int width, Reservation reservation) {
    GW_CHECK(depth >= 1 && depth <= (std::int64_t{1} << 30), "depth of a FIFO");
    const auto key = std::tuple{depth, width, reservation};
    if (const auto found = made_.find(key); found != made_.end()) return found->second;
    const std::string name =
        fmt::format("{}_{}_{}x{}", prefix_,
                    reservation == Reservation::kAhead ? "fifo" : "port_fifo", depth, width);
    netlist_.modules.push_back(fifo(name, depth, width, reservation));
    const ModuleId id(netlist_.modules.size() - 1);
    made_.emplace(key, id);
    return id;
}

}  // namespace gatewright::rtl
