// SPDX-License-Identifier: Apache-2.0
//
// From a typed model to stages, in one walk: each layer that is not yet part of a stage starts a
// chain (stage_chain.h), takes in the layers that follow it position by position, and becomes one
// stage. Layers that only move elements change how their input is seen; a stage is spent on them
// when a reader needs it (stage_streams.h). Formats travel with the streams: what a channel's range
// is over all positions decides the next stage's arithmetic.
#include <fmt/format.h>

#include <algorithm>

#include "arch/folding.h"
#include "arch/stage_inputs.h"
#include "arch/stage_parts.h"
#include "arch/stage_streams.h"
#include "layers/input.h"
#include "layers/pool.h"
#include "layers/quantize.h"
#include "support/check.h"

namespace gatewright::arch {

using fixed::Interval;
using model::GraphNode;
using model::Window;

namespace {

// A word of more values than this is no hardware.
constexpr std::size_t kMostValues = 65536;

class Planner {
  public:
    Planner(const model::TypedGraph& typed, const StageParams& params,
            std::vector<std::string>& warnings)
        : typed_(typed),
          graph_(typed.graph()),
          params_(params),
          warnings_(warnings),
          streams_(design_),
          cache_(params.cache_directory),
          views_(typed.graph().size()),
          readers_(typed.graph().size()),
          is_output_(typed.graph().size(), false),
          planned_(typed.graph().size(), false) {}

    Result<StagedDesign> plan() {
        design_.name = graph_.name;
        design_.mapping = params_.mapping;
        GW_TRY_STATUS(check_layer_names());
        find_readers();
        for (const LayerId id : graph_.inputs()) add_input(id);
        for (std::size_t n = 0; n < graph_.size(); ++n) {
            const LayerId id(n);
            if (planned_[n] || !is_alive(id)) continue;
            if (auto status = plan_layer(id); !status) {
                return fail_in(
                    fmt::format("layer '{}' ({})", graph_[id].name, graph_[id].layer->kind()),
                    status.error());
            }
        }
        for (const LayerId id : graph_.outputs()) add_output(id);
        check_named_choices();
        if (!problems_.empty()) {
            return tl::unexpected<Error>(problems_.to_error(
                fmt::format("model '{}' cannot be mapped this way:", graph_.name)));
        }
        return std::move(design_);
    }

  private:
    // Before the walk -----------------------------------------------------------------------------

    [[nodiscard]] Status check_layer_names() const {
        for (const auto& [name, own] : params_.mapping.layers) {
            const auto has_name = [&name = name](const GraphNode& node) {
                return node.origin == name;
            };
            if (std::any_of(graph_.nodes().begin(), graph_.nodes().end(), has_name)) continue;
            std::vector<std::string> known;
            for (const GraphNode& node : graph_.nodes()) {
                if (std::find(known.begin(), known.end(), node.origin) == known.end()) {
                    known.push_back(node.origin);
                }
            }
            return fail(fmt::format("the mapping names layer '{}', but the model has only: {}",
                                    name, fmt::join(known, ", ")));
        }
        return {};
    }

    void find_readers() {
        for (const LayerId id : graph_.outputs()) is_output_[id.index()] = true;
        for (std::size_t n = graph_.size(); n-- > 0;) {
            if (!is_alive(LayerId(n))) continue;
            std::vector<LayerId> inputs = graph_[LayerId(n)].inputs;
            std::sort(inputs.begin(), inputs.end());
            inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
            for (const LayerId input : inputs) readers_[input.index()].emplace_back(n);
        }
    }

    // Whether an output depends on the layer. Readers come later, so they are known by now.
    [[nodiscard]] bool is_alive(LayerId id) const {
        return is_output_[id.index()] || !readers_[id.index()].empty();
    }

    // Ports ---------------------------------------------------------------------------------------

