// SPDX-License-Identifier: Apache-2.0
//
// Verilator on a design's emitted Verilog. The model is compiled with a driver that streams packed
// vectors from a binary file: first one event in every cycle, then again with random gaps (rubbish
// on `in` while in_valid is low), then a reset in mid-flight. The driver knows nothing of the
// design's latency: it counts cycles between each in_valid and its out_valid, so the latency and
// the initiation interval of one cycle are measured, not assumed.
//
// Ports: clk, rst, in_valid, in[IN-1:0] -> out_valid, out[OUT-1:0] (rtl/emit.h); zero-width buses
// absent. Cost: 1-2 s fixed plus about 0.5 ms per LUT to compile; the Verilator runtime is compiled
// once and kept in the cache folder, and so are the simulators of the last designs, each by the
// hash of all that went into it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright::tools {

struct VerilatorJob {
    std::string top;
    std::vector<std::string> files;
    int in_bits = 0;
    int out_bits = 0;
    /// Events, words(in_bits) 32-bit words each, least significant first; unused high bits 0.
    std::span<const std::uint32_t> inputs;
    std::size_t events = 0;
    std::size_t gap_events = 2000;         ///< at most so many events are repeated with gaps
    std::uint64_t seed = 1;                ///< of gaps, rubbish and power-up values
    std::chrono::seconds time_limit{600};  ///< for each step
};

struct VerilatorRun {
    std::vector<std::uint32_t> outputs;  ///< words(out_bits) per event
    std::int64_t latency_cycles = -1;    ///< clock edges from in_valid to out_valid
    bool latency_is_constant = false;    ///< the same for every event of every phase
    std::size_t outputs_seen = 0;        ///< out_valid cycles at full rate; must equal events
    std::size_t gap_outputs_seen = 0;    ///< out_valid cycles in the phase with gaps
    std::size_t gap_events = 0;
    std::size_t gap_mismatches = 0;     ///< events whose output differs with gaps
    std::size_t valid_after_reset = 0;  ///< out_valid cycles that survived a reset; must be 0
    std::string version;
    double build_seconds = 0;
    double run_seconds = 0;

    /// An event in every cycle gave an output in every cycle, and gaps and reset did what they
    /// should.
    [[nodiscard]] bool timing_ok(std::size_t events) const {
        return latency_is_constant && outputs_seen == events && gap_outputs_seen == gap_events &&
               gap_mismatches == 0 && valid_after_reset == 0;
    }
};

/// 32-bit words of a bus.
constexpr std::size_t words(int bits) {
    return (static_cast<std::size_t>(bits) + 31) / 32;
}

Result<VerilatorRun> simulate_verilator(const VerilatorJob& job);

/// `verilator --lint-only -Wall`: its warnings, one per entry; empty if there are none.
Result<std::vector<std::string>> lint_verilator(const std::string& top,
                                                const std::vector<std::string>& files);

}  // namespace gatewright::tools
