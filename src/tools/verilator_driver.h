// SPDX-License-Identifier: Apache-2.0
//
// The C++ text of the simulation driver (see verilator.h). It is compiled together with the model
// that Verilator writes; the sizes of the design come in as macros.
#pragma once

#include <string_view>

namespace gatewright::tools {

inline constexpr std::string_view kVerilatorDriver = R"driver(
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

uint64_t random_state = 1;
uint64_t random_bits() {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

constexpr size_t kInWords = (GW_IN_BITS + 31) / 32;
constexpr size_t kOutWords = (GW_OUT_BITS + 31) / 32;

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

struct Bench {
    VerilatedContext context;
    Vtop* top;
    int64_t cycle = 0;
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
    std::vector<int64_t> sent;
    size_t seen = 0;

    explicit Bench(uint64_t seed) {
        context.randReset(2);
        context.randSeed(static_cast<int>(seed & 0x7fffffff) | 1);
        top = new Vtop(&context);
        top->clk = 0;
        top->rst = 0;
        top->in_valid = 0;
    }
    ~Bench() {
        top->final();
        delete top;
    }
    void set_in(const uint32_t* words) {
#if GW_IN_BITS > 0
        set_port(top->in, words, kInWords);
#endif
    }
    void rubbish() {
        uint32_t words[kInWords + 1];
        for (size_t i = 0; i < kInWords; ++i) words[i] = static_cast<uint32_t>(random_bits());
#if GW_IN_BITS % 32 != 0
        words[kInWords - 1] &= (1U << (GW_IN_BITS % 32)) - 1U;
#endif
        set_in(words);
    }
    // One clock cycle. The outputs are looked at just before the rising edge.
    template <class Take> void step(Take take) {
        top->clk = 0;
        top->eval();
        if (top->out_valid) take();
        top->clk = 1;
        top->eval();
        ++cycle;
    }
    void start_phase() {
        sent.clear();
        seen = 0;
    }
    void record(uint32_t* outputs) {
        if (seen < sent.size()) {
            const int64_t latency = cycle - sent[seen];
            if (latency < low) low = latency;
            if (latency > high) high = latency;
#if GW_OUT_BITS > 0
            get_port(top->out, outputs + seen * kOutWords, kOutWords);
#endif
        }
        ++seen;
    }
};

// Cycles to wait for the last outputs: no design is deeper.
constexpr int kDrain = GW_DRAIN;

void stream(Bench& bench, const uint32_t* inputs, size_t events, bool gaps, uint32_t* outputs) {
    bench.start_phase();
    bench.sent.reserve(events);
    size_t next = 0;
    int idle = 0;
    while (next < events || (bench.seen < events && idle < kDrain)) {
        const bool valid = next < events && !(gaps && (random_bits() & 1));
        bench.top->in_valid = valid;
        if (valid) {
            bench.set_in(inputs + next * kInWords);
            bench.sent.push_back(bench.cycle);
            ++next;
        } else {
            bench.rubbish();
            if (next == events) ++idle;
        }
        bench.step([&] { bench.record(outputs); });
    }
    bench.top->in_valid = 0;
    for (int i = 0; i < 4; ++i) bench.step([&] { bench.record(outputs); });
}

void reset(Bench& bench) {
    bench.top->in_valid = 0;
    bench.top->rst = 1;
    bench.step([] {});
    bench.step([] {});
    bench.top->rst = 0;
}

size_t valid_after_reset(Bench& bench, const uint32_t* inputs, size_t events, int64_t latency) {
    for (size_t i = 0; i < events && static_cast<int64_t>(i) < latency; ++i) {
        bench.top->in_valid = 1;
        bench.set_in(inputs + i * kInWords);
        bench.step([] {});
    }
    reset(bench);
    size_t count = 0;
    for (int64_t i = 0; i < latency + 4; ++i) bench.step([&] { ++count; });
    return count;
}

}  // namespace

int main(int, char** arguments) {
    const size_t events = std::strtoull(arguments[3], nullptr, 10);
    const size_t gap_events = std::strtoull(arguments[4], nullptr, 10);
    std::vector<uint32_t> inputs(events * kInWords + 1);
    std::FILE* file = std::fopen(arguments[1], "rb");
    if (!file || std::fread(inputs.data(), 4, events * kInWords, file) != events * kInWords) return 3;
    std::fclose(file);
    std::vector<uint32_t> outputs(events * kOutWords + 1);
    std::vector<uint32_t> again(gap_events * kOutWords + 1);

    const uint64_t seed = std::strtoull(arguments[5], nullptr, 10);
    random_state = seed;
    Bench bench(seed);
    reset(bench);
    stream(bench, inputs.data(), events, false, outputs.data());
    const size_t seen = bench.seen;
    stream(bench, inputs.data(), gap_events, true, again.data());
    size_t mismatches = 0;
    for (size_t e = 0; e < gap_events; ++e) {
        if (std::memcmp(&outputs[e * kOutWords], &again[e * kOutWords], kOutWords * 4) != 0) ++mismatches;
    }
    const size_t gap_seen = bench.seen;
    const size_t stale = valid_after_reset(bench, inputs.data(), events, bench.high);

    file = std::fopen(arguments[2], "wb");
    if (!file || std::fwrite(outputs.data(), 4, events * kOutWords, file) != events * kOutWords) return 4;
    if (std::fclose(file) != 0) return 4;
    std::printf("{\"low\": %lld, \"high\": %lld, \"seen\": %zu, \"gap_seen\": %zu, \"gap_mismatches\": %zu, "
                "\"stale\": %zu}\n",
                static_cast<long long>(bench.low), static_cast<long long>(bench.high), seen, gap_seen,
                mismatches, stale);
    return 0;
}
)driver";

}  // namespace gatewright::tools
