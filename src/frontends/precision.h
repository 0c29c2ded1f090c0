// SPDX-License-Identifier: Apache-2.0
//
// Types for models that carry none: what --precision and the [precision] table of a TOML file say.
// A layer's dot products are exact; their sum is then cast to `accumulator` (if given) and to
// `result`. (hls4ml casts every single product to its accumulator type; that is another function,
// read from hls4ml projects, not from Keras files.)
#pragma once

#include <map>
#include <optional>
#include <string>

#include "fixed/format.h"

namespace gatewright::frontends {

struct LayerPrecision {
    std::optional<fixed::Cast> weight;
    std::optional<fixed::Cast> bias;
    std::optional<fixed::Cast> accumulator;
    std::optional<fixed::Cast> result;
};

struct Precision {
    std::optional<fixed::Cast> everywhere;  ///< --precision: weights, biases and results
    std::map<std::string, LayerPrecision>
        layers;  ///< by the user's layer name; "input" for the ports

    /// What holds for a layer: its own table over `everywhere`.
    [[nodiscard]] LayerPrecision of(const std::string& layer) const {
        LayerPrecision out{everywhere, everywhere, std::nullopt, everywhere};
        const auto found = layers.find(layer);
        if (found == layers.end()) return out;
        const LayerPrecision& own = found->second;
        if (own.weight) out.weight = own.weight;
        if (own.bias) out.bias = own.bias;
        if (own.accumulator) out.accumulator = own.accumulator;
        if (own.result) out.result = own.result;
        return out;
    }
};

}  // namespace gatewright::frontends
