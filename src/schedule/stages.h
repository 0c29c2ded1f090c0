// SPDX-License-Identifier: Apache-2.0
//
// When the words of a staged design move. Rates are static: no value ever decides whether a word is
// taken or made, so everything is computed from the plan. This page is the contract between the
// computation (compute_rates) and the hardware (rtl/stages): both follow it cycle by cycle, and
// tests hold them against each other.
//
// - Every stream has one FIFO per reader (the design's output ports are readers, too). A word
//   pushed in cycle t can be popped from cycle t + 1 on. Push and pop in one cycle are fine. A
//   producer pushes to all FIFOs of its stream at once. An input port is ready while none of its
//   stream's FIFOs (depth 2 or more) is full, and pushes what it accepts in the same cycle.
// - Credits: a stage counts, per FIFO it feeds, the words it has fired and the reader has not
//   popped yet; it fires only while every count is below the FIFO's depth. So no FIFO overflows
//   and no pipeline ever stalls. A pop gives its credit back in the cycle after it.
// - A compute stage steps when every input it needs has a word, or, between events, when an output
//   of the last event still waits for padding (an empty step; a word that is there is preferred).
//   A step that completes a window fires. A stage steps at most once per cycle; after firing it
//   steps again `reuse` cycles later (order kByInput: after every word, slices / words · groups
//   cycles later, and fires with the last word). The fired word is pushed `latency` cycles after
//   the firing step.
// - A rearranging stage that moves whole words takes one per cycle while its ring has a free slot,
//   and fires in a cycle in which the words its output needs (and the event's first one) were
//   taken in earlier ones. A slot is free from the cycle after the firing that used it last (words
//   that no output needs are taken as well and need none). Any other rearranging stage first takes
//   all words of an event (one per cycle), then fires its output words one per cycle; it takes the
//   next event's words meanwhile, once the first of its own output words has been fired.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/folding.h"
#include "arch/stages.h"
#include "schedule/schedule.h"

namespace gatewright::schedule {

/// A pipeline inside a stage: a program and when its operations happen; one word per cycle.
struct Pipeline {
    arch::FlatProgram flat;
    Schedule schedule;
};

/// The hardware of one stage's arithmetic.
struct StagePipelines {
    /// Rearrangements have none. Without a head: inputs of the stage, then (several parts) the
    /// part's number, to the output channels. With one: from the sums to the output channels.
    std::optional<Pipeline> words;
    std::optional<Pipeline> step;  ///< of a head: FoldedHead::step
    std::optional<arch::FoldedHead> folded;
    /// Cycles from the firing step to the push:
    ///   no head     1 + words          the window is in registers after the step
    ///   a head      k + step + 1 + words, k the folded steps after the firing step (kByOutput:
    ///               reuse; kByInput: slices / words of an event · groups); the first one is one
    ///               cycle after the firing step, and 1 is the accumulators' register
    ///   no compute  1                  ring and shift registers are read through a register
    /// with the pipelines' Schedule::latency_cycles (their ports have no registers of their own).
    int latency = 1;
};

struct Fifo {
    arch::StreamId stream;
    std::size_t reader = 0;  ///< index into Stream::readers; readers.size() + p: output port p
    std::int64_t depth = 0;
    std::int64_t peak = 0;  ///< words it ever holds when events come back to back
};

/// What follows from the plan and the latencies.
struct Rates {
    std::vector<Fifo> fifos;
    /// Cycles between the first words of two events, back to back, in the steady state.
    std::int64_t initiation_interval = 1;
    /// Cycles from the first word of an event accepted to the first and the last word of its
    /// outputs offered, the pipeline being empty.
    std::int64_t first_word_cycles = 0;
    std::int64_t last_word_cycles = 0;
    /// Cycles per event in which each stage is busy; the largest is the bottleneck.
    std::vector<std::int64_t> stage_cycles;
};

struct StagedSchedule {
    std::vector<StagePipelines> stages;  ///< one per stage of the design
    Rates rates;
    double clock_mhz = 0;
    double requested_mhz = 0;
};

/// One stage's arithmetic at the clock (or the nearest that a single operation allows).
Result<StagePipelines> schedule_stage(const arch::StagedDesign& design, const arch::Stage& stage,
                                      const Device& device, const ScheduleParams& params);

/// Schedules every stage's arithmetic at the clock, then computes FIFO depths (the smallest that
/// never slow the design down), latency and initiation interval.
Result<StagedSchedule> schedule_stages(const arch::StagedDesign& design, const Device& device,
                                       const ScheduleParams& params);

/// Rates of a design whose stages have these latencies, FIFOs as deep as needed.
Result<Rates> compute_rates(const arch::StagedDesign& design, const std::vector<int>& latency);

/// What schedule_stages() and a reader of a stored design know of the arithmetic alone.
[[nodiscard]] std::vector<int> latencies(const std::vector<StagePipelines>& stages);

/// The referee: with FIFOs of these depths, words held back at random by source and sink, every
/// event comes through (no deadlock, no overflow) and, not held back, at the initiation interval
/// and latency claimed. Shares the contract above with compute_rates, no code.
Status verify(const arch::StagedDesign& design, const StagedSchedule& schedule);

}  // namespace gatewright::schedule
