// SPDX-License-Identifier: Apache-2.0
//
// One stage as a module. Ports: clk, rst; per input i in<i>_valid, in<i> and in<i>_pop; `open`
// (every FIFO behind has a place), fire, push, out. A word that travels with a bank (loadable
// weights) has it as its highest bit. A stage with loadable weights has the write port load_write,
// load_address, load_data (loading.h).
//
// When words move is the contract in schedule/stages.h, followed cycle by cycle.
#pragma once

#include <string>
#include <vector>

#include "rtl/stages/circuit.h"
#include "schedule/stages.h"

namespace gatewright::rtl {

enum class Banks : std::uint8_t { kNone, kTravelWithWords };

/// What building a stage needs of the whole.
struct StageJob {
    const arch::StagedDesign& design;
    const arch::Stage& stage;
    const schedule::StagePipelines& pipelines;
    Banks banks = Banks::kNone;
    Netlist& netlist;  ///< modules are appended
    Namer& names;      ///< of modules
};

/// Appends the module of a stage, and those of its pipelines before it.
ModuleId build_stage(const StageJob& job);

/// Bits of a word of the stream: at least 1; with a bank one more.
int word_bits(const arch::Stream& stream);
int word_bits(const arch::Stream& stream, Banks banks);

/// True of a compute stage whose weights are written at run time.
bool is_loadable(const arch::Stage& stage);

// Parts of a stage.

/// What an input of a stage offers and takes.
struct StagePort {
    Bits valid;  ///< there is a word
    Bits word;   ///< without the bank
    Bits bank;   ///< without banks: constant 0
    Bits pop;    ///< to be driven
};

struct StagePorts {
    std::vector<StagePort> inputs;
    Bits open;
    Bits fire, push, out;  ///< to be driven
};
StagePorts declare_ports(const StageJob& job, Circuit& circuit);

/// The pipelined netlist of a program, embedded: module with ports in_valid, in, out_valid, out.
struct Pipeline {
    ModuleId module;
    std::vector<fixed::Format> inputs;
    std::vector<fixed::Format> outputs;
    int latency = 0;
};
Pipeline embed_pipeline(const StageJob& job, const schedule::Pipeline& source,
                        const std::string& name);

/// Values of given formats side by side as the pipeline's `in` (at least one bit).
struct TypedBits {
    Bits bits;
    fixed::Format format;
};
Bits pipeline_input(const Pipeline& pipeline, const std::vector<TypedBits>& values);
/// The channels of a word.
std::vector<TypedBits> channels(const Bits& word, const std::vector<fixed::Format>& formats);

/// The controller and windows of a compute stage.
struct Window {
    Bits fire;               ///< in the firing step's cycle
    Bits begin;              ///< folded steps follow: order kByInput every word, else fire
    std::vector<Bits> taps;  ///< inputs in order, taps row-major: words from the cycle after
    Bits next_word;          ///< the one tap as it will be in the next cycle, if there is one only
    Bits part;               ///< number of the part (without bits: only one), with the taps
    Bits bank;               ///< of the event that fires or begins, in that cycle
};
Window build_window(const StageJob& job, Circuit& circuit, StagePorts& ports);

/// Steps and accumulators of a head.
struct Sums {
    Bits valid;
    std::vector<TypedBits> values;
    Bits bank;  ///< as the values
};
Sums build_head(const StageJob& job, Circuit& circuit, const Window& window,
                const std::string& name);

Module build_rearrange(const StageJob& job, const std::string& name);

}  // namespace gatewright::rtl
