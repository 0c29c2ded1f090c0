// SPDX-License-Identifier: Apache-2.0
//
// Matrices as data: a dense layer's weights as codes of one format, with the exact ranges of its
// sums.
#pragma once

#include <span>

#include "arch/stages.h"
#include "layers/dense.h"
#include "layers/pool_taps.h"

namespace gatewright::arch {

/// One input of a head: what its stream says of the channel.
struct HeadInput {
    fixed::Format format;
    fixed::Interval range;  ///< on the format's grid
};

/// Head of a dense layer. Constant weights get the narrowest format that holds them all. Loadable
/// ones get a signed format with the fraction bits of the model's weights and as many bits as they,
/// or their quantizers (Dense::kernel_bits), have; their sums are those of all weights and biases
/// of the formats. An error if the weights are too far apart for 63 bits.
Result<LinearHead> dense_head(const layers::Dense& dense, std::span<const HeadInput> inputs,
                              WeightStore store);

/// Sums over taps, per channel: weights 1 (and 0).
LinearHead sum_head(const layers::AverageTaps& sum, std::span<const HeadInput> inputs);

/// Exact range of sum j on the grid of head.sums (for verify()): over these weights, or over all.
fixed::Interval sum_range(const LinearHead& head, std::span<const fixed::Interval> inputs,
                          std::size_t j, WeightStore store);

}  // namespace gatewright::arch
