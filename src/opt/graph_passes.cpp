// SPDX-License-Identifier: Apache-2.0
#include "opt/graph_passes.h"

#include <algorithm>
#include <optional>

#include "cmvm/digits.h"
#include "layers/affine.h"
#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/quantize.h"
#include "layers/relu.h"

namespace gatewright::opt {
namespace {

using fixed::Dyadic;
using layers::Affine;
using layers::Conv;
using layers::Dense;
using layers::Quantize;
using layers::Relu;
using model::Graph;
using model::GraphNode;

// Terms a multiplication by this constant adds to a sum.
int digits(const Dyadic& weight) {
    const auto mantissa = weight.mantissa().to_int64();
    return mantissa ? cmvm::signed_digit_count(*mantissa) : weight.mantissa().magnitude_bits();
}

const Dyadic& entry(const std::vector<Dyadic>& list, std::size_t i, const Dyadic& fallback) {
    if (list.empty()) return fallback;
    return list.size() == 1 ? list[0] : list[i];
}

const Dyadic kOne(1);
const Dyadic kZero(0);

// Adders of x · scale + offset per element.
int affine_adders(const Dyadic& scale, const Dyadic& offset) {
    const int terms = digits(scale) + (offset.is_zero() ? 0 : 1);
    return std::max(0, terms - 1);
}

// Adders of a kernel whose last axis are the outputs, at one position.
int kernel_adders(const model::Values& kernel, const std::vector<Dyadic>& bias) {
    const auto outputs = static_cast<std::size_t>(kernel.shape.back());
    std::vector<int> terms(outputs, 0);
    for (std::size_t i = 0; i < kernel.size(); ++i) terms[i % outputs] += digits(kernel.data[i]);
    int adders = 0;
    for (std::size_t j = 0; j < outputs; ++j) {
        const bool biased = !bias.empty() && !bias[j].is_zero();
        adders += std::max(0, terms[j] + (biased ? 1 : 0) - 1);
    }
    return adders;
}

bool runs_along_last_axis(const std::vector<Dyadic>& list, const Affine& affine, std::size_t size) {
    return list.size() <= 1 || (affine.axis == -1 && list.size() == size);
}

// The dense or conv layer that computes affine(layer(x)); nullopt if it would cost more.
template <class Linear>
std::optional<Linear> fused(const Linear& linear, const Affine& affine) {
    if (linear.kernel.shape.size() < 2) return std::nullopt;
    const auto outputs = static_cast<std::size_t>(linear.kernel.shape.back());
    if (!runs_along_last_axis(affine.scale, affine, outputs) ||
        !runs_along_last_axis(affine.offset, affine, outputs) ||
        (!linear.bias.empty() && linear.bias.size() != outputs)) {
        return std::nullopt;
    }
    Linear out = linear;
    for (std::size_t i = 0; i < out.kernel.size(); ++i) {
        out.kernel.data[i] = out.kernel.data[i] * entry(affine.scale, i % outputs, kOne);
    }
    out.bias.resize(outputs);
    int before = kernel_adders(linear.kernel, linear.bias);
    bool any_bias = false;
    for (std::size_t j = 0; j < outputs; ++j) {
        const Dyadic& scale = entry(affine.scale, j, kOne);
        const Dyadic& offset = entry(affine.offset, j, kZero);
        out.bias[j] = out.bias[j] * scale + offset;
        before += affine_adders(scale, offset);
        any_bias = any_bias || !out.bias[j].is_zero();
    }
    if (!any_bias) out.bias.clear();
    if (kernel_adders(out.kernel, out.bias) > before) return std::nullopt;
    return out;
}

std::optional<Affine> fused(const Affine& first, const Affine& second) {
    const std::size_t size = std::max({first.scale.size(), first.offset.size(), second.scale.size(),
                                       second.offset.size(), std::size_t{1}});
    const auto fits = [&](const Affine& affine) {
        return (affine.scale.size() <= 1 || affine.scale.size() == size) &&
               (affine.offset.size() <= 1 || affine.offset.size() == size);
    };
    const bool same_axis = first.axis == second.axis || size == 1;
    if (!fits(first) || !fits(second) || !same_axis) return std::nullopt;
    Affine out;
    out.axis = first.axis;
    int before = 0;
    int after = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Dyadic& s1 = entry(first.scale, i, kOne);
        const Dyadic& s2 = entry(second.scale, i, kOne);
        const Dyadic& o1 = entry(first.offset, i, kZero);
        const Dyadic& o2 = entry(second.offset, i, kZero);
        out.scale.push_back(s1 * s2);
        out.offset.push_back(o1 * s2 + o2);
        before += affine_adders(s1, o1) + affine_adders(s2, o2);
        after += affine_adders(out.scale.back(), out.offset.back());
    }
    if (after > before) return std::nullopt;
    return out;
}

bool is_identity(const Affine& affine) {
    return std::all_of(affine.scale.begin(), affine.scale.end(),
                       [](const Dyadic& s) { return s == kOne; }) &&
           std::all_of(affine.offset.begin(), affine.offset.end(),
                       [](const Dyadic& o) { return o.is_zero(); });
}

// affine(layer(x)) as one layer, if `layer` is a First and a rule allows it; else nullptr.
template <class First>
std::unique_ptr<model::Layer> absorbed(const model::Layer& layer, const Affine& affine) {
    const auto* first = dynamic_cast<const First*>(&layer);
    if (first == nullptr) return nullptr;
    auto both = fused(*first, affine);
    return both ? std::make_unique<First>(std::move(*both)) : nullptr;
}

// True if `layer` gives back every value that `before` (nullptr: unknown) can produce.
bool changes_nothing(const model::Layer& layer, const model::Layer* before) {
    if (const auto* affine = dynamic_cast<const Affine*>(&layer)) return is_identity(*affine);
    if (before == nullptr) return false;
    if (const auto* quantize = dynamic_cast<const Quantize*>(&layer)) {
        const auto* earlier = dynamic_cast<const Quantize*>(before);
        return earlier != nullptr && earlier->type == quantize->type;
    }
    if (const auto* relu = dynamic_cast<const Relu*>(&layer)) {
        return dynamic_cast<const Relu*>(before) != nullptr && !relu->has_max;
    }
    return false;
}

class Fusion {
  public:
    explicit Fusion(const Graph& graph) : graph_(graph), readers_(graph.size(), 0) {
        for (const GraphNode& node : graph.nodes()) {
            for (const LayerId input : node.inputs) ++readers_[input.index()];
        }
        for (const LayerId output : graph.outputs()) {
            readers_[output.index()] += 2;  // an output has a reader outside: nothing absorbs it
            outputs_.push_back(output);
        }
    }