    void add_input(LayerId id) {
        const GraphNode& node = graph_[id];
        const auto& layer = dynamic_cast<const layers::Input&>(*node.layer);
        dfg::Port port{node.name, layer.shape, {}, {}, 0};
        const std::size_t elements = tensor::element_count(layer.shape);
        const std::size_t channels =
            params_.mapping.io == Io::kParallel ? elements : channels_of(layer.shape);
        std::vector<std::optional<Interval>> ranges(channels);
        for (std::size_t i = 0; i < elements; ++i) {
            port.elements.push_back(layer.cast(i));
            const Interval range = Interval::of(port.elements.back().format);
            std::optional<Interval>& channel = ranges[i % channels];
            channel = channel ? hull_of(*channel, range) : range;
        }
        place_bits(port);
        std::vector<Interval> known;
        for (const auto& range : ranges) known.push_back(*range);
        tensor::Shape shape = layer.shape;
        if (channels == elements) shape = {static_cast<std::int64_t>(elements)};
        const StreamId stream = streams_.add_stream(node.name, shape, std::move(known));
        design_.streams.back().port = design_.inputs.size();
        design_.inputs.push_back(std::move(port));
        views_[id.index()] = {stream, {}, layer.shape};
        planned_[id.index()] = true;
    }

    void add_output(LayerId id) {
        const StreamView& view = views_[id.index()];
        if (!view.stream.valid()) return;  // a problem before
        const std::size_t channels =
            params_.mapping.io == Io::kParallel ? view.size() : channels_of(view.shape);
        const std::string name = graph_[id].origin + "_out";
        StreamId stream = streams_.in_words(view, channels, name, id);
        if (!design_[stream].producer.valid()) stream = streams_.copied(stream, name, id);
        dfg::Port port{graph_[id].name, view.shape, {}, {}, 0};
        for (std::size_t i = 0; i < view.size(); ++i) {
            port.elements.push_back({.format = design_[stream].formats[i % channels]});
        }
        place_bits(port);
        design_.outputs.push_back(std::move(port));
        design_.results.push_back(stream);
    }

    static void place_bits(dfg::Port& port) {
        for (const fixed::Cast& element : port.elements) {
            port.bit_offset.push_back(port.width);
            port.width += element.format.width;
        }
    }

    // Layers --------------------------------------------------------------------------------------

    // A layer that was asked by name to be folded or loadable, but has no matrix to fold.
    void check_named_choices() {
        for (const auto& [name, own] : params_.mapping.layers) {
            const bool asks = own.reuse.value_or(1) > 1 || own.weights == WeightStore::kLoadable;
            if (!asks || folded_.contains(name)) continue;
            problems_.add(fmt::format(
                "layer '{}': has no matrix that is the same at every position (a dense or "
                "convolution layer), so it cannot be used several times or be loaded",
                name));
        }
    }

    Status plan_layer(LayerId id) {
        planned_[id.index()] = true;
        const auto types = typed_.input_types(id);
        if (types.size() == 1) {
            if (const auto from = graph_[id].layer->rearrangement(types)) {
                views_[id.index()] =
                    moved(views_[graph_[id].inputs[0].index()], *from, typed_.type(id).shape);
                return {};
            }
        }
        GW_TRY(std::vector<ChainLayer> chain, find_chain(id));
        GW_TRY(const StreamId stream, add_compute(chain));
        const LayerId last = tail_of_[chain.back().id.index()];
        views_[last.index()] = {stream, {}, typed_.type(last).shape};
        return {};
    }

    static StreamView moved(const StreamView& view, const std::vector<std::int64_t>& from,
                            tensor::Shape shape) {
        StreamView out{view.stream, {}, std::move(shape)};
        bool in_order = from.size() == view.size() && view.from.empty();
        for (std::size_t i = 0; i < from.size(); ++i) {
            in_order = in_order && from[i] == static_cast<std::int64_t>(i);
            out.from.push_back(from[i] < 0 ? -1 : view.source(static_cast<std::size_t>(from[i])));
        }
        if (in_order) out.from.clear();
        return out;
    }

