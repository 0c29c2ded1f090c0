// SPDX-License-Identifier: Apache-2.0
//
// QKeras quantizers as a model file writes them: text "quantized_bits(6,1,alpha=1)" with Python's
// positional arguments, or an object {"class_name": ..., "config": {...}}. Both become one
// QuantizerSpec with every argument under its name. Source: google/qkeras qkeras/quantizers.py,
// qkeras/safe_eval.py (constructor signatures and the text's grammar).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fixed/dyadic.h"
#include "fixed/format.h"
#include "support/json.h"
#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::frontends::keras2 {

/// QKeras' `alpha`: the scale that multiplies the quantized value.
struct Alpha {
    enum class Kind { kNone, kNumbers, kAuto, kAutoPo2 };
    Kind kind = Kind::kNone;
    std::vector<float> numbers;  ///< one, or one per output channel
};

struct QuantizerSpec {
    std::string name;  ///< "quantized_bits"
    std::int64_t bits = 8;
    std::int64_t integer = 0;  ///< integer bits without the sign
    bool symmetric = false;
    bool keep_negative = true;
    Alpha alpha;
    double negative_slope = 0;
    bool use_sigmoid = false;
    std::optional<double> relu_upper_bound;
    bool is_quantized_clip = true;
    bool use_real = false;  ///< use_real_tanh, use_real_sigmoid
    bool use_01 = false;
    std::optional<double> threshold;
    std::int64_t unrolls = 5;
    std::optional<double> max_value;
    bool quadratic = false;
    bool floor_log2 = false;
};

/// Who uses the quantizer: QKeras replaces a missing alpha of *kernels* by auto_po2.
enum class Role { kActivation, kKernel, kBias };

/// True if the text or object names a QKeras quantizer (rather than a Keras activation).
bool is_quantizer(const Json& json);

/// Reads and checks a quantizer. Errors say what is wrong and what could be used instead.
Result<QuantizerSpec> read_quantizer(const Json& json, Role role);

/// The fixed-point type of quantized_bits, quantized_linear and quantized_relu without slope.
fixed::Cast cast_of(const QuantizerSpec& spec);

/// Bits of the code without its sign, for effective bit operations.
std::int64_t magnitude_bits(const QuantizerSpec& spec);

/// The weights as QKeras uses them at inference, computed with its own float32 formulas. `values`
/// are the stored weights; scales run along the last axis.
Result<tensor::Tensor<float>> quantize_weights(const QuantizerSpec& spec,
                                               const tensor::Tensor<double>& values);

}  // namespace gatewright::frontends::keras2
