// SPDX-License-Identifier: Apache-2.0
//
// Verilator on a design with streams at its ports. The driver sends one event through and writes
// down the cycles; it offers all words back to back and takes what comes out; it does it again with
// words held back at random on both sides, and compares; then it resets in mid-flight and does it
// once more. It knows nothing of what is inside.
//
// Ports: clk, rst; per stream <name>_valid, <name>_ready, <name>, <name>_last.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright::tools {

struct WordStream {
    std::string name;
    int bits = 1;                     ///< of a word
    std::size_t words = 1;            ///< per event
    std::vector<std::uint32_t> data;  ///< inputs: words(bits) 32-bit words per word of the stream
};

struct StreamsJob {
    std::string top;
    std::vector<std::string> files;
    std::vector<WordStream> inputs;
    std::vector<WordStream> outputs;
    std::size_t events = 0;
    std::size_t held_events = 50;  ///< at most so many are repeated with words held back
    std::uint64_t seed = 1;
    std::chrono::seconds time_limit{600};
};

struct StreamsRun {
    std::vector<std::vector<std::uint32_t>> outputs;  ///< per output stream, as WordStream::data
    /// Of the first event, alone in the design: cycles from its first word accepted to its first
    /// and last word offered, over all ports.
    std::int64_t first_word_cycles = -1;
    std::int64_t last_word_cycles = -1;
    /// Cycles per event over the second half of the events, back to back; 0 for a single event.
    double cycles_per_event = 0;
    std::size_t held_events = 0;
    std::size_t held_mismatches = 0;  ///< words that differ when words are held back
    std::size_t wrong_last = 0;       ///< words with a wrong <name>_last
    std::size_t reset_mismatches = 0;
    bool finished = false;  ///< every word of every phase came out, and none more
    std::int64_t cycles = 0;
    std::string version;
    double build_seconds = 0;
    double run_seconds = 0;
};

Result<StreamsRun> simulate_streams(const StreamsJob& job);

}  // namespace gatewright::tools
