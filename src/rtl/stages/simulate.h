// SPDX-License-Identifier: Apache-2.0
//
// A staged netlist run cycle by cycle with a source and a sink that hold words back at random.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "rtl/simulate.h"
#include "rtl/stages/build.h"
#include "support/result.h"

namespace gatewright::rtl {

struct Traffic {
    double source = 1;  ///< probability of offering a word in a cycle, per input port
    double sink = 1;    ///< probability of being ready in a cycle, per output port
    std::uint64_t seed = 1;
    /// Cycles without a word moving after which the run is given up.
    std::int64_t patience = 100000;
    /// Called in every cycle before its clock edge, inputs set: for the register port.
    std::function<void(Simulator&, std::int64_t cycle)> every_cycle = {};
};

struct StagedRun {
    /// Codes of each event: elements of all output ports, in the formats of the result streams.
    std::vector<std::vector<fixed::Integer>> outputs;
    /// Per port, the cycle in which each word was accepted (inputs), and first offered and taken
    /// (outputs).
    std::vector<std::vector<std::int64_t>> accepted;
    std::vector<std::vector<std::int64_t>> offered;
    std::vector<std::vector<std::int64_t>> taken;
    std::int64_t cycles = 0;
};

/// Streams events back to back: codes per event over all input ports' elements. An error if words
/// stop moving, an event's last word is not marked, or words come out that did not go in.
Result<StagedRun> simulate_staged(const arch::StagedDesign& design, const StagedNetlist& staged,
                                  std::span<const std::vector<fixed::Integer>> events,
                                  const Traffic& traffic = {});

/// The words of one event at an input port, and those expected at an output port from the codes of
/// all output elements.
std::vector<fixed::Integer> input_words(const arch::StagedDesign& design,
                                        const StagedNetlist& staged, std::size_t port,
                                        std::span<const fixed::Integer> event);
std::vector<fixed::Integer> output_words(const arch::StagedDesign& design,
                                         const StagedNetlist& staged, std::size_t port,
                                         std::span<const fixed::Integer> result);

}  // namespace gatewright::rtl
