// SPDX-License-Identifier: Apache-2.0
#include "unit/arch/random_graphs.h"

#include "layers/affine.h"
#include "layers/concatenate.h"
#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/example_types.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/pool.h"
#include "layers/quantize.h"
#include "layers/rearrange.h"
#include "layers/relu.h"
#include "layers/reshape.h"
#include "layers/softmax.h"
#include "layers/sum.h"

namespace gatewright::testing {

using fixed::Dyadic;
using fixed::Format;
using tensor::Shape;

namespace {

Format small_format(Rng& rng) {
    return {rng.chance(0.6), static_cast<int>(rng.between(1, 6)),
            static_cast<int>(rng.between(-1, 4))};
}

fixed::Cast small_cast(Rng& rng) {
    const Format format = small_format(rng);
    const auto round = rng.chance(0.5) ? fixed::Round::kTrn : fixed::Round::kRndConv;
    const auto overflow = rng.chance(0.5) ? fixed::Overflow::kWrap : fixed::Overflow::kSat;
    return {format, round, overflow, 0};
}

// Grows a graph by random layers; the edge that grows is `last`, of shape `shape`.
class RandomGraph {
  public:
    explicit RandomGraph(Rng& rng) : rng_(rng) {}

    model::Graph make(int layers) {
        add_input();
        for (int i = 0; i < layers; ++i) try_layer();
        if (rng_.chance(0.6)) flatten_and_dense();
        quantize();
        graph_.add_output(last_);
        if (rng_.chance(0.15) && before_.valid() && before_ != last_) graph_.add_output(before_);
        return std::move(graph_);
    }

  private:
    void add_input() {
        const std::int64_t axes = rng_.between(0, 2);
        Shape shape;
        for (std::int64_t axis = 0; axis < axes; ++axis) shape.push_back(rng_.between(2, 5));
        shape.push_back(rng_.between(1, 3));
        layers::Input input;
        input.shape = shape;
        const bool each = rng_.chance(0.4);
        for (std::size_t i = 0; i < (each ? tensor::element_count(shape) : 1); ++i) {
            input.type.push_back({.format = small_format(rng_)});
        }
        last_ = graph_.add("x", "", std::move(input), {});
    }

    [[nodiscard]] Shape shape() const {
        return model::infer_types(with_output())->type(last_).shape;
    }
    [[nodiscard]] model::Graph with_output() const {
        model::Graph copy = graph_;
        copy.set_outputs({last_});
        return copy;
    }

    // Adds the layer if the model accepts it there and it stays small.
    template <class L>
    bool add(const char* name, L layer, std::vector<LayerId> inputs) {
        model::Graph trial = graph_;
        const LayerId id = trial.add(name, name + std::to_string(trial.size()), std::move(layer),
                                     std::move(inputs));
        trial.set_outputs({id});
        const auto typed = model::infer_types(trial);
        if (!typed) return false;
        const model::TensorType& type = typed->type(id);
        if (type.elements.size() > 300 || type.elements.empty()) return false;
        trial.set_outputs({});
        graph_ = std::move(trial);
        before_ = last_;
        last_ = id;
        return true;
    }

    void try_layer() {
        switch (rng_.below(14)) {
            case 0:
            case 1:
            case 2:
                conv();
                quantize();
                break;
            case 3:
                pool();
                break;
            case 4:
                add("relu", layers::Relu(), {last_});
                break;
            case 5:
                quantize();
                break;
            case 6:
                branch();
                break;
            case 7:
                pad_or_crop();
                break;
            case 8:
                permute();
                break;
            case 9:
                reshape();
                break;
            case 10:
                sum();
                break;
            case 11:
                affine();
                break;
            case 12:
                dense();
                quantize();
                break;
            default:
                broadcast();
                break;
        }
    }

    Dyadic weight() { return rng_.chance(0.3) ? Dyadic(0) : Dyadic(rng_.between(-7, 7), -3); }

