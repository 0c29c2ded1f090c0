// SPDX-License-Identifier: Apache-2.0
//
// Distributions against formats: where the magnitudes of a layer's weights, or of its outputs over
// given events, lie between the lowest bit and the largest value their type can hold. A box that
// touches the top means overflow is near; a box far below it means wasted bits; one near the lowest
// bit means lost precision. Zeros have no logarithm: they are counted apart, and the quantiles are
// those of the others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arch/design.h"
#include "model/graph.h"
#include "support/json.h"

namespace gatewright::report {

/// Quantiles of |value| over the non-zero values; all 0 if there is none.
struct Box {
    std::string layer;
    std::string what;  ///< "kernel", "bias", "output" ...
    double min = 0;
    double p5 = 0;
    double p25 = 0;
    double median = 0;
    double p75 = 0;
    double p95 = 0;
    double max = 0;
    double zero_fraction = 0;
    std::size_t count = 0;  ///< values, zeros included
    double lsb = 0;         ///< smallest step of the type (of any element's type)
    double limit = 0;       ///< largest magnitude the type holds
};

/// Fills the quantiles; the q-quantile of n sorted values is interpolated at position q·(n-1).
Box box_of(std::string layer, std::string what, std::vector<double> values);

/// One box per tensor of numbers of every layer, found through the layer's own fields. A weight's
/// type is the narrowest that holds them all exactly.
std::vector<Box> weight_boxes(const model::Graph& graph);

struct ActivationParams {
    std::size_t max_events = 500;  ///< the first so many events are looked at
};

/// One box per kernel over all its outputs, on codes of the design's inputs (event-major, as
/// emulate::to_codes gives them). Exact evaluation, about 1 µs per operation and event.
std::vector<Box> activation_boxes(const arch::Design& design, std::span<const std::int64_t> codes,
                                  const ActivationParams& params = {});

/// An entry of weights_boxes and activation_boxes in report.json.
Json to_json(const Box& box);
Json to_json(std::span<const Box> boxes);

}  // namespace gatewright::report
