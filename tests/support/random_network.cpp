// SPDX-License-Identifier: Apache-2.0
#include "support/random_network.h"

#include <fmt/format.h>

#include "layers/dense.h"
#include "layers/input.h"
#include "layers/quantize.h"
#include "layers/relu.h"

namespace gatewright::testing {
namespace {

layers::Dense random_dense(Rng& rng, std::int64_t inputs, std::int64_t outputs,
                           const RandomNetworkParams& params) {
    layers::Dense dense;
    dense.kernel = model::Values({inputs, outputs});
    const std::int64_t limit = (std::int64_t{1} << params.weight_bits) - 1;
    for (fixed::Dyadic& weight : dense.kernel.data) {
        if (rng.chance(params.kept))
            weight = fixed::Dyadic(rng.between(-limit, limit), -params.weight_bits);
    }
    for (std::int64_t j = 0; j < outputs; ++j) {
        dense.bias.push_back(fixed::Dyadic(rng.between(-limit, limit), -params.weight_bits));
    }
    return dense;
}

}  // namespace

model::Graph random_network(Rng& rng, const RandomNetworkParams& params) {
    model::Graph graph;
    graph.name = "network";
    layers::Input input;
    input.shape = {params.sizes[0]};
    input.type = {{.format = {true, params.activation_bits, params.activation_bits - 3}}};
    LayerId last = graph.add("x", "", std::move(input), {});
    for (std::size_t i = 1; i < params.sizes.size(); ++i) {
        const std::string name = fmt::format("dense_{}", i);
        const bool is_last = i + 1 == params.sizes.size();
        last = graph.add(name, name,
                         random_dense(rng, params.sizes[i - 1], params.sizes[i], params), {last});
        if (!is_last) last = graph.add(name + "_relu", name, layers::Relu(), {last});
        layers::Quantize quantize;
        quantize.type = {{.format = {is_last, params.activation_bits, params.activation_bits - 4},
                          .round = fixed::Round::kRnd,
                          .overflow = fixed::Overflow::kSat}};
        last = graph.add(name + "_cast", name, std::move(quantize), {last});
    }
    graph.add_output(last);
    return graph;
}

}  // namespace gatewright::testing
