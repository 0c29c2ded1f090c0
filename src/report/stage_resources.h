// SPDX-License-Identifier: Apache-2.0
//
// What a design of stages costs before any synthesis tool has run: the operations of its pipelines
// (resources.h), and the memories, FIFOs and registers around them as the netlist has them.
#pragma once

#include "arch/stages.h"
#include "report/resources.h"
#include "rtl/stages/build.h"
#include "schedule/stages.h"

namespace gatewright::report {

struct StageResources {
    Resources logic;               ///< of the stage's pipelines
    std::int64_t multipliers = 0;  ///< products in one cycle
    std::int64_t weight_bits = 0;  ///< in the head's memory, all banks
    std::int64_t reuse = 1;
    std::int64_t busy_cycles = 0;  ///< per event
    int latency = 0;               ///< cycles from a firing step to its word
};

struct StagedResources {
    std::vector<StageResources> stages;
    Resources total;
    std::int64_t memory_bits = 0;  ///< weights, delay lines, FIFOs in memories
};

/// One stage without what its neighbours decide (delay lines, FIFOs) and without its weight memory.
StageResources stage_resources(const arch::Stage& stage, const schedule::StagePipelines& pipelines);

/// What so many bits in memory of LUTs, or of block RAM, count as in an estimate.
double memory_luts(std::int64_t bits);
std::int64_t block_rams(std::int64_t bits);

StagedResources count_stages(const arch::StagedDesign& design,
                             const schedule::StagedSchedule& schedule,
                             const rtl::StagedNetlist& hardware);

/// The "stage_rows" of report.json.
Json stage_rows(const arch::StagedDesign& design, const schedule::StagedSchedule& schedule,
                const StagedResources& cost);
/// Its "timeline" of one event through the empty design, cycle 0 being the one in which its first
/// word is accepted: per stage the cycle of the firing of its first word, and the one in which its
/// last word reaches the next stage's FIFO.
Json stage_timeline(const arch::StagedDesign& design, const schedule::StagedSchedule& schedule);
/// Its "ports": name, direction, words per event, bits of a word.
Json port_rows(const arch::StagedDesign& design);
/// Its "fifos": stream, reader, depth, peak, bits.
Json fifo_rows(const arch::StagedDesign& design, const schedule::Rates& rates);

}  // namespace gatewright::report
