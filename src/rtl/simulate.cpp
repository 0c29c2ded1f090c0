// SPDX-License-Identifier: Apache-2.0
#include "rtl/simulate.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <type_traits>

#include "rtl/emit.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using Word = std::uint64_t;
using fixed::Integer;

constexpr int kWordBits = 64;

std::size_t words_for(int bits) {
    return static_cast<std::size_t>((bits + kWordBits - 1) / kWordBits);
}

Word mask(int bits) {
    return bits >= kWordBits ? ~Word{0} : (Word{1} << static_cast<unsigned>(bits)) - 1;
}

// Up to 64 bits starting anywhere in an array of words. The array has one word of padding.
Word read_bits(const Word* words, std::size_t position, int count) {
    const Word* at = words + position / kWordBits;
    const auto shift = static_cast<unsigned>(position % kWordBits);
    Word value = at[0] >> shift;
    if (shift != 0 && shift + static_cast<unsigned>(count) > kWordBits) {
        value |= at[1] << (kWordBits - shift);
    }
    return value & mask(count);
}

void write_bits(Word* words, std::size_t position, int count, Word value) {
    Word* at = words + position / kWordBits;
    const auto shift = static_cast<unsigned>(position % kWordBits);
    at[0] = (at[0] & ~(mask(count) << shift)) | (value << shift);
    if (shift != 0 && shift + static_cast<unsigned>(count) > kWordBits) {
        const unsigned done = kWordBits - shift;
        at[1] = (at[1] & ~(mask(count) >> done)) | (value >> done);
    }
}

std::vector<Word> to_words(const Integer& value, int bits) {
    std::vector<Word> words(words_for(bits) + 1, 0);
    for (int at = 0; at < bits; at += 32) {
        const Integer part = (value >> at).low_bits(std::min(32, bits - at));
        write_bits(words.data(), static_cast<std::size_t>(at), 32,
                   static_cast<Word>(*part.to_int64()));
    }
    return words;
}

Integer from_words(const Word* words, std::size_t position, int bits) {
    Integer value = 0;
    for (int at = (bits - 1) / 32 * 32; at >= 0; at -= 32) {
        const Word part =
            read_bits(words, position + static_cast<std::size_t>(at), std::min(32, bits - at));
        value = (value << 32) + Integer(static_cast<std::int64_t>(part));
    }
    return value;
}

// A piece with its place in the machine's memory.
struct Run {
    Piece::Kind kind;
    std::size_t position = 0;  ///< bit of memory, or of the constant pool
    int width = 0;
};

// Words of a Memory; each starts at a machine word.
struct Store {
    std::vector<Word> words;
    std::size_t stride = 0;  ///< machine words per word
    int depth = 0;
    int width = 0;

    /// Where a word lies; nullptr beyond the depth.
    [[nodiscard]] Word* at(Word address) {
        if (address >= static_cast<Word>(depth)) return nullptr;
        return words.data() + address * stride;
    }
};

constexpr auto kNoStore = static_cast<std::size_t>(-1);

struct Step {
    Operation operation;
    std::size_t target = 0;  ///< bit position in memory
    int width = 0;
    std::vector<std::vector<Run>> operands;
    std::vector<int> operand_width;
    const TableFunction* table = nullptr;
    bool is_wide = false;
    std::size_t store = kNoStore;  ///< an asynchronous read; operand 0 is the address
};

struct Clocked {
    std::vector<Run> next;  ///< of a synchronous read: the address
    std::vector<Run> enable;
    std::size_t target = 0;
    int width = 0;
    std::size_t shadow = 0;  ///< where the next value waits for the others
    bool resets = false;
    std::size_t store = kNoStore;
    bool is_enabled = false;  ///< in this cycle
};

struct StoreWrite {
    std::size_t store = 0;
    std::vector<Run> enable;
    std::vector<Run> address;
    std::vector<Run> data;
};

Integer as_signed(const Integer& value, int width) {
    return value.bit(width - 1) ? value - Integer::power_of_two(width) : value;
}

std::int64_t as_signed(Word value, int width) {
    const auto shift = static_cast<unsigned>(kWordBits - width);
    return static_cast<std::int64_t>(value << shift) >> shift;
}