    // The layer and those that can follow it in its stage.
    Result<std::vector<ChainLayer>> find_chain(LayerId id) {
        std::vector<ChainLayer> chain;
        GW_TRY(ChainLayer first, chain_layer(id, typed_, stream_shape(id)));
        if (!first.repetition && choice(id).reuse > 1) {
            warnings_.push_back(fmt::format(
                "layer '{}' ({}) is one function of the whole event: it is built unrolled, the "
                "reuse factor {} does not reach it",
                graph_[id].origin, graph_[id].layer->kind(), choice(id).reuse));
        }
        const bool has_head = head_wanted(first);
        const tensor::Shape positions =
            first.repetition ? first.repetition->positions : tensor::Shape{};
        chain.push_back(std::move(first));
        LayerId last = id;
        while (const auto next = only_reader(last)) {
            if (!planned_[next->index()] && !keeps_order(*next)) {
                auto layer = following_layer(*next, last, positions);
                if (!layer || (has_head && layer->parts.size() > 1)) break;
                chain.push_back(std::move(*layer));
                if (!combine_parts(chain, tensor::element_count(positions))) {
                    chain.pop_back();
                    break;
                }
            }
            planned_[next->index()] = true;
            last = *next;
        }
        tail_of_[chain.back().id.index()] = last;
        take_cast_behind_pool(last, chain);
        return chain;
    }

    // The largest of casted values is the cast of the largest, so a cast behind a max_pool is made
    // before it: narrower words to hold and to compare. The tail stays what the chain's layer is.
    void take_cast_behind_pool(LayerId last, std::vector<ChainLayer>& chain) {
        const auto pool = only_reader(last);
        if (!pool || dynamic_cast<const layers::MaxPool*>(graph_[*pool].layer.get()) == nullptr ||
            !chain.front().repetition) {
            return;
        }
        const auto cast = only_reader(*pool);
        const model::TensorType& type = typed_.type(last);
        const std::size_t channels = channels_of(type.shape);
        const std::size_t positions = tensor::element_count(chain.front().repetition->positions);
        if (!cast || channels_of(typed_.type(*cast).shape) != channels ||
            type.elements.size() != positions * channels) {
            return;  // other channels than the chain's words
        }
        const auto* quantize = dynamic_cast<const layers::Quantize*>(graph_[*cast].layer.get());
        if (quantize == nullptr || !is_monotone(*quantize, type)) return;
        auto layer = chain_layer(*cast, typed_);
        if (!layer || layer->parts.size() != 1) return;
        planned_[cast->index()] = true;
        chain.push_back(std::move(*layer));
        tail_of_[cast->index()] = last;
    }

    // Whether a larger value never becomes a smaller one; one type per channel is the caller's
    // test.
    static bool is_monotone(const layers::Quantize& quantize, const model::TensorType& input) {
        const std::size_t channels = channels_of(input.shape);
        for (std::size_t i = 0; i < input.elements.size(); ++i) {
            const fixed::Cast& cast = quantize.cast(i % channels);
            const bool saturates =
                cast.overflow == fixed::Overflow::kSat || cast.overflow == fixed::Overflow::kSatSym;
            if (!saturates && can_overflow(input.elements[i], cast)) return false;
        }
        return true;
    }

    // For a layer that does not mind its input's shape: that of the words it comes in.
    [[nodiscard]] std::optional<tensor::Shape> stream_shape(LayerId id) const {
        const GraphNode& node = graph_[id];
        if (node.inputs.size() != 1 || !is_elementwise(*node.layer)) return std::nullopt;
        const StreamView& view = views_[node.inputs[0].index()];
        const std::size_t channels = design_[view.stream].channels();
        if (!view.from.empty() || channels == channels_of(view.shape) || channels == view.size()) {
            return std::nullopt;
        }
        return word_shape({static_cast<std::int64_t>(view.size() / channels)}, view.size());
    }

    // Positions, then as many channels as the elements make.
    static tensor::Shape word_shape(tensor::Shape positions, std::size_t elements) {
        const std::size_t count = tensor::element_count(positions);
        positions.push_back(static_cast<std::int64_t>(elements / count));
        return positions;
    }

