// SPDX-License-Identifier: Apache-2.0
//
// HGQ2's fixed-point quantizers (kbi: sign, bits, integer bits; kif: sign, integer, fraction bits).
// Widths are trained real numbers, rounded half to even; f = b - i. A width k+i+f <= 0 means the
// constant 0. WRAP wraps at inference, except in weight quantizers that are trainable, which only
// round.
//
// Data quantizers become fixed::Cast, one per element. Weights are quantized here in the float32
// arithmetic of the training package, operation by operation, because a weight is an arbitrary
// float32 and its last bit can decide a rounding.
#pragma once

#include <optional>
#include <vector>

#include "fixed/format.h"
#include "frontends/keras3/model_file.h"
#include "model/layer.h"

namespace gatewright::frontends::keras3 {

struct Quantizer {
    bool is_identity = false;  ///< HGQ2's "dummy"
    tensor::Shape
        shape;  ///< of the widths; broadcasts to the quantized tensor, batch axis included
    std::vector<int> sign;
    std::vector<int> integer;
    std::vector<int> fraction;
    fixed::Round round = fixed::Round::kRnd;
    fixed::Overflow overflow = fixed::Overflow::kWrap;
    bool only_rounds = false;  ///< a weight quantizer in WRAP mode
    float scaler = 1;          ///< divides before, multiplies after
    float affine_scale = 1;    ///< applied last
    float affine_shift = 0;
};

/// From its configuration (QuantizerConfig, HardTanhConfig ...) and its variables. The error lists
/// every attribute that cannot be honoured.
Result<Quantizer> read_quantizer(const Json& config, const VariableGroup& variables);

/// One cast per element of a tensor of `shape` (no batch axis); one in all if they are alike.
Result<std::vector<fixed::Cast>> data_casts(const Quantizer& quantizer, const tensor::Shape& shape);

/// What the training package makes of a weight tensor at inference.
Result<FloatTensor> quantize_weights(const Quantizer& quantizer, const FloatTensor& weights);

/// Weights as trained, before rounding: cut where the quantizer saturates, 0 where it has no bits.
/// (A saturated weight gets no gradient and drifts, so its raw value is not part of the network.)
Status limit_weights(const Quantizer& quantizer, const tensor::Shape& shape,
                     std::vector<double>& weights);

/// Bits per element as HGQ2 counts them for EBOPs: without the sign, except under SAT.
Result<std::vector<std::int64_t>> ebops_bits(const Quantizer& quantizer,
                                             const tensor::Shape& shape);

/// Exact values of finite floats.
model::Values to_values(const FloatTensor& tensor);

}  // namespace gatewright::frontends::keras3