// What differs between machine words and exact integers.
bool is_zero(Word a) {
    return a == 0;
}
bool is_zero(const Integer& a) {
    return a.is_zero();
}
Word inverted(Word a) {
    return ~a;
}
Integer inverted(const Integer& a) {
    return Integer(-1) - a;
}
bool all_ones(Word a, int width) {
    return a == mask(width);
}
bool all_ones(const Integer& a, int width) {
    return a == Integer::power_of_two(width) - 1;
}

// One operation; the caller cuts the result to the target's width. Tables hold exact integers, so
// they are always evaluated on those.
template <class Value>
Value evaluate(const Step& s, const Value& a, const Value& b, const Value& c) {
    switch (s.operation) {
        case Operation::kBits:
            return a;
        case Operation::kNot:
            return inverted(a);
        case Operation::kAnd:
            return a & b;
        case Operation::kOr:
            return a | b;
        case Operation::kXor:
            return a ^ b;
        case Operation::kAdd:
            return a + b;
        case Operation::kSub:
            return a - b;
        case Operation::kAdd3:
            return a + b + c;
        case Operation::kAdd2Sub1:
            return a + b - c;
        case Operation::kAdd1Sub2:
            return a - b - c;
        case Operation::kMul:
        case Operation::kMulSigned:
            return a * b;
        case Operation::kLess:
            return a < b ? 1 : 0;
        case Operation::kLessSigned:
            return as_signed(a, s.operand_width[0]) < as_signed(b, s.operand_width[1]) ? 1 : 0;
        case Operation::kEqual:
            return a == b ? 1 : 0;
        case Operation::kSelect:
            return is_zero(a) ? c : b;
        case Operation::kReduceOr:
            return is_zero(a) ? 0 : 1;
        case Operation::kReduceAnd:
            return all_ones(a, s.operand_width[0]) ? 1 : 0;
        case Operation::kTable:
            if constexpr (std::is_same_v<Value, Integer>) {
                return s.table->entries[static_cast<std::size_t>(*a.to_int64())];
            }
            break;
    }
    GW_UNREACHABLE("operation");
}

}  // namespace

// The hierarchy flattened: an instance's ports are the same memory as the signals they connect to.
struct Simulator::Machine {
    explicit Machine(const Netlist& source) : netlist(source) {
        const Module& top = netlist.top();
        std::vector<std::size_t> places = allocate(top, {});
        for (const SignalId port : top.ports) {
            ports.emplace(top[port].name, PortPlace{places[port.index()], top[port].width});
        }
        flatten(top, places);
        order_steps();
        rst = place_of("rst");
        memory.assign(memory_words + 1, 0);
        constants.push_back(0);
        shadow.assign(shadow_words + 1, 0);
    }