    void fill(model::Values& kernel, std::vector<Dyadic>& bias, std::int64_t outputs) {
        for (Dyadic& w : kernel.data) w = weight();
        if (rng_.chance(0.3)) return;
        for (std::int64_t j = 0; j < outputs; ++j) bias.push_back(weight());
    }

    void conv() {
        const Shape in = shape();
        layers::Conv layer;
        Shape kernel;
        for (std::size_t axis = 0; axis + 1 < in.size(); ++axis) {
            kernel.push_back(rng_.between(1, 3));
            layer.strides.push_back(rng_.between(1, 2));
            layer.dilation.push_back(rng_.chance(0.2) ? 2 : 1);
            layer.padding_before.push_back(rng_.between(0, 3));  // now and then more than taps
            layer.padding_after.push_back(rng_.between(0, 2));
        }
        const std::int64_t channels = in.back();
        layer.groups = rng_.chance(0.3) ? channels : 1;
        kernel.push_back(channels / layer.groups);
        const std::int64_t outputs = layer.groups * rng_.between(1, 3);
        kernel.push_back(outputs);
        layer.kernel = model::Values(kernel);
        fill(layer.kernel, layer.bias, outputs);
        add("conv", std::move(layer), {last_});
    }

    void dense() {
        layers::Dense layer;
        const std::int64_t outputs = rng_.between(1, 4);
        layer.kernel = model::Values({shape().back(), outputs});
        fill(layer.kernel, layer.bias, outputs);
        add("dense", std::move(layer), {last_});
    }

    void quantize() {
        layers::Quantize layer;
        const Shape in = shape();
        const std::size_t elements = tensor::element_count(in);
        const auto channels = static_cast<std::size_t>(in.back());
        const std::uint64_t kind = rng_.below(4);  // one type, one per channel, one per position
        std::vector<fixed::Cast> casts;
        for (std::size_t c = 0; c < channels; ++c) casts.push_back(small_cast(rng_));
        for (std::size_t i = 0; i < (kind == 0 ? 1 : elements); ++i) {
            const bool another = kind == 3 && elements / channels < 30;
            layer.type.push_back(another ? small_cast(rng_) : casts[i % channels]);
        }
        add("quantize", std::move(layer), {last_});
    }

    void pool() {
        const Shape in = shape();
        const bool global = rng_.chance(0.3);
        const auto place = [&](layers::PoolWindow& window) {
            for (std::size_t axis = 0; !global && axis + 1 < in.size(); ++axis) {
                window.size.push_back(rng_.between(1, 3));
                window.strides.push_back(rng_.between(1, 2));
                window.padding_before.push_back(rng_.between(0, 1));
                window.padding_after.push_back(rng_.between(0, 1));
            }
        };
        if (rng_.chance(0.5)) {
            layers::MaxPool layer;
            place(layer);
            add("max_pool", std::move(layer), {last_});
            return;
        }
        layers::AveragePool layer;
        place(layer);
        layer.type = {small_cast(rng_)};
        layer.count_padding = rng_.chance(0.5);
        add("average_pool", std::move(layer), {last_});
    }

    // Two ways from one edge that meet again.
    void branch() {
        const LayerId start = last_;
        quantize();
        const LayerId left = last_;
        last_ = start;
        if (rng_.chance(0.5)) dense();
        if (rng_.chance(0.5)) quantize();
        const LayerId right = last_;
        last_ = start;
        bool joined = false;
        if (rng_.chance(0.5)) joined = add("add", layers::Add(), {left, right});
        if (!joined) joined = add("concatenate", layers::Concatenate(), {left, right});
        if (!joined) last_ = left;
    }

    // x combined with its sum or maximum over positions.
    void broadcast() {
        const LayerId start = last_;
        layers::MaxPool layer;
        if (!add("max_pool", std::move(layer), {last_})) return;
        const LayerId one = last_;
        if (!add("maximum", layers::Subtract(), {start, one})) last_ = start;
        quantize();
    }