    // The one layer that reads this one's output, and reads nothing else.
    [[nodiscard]] std::optional<LayerId> only_reader(LayerId id) const {
        const std::vector<LayerId>& readers = readers_[id.index()];
        if (is_output_[id.index()] || readers.size() != 1) return std::nullopt;
        for (const LayerId input : graph_[readers[0]].inputs) {
            if (input != id) return std::nullopt;
        }
        return readers[0];
    }

    // A reshape or the like: all elements in order.
    [[nodiscard]] bool keeps_order(LayerId id) const {
        const auto types = typed_.input_types(id);
        if (types.size() != 1) return false;
        const auto from = graph_[id].layer->rearrangement(types);
        if (!from || from->size() != types[0].elements.size()) return false;
        for (std::size_t i = 0; i < from->size(); ++i) {
            if ((*from)[i] != static_cast<std::int64_t>(i)) return false;
        }
        return true;
    }

    // The layer as one that computes each position from the same position of its input, if it does.
    [[nodiscard]] std::optional<ChainLayer> following_layer(LayerId id, LayerId last,
                                                            const tensor::Shape& positions) const {
        const std::size_t count = tensor::element_count(positions);
        const model::TensorType& type = typed_.type(last);
        if (type.elements.size() % count != 0) return std::nullopt;
        std::optional<tensor::Shape> seen;
        if (type.elements.size() != count * channels_of(type.shape)) {
            if (!is_elementwise(*graph_[id].layer)) return std::nullopt;
            seen = word_shape(positions, type.elements.size());
        }
        auto layer = chain_layer(id, typed_, seen);  // an error is said when its own turn comes
        if (!layer || !layer->repetition || head_wanted(*layer)) return std::nullopt;
        const tensor::Shape& own = layer->repetition->positions;
        if (tensor::element_count(own) != count) return std::nullopt;
        for (const Window& window : layer->repetition->windows) {
            if (!is_trivial(window, own)) return std::nullopt;
        }
        return std::move(*layer);
    }

    [[nodiscard]] LayerChoice choice(LayerId id) const {
        return choice_of(params_.mapping, graph_[id].origin);
    }

    [[nodiscard]] bool head_wanted(const ChainLayer& layer) const {
        return layer.parts.size() == 1 &&
               dynamic_cast<const layers::Dense*>(layer.parts[0].get()) != nullptr &&
               choice(layer.id).wants_head();
    }

    // Stages --------------------------------------------------------------------------------------

    Result<StreamId> add_compute(const std::vector<ChainLayer>& chain) {
        const ChainLayer& first = chain.front();
        Stage stage;
        Compute work;
        GW_TRY_STATUS(connect(first, stage, work));
        GW_TRY(const std::vector<TapInputs> inputs, tap_inputs(stage, work));
        if (head_wanted(first) || sums_a_stream(first, stage, work)) {
            GW_TRY_STATUS(add_folded_part(chain, inputs[0], stage, work));
        } else {
            GW_TRY_STATUS(add_parts(chain, inputs, work));
        }
        if (changes_nothing(stage, work)) return stage.inputs[0].stream;
        describe(chain, stage);
        const LayerId last = tail_of_[chain.back().id.index()];
        std::vector<Interval> ranges = output_ranges(work.parts);
        tensor::Shape shape = typed_.type(last).shape;
        if (!first.repetition || shape.empty() || channels_of(shape) != ranges.size()) {
            shape = word_shape(first.repetition ? first.repetition->positions : tensor::Shape{},
                               typed_.type(last).elements.size());
        }
        stage.output =
            streams_.add_stream(graph_[chain.back().id].name, std::move(shape), std::move(ranges));
        const StreamId output = stage.output;
        stage.work = std::move(work);
        streams_.add_stage(std::move(stage));
        return output;
    }

