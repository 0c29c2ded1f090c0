// SPDX-License-Identifier: Apache-2.0
#include "arch/stage_chain.h"

#include <fmt/format.h>

#include <map>

#include "layers/dense.h"
#include "layers/quantize.h"
#include "layers/relu.h"
#include "layers/sum.h"
#include "support/check.h"

namespace gatewright::arch {
namespace {

// Equal functions. Weights are compared as numbers: writing them as JSON at every position of a
// large image would take longer than all the rest.
bool equal_parts(const model::Layer& a, const model::Layer& b) {
    if (a.kind() != b.kind()) return false;
    const auto* x = dynamic_cast<const layers::Dense*>(&a);
    const auto* y = dynamic_cast<const layers::Dense*>(&b);
    if (x != nullptr && y != nullptr) return x->kernel == y->kernel && x->bias == y->bias;
    return a.attributes() == b.attributes();
}

// A sum that drops its axes repeats as one that keeps them: the elements are the same.
std::optional<model::Repetition> repetition_of(const model::Layer& layer,
                                               std::span<const model::TensorType> inputs) {
    auto repetition = layer.repetition(inputs);
    const auto* sum = dynamic_cast<const layers::Sum*>(&layer);
    if (repetition || sum == nullptr) return repetition;
    layers::Sum kept = *sum;
    kept.keep_axes = true;
    return kept.repetition(inputs);
}

Error too_many_parts(std::size_t position, std::size_t positions) {
    return Error{fmt::format(
        "is more than {} different functions over its positions (counted up to position {} of "
        "{}; a type per position?). A stream shares one datapath among its positions: give all "
        "positions one type per channel, or compile with --io parallel --reuse 1",
        kMostParts, position, positions)};
}

}  // namespace

bool is_elementwise(const model::Layer& layer) {
    return dynamic_cast<const layers::Quantize*>(&layer) != nullptr ||
           dynamic_cast<const layers::Relu*>(&layer) != nullptr;
}

Result<ChainLayer> chain_layer(LayerId id, const model::TypedGraph& graph,
                               const std::optional<tensor::Shape>& seen) {
    ChainLayer out;
    out.id = id;
    std::vector<model::TensorType> types = graph.input_types(id);
    if (seen) types[0].shape = *seen;
    out.repetition = repetition_of(*graph.graph()[id].layer, types);
    if (!out.repetition) return out;
    const std::size_t positions = tensor::element_count(out.repetition->positions);
    for (std::size_t p = 0; p < positions; ++p) {
        auto part = out.repetition->part(p);
        std::size_t found = out.parts.size();
        for (std::size_t n = out.parts.size(); n-- > 0 && found == out.parts.size();) {
            if (equal_parts(*out.parts[n], *part)) found = n;
        }
        if (found == out.parts.size()) out.parts.push_back(std::move(part));
        if (out.parts.size() > kMostParts) {
            return tl::unexpected<Error>(too_many_parts(p, positions));
        }
        out.part_of.push_back(static_cast<std::uint32_t>(found));
    }
    if (out.parts.size() == 1) out.part_of.clear();
    return out;
}

Result<Combinations> combine_parts(const std::vector<ChainLayer>& chain, std::size_t positions) {
    Combinations out;
    std::map<std::vector<std::uint32_t>, std::uint32_t> number_of;
    for (std::size_t p = 0; p < positions; ++p) {
        std::vector<std::uint32_t> parts;
        for (const ChainLayer& layer : chain) {
            parts.push_back(layer.part_of.empty() ? 0 : layer.part_of[p]);
        }
        const auto [slot, is_new] =
            number_of.try_emplace(parts, static_cast<std::uint32_t>(out.parts.size()));
        if (is_new) out.parts.push_back(parts);
        if (out.parts.size() > kMostParts) {
            return tl::unexpected<Error>(too_many_parts(p, positions));
        }
        out.of_position.push_back(slot->second);
    }
    if (out.parts.size() == 1) out.of_position.clear();
    return out;
}

LayerChoice choice_of(const MappingParams& mapping, const std::string& origin) {
    LayerChoice choice{mapping.reuse, mapping.weights, mapping.multipliers};
    const auto found = mapping.layers.find(origin);
    if (found == mapping.layers.end()) return choice;
    const LayerMapping& own = found->second;
    return {own.reuse.value_or(choice.reuse), own.weights.value_or(choice.weights),
            own.multipliers.value_or(choice.multipliers)};
}

bool is_trivial(const model::Window& window, const tensor::Shape& positions) {
    if (tensor::element_count(window.size) != 1) return false;
    const std::size_t count = tensor::element_count(positions);
    if (tensor::element_count(window.extent) != count) return false;
    for (std::size_t p = 0; p < count; ++p) {
        if (input_position(window, positions, p, 0) != static_cast<std::int64_t>(p)) return false;
    }
    return true;
}

}  // namespace gatewright::arch
