// SPDX-License-Identifier: Apache-2.0
//
// The movement of words through a staged design, without their values: a model that follows the
// contract in stages.h and skips the cycles in which nothing happens. compute_rates() asks it what
// a choice of FIFO depths costs.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "arch/stages.h"

namespace gatewright::schedule {

inline constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max() / 4;

struct FifoPlace {
    arch::StreamId stream;
    std::size_t reader = 0;  ///< as Fifo::reader
};

/// Every FIFO of a design: streams in order, each with its readers, then its output ports.
std::vector<FifoPlace> fifo_places(const arch::StagedDesign& design);

struct FlowParams {
    std::vector<int> latency;          ///< per stage: cycles from firing step to push
    std::vector<std::int64_t> depths;  ///< per FIFO place; kUnbounded: as deep as needed
    std::size_t events = 1;
    /// Cycles between the first words of two events at the source; 0: back to back.
    std::int64_t source_period = 0;
};

struct Flow {
    struct Event {
        std::int64_t accepted = 0;  ///< cycle in which the first input word was accepted
        std::int64_t first = 0;     ///< cycle in which the first output word was offered
        std::int64_t last = 0;      ///< cycle in which the last one was
    };
    struct Firings {
        std::int64_t first = 0;  ///< cycle in which the first event's first word was fired
        std::int64_t last = 0;   ///< and its last
        std::size_t count = 0;   ///< words of all events
    };
    std::vector<Event> events;
    std::vector<Firings> stages;
    std::vector<std::int64_t> peaks;  ///< per FIFO place: words fired and not popped, at most
};

/// Runs events through an empty design; the sink takes words as soon as they are offered. An error
/// if the words stop moving before the last event is out.
Result<Flow> run_flow(const arch::StagedDesign& design, const FlowParams& params);

/// Cycles per event that a stage needs if words are always there and there is always room.
std::int64_t stage_cycles(const arch::StagedDesign& design, const arch::Stage& stage);

}  // namespace gatewright::schedule
