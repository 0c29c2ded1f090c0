// SPDX-License-Identifier: Apache-2.0
//
// The hardware plan of a network that is not one unrolled function: stages connected by streams.
//
// A stream carries one tensor per event, word by word: a word is one position (an index into all
// axes but the last) with all its channels, positions in row-major order. A stage computes the
// words of one stream from those of others: for every output position it reads a window of
// positions of each input and applies a pure function, its part. Parts are dataflow programs,
// optionally behind a linear head: a matrix kept as data, so that hardware can walk through it in
// several cycles (folding.h) and its weights can be replaced at run time.
//
// This page says what is computed and by how much hardware, nothing about clock cycles: those are
// in schedule/rates.h, and follow from it. evaluate() is its meaning; the emulator, the netlist and
// every mapping of the same model agree with it bit by bit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "arch/mapping.h"
#include "cmvm/solve.h"
#include "dfg/interface.h"
#include "dfg/program.h"
#include "fixed/interval.h"
#include "model/graph.h"
#include "support/strong_id.h"

namespace gatewright::arch {

struct StreamTag;
struct StageTag;
using StreamId = StrongId<StreamTag>;
using StageId = StrongId<StageTag>;

struct Stream {
    struct Reader {
        StageId stage;
        std::size_t input = 0;  ///< index into Stage::inputs
    };
    std::string name;
    tensor::Shape shape;    ///< of the tensor, without the batch axis; [n]: one word of n channels
    std::size_t words = 1;  ///< per event: its positions
    /// Per channel: the narrowest format and the exact range over all positions. A word is the
    /// channels' codes side by side, the first lowest.
    std::vector<fixed::Format> formats;
    std::vector<fixed::Interval> ranges;
    StageId producer;             ///< invalid: input port `port` of the design
    std::size_t port = 0;         ///< of a stream without producer
    std::vector<Reader> readers;  ///< the design's outputs are not among them

    [[nodiscard]] std::size_t channels() const { return formats.size(); }
    [[nodiscard]] int width() const;  ///< bits of a word
};

/// y = Wᵀ·x + bias on codes: input i is read with `input_formats[i]`, weight (i, o) with
/// `weight_format`, and everything is exact. All `sums` have the same frac; in their units a
/// product and a bias are integers.
struct LinearHead {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    std::vector<fixed::Format> input_formats;  ///< one per input
    fixed::Format weight_format;               ///< of every weight
    std::vector<std::int64_t> weights;         ///< codes, row-major inputs × outputs
    fixed::Format bias_format;                 ///< of every bias
    std::vector<std::int64_t> bias;            ///< codes, one per output
    /// Of the exact sums: over these weights, or (loadable) over all weights and biases of the
    /// formats.
    std::vector<fixed::Format> sums;
    std::vector<fixed::Interval> sum_ranges;
};

/// How a head's products share multipliers: `reuse` = slices · groups steps per position. A step
/// multiplies 1/slices of the inputs by 1/groups of the outputs.
struct Folding {
    enum class Order : std::uint8_t {
        /// Outputs outer, inputs inner: the position's inputs are held, each group's accumulators
        /// are finished one after the other.
        kByOutput,
        /// Inputs outer: each input word is used up as it arrives (a dense layer behind a stream:
        /// one word is one slice or several), all accumulators live to the end.
        kByInput,
    };
    std::int64_t slices = 1;
    std::int64_t groups = 1;
    Order order = Order::kByOutput;
    WeightStore store = WeightStore::kConstant;
    Multipliers multipliers = Multipliers::kLogic;
    [[nodiscard]] std::int64_t reuse() const { return slices * groups; }
};

/// The function at one position. Its inputs are the words of the windows: inputs of the stage in
/// order, taps row-major, channels, each in the format of its channel; a tap outside its input is
/// 0. Its outputs are the channels: values that the output stream's formats hold. merge_parts()
/// (part_program.h) brings them into those formats.
struct Part {
    std::optional<LinearHead> head;
    /// From the head's sums (or, without a head, the inputs) to the output channels.
    dfg::Program program;
};

/// The axes of `extent` make up the words of the stream in order; they need not be the axes of its
/// shape (a dense layer after flatten has one axis over all words). Axes of the window and of the
/// output's positions are matched from the last; an index that the output lacks is 0. A stage of
/// several inputs reads one word of each per output word, at the same place in its stream: every
/// other way of reading is rearranged before.
struct StageInput {
    StreamId stream;
    model::Window window;
};

struct Compute {
    tensor::Shape positions;  ///< of the output
    std::vector<Part> parts;  ///< the distinct ones
    /// Part of every position; empty: all are the first. A stage with a head has one part.
    std::vector<std::uint32_t> part_of;
    Folding folding;  ///< of the head
};

/// Elements in another order and other words: element i of the output is element from[i] of the
/// input, or 0 where that is -1.
struct Rearrange {
    std::vector<std::int64_t> from;
};

struct Stage {
    std::string name;         ///< the user's layer
    std::string description;  ///< one line: what it computes
    std::vector<LayerId> layers;
    std::vector<StageInput> inputs;
    StreamId output;
    std::variant<Compute, Rearrange> work;
};

struct StagedDesign {
    std::string name;
    std::vector<dfg::Port> inputs;  ///< whole tensors, elements as the model's
    /// Whole tensors; elements in the formats of the result streams.
    std::vector<dfg::Port> outputs;
    std::vector<Stream> streams;
    std::vector<Stage> stages;      ///< producers before readers
    std::vector<StreamId> results;  ///< one per output port
    MappingParams mapping;

    [[nodiscard]] dfg::Interface interface() const { return {inputs, outputs}; }
    [[nodiscard]] const Stream& operator[](StreamId id) const { return streams[id.index()]; }
    [[nodiscard]] const Stage& operator[](StageId id) const { return stages[id.index()]; }
};

struct StageParams {
    MappingParams mapping;
    cmvm::SolveParams cmvm;
    std::string cache_directory = {};
};

/// Plans stages for a model. Errors name the layer: one that cannot be streamed, a reuse factor
/// that does not divide, a window that does not fit. Warnings (rounded reuse factors) are appended.
Result<StagedDesign> plan_stages(const model::TypedGraph& graph, const StageParams& params,
                                 std::vector<std::string>& warnings);

/// Checks a plan from scratch: shapes, formats that hold every value, programs' ports, foldings.
Status verify(const StagedDesign& design);

/// The meaning of a plan: codes of one event, over all input ports' elements, to codes of all
/// output ports' elements. Plain and slow. `streams`, if given, gets every stream's codes.
std::vector<fixed::Integer> evaluate(const StagedDesign& design,
                                     std::span<const fixed::Integer> event,
                                     std::vector<std::vector<fixed::Integer>>* streams = nullptr);

/// Codes of an event's elements of an input port as codes of the stream's words: same values, in
/// the formats of the channels.
std::vector<fixed::Integer> stream_codes(const StagedDesign& design, std::size_t port,
                                         std::span<const fixed::Integer> codes,
                                         const Stream& stream);

/// Input position (row-major) that tap `tap` (row-major) of output position `position` reads, or -1
/// outside.
std::int64_t input_position(const model::Window& window, const tensor::Shape& positions,
                            std::size_t position, std::size_t tap);

}  // namespace gatewright::arch