    std::vector<std::size_t> allocate(const Module& module,
                                      const std::vector<std::pair<SignalId, std::size_t>>& given) {
        constexpr auto kUnplaced = static_cast<std::size_t>(-1);
        std::vector<std::size_t> places(module.signals.size(), kUnplaced);
        for (const auto& [port, place] : given) places[port.index()] = place;
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (places[i] != kUnplaced) continue;
            places[i] = memory_words * kWordBits;
            memory_words += words_for(module.signals[i].width);
        }
        return places;
    }

    std::vector<Run> runs(const Bits& bits, const std::vector<std::size_t>& places) {
        std::vector<Run> found;
        for (const Piece& piece : bits.pieces) {
            if (piece.kind == Piece::Kind::kConstant) {
                found.push_back({piece.kind, constants.size() * kWordBits, piece.width});
                const std::vector<Word> words = to_words(piece.value, piece.width);
                constants.insert(constants.end(), words.begin(), words.end() - 1);
            } else {
                const std::size_t place = places[piece.signal.index()];
                found.push_back(
                    {piece.kind, place + static_cast<std::size_t>(piece.low), piece.width});
            }
        }
        return found;
    }

    void flatten(const Module& module, const std::vector<std::size_t>& places) {
        for (const Statement& statement : module.statements) {
            if (const auto* assign = std::get_if<Assign>(&statement)) {
                add_step(module, *assign, places);
            } else if (const auto* reg = std::get_if<Register>(&statement)) {
                const int width = module[reg->target].width;
                add_clocked({runs(reg->next, places), runs(reg->enable, places),
                             places[reg->target.index()], width, 0,
                             reg->reset == Register::Reset::kToZero, kNoStore, false});
            } else if (const auto* store = std::get_if<rtl::Memory>(&statement)) {
                add_store(module, *store, places);
            } else if (const auto* instance = std::get_if<Instance>(&statement)) {
                const Module& inner = netlist[instance->module];
                std::vector<std::pair<SignalId, std::size_t>> given;
                for (const auto& c : instance->connections) {
                    given.emplace_back(c.port, places[c.signal.index()]);
                }
                flatten(inner, allocate(inner, given));
            }
        }
    }

    void add_clocked(Clocked reg) {
        reg.shadow = shadow_words * kWordBits;
        shadow_words += words_for(reg.width);
        registers.push_back(std::move(reg));
    }

    void add_store(const Module& module, const rtl::Memory& source,
                   const std::vector<std::size_t>& places) {
        Store store{{}, words_for(source.width), source.depth, source.width};
        store.words.assign(store.stride * static_cast<std::size_t>(source.depth) + 1, 0);
        for (std::size_t i = 0; i < source.contents.size(); ++i) {
            const std::vector<Word> words = to_words(source.contents[i], source.width);
            std::copy(words.begin(), words.end() - 1, store.at(i));
        }
        const std::size_t index = stores.size();
        stores.push_back(std::move(store));
        if (source.write) {
            writes.push_back({index, runs(source.write->enable, places),
                              runs(source.write->address, places),
                              runs(source.write->data, places)});
        }
        for (const rtl::Memory::Read& read : source.reads) {
            const std::size_t target = places[read.target.index()];
            const int width = module[read.target].width;
            if (read.kind == rtl::Memory::Read::Kind::kSynchronous) {
                add_clocked({runs(read.address, places), runs(read.enable, places), target, width,
                             0, false, index, false});
            } else {
                steps.push_back({Operation::kBits,
                                 target,
                                 width,
                                 {runs(read.address, places)},
                                 {read.address.width()},
                                 nullptr,
                                 false,
                                 index});
            }
        }
    }

    // Every step behind those whose targets it reads, else in the order of the statements.
    void order_steps() {
        std::vector<std::size_t> driver(memory_words, kNoStore);  // per machine word
        for (std::size_t s = 0; s < steps.size(); ++s) {
            for (std::size_t w = 0; w < words_for(steps[s].width); ++w)
                driver[steps[s].target / kWordBits + w] = s;
        }
        std::vector<std::size_t> order;
        std::vector<std::uint8_t> state(steps.size(), 0);  // 1: being placed, 2: placed
        std::vector<std::pair<std::size_t, std::vector<std::size_t>>> open;
        for (std::size_t first = 0; first < steps.size(); ++first) {
            if (state[first] == 2) continue;
            open.emplace_back(first, sources_of(steps[first], driver));
            state[first] = 1;
            while (!open.empty()) {
                auto& [step, sources] = open.back();
                if (sources.empty()) {
                    order.push_back(step);
                    state[step] = 2;
                    open.pop_back();
                    continue;
                }
                const std::size_t source = sources.back();
                sources.pop_back();
                GW_CHECK(state[source] != 1, "combinational loop in the netlist " + netlist.name);
                if (state[source] == 2) continue;
                state[source] = 1;
                open.emplace_back(source, sources_of(steps[source], driver));
            }
        }
        std::vector<Step> ordered;
        ordered.reserve(steps.size());
        for (const std::size_t s : order) ordered.push_back(std::move(steps[s]));
        steps = std::move(ordered);
    }

    static std::vector<std::size_t> sources_of(const Step& step,
                                               const std::vector<std::size_t>& driver) {
        std::vector<std::size_t> sources;
        for (const std::vector<Run>& operand : step.operands) {
            for (const Run& run : operand) {
                if (run.kind == Piece::Kind::kConstant) continue;
                const auto bits = run.kind == Piece::Kind::kSlice
                                      ? static_cast<std::size_t>(run.width)
                                      : std::size_t{1};
                const std::size_t last = (run.position + bits - 1) / kWordBits;
                for (std::size_t word = run.position / kWordBits; word <= last; ++word) {
                    if (driver[word] != kNoStore) sources.push_back(driver[word]);
                }
            }
        }
        return sources;
    }

    void add_step(const Module& module, const Assign& assign,
                  const std::vector<std::size_t>& places) {
        Step step{assign.operation,
                  places[assign.target.index()],
                  module[assign.target].width,
                  {},
                  {},
                  nullptr,
                  assign.operation == Operation::kTable,
                  kNoStore};
        step.is_wide = step.is_wide || step.width > kWordBits;
        for (const Bits& operand : assign.operands) {
            step.operands.push_back(runs(operand, places));
            step.operand_width.push_back(operand.width());
            step.is_wide = step.is_wide || operand.width() > kWordBits;
        }
        if (assign.operation == Operation::kTable) step.table = &module.tables[assign.table];
        steps.push_back(std::move(step));
    }

    // Bits of one run, at most 64 of them, from `offset` within it.
    [[nodiscard]] Word run_bits(const Run& run, int offset, int count) const {
        switch (run.kind) {
            case Piece::Kind::kSlice:
                return read_bits(memory.data(), run.position + static_cast<std::size_t>(offset),
                                 count);
            case Piece::Kind::kRepeat:
                return read_bits(memory.data(), run.position, 1) != 0 ? mask(count) : 0;
            case Piece::Kind::kConstant:
                return read_bits(constants.data(), run.position + static_cast<std::size_t>(offset),
                                 count);
        }
        GW_UNREACHABLE("piece");
    }

    [[nodiscard]] Word narrow(const std::vector<Run>& runs) const {
        Word value = 0;
        unsigned position = 0;
        for (const Run& run : runs) {
            value |= run_bits(run, 0, run.width) << position;
            position += static_cast<unsigned>(run.width);
        }
        return value;
    }

    void copy(const std::vector<Run>& runs, Word* to, std::size_t position) const {
        for (const Run& run : runs) {
            for (int offset = 0; offset < run.width; offset += kWordBits) {
                const int count = std::min(kWordBits, run.width - offset);
                write_bits(to, position, count, run_bits(run, offset, count));
                position += static_cast<std::size_t>(count);
            }
        }
    }

    Integer wide(const std::vector<Run>& runs, int width) {
        scratch.assign(words_for(width) + 1, 0);
        copy(runs, scratch.data(), 0);
        return from_words(scratch.data(), 0, width);
    }

    // A word of a store; zeros beyond its depth.
    void read_store(std::size_t index, Word address, Word* to, std::size_t position) {
        Store& store = stores[index];
        const Word* word = store.at(address);
        for (int at = 0; at < store.width; at += kWordBits) {
            const int count = std::min(kWordBits, store.width - at);
            const auto offset = static_cast<std::size_t>(at);
            write_bits(to, position + offset, count,
                       word == nullptr ? 0 : read_bits(word, offset, count));
        }
    }

    void execute(const Step& step) {
        if (step.store != kNoStore) {
            read_store(step.store, narrow(step.operands[0]), memory.data(), step.target);
        } else if (step.operation == Operation::kBits) {
            copy(step.operands[0], memory.data(), step.target);
        } else if (!step.is_wide) {
            Word x[3] = {0, 0, 0};
            for (std::size_t i = 0; i < step.operands.size(); ++i) x[i] = narrow(step.operands[i]);
            write_bits(memory.data(), step.target, step.width,
                       evaluate(step, x[0], x[1], x[2]) & mask(step.width));
        } else {
            Integer x[3];
            for (std::size_t i = 0; i < step.operands.size(); ++i) {
                x[i] = wide(step.operands[i], step.operand_width[i]);
            }
            store(evaluate(step, x[0], x[1], x[2]), step.target, step.width);
        }
    }

    void store(const Integer& value, std::size_t target, int width) {
        const std::vector<Word> words = to_words(value.low_bits(width), width);
        for (int at = 0; at < width; at += kWordBits) {
            write_bits(memory.data(), target + static_cast<std::size_t>(at),
                       std::min(kWordBits, width - at),
                       words[static_cast<std::size_t>(at / kWordBits)]);
        }
    }

    // First all next values, then all changes.
    void clock_edge() {
        const bool resetting = read_bits(memory.data(), rst, 1) != 0;
        for (Clocked& reg : registers) {
            reg.is_enabled = reg.enable.empty() || narrow(reg.enable) != 0;
            if (reg.store != kNoStore) {
                if (reg.is_enabled)
                    read_store(reg.store, narrow(reg.next), shadow.data(), reg.shadow);
            } else if (reg.is_enabled) {
                copy(reg.next, shadow.data(), reg.shadow);
            }
        }
        for (const StoreWrite& write : writes) {
            if (narrow(write.enable) == 0) continue;
            Word* word = stores[write.store].at(narrow(write.address));
            if (word != nullptr) copy(write.data, word, 0);
        }
        for (const Clocked& reg : registers) {
            const bool clears = reg.resets && resetting;
            if (!clears && !reg.is_enabled) continue;
            for (int at = 0; at < reg.width; at += kWordBits) {
                const int count = std::min(kWordBits, reg.width - at);
                const auto offset = static_cast<std::size_t>(at);
                const Word next = clears ? 0 : read_bits(shadow.data(), reg.shadow + offset, count);
                write_bits(memory.data(), reg.target + offset, count, next);
            }
        }
    }

    struct PortPlace {
        std::size_t place = 0;
        int width = 0;
    };

    [[nodiscard]] const PortPlace& port(std::string_view name) const {
        const auto found = ports.find(name);
        GW_CHECK(found != ports.end(), "no port " + std::string(name) + " in " + netlist.name);
        return found->second;
    }

    [[nodiscard]] std::size_t place_of(std::string_view name) const { return port(name).place; }

    void settle() {
        for (const Step& step : steps) execute(step);
    }

    Outputs cycle(const Integer& in_code, Word valid, Word reset_high) {
        store(in_code, place_of("in"), input_bits(netlist));
        write_bits(memory.data(), place_of("in_valid"), 1, valid);
        write_bits(memory.data(), rst, 1, reset_high);
        settle();
        Outputs outputs{from_words(memory.data(), place_of("out"), output_bits(netlist)),
                        read_bits(memory.data(), place_of("out_valid"), 1) != 0};
        clock_edge();
        return outputs;
    }

    const Netlist netlist;
    std::vector<Step> steps;
    std::vector<Clocked> registers;
    std::vector<Store> stores;
    std::vector<StoreWrite> writes;
    std::map<std::string, PortPlace, std::less<>> ports;  ///< of the top
    std::size_t memory_words = 0;
    std::size_t shadow_words = 0;
    std::vector<Word> memory;
    std::vector<Word> shadow;
    std::vector<Word> constants;
    std::vector<Word> scratch;
    std::size_t rst = 0;
};

