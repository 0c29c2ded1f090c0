// SPDX-License-Identifier: Apache-2.0
//
// Plans of stages: what becomes a stage, and that no mapping changes a result.
#include "arch/stages.h"

#include <gtest/gtest.h>

#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/pool.h"
#include "layers/quantize.h"
#include "layers/registry.h"
#include "layers/relu.h"
#include "layers/reshape.h"
#include "support/examples.h"
#include "support/seed.h"
#include "unit/arch/staged_runs.h"

namespace gatewright::arch {
namespace {

using fixed::Dyadic;
using model::Graph;
using testing::expect_plan_is_model;
using testing::plan_error;
using testing::plan_of;

layers::Input input_of(tensor::Shape shape, const fixed::Format& format) {
    layers::Input input;
    input.shape = std::move(shape);
    input.type = {{.format = format}};
    return input;
}

layers::Quantize quantize_to(const fixed::Format& format) {
    layers::Quantize quantize;
    quantize.type = {
        {.format = format, .round = fixed::Round::kRnd, .overflow = fixed::Overflow::kSat}};
    return quantize;
}

model::Values random_kernel(Rng& rng, tensor::Shape shape) {
    model::Values kernel(std::move(shape));
    for (Dyadic& weight : kernel.data)
        weight = Dyadic(static_cast<int>(rng.between(-7, 7)), 0).shifted(-3);
    return kernel;
}

layers::Conv conv_of(Rng& rng, std::int64_t size, std::int64_t in, std::int64_t out) {
    layers::Conv conv;
    conv.kernel = random_kernel(rng, {size, size, in, out});
    for (std::int64_t j = 0; j < out; ++j) {
        conv.bias.push_back(Dyadic(static_cast<int>(rng.between(-9, 9)), 0).shifted(-4));
    }
    return conv;
}

layers::Dense dense_of(Rng& rng, std::int64_t in, std::int64_t out) {
    layers::Dense dense;
    dense.kernel = random_kernel(rng, {in, out});
    for (std::int64_t j = 0; j < out; ++j) {
        dense.bias.push_back(Dyadic(static_cast<int>(rng.between(-9, 9)), 0).shifted(-4));
    }
    return dense;
}

// 6x5x2 -> conv 3x3 same, relu, cast -> max pool 2x2 -> flatten -> dense, cast.
Graph small_cnn(Rng& rng) {
    Graph graph;
    graph.name = "cnn";
    LayerId last = graph.add("x", "", input_of({6, 5, 2}, {true, 5, 2}), {});
    layers::Conv conv = conv_of(rng, 3, 2, 3);
    conv.padding_before = {1, 1};
    conv.padding_after = {1, 1};
    last = graph.add("conv", "conv", std::move(conv), {last});
    last = graph.add("conv_relu", "conv", layers::Relu(), {last});
    last = graph.add("conv_cast", "conv", quantize_to({false, 6, 2}), {last});
    layers::MaxPool pool;
    pool.size = {2, 2};
    last = graph.add("pool", "pool", std::move(pool), {last});
    layers::Reshape flatten;
    flatten.shape = {18};
    last = graph.add("flatten", "flatten", std::move(flatten), {last});
    last = graph.add("dense", "dense", dense_of(rng, 18, 4), {last});
    last = graph.add("dense_cast", "dense", quantize_to({true, 8, 3}), {last});
    graph.add_output(last);
    return graph;
}

MappingParams mapping_of(Io io, std::int64_t reuse, WeightStore weights = WeightStore::kConstant,
                         Multipliers multipliers = Multipliers::kLogic) {
    MappingParams mapping;
    mapping.io = io;
    mapping.reuse = reuse;
    mapping.rounding = ReuseRounding::kNearest;
    mapping.weights = weights;
    mapping.multipliers = multipliers;
    return mapping;
}

TEST(Stages, EveryMappingOfASmallCnnIsTheModel) {
    Rng rng(testing::test_seed(11));
    const Graph graph = small_cnn(rng);
    for (const Io io : {Io::kParallel, Io::kStream}) {
        for (const std::int64_t reuse : {1, 2, 3, 6, 18, 54, 72}) {
            for (const WeightStore weights : {WeightStore::kConstant, WeightStore::kLoadable}) {
                SCOPED_TRACE(reuse);
                expect_plan_is_model(graph, {mapping_of(io, reuse, weights), {}, {}}, rng, 5);
            }
        }
    }
}

TEST(Stages, EveryExampleOfEveryLayerIsTheLayer) {
    Rng rng(testing::test_seed(13));
    for (const model::LayerDef& def : layers::all_layers()) {
        if (def.kind == "input") continue;
        int number = 0;
        for (const model::Example& example : def.examples(rng)) {
            SCOPED_TRACE(std::string(def.kind) + " example " + std::to_string(number++));
            const Graph graph = testing::one_layer_graph(example);
            for (const Io io : {Io::kParallel, Io::kStream}) {
                expect_plan_is_model(graph, {mapping_of(io, 1), {}, {}}, rng, 5);
            }
            const StageParams folded{mapping_of(Io::kStream, 4), {}, {}};
            if (plan_error(graph, folded).find("63 bits") != std::string::npos) continue;
            expect_plan_is_model(graph, folded, rng, 5);
        }
    }
}

TEST(Stages, ConvolutionWithItsActivationIsOneStage) {
    Rng rng(testing::test_seed(12));
    const StagedDesign design = plan_of(small_cnn(rng), {mapping_of(Io::kStream, 1), {}, {}});
    ASSERT_EQ(design.stages.size(), 3U);
    EXPECT_EQ(design.stages[0].name, "conv");
    EXPECT_EQ(design.stages[0].layers.size(), 3U);
    EXPECT_EQ(design.stages[1].name, "pool");
    EXPECT_EQ(design.stages[2].name, "dense");
    EXPECT_EQ(design.streams[0].words, 30U);
    EXPECT_EQ(design[design.stages[1].output].words, 6U);
    EXPECT_EQ(design[design.stages[2].output].words, 1U);
}

}  // namespace
}  // namespace gatewright::arch
