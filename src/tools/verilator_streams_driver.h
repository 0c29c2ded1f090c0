// SPDX-License-Identifier: Apache-2.0
//
// The C++ text of the driver of streams (verilator_streams.h). The ports of the design come before
// it: GW_IN(X) and GW_OUT(X) list X(number, name, bits, words).
#pragma once

#include <string_view>

namespace gatewright::tools {

inline constexpr std::string_view kStreamsDriver = R"driver(
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

uint64_t random_state = 1;
bool chance(int percent) {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<int>((z ^ (z >> 31)) % 100) < percent;
}

template <class P> void set_port(P& port, const uint32_t* words, size_t n) {
    uint64_t value = words[0];
    if (n > 1) value |= static_cast<uint64_t>(words[1]) << 32;
    port = static_cast<P>(value);
}
template <std::size_t N> void set_port(VlWide<N>& port, const uint32_t* words, size_t n) {
    for (size_t i = 0; i < n; ++i) port[i] = words[i];
}
template <class P> void get_port(const P& port, uint32_t* words, size_t n) {
    words[0] = static_cast<uint32_t>(port);
    if (n > 1) words[1] = static_cast<uint32_t>(static_cast<uint64_t>(port) >> 32);
}
template <std::size_t N> void get_port(const VlWide<N>& port, uint32_t* words, size_t n) {
    for (size_t i = 0; i < n; ++i) words[i] = port[i];
}

struct Stream {
    size_t size;   // 32-bit words of a word
    size_t words;  // per event
    std::vector<uint32_t> data;
    size_t done = 0;
    bool offered = false;
};

struct Times {
    std::vector<int64_t> accepted, first, last;
};

struct Bench {
    VerilatedContext context;
    Vtop* top;
    std::vector<Stream> in, out;
    int64_t cycle = 0;
    size_t wrong_last = 0;

