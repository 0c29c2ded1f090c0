// SPDX-License-Identifier: Apache-2.0
//
// What a user may ask of the hardware plan beside its function: how events enter, how often
// multipliers are used per event, whether weights can be written at run time. A mapping never
// changes a result.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace gatewright::arch {

enum class Io : std::uint8_t {
    kParallel,  ///< one word holds a whole event
    kStream,    ///< one word holds one position (pixel, tick, particle) with all its channels
};

enum class WeightStore : std::uint8_t {
    kConstant,  ///< adder graphs where reuse is 1, read-only memories where it is more
    kLoadable,  ///< written at run time, in two banks
};

enum class Multipliers : std::uint8_t {
    kLogic,  ///< products in LUTs
    kDsp,    ///< products in DSP blocks, two small ones in one where that is exact
};

/// A reuse factor that the layer's weights cannot be divided by.
enum class ReuseRounding : std::uint8_t {
    kRefuse,   ///< an error that names the nearest legal factors
    kNearest,  ///< the nearest legal factor, with a warning
};

/// What may be said per layer; unset: as the whole design.
struct LayerMapping {
    std::optional<std::int64_t> reuse = {};
    std::optional<WeightStore> weights = {};
    std::optional<Multipliers> multipliers = {};
    friend bool operator==(const LayerMapping&, const LayerMapping&) = default;
};

struct MappingParams {
    Io io = Io::kParallel;
    /// Clock cycles in which one position's products are computed, by as many times fewer
    /// multipliers. 1: every product has its own hardware.
    std::int64_t reuse = 1;
    ReuseRounding rounding = ReuseRounding::kRefuse;
    WeightStore weights = WeightStore::kConstant;
    Multipliers multipliers = Multipliers::kLogic;
    std::map<std::string, LayerMapping> layers = {};  ///< by the layer's name (GraphNode::origin)
    friend bool operator==(const MappingParams&, const MappingParams&) = default;
};

/// Whether these ask for stages (stages.h). If not, the whole network is one unrolled function
/// (design.h): one event per clock cycle.
bool needs_stages(const MappingParams& params);

}  // namespace gatewright::arch