    Graph run(FuseStats& stats) {
        Graph out;
        out.name = graph_.name;
        out.format = graph_.format;
        for (std::size_t i = 0; i < graph_.size(); ++i)
            moved_.push_back(place(LayerId(i), out, stats));
        for (const LayerId output : outputs_) out.add_output(moved_[output.index()]);
        return out;
    }

  private:
    [[nodiscard]] bool is_output(LayerId id) const {
        return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
    }

    LayerId place(LayerId id, Graph& out, FuseStats& stats) {
        const GraphNode& node = graph_[id];
        std::vector<LayerId> inputs;
        for (const LayerId input : node.inputs) inputs.push_back(moved_[input.index()]);
        if (inputs.size() == 1) {
            if (!is_output(id) && changes_nothing(*node.layer, out[inputs[0]].layer.get())) {
                ++stats.identities;
                return inputs[0];
            }
            if (readers_[node.inputs[0].index()] == 1 && absorb(node, out[inputs[0]], stats)) {
                return inputs[0];
            }
        }
        return out.add(node.name, node.origin, node.layer->clone(), std::move(inputs));
    }

    // Makes `into` compute node(into(x)), if a rule allows it.
    static bool absorb(const GraphNode& node, GraphNode& into, FuseStats& stats) {
        const auto* affine = dynamic_cast<const Affine*>(node.layer.get());
        if (affine == nullptr) return false;
        auto layer = absorbed<Dense>(*into.layer, *affine);
        if (!layer) layer = absorbed<Conv>(*into.layer, *affine);
        if (layer) {
            ++stats.dense_affine;
        } else {
            layer = absorbed<Affine>(*into.layer, *affine);
            if (!layer) return false;
            ++stats.affine_affine;
        }
        into.layer = std::move(layer);
        into.name = node.name;
        return true;
    }

    const Graph& graph_;
    std::vector<std::size_t> readers_;
    std::vector<LayerId> outputs_;
    std::vector<LayerId> moved_;
};

}  // namespace

Graph fuse(Graph graph, FuseStats* stats) {
    FuseStats own;
    Graph out = Fusion(graph).run(own);
    if (stats != nullptr) *stats = own;
    return out;
}

}  // namespace gatewright::opt