    void pad_or_crop() {
        const Shape in = shape();
        const std::size_t axes = in.size() - (rng_.chance(0.8) ? 1 : 0);
        std::vector<std::int64_t> first;
        std::vector<std::int64_t> second;
        for (std::size_t axis = 0; axis < axes; ++axis) {
            first.push_back(rng_.between(0, 1));
            second.push_back(rng_.between(0, 1));
        }
        switch (rng_.below(3)) {
            case 0: {
                layers::ZeroPad layer;
                layer.before = first;
                layer.after = second;
                add("zero_pad", std::move(layer), {last_});
                break;
            }
            case 1: {
                layers::Crop layer;
                layer.before = first;
                layer.after = second;
                add("crop", std::move(layer), {last_});
                break;
            }
            default: {
                layers::Upsample layer;
                for (std::int64_t& size : first) size += 1;
                layer.size = first;
                add("upsample", std::move(layer), {last_});
                break;
            }
        }
    }

    void permute() {
        layers::Permute layer;
        const std::size_t axes = shape().size();
        std::vector<std::int64_t> order(axes);
        for (std::size_t i = 0; i < axes; ++i) order[i] = static_cast<std::int64_t>(axes - 1 - i);
        layer.dims = order;
        add("permute", std::move(layer), {last_});
    }

    void reshape() {
        const Shape in = shape();
        layers::Reshape layer;
        const auto elements = static_cast<std::int64_t>(tensor::element_count(in));
        if (in.size() > 2 && rng_.chance(0.5)) {
            layer.shape = {elements / in.back(), in.back()};
        } else if (in.size() > 1 && rng_.chance(0.5)) {
            layer.shape = {in[0], elements / in[0]};
        } else {
            layer.shape = {elements, 1};
        }
        add("reshape", std::move(layer), {last_});
    }

    void sum() {
        const Shape in = shape();
        layers::Sum layer;
        layer.keep_axes = rng_.chance(0.5);
        layer.axes = {rng_.between(0, static_cast<std::int64_t>(in.size()) - 1)};
        layer.scale = Dyadic(1, -1);
        if (in.size() > 1) add("sum", std::move(layer), {last_});
    }

    void affine() {
        layers::Affine layer;
        for (std::int64_t c = 0; c < shape().back(); ++c) {
            layer.scale.push_back(weight());
            layer.offset.push_back(weight());
        }
        add("affine", std::move(layer), {last_});
        quantize();
    }

    void flatten_and_dense() {
        layers::Reshape flat;
        flat.shape = {static_cast<std::int64_t>(tensor::element_count(shape()))};
        add("flatten", std::move(flat), {last_});
        dense();
    }

    Rng& rng_;
    model::Graph graph_;
    LayerId last_;
    LayerId before_;
};

}  // namespace

model::Graph random_graph(Rng& rng, int layers) {
    return RandomGraph(rng).make(layers);
}

arch::MappingParams random_mapping(Rng& rng) {
    arch::MappingParams mapping;
    mapping.io = rng.chance(0.3) ? arch::Io::kParallel : arch::Io::kStream;
    mapping.reuse = rng.chance(0.4) ? 1 : rng.between(2, 40);
    mapping.rounding = arch::ReuseRounding::kNearest;
    mapping.weights =
        rng.chance(0.25) ? arch::WeightStore::kLoadable : arch::WeightStore::kConstant;
    mapping.multipliers = rng.chance(0.5) ? arch::Multipliers::kDsp : arch::Multipliers::kLogic;
    return mapping;
}

std::string describe(const model::Graph& graph) {
    std::string text;
    for (const model::GraphNode& node : graph.nodes()) {
        text += node.name + " (" + std::string(node.layer->kind());
        for (const LayerId input : node.inputs) text += " " + graph[input].name;
        text += ") " + node.layer->attributes().dump() + "\n";
    }
    return text;
}

}  // namespace gatewright::testing
