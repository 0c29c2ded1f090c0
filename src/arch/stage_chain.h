// SPDX-License-Identifier: Apache-2.0
//
// Which layers make up one stage: a layer and those that follow it position by position, with
// nothing else reading what is in between. And which function a chain is at every position.
#pragma once

#include <optional>
#include <vector>

#include "arch/stages.h"

namespace gatewright::arch {

/// One layer of a chain. Layers that only rename positions (a reshape that keeps the channels) are
/// passed over.
struct ChainLayer {
    LayerId id;
    /// nullopt: one function of the whole event (only at the start of a chain).
    std::optional<model::Repetition> repetition;
    /// Which of the layer's distinct parts each position has; empty: all the first.
    std::vector<std::uint32_t> part_of;
    /// The distinct parts; of a layer without repetition none.
    std::vector<std::unique_ptr<model::Layer>> parts;
};

/// The parts of a layer told apart. An error if there are more than kMostParts. `seen`: another
/// shape of the same elements in the same order, for a layer that is_elementwise().
Result<ChainLayer> chain_layer(LayerId id, const model::TypedGraph& graph,
                               const std::optional<tensor::Shape>& seen = {});

/// Whether the layer treats every element by itself, whatever the shape: a cast between flatten and
/// dense is one on the stream before flatten.
bool is_elementwise(const model::Layer& layer);

inline constexpr std::size_t kMostParts = 64;

/// The distinct combinations of the layers' parts: per combination the part of every layer, and the
/// combination of every position (empty: one for all).
struct Combinations {
    std::vector<std::vector<std::uint32_t>> parts;
    std::vector<std::uint32_t> of_position;
};
Result<Combinations> combine_parts(const std::vector<ChainLayer>& chain, std::size_t positions);

/// What hardware a layer was asked to have.
struct LayerChoice {
    std::int64_t reuse = 1;
    WeightStore weights = WeightStore::kConstant;
    Multipliers multipliers = Multipliers::kLogic;
    [[nodiscard]] bool wants_head() const { return reuse > 1 || weights == WeightStore::kLoadable; }
};
LayerChoice choice_of(const MappingParams& mapping, const std::string& origin);

/// Whether the window reads exactly the position it computes, of as many positions.
bool is_trivial(const model::Window& window, const tensor::Shape& positions);

}  // namespace gatewright::arch
