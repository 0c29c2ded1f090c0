// SPDX-License-Identifier: Apache-2.0
//
// Weights as exact numbers, in one of three ways: frozen as a QKeras quantizer gives them, cast to
// the type the user gave, or as stored (for the float model). And batch normalization as the two
// numbers per channel that it is at inference, in the arithmetic Keras uses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontends/keras2/translator.h"

namespace gatewright::frontends::keras2 {

using FloatWeights = tensor::Tensor<double>;

/// Weights as exact numbers (row-major), and the bits of each one's type without the sign.
struct Frozen {
    std::vector<fixed::Dyadic> values;
    std::int64_t bits = 0;

    /// For EBOPs: one number per weight; empty if not known.
    [[nodiscard]] std::vector<std::int64_t> bits_of_each() const {
        return std::vector<std::int64_t>(bits > 0 ? values.size() : 0, bits);
    }
};

/// How one tensor of a layer is quantized: the key of its quantizer in the configuration ("" for
/// layers that have none), and the type that holds if there is none.
struct FreezeRule {
    const char* quantizer_key = "";
    Role role = Role::kKernel;
    std::optional<fixed::Cast> type;
};

std::vector<fixed::Dyadic> exactly(const FloatWeights& values);
std::optional<Frozen> freeze(Context& context, const LayerSpec& layer, const FloatWeights& stored,
                             const FreezeRule& rule);

bool uses_bias(const LayerSpec& layer);
/// The layer's activation; null if it has none.
Json activation_of(const LayerSpec& layer);
/// Accumulator and result type behind a sum.
std::optional<LayerId> cast_sum(Context& context, const LayerSpec& layer,
                                const LayerPrecision& types, std::optional<LayerId> id);

/// Batch normalization at inference: y = x·scale + offset = (x - mean)·scale + beta, all float32.
struct Normalization {
    FloatWeights scale;
    FloatWeights offset;
    FloatWeights mean;
    FloatWeights beta;
};
std::optional<Normalization> normalization_of(Context& context, const LayerSpec& layer);

/// Kernel and bias with the normalization folded in, before they are quantized, in float32 and in
/// QKeras' order. Channels run along the kernel's last numbers (row-major), `bias` may be empty.
struct FoldedWeights {
    FloatWeights kernel;
    FloatWeights bias;
};
std::optional<FoldedWeights> fold_normalization(Context& context, const LayerSpec& layer,
                                                const FloatWeights& kernel,
                                                const std::optional<FloatWeights>& bias);

}  // namespace gatewright::frontends::keras2