    // Inputs of the stage: windows over streams that a delay line can serve.
    Status connect(const ChainLayer& first, Stage& stage, Compute& work) {
        const GraphNode& node = graph_[first.id];
        if (first.repetition) work.positions = first.repetition->positions;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            const StreamView& view = views_[node.inputs[i].index()];
            GW_CHECK(view.stream.valid(), "layer '" + node.name + "' read before it is planned");
            const StreamReader reader{node.origin, first.id};
            if (!first.repetition) {
                stage.inputs.push_back(whole_event_input(streams_, view, reader));
                continue;
            }
            const Window& window = first.repetition->windows[i];
            stage.inputs.push_back(
                node.inputs.size() > 1
                    ? one_word_input(streams_, view, window, work.positions, reader)
                    : window_input(streams_, view, window, work.positions, reader));
        }
        for (const StageInput& input : stage.inputs) {
            const std::size_t values =
                design_[input.stream].channels() * tensor::element_count(input.window.size);
            if (values <= kMostValues) continue;
            return fail(fmt::format(
                "reads {} values at once, at most {} can be; {}", values, kMostValues,
                first.repetition ? "its window is too large to stream"
                                 : "it is one function of the whole event and cannot be streamed"));
        }
        return {};
    }

    // What the parts read: the channels of every tap, with 0 where a tap is outside somewhere.
    [[nodiscard]] Result<std::vector<TapInputs>> tap_inputs(const Stage& stage,
                                                            const Compute& work) const {
        std::vector<TapInputs> out;
        for (const StageInput& input : stage.inputs) {
            const Stream& stream = design_[input.stream];
            TapInputs& taps = out.emplace_back();
            for (std::size_t tap = 0; tap < tensor::element_count(input.window.size); ++tap) {
                const bool reads_zero = reaches_outside(input.window, work.positions, tap);
                for (std::size_t c = 0; c < stream.channels(); ++c) {
                    Interval range = stream.ranges[c];
                    if (reads_zero) range = hull_of(range, {0, 0, range.frac});
                    taps.push_back({stream.formats[c], std::move(range)});
                }
            }
        }
        return out;
    }

    Status add_parts(const std::vector<ChainLayer>& chain, const std::vector<TapInputs>& inputs,
                     Compute& work) {
        GW_TRY(Combinations combinations,
               combine_parts(chain, tensor::element_count(work.positions)));
        for (const auto& combination : combinations.parts) {
            GW_TRY(dfg::Program program, part_program(chain, combination, inputs, part_params()));
            work.parts.push_back({std::nullopt, std::move(program)});
        }
        work.part_of = std::move(combinations.of_position);
        return {};
    }

    // A sum over all words of a stream costs one word's adders if it is made word by word.
    [[nodiscard]] bool sums_a_stream(const ChainLayer& first, const Stage& stage,
                                     const Compute& work) const {
        return first.parts.size() == 1 && is_whole_stream(stage.inputs[0], work.positions) &&
               dynamic_cast<const layers::AverageTaps*>(first.parts[0].get()) != nullptr;
    }

    // One window: all words in order.
    [[nodiscard]] bool is_whole_stream(const StageInput& input,
                                       const tensor::Shape& positions) const {
        const std::size_t words = design_[input.stream].words;
        if (words < 2 || tensor::element_count(positions) != 1 ||
            tensor::element_count(input.window.size) != words)
            return false;
        for (std::size_t tap = 0; tap < words; ++tap) {
            if (input_position(input.window, {}, 0, tap) != static_cast<std::int64_t>(tap)) {
                return false;
            }
        }
        return true;
    }

    Status add_folded_part(const std::vector<ChainLayer>& chain, const TapInputs& inputs,
                           const Stage& stage, Compute& work) {
        const ChainLayer& first = chain.front();
        const auto* dense = dynamic_cast<const layers::Dense*>(first.parts[0].get());
        Part part;
        if (dense == nullptr) {
            const auto& average = dynamic_cast<const layers::AverageTaps&>(*first.parts[0]);
            part.head = sum_head(average, inputs);
            work.folding.slices = static_cast<std::int64_t>(design_[stage.inputs[0].stream].words);
            work.folding.order = Folding::Order::kByInput;
        } else {
            const LayerChoice wanted = choice(first.id);
            folded_.insert(graph_[first.id].origin);
            GW_TRY(part.head, dense_head(*dense, inputs, wanted.weights));
            set_folding(first.id, wanted, *part.head, stage, work);
        }
        GW_TRY(part.program, tail_program(chain, *part.head, part_params()));
        work.parts.push_back(std::move(part));
        return {};
    }