    explicit Bench(uint64_t seed) {
        context.randReset(2);
        context.randSeed(static_cast<int>(seed & 0x7fffffff) | 1);
        top = new Vtop(&context);
        top->clk = 0;
        top->rst = 0;
#define X(N, NAME, BITS, WORDS) in.push_back({(BITS + 31) / 32, WORDS, {}}); top->NAME##_valid = 0;
        GW_IN(X)
#undef X
#define X(N, NAME, BITS, WORDS) out.push_back({(BITS + 31) / 32, WORDS, {}}); top->NAME##_ready = 0;
        GW_OUT(X)
#undef X
    }
    ~Bench() {
        top->final();
        delete top;
    }
    void edge() {
        top->clk = 1;
        top->eval();
        top->clk = 0;
        ++cycle;
    }
    void reset() {
#define X(N, NAME, BITS, WORDS) top->NAME##_valid = 0;
        GW_IN(X)
#undef X
        top->rst = 1;
        for (int i = 0; i < 2; ++i) { top->eval(); edge(); }
        top->rst = 0;
    }
    // Streams `events` events through; false if words stop moving. Outputs go to `results`.
    bool play(size_t events, int source, int sink, std::vector<std::vector<uint32_t>>& results,
              Times& times, size_t stop_after = SIZE_MAX) {
        times.accepted.assign(events, -1);
        times.first.assign(events, -1);
        times.last.assign(events, -1);
        for (auto& s : in) { s.done = 0; s.offered = false; }
        results.resize(out.size());
        for (size_t o = 0; o < out.size(); ++o) {
            out[o].done = 0;
            results[o].assign(events * out[o].words * out[o].size, 0);
        }
        int64_t quiet = 0;
        size_t moves = 0;
        for (;;) {
            bool complete = true;
            for (auto& s : out) complete = complete && s.done == events * s.words;
            if (moves >= stop_after) return true;
            if (complete) return !more_words();
            if (quiet > GW_PATIENCE) return false;
#define X(N, NAME, BITS, WORDS) offer(N, events, source, [&](const uint32_t* w, size_t k) { \
                set_port(top->NAME, w, k); }, [&](bool v, bool l) { top->NAME##_valid = v; top->NAME##_last = l; });
            GW_IN(X)
#undef X
#define X(N, NAME, BITS, WORDS) top->NAME##_ready = chance(sink);
            GW_OUT(X)
#undef X
            top->eval();
            bool moved = false;
#define X(N, NAME, BITS, WORDS) if (in[N].offered && top->NAME##_ready) { accept(N, times); moved = true; }
            GW_IN(X)
#undef X
#define X(N, NAME, BITS, WORDS) if (top->NAME##_valid) { \
                note(N, events, times); \
                if (top->NAME##_ready) { \
                    if (out[N].done < events * out[N].words) \
                        get_port(top->NAME, &results[N][out[N].done * out[N].size], out[N].size); \
                    take(N, top->NAME##_last); moved = true; } }
            GW_OUT(X)
#undef X
            edge();
            moves += moved;
            quiet = moved ? 0 : quiet + 1;
        }
    }
    // Whether a word comes although all have come and none is offered.
    bool more_words() {
#define X(N, NAME, BITS, WORDS) top->NAME##_valid = 0;
        GW_IN(X)
#undef X
#define X(N, NAME, BITS, WORDS) top->NAME##_ready = 1;
        GW_OUT(X)
#undef X
        bool more = false;
        for (int i = 0; i < GW_SILENCE; ++i) {
            top->eval();
#define X(N, NAME, BITS, WORDS) more = more || top->NAME##_valid;
            GW_OUT(X)
#undef X
            edge();
        }
        return more;
    }
    template <class Set, class Valid>
    void offer(size_t n, size_t events, int source, Set set, Valid valid) {
        Stream& s = in[n];
        const bool more = s.done < events * s.words;
        if (!s.offered) s.offered = more && chance(source);
        if (s.offered) set(&s.data[s.done * s.size], s.size);
        valid(s.offered, s.offered && s.done % s.words == s.words - 1);
    }
    void accept(size_t n, Times& times) {
        Stream& s = in[n];
        if (s.done % s.words == 0) {
            int64_t& at = times.accepted[s.done / s.words];
            if (at < cycle) at = cycle;
        }
        ++s.done;
        s.offered = false;
    }
    void note(size_t n, size_t events, Times& times) {
        const Stream& s = out[n];
        const size_t event = s.done / s.words;
        if (event >= events) return;
        if (s.done % s.words == 0 && (times.first[event] < 0 || cycle < times.first[event]))
            times.first[event] = cycle;
        if (times.last[event] < cycle) times.last[event] = cycle;
    }
    void take(size_t n, bool last) {
        Stream& s = out[n];
        if (last != (s.done % s.words == s.words - 1)) ++wrong_last;
        ++s.done;
    }
};

size_t differences(const std::vector<std::vector<uint32_t>>& a, const std::vector<std::vector<uint32_t>>& b) {
    size_t count = 0;
    for (size_t o = 0; o < b.size(); ++o)
        for (size_t i = 0; i < b[o].size(); ++i) count += a[o][i] != b[o][i];
    return count;
}

}  // namespace

int main(int, char** arguments) {
    const size_t events = std::strtoull(arguments[3], nullptr, 10);
    const size_t held = std::strtoull(arguments[4], nullptr, 10);
    const uint64_t seed = std::strtoull(arguments[5], nullptr, 10);
    random_state = seed;
    Bench bench(seed);
    std::FILE* file = std::fopen(arguments[1], "rb");
    if (!file) return 3;
    for (auto& s : bench.in) {
        s.data.resize(events * s.words * s.size);
        if (std::fread(s.data.data(), 4, s.data.size(), file) != s.data.size()) return 3;
    }
    std::fclose(file);
    std::vector<std::vector<uint32_t>> results, again;
    Times times, other;
    bench.reset();
    bool finished = bench.play(1, 100, 100, again, other);
    const long long first = other.first[0] - other.accepted[0];
    const long long last = other.last[0] - other.accepted[0];
    bench.reset();
    finished = bench.play(events, 100, 100, results, times) && finished;
    double pace = 0;
    if (events > 1) {
        const size_t half = events / 2;
        pace = double(times.last[events - 1] - times.last[half - 1]) / double(events - half);
    }
    size_t held_mismatches = 0, reset_mismatches = 0;
    if (finished) {
        bench.reset();
        finished = bench.play(held, 50, 50, again, other);
        held_mismatches = differences(results, again);
    }
    if (finished) {
        bench.reset();
        size_t words = 0;
        for (auto& s : bench.in) words += s.words;
        bench.play(held, 80, 80, again, other, words / 2 + 1);
        bench.reset();
        const size_t few = held < 3 ? held : 3;
        finished = bench.play(few, 100, 100, again, other);
        reset_mismatches = differences(results, again);
    }
    file = std::fopen(arguments[2], "wb");
    if (!file) return 4;
    for (auto& words : results)
        if (std::fwrite(words.data(), 4, words.size(), file) != words.size()) return 4;
    if (std::fclose(file) != 0) return 4;
    std::printf("{\"finished\": %s, \"first\": %lld, \"last\": %lld, \"pace\": %.17g, \"held_mismatches\": %zu, "
                "\"reset_mismatches\": %zu, \"wrong_last\": %zu, \"cycles\": %lld}\n",
                finished ? "true" : "false", first, last, pace, held_mismatches, reset_mismatches,
                bench.wrong_last, static_cast<long long>(bench.cycle));
    return 0;
}
)driver";

}  // namespace gatewright::tools
