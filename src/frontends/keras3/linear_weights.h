// SPDX-License-Identifier: Apache-2.0
//
// What dense, convolution and normalization layers share: weights through the quantizers of the
// file (HGQ2) or cast to the user's types (plain layers), the order of the variables, and what
// follows the sums.
#pragma once

#include <vector>

#include "frontends/keras3/batch_norm.h"
#include "frontends/keras3/quantizer.h"
#include "frontends/keras3/translate.h"

namespace gatewright::frontends::keras3 {

/// A linear layer's numbers: quantized, as trained, and the bits of their quantizers.
struct Weights {
    model::Values kernel;
    model::Values bias;  ///< empty data: none
    model::Values real_kernel;
    model::Values real_bias;
    std::vector<std::int64_t> kernel_bits;
    std::vector<std::int64_t> bias_bits;
};

/// A layer of HGQ2.
bool is_quantized(const Call& call);
/// Numbers without a normalization.
Folded unfolded(const FloatTensor& kernel, const FloatTensor& bias);
/// Through kq_conf and bq_conf of the file.
Result<Weights> quantize_folded(Call& call, Folded folded);
/// Types of a plain layer from --precision. Without any, weights that lie on a fixed-point grid of
/// up to 16 bits (a plain layer between quantizers) are taken as they are; others are an error.
Result<Weights> cast_plain(Call& call, const Folded& folded);

/// The variables of a linear layer in file order; `gamma` names the scale of a folded
/// normalization, nullptr: none.
Result<VariableOrder> linear_order(const Call& call, bool has_bias, const char* gamma);
/// The bias, of shape [0] where there is none.
Result<FloatTensor> read_bias(const Call& call, const VariableOrder& order);

/// Types, activation and output quantizer behind a linear layer.
Result<Wire> finish(Call& call, Wire y);

}  // namespace gatewright::frontends::keras3