    void set_folding(LayerId id, const LayerChoice& wanted, const LinearHead& head,
                     const Stage& stage, Compute& work) {
        const auto folding =
            choose_folding(head.inputs, head.outputs, wanted.reuse, params_.mapping.rounding);
        if (!folding) {
            problems_.add(
                fmt::format("layer '{}': {}", graph_[id].origin, folding.error().message));
            return;
        }
        work.folding = *folding;
        work.folding.store = wanted.weights;
        work.folding.multipliers = wanted.multipliers;
        if (work.folding.reuse() != wanted.reuse) {
            warnings_.push_back(fmt::format("layer '{}': reuse factor {} rounded to {}",
                                            graph_[id].origin, wanted.reuse, work.folding.reuse()));
        }
        const auto words = static_cast<std::int64_t>(design_[stage.inputs[0].stream].words);
        if (is_whole_stream(stage.inputs[0], work.positions) && work.folding.slices % words == 0) {
            work.folding.order = Folding::Order::kByInput;
        }
    }

    [[nodiscard]] PartParams part_params() { return {typed_, params_.cmvm, cache_}; }

    // Casts to the type that the values have already, and the like.
    static bool changes_nothing(const Stage& stage, const Compute& work) {
        if (work.parts.size() != 1 || work.parts[0].head || stage.inputs.size() != 1 ||
            !is_trivial(stage.inputs[0].window, work.positions)) {
            return false;
        }
        const dfg::Program& program = work.parts[0].program;
        return std::equal(program.inputs().begin(), program.inputs().end(),
                          program.outputs().begin(), program.outputs().end());
    }

    // Per channel over all parts.
    static std::vector<Interval> output_ranges(const std::vector<Part>& parts) {
        std::vector<Interval> out;
        for (const Part& part : parts) {
            const auto outputs = part.program.outputs();
            for (std::size_t c = 0; c < outputs.size(); ++c) {
                const Interval& range = part.program[outputs[c]].range;
                if (out.size() <= c) {
                    out.push_back(range);
                } else {
                    out[c] = hull_of(out[c], range);
                }
            }
        }
        return out;
    }

    // Named after the layer with the weights, else the first.
    void describe(const std::vector<ChainLayer>& chain, Stage& stage) const {
        for (const ChainLayer& layer : chain) {
            const GraphNode& node = graph_[layer.id];
            stage.layers.push_back(layer.id);
            const bool has_weights = node.layer->facts(typed_.input_types(layer.id)).weights > 0;
            if (stage.name.empty() && has_weights) stage.name = node.origin;
            if (!stage.description.empty()) stage.description += "; ";
            stage.description += node.layer->kind();
            if (const std::string text = node.layer->summary(); !text.empty()) {
                stage.description += " (" + text + ")";
            }
        }
        if (stage.name.empty()) stage.name = graph_[chain.front().id].origin;
    }

    const model::TypedGraph& typed_;
    const model::Graph& graph_;
    const StageParams& params_;
    std::vector<std::string>& warnings_;
    StagedDesign design_;
    StreamBuilder streams_;
    cmvm::Cache cache_;
    std::vector<StreamView> views_;              // per node
    std::vector<std::vector<LayerId>> readers_;  // per node: living ones, each once
    std::vector<bool> is_output_;
    std::vector<bool> planned_;
    std::map<std::size_t, LayerId> tail_of_;  // of a chain's last layer: the renamed tensor
    std::set<std::string> folded_;            // origins of layers with a head
    Problems problems_;
};

}  // namespace

Result<StagedDesign> plan_stages(const model::TypedGraph& graph, const StageParams& params,
                                 std::vector<std::string>& warnings) {
    return Planner(graph, params, warnings).plan();
}

}  // namespace gatewright::arch
