// SPDX-License-Identifier: Apache-2.0
//
// A random dense network of the shape trigger networks have: inputs, then per layer dense, relu
// (not on the last) and a cast to a narrow type, weights sparse and of few bits. For tests and
// benchmarks that want a whole design without a model file.
#pragma once

#include <vector>

#include "model/graph.h"

namespace gatewright::testing {

struct RandomNetworkParams {
    std::vector<std::int64_t> sizes{16, 64, 32, 32, 5};  ///< inputs first
    double kept = 0.5;                                   ///< share of weights that are not zero
    int weight_bits = 6;                                 ///< magnitudes below 2^weight_bits
    int activation_bits = 7;
};

model::Graph random_network(Rng& rng, const RandomNetworkParams& params = {});

}  // namespace gatewright::testing
