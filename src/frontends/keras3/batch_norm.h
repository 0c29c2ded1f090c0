// SPDX-License-Identifier: Apache-2.0
//
// Folding batch normalization into weights, in the float32 operations (and their order) of the
// training packages, because the folded weight is quantized next and its last bit can decide the
// rounding. The same fold in double serves the floating-point network.
//
// Two traps: QEinsumDenseBatchnorm ignores its configured epsilon and takes Keras' global 1e-7; and
// QBatchNormDense normalizes its inputs, so the kernel's rows are scaled and mean·kernel goes to
// the bias.
#pragma once

#include <optional>
#include <vector>

#include "frontends/keras3/model_file.h"

namespace gatewright::frontends::keras3 {

inline constexpr double kKerasEpsilon = 1e-7;

struct Statistics {
    std::vector<float> mean;
    std::vector<float> variance;
    std::vector<float> gamma;  ///< empty: 1
};

/// Weights and biases as they enter the quantizers, and exactly folded.
struct Folded {
    FloatTensor kernel;
    FloatTensor bias;
    std::vector<double> real_kernel;
    std::vector<double> real_bias;
    /// Uncertainty of each bias where the package sums in an order of its own; empty: none.
    std::vector<double> bias_error;
};

/// gamma / sqrt(variance + epsilon), per channel.
std::vector<float> channel_scale(const Statistics& statistics, double epsilon);
std::vector<double> real_channel_scale(const Statistics& statistics, double epsilon);

/// Output normalization. `channel[i]` is the channel of kernel element i; biases are one per
/// channel.
Folded fold_output(const FloatTensor& kernel, const FloatTensor& bias, const Statistics& statistics,
                   const std::vector<std::size_t>& channel);

/// Input normalization of a dense kernel [inputs, outputs].
Folded fold_input(const FloatTensor& kernel, const FloatTensor& bias, const Statistics& statistics,
                  double epsilon);

}  // namespace gatewright::frontends::keras3
