// SPDX-License-Identifier: Apache-2.0
//
// Means without a type of their own. Training packages divide in floating point and round in the
// quantizer that follows; a mean over 9 positions has no exact binary value, so here the division
// itself must round. Where quantizers follow (through layers that only move or select elements:
// reshape, padding, relu, maxima ...) nothing is lost:
//   - one type for all of them, reached by reshapes only: the mean is rounded to it, once;
//   - else the mean is rounded to nearest on a grid so fine that no quantizer can tell. A sum on
//     the grid 2^-f over n is k / (n·2^f). Quantizers decide at multiples of 2^-(F+1), F their
//     fraction bits; if such a mean is not on that grid itself, it is at least 1 / (n·2^max(f,F+1))
//     away from it, so nearest on 2^-(max(f,F+1) + ceil(log2 n)) stays on its side, and a mean on
//     the grid stays there.
// Anything else that reads such a mean is a problem: the user must say its type.
#pragma once

#include <map>

#include "layers/pool.h"
#include "model/graph.h"

namespace gatewright::frontends {

/// What the final type of a mean depends on beside its quantizers.
struct OpenAverage {
    int integer_bits = 0;   ///< of the largest mean, without the sign
    int fraction = 0;       ///< grid of the sums
    int divisor_bits = 0;   ///< ceil(log2 of the taps)
    std::int64_t taps = 0;  ///< for messages
};

/// By index of the node.
using OpenAverages = std::map<std::size_t, OpenAverage>;

/// Leaves the layer as it is if its quotients are exact or it has a type (nullopt); else gives it a
/// type wide enough to go on with, for settle_averages() to replace.
std::optional<OpenAverage> open_average(layers::AveragePool& layer, const model::TensorType& input);

/// Final types of all averages left open, in the finished graph.
void settle_averages(model::Graph& graph, const OpenAverages& open, Problems& problems);

}  // namespace gatewright::frontends
