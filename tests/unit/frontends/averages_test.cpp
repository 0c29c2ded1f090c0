// SPDX-License-Identifier: Apache-2.0
//
// A mean that is rounded on the way must not be told apart from the exact one by any quantizer
// behind it: every sum of small windows is tried against exact arithmetic on rationals.
#include "frontends/averages.h"

#include <gtest/gtest.h>

#include "layers/dense.h"
#include "layers/input.h"
#include "layers/quantize.h"
#include "layers/relu.h"
#include "layers/reshape.h"

namespace gatewright::frontends {
namespace {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;

Cast cast(const char* text) {
    return fixed::parse_cast(text).value();
}

/// input [n, 1] of s4.1 -> mean -> (relu if wanted) -> quantizers.
struct Network {
    model::Graph graph;
    OpenAverages open;
    LayerId average;
};

Network make_network(std::int64_t n, const std::vector<Cast>& types, bool through_relu) {
    Network out;
    layers::Input input;
    input.shape = {n, 1};
    input.type = {cast("fixed<4,3>")};
    const LayerId x = out.graph.add("x", "x", input, {});
    layers::AveragePool pool;
    const auto open = open_average(pool, input.infer({}).value());
    out.average = out.graph.add("mean", "mean", pool, {x});
    if (open) out.open.emplace(out.average.index(), *open);
    LayerId behind = out.average;
    if (through_relu) behind = out.graph.add("relu", "relu", layers::Relu{}, {behind});
    layers::Reshape flat;
    flat.shape = {-1};
    behind = out.graph.add("flat", "flat", flat, {behind});
    for (const Cast& type : types) {
        layers::Quantize quantize;
        quantize.type = {type};
        out.graph.add_output(out.graph.add("q", "q", quantize, {behind}));
    }
    return out;
}

/// floor((numerator / denominator) · 2^fraction + shift / 2^1) for the modes tried here.
Dyadic quantized(std::int64_t numerator, std::int64_t denominator, const Cast& type) {
    const std::int64_t scale = std::int64_t{1} << static_cast<unsigned>(type.format.frac);
    std::int64_t top = numerator * scale * 2;
    if (type.round == fixed::Round::kRnd) top += denominator;
    const std::int64_t bottom = denominator * 2;
    std::int64_t code = top / bottom;
    if (code * bottom > top) --code;
    return {Integer(code), -type.format.frac};
}

void expect_exact(std::int64_t n, const std::vector<Cast>& types, bool through_relu) {
    Network network = make_network(n, types, through_relu);
    Problems problems;
    settle_averages(network.graph, network.open, problems);
    ASSERT_TRUE(problems.empty()) << problems.messages()[0];
    for (std::int64_t sum = -8 * n; sum <= 7 * n; ++sum) {
        model::Values x({n, 1});
        for (std::int64_t i = 0, rest = sum; i < n; ++i) {
            const std::int64_t code = std::clamp<std::int64_t>(rest, -8, 7);
            x[static_cast<std::size_t>(i)] = Dyadic(Integer(code), -1);
            rest -= code;
        }
        const auto values = evaluate_reference(network.graph, std::vector<model::Values>{x});
        const std::int64_t mean = through_relu ? std::max<std::int64_t>(sum, 0) : sum;
        for (std::size_t q = 0; q < types.size(); ++q) {
            EXPECT_EQ(values[network.graph.outputs()[q].index()][0],
                      quantized(mean, 2 * n, types[q]))
                << "sum " << sum << " of " << n << " to " << to_string(types[q]);
        }
    }
}

TEST(SettleAverages, NoQuantizerTellsARoundedMeanFromTheExactOne) {
    for (const std::int64_t n : {3, 5, 6, 7, 9, 11, 12}) {
        expect_exact(n, {cast("fixed<8,5>")}, false);
        expect_exact(n, {cast("fixed<8,5,RND,SAT>")}, true);
        expect_exact(n, {cast("fixed<8,5,RND,SAT>"), cast("fixed<6,5>"), cast("fixed<12,5,RND>")},
                     false);
    }
}

TEST(SettleAverages, OneTypeBehindReshapesIsTheMeansOwn) {
    Network network = make_network(9, {cast("fixed<8,5,RND,SAT>")}, false);
    Problems problems;
    settle_averages(network.graph, network.open, problems);
    const auto& pool =
        dynamic_cast<const layers::AveragePool&>(*network.graph[network.average].layer);
    EXPECT_EQ(pool.type, std::vector<Cast>{cast("fixed<8,5,RND,SAT>")});
}

TEST(SettleAverages, MeansOfPowersOfTwoStayExact) {
    EXPECT_TRUE(make_network(8, {cast("fixed<8,5>")}, false).open.empty());
    EXPECT_FALSE(make_network(12, {cast("fixed<8,5>")}, false).open.empty());
}

TEST(SettleAverages, ReadersThatNeedAnExactValueAreAProblem) {
    Network network = make_network(9, {cast("fixed<8,5>")}, false);
    layers::Dense dense;
    dense.kernel = model::Values({1, 1});
    dense.kernel[0] = 1;
    network.graph.add("fc", "fc", dense, {network.average});
    Problems problems;
    settle_averages(network.graph, network.open, problems);
    ASSERT_EQ(problems.messages().size(), 1U);
    for (const char* part : {"'mean'", "9 positions", "'fc' (dense)", "[precision.layers.mean]"}) {
        EXPECT_NE(problems.messages()[0].find(part), std::string::npos) << problems.messages()[0];
    }
}

}  // namespace
}  // namespace gatewright::frontends