Simulator::Simulator(const Netlist& netlist) : machine_(std::make_unique<Machine>(netlist)) {}
Simulator::~Simulator() = default;
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;

Simulator::Outputs Simulator::step(const Integer& in, bool in_valid) {
    return machine_->cycle(in, in_valid ? 1 : 0, 0);
}

void Simulator::reset() {
    machine_->cycle(0, 0, 1);
}

void Simulator::set(std::string_view port, const Integer& value) {
    const auto& [place, width] = machine_->port(port);
    machine_->store(value, place, width);
}

void Simulator::settle() {
    machine_->settle();
}

Integer Simulator::get(std::string_view port) const {
    const auto& [place, width] = machine_->port(port);
    return from_words(machine_->memory.data(), place, width);
}

void Simulator::clock() {
    machine_->clock_edge();
}

std::vector<std::vector<Integer>> simulate(const Netlist& netlist,
                                           std::span<const std::vector<Integer>> events) {
    Simulator simulator(netlist);
    simulator.reset();
    const auto latency = static_cast<std::size_t>(netlist.latency_cycles);
    std::vector<std::vector<Integer>> results;
    for (std::size_t n = 0; n < events.size() + latency; ++n) {
        const bool offered = n < events.size();
        const auto outputs =
            simulator.step(offered ? pack(netlist.inputs, events[n]) : Integer(0), offered);
        GW_CHECK(outputs.valid == (n >= latency), "out_valid does not follow in_valid");
        if (outputs.valid) results.push_back(unpack(netlist.outputs, outputs.out));
    }
    return results;
}

}  // namespace gatewright::rtl
