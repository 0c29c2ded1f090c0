// SPDX-License-Identifier: Apache-2.0
//
// Plans of stages: what becomes a stage, and that no mapping changes a result.
#include "arch/stages.h"

#include <gtest/gtest.h>

#include <functional>

#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/pool.h"
#include "layers/quantize.h"
#include "layers/rearrange.h"
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

layers::Reshape flatten_of(std::int64_t channels) {
    layers::Reshape reshape;
    reshape.shape = {8 / channels, channels};
    return reshape;
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

// What each kind of reading costs in stages.
TEST(Stages, FlattenedStreamIsReadAsAWindowOverAllWords) {
    Rng rng(testing::test_seed(14));
    const StagedDesign design = plan_of(small_cnn(rng), {mapping_of(Io::kStream, 18), {}, {}});
    const Stage& dense = design.stages.back();
    const auto& work = std::get<Compute>(dense.work);
    ASSERT_TRUE(work.parts[0].head);
    EXPECT_EQ(dense.inputs[0].window.size, (tensor::Shape{6}));
    EXPECT_EQ(work.folding.slices, 18);
    EXPECT_EQ(work.folding.order, Folding::Order::kByInput);  // three steps per word
    const StagedDesign coarse = plan_of(small_cnn(rng), {mapping_of(Io::kStream, 9), {}, {}});
    const auto& held = std::get<Compute>(coarse.stages.back().work);
    EXPECT_EQ(held.folding.order, Folding::Order::kByOutput);  // 9 steps do not divide 6 words
}

TEST(Stages, ParallelEventsAreCutIntoWordsAndGathered) {
    Rng rng(testing::test_seed(15));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({4, 4, 1}, {true, 5, 2}), {});
    last = graph.add("conv", "conv", conv_of(rng, 3, 1, 2), {last});
    graph.add_output(last);
    const StagedDesign design = plan_of(graph, {mapping_of(Io::kParallel, 2), {}, {}});
    ASSERT_EQ(design.stages.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<Rearrange>(design.stages[0].work));
    EXPECT_EQ(design.stages[1].name, "conv");
    EXPECT_TRUE(std::holds_alternative<Rearrange>(design.stages[2].work));
    EXPECT_EQ(design.streams[0].words, 1U);
    EXPECT_EQ(design[design.results[0]].words, 1U);
    EXPECT_EQ(design[design.results[0]].channels(), 8U);
}

TEST(Stages, ChannelsKeepTheirOwnFormats) {
    Graph graph;
    LayerId last = graph.add("x", "", input_of({3, 2}, {true, 8, 4}), {});
    layers::Quantize quantize;
    for (int p = 0; p < 3; ++p) {
        quantize.type.push_back({.format = {false, 3, 1}, .overflow = fixed::Overflow::kSat});
        quantize.type.push_back({.format = {true, 6, 3 - p}, .overflow = fixed::Overflow::kSat});
    }
    last = graph.add("q", "q", std::move(quantize), {last});
    graph.add_output(last);
    const StagedDesign design = plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}});
    const Stream& out = design[design.results[0]];
    EXPECT_EQ(out.formats[0], (fixed::Format{false, 3, 1}));
    // s6.3, s6.2 and s6.1 of an input in [-8, 7.9375]: the hull has 3 fraction bits.
    EXPECT_EQ(out.formats[1], (fixed::Format{true, 7, 3}));
    EXPECT_EQ(std::get<Compute>(design.stages[0].work).parts.size(), 3U);
}

TEST(Stages, BranchesMeetInAStageOfTwoInputs) {
    Rng rng(testing::test_seed(16));
    Graph graph;
    const LayerId x = graph.add("x", "", input_of({5, 5, 2}, {true, 5, 2}), {});
    layers::Conv conv = conv_of(rng, 3, 2, 2);
    conv.padding_before = {1, 1};
    conv.padding_after = {1, 1};
    const LayerId y = graph.add("conv", "conv", std::move(conv), {x});
    graph.add_output(graph.add("skip", "skip", layers::Add(), {x, y}));
    const StagedDesign design = plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}});
    ASSERT_EQ(design.stages.size(), 2U);
    ASSERT_EQ(design.stages[1].inputs.size(), 2U);
    EXPECT_EQ(design.streams[0].readers.size(), 2U);
    for (const std::int64_t reuse : {1, 6}) {
        expect_plan_is_model(graph, {mapping_of(Io::kStream, reuse), {}, {}}, rng);
    }
}

TEST(Stages, PaddingAndCroppingBeforeAWindowArePartOfIt) {
    Rng rng(testing::test_seed(24));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({6, 6, 2}, {true, 5, 2}), {});
    layers::Crop crop;
    crop.before = {1, 0};
    crop.after = {0, 1};
    last = graph.add("crop", "crop", std::move(crop), {last});
    layers::ZeroPad pad;
    pad.before = {1, 1};
    pad.after = {1, 0};
    last = graph.add("pad", "pad", std::move(pad), {last});
    last = graph.add("conv", "conv", conv_of(rng, 3, 2, 2), {last});
    graph.add_output(last);
    const MappingParams mapping = mapping_of(Io::kStream, 1);
    // Cropped and then padded: a zero where the stream has a word, so there is a stage for it.
    EXPECT_EQ(plan_of(graph, {mapping, {}, {}}).stages.size(), 2U);
    expect_plan_is_model(graph, {mapping, {}, {}}, rng);
    graph[LayerId(1)].layer = std::make_unique<layers::Relu>();
    const StagedDesign design = plan_of(graph, {mapping, {}, {}});
    ASSERT_EQ(design.stages.size(), 2U);  // relu, conv
    EXPECT_EQ(design.stages[1].inputs[0].window.before, (tensor::Shape{1, 1}));
    expect_plan_is_model(graph, {mapping, {}, {}}, rng);
}

TEST(Stages, MorePaddingThanTapsIsWrittenOut) {
    Rng rng(testing::test_seed(25));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({4, 4, 1}, {true, 5, 2}), {});
    layers::Conv conv = conv_of(rng, 2, 1, 2);
    conv.padding_before = {2, 3};
    conv.padding_after = {1, 2};
    graph.add_output(graph.add("conv", "conv", std::move(conv), {last}));
    const StagedDesign design = plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}});
    ASSERT_EQ(design.stages.size(), 2U);
    EXPECT_EQ(design.stages[0].name, "conv_pad");
    EXPECT_EQ(design.streams[1].words, 7U * 9U);
    expect_plan_is_model(graph, {mapping_of(Io::kStream, 1), {}, {}}, rng);
}

TEST(Stages, CastBetweenFlattenAndDenseIsOnTheStreamBefore) {
    Rng rng(testing::test_seed(26));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({4, 2}, {true, 6, 3}), {});
    last = graph.add("relu", "relu", layers::Relu(), {last});
    layers::Reshape flatten;
    flatten.shape = {8};
    last = graph.add("flatten", "flatten", std::move(flatten), {last});
    layers::Quantize quantize;
    for (int i = 0; i < 8; ++i) quantize.type.push_back({.format = {false, 2 + i % 4, 1}});
    last = graph.add("cast", "cast", std::move(quantize), {last});
    graph.add_output(graph.add("dense", "dense", dense_of(rng, 8, 3), {last}));
    for (const bool with_relu : {true, false}) {
        if (!with_relu) graph[LayerId(1)].layer = std::make_unique<layers::Reshape>(flatten_of(2));
        const StagedDesign design = plan_of(graph, {mapping_of(Io::kStream, 4), {}, {}});
        ASSERT_EQ(design.stages.size(), 2U);
        EXPECT_EQ(design[design.stages[0].output].words, 4U);
        EXPECT_EQ(std::get<Compute>(design.stages[0].work).parts.size(), 2U);  // types by turns
        EXPECT_EQ(std::get<Compute>(design.stages[1].work).folding.order, Folding::Order::kByInput);
        expect_plan_is_model(graph, {mapping_of(Io::kStream, 4), {}, {}}, rng);
    }
}

TEST(Stages, CastBehindMaxPoolIsMadeBeforeItIfItKeepsTheOrder) {
    Rng rng(testing::test_seed(27));
    for (const auto overflow : {fixed::Overflow::kSat, fixed::Overflow::kWrap}) {
        Graph graph;
        LayerId last = graph.add("x", "", input_of({6, 6, 1}, {true, 5, 2}), {});
        last = graph.add("conv", "conv", conv_of(rng, 3, 1, 2), {last});
        layers::MaxPool pool;
        pool.size = {2, 2};
        last = graph.add("pool", "pool", std::move(pool), {last});
        layers::Quantize quantize;
        quantize.type = {{.format = {true, 4, 1}, .overflow = overflow}};
        graph.add_output(graph.add("cast", "cast", std::move(quantize), {last}));
        const StagedDesign design = plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}});
        ASSERT_EQ(design.stages.size(), 2U);
        const bool before = overflow == fixed::Overflow::kSat;
        EXPECT_EQ(design[design.stages[0].output].width() == 8, before);
        expect_plan_is_model(graph, {mapping_of(Io::kStream, 1), {}, {}}, rng, 20);
        expect_plan_is_model(graph, {mapping_of(Io::kStream, 6), {}, {}}, rng, 20);
    }
}

TEST(Stages, CastsThatChangeNothingAreNoStage) {
    Graph graph;
    LayerId last = graph.add("x", "", input_of({4, 2}, {true, 5, 2}), {});
    last = graph.add("q", "q", quantize_to({true, 9, 4}), {last});
    const LayerId relu = graph.add("relu", "relu", layers::Relu(), {last});
    graph.add_output(relu);
    EXPECT_EQ(plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}}).stages.size(), 1U);
    graph.set_outputs({last});  // an output is never the input itself
    EXPECT_EQ(plan_of(graph, {mapping_of(Io::kStream, 1), {}, {}}).stages.size(), 1U);
}

TEST(Stages, ReuseIsSaidPerLayer) {
    Rng rng(testing::test_seed(17));
    const Graph graph = small_cnn(rng);
    MappingParams mapping = mapping_of(Io::kStream, 1);
    mapping.rounding = ReuseRounding::kRefuse;
    mapping.layers["dense"].reuse = 18;
    const StagedDesign design = plan_of(graph, {mapping, {}, {}});
    EXPECT_FALSE(std::get<Compute>(design.stages[0].work).parts[0].head);
    EXPECT_TRUE(std::get<Compute>(design.stages[2].work).parts[0].head);
    expect_plan_is_model(graph, {mapping, {}, {}}, rng);
    mapping.reuse = 18;
    mapping.layers["dense"].reuse = 1;
    const StagedDesign other = plan_of(graph, {mapping, {}, {}});
    EXPECT_TRUE(std::get<Compute>(other.stages[0].work).parts[0].head);
    EXPECT_FALSE(std::get<Compute>(other.stages[2].work).parts[0].head);
}

TEST(Stages, OnlyMappingsThatAskForThemNeedStages) {
    EXPECT_FALSE(needs_stages({}));
    EXPECT_TRUE(needs_stages(mapping_of(Io::kStream, 1)));
    EXPECT_TRUE(needs_stages(mapping_of(Io::kParallel, 2)));
    EXPECT_TRUE(needs_stages(mapping_of(Io::kParallel, 1, WeightStore::kLoadable)));
    MappingParams mapping;
    mapping.layers["a"].reuse = 1;
    EXPECT_FALSE(needs_stages(mapping));
    mapping.layers["a"].weights = WeightStore::kLoadable;
    EXPECT_TRUE(needs_stages(mapping));
}

TEST(StageErrors, AllLayersWithAnIllegalReuseFactorAreNamed) {
    Rng rng(testing::test_seed(18));
    MappingParams mapping = mapping_of(Io::kStream, 5);
    mapping.rounding = ReuseRounding::kRefuse;
    const std::string error = plan_error(small_cnn(rng), {mapping, {}, {}});
    EXPECT_NE(error.find("layer 'conv': reuse factor 5 does not divide its 18 x 3 = 54 products; "
                         "the nearest that do: 3 and 6"),
              std::string::npos)
        << error;
    EXPECT_NE(error.find("layer 'dense': reuse factor 5"), std::string::npos) << error;
}

TEST(StageErrors, RoundedFactorsAreWarnedOf) {
    Rng rng(testing::test_seed(19));
    const auto typed = model::infer_types(small_cnn(rng));
    std::vector<std::string> warnings;
    const auto design = plan_stages(*typed, {mapping_of(Io::kStream, 5), {}, {}}, warnings);
    ASSERT_TRUE(design);
    EXPECT_EQ(warnings, (std::vector<std::string>{"layer 'conv': reuse factor 5 rounded to 6",
                                                  "layer 'dense': reuse factor 5 rounded to 4"}));
}

TEST(StageErrors, UnknownLayerNamesAreRefusedWithTheKnownOnes) {
    Rng rng(testing::test_seed(20));
    MappingParams mapping = mapping_of(Io::kStream, 1);
    mapping.layers["convv"].reuse = 2;
    EXPECT_EQ(plan_error(small_cnn(rng), {mapping, {}, {}}),
              "the mapping names layer 'convv', but the model has only: x, conv, pool, flatten, "
              "dense");
}

TEST(StageErrors, ReuseOfALayerWithoutAMatrixIsRefused) {
    Rng rng(testing::test_seed(20));
    MappingParams mapping = mapping_of(Io::kStream, 1);
    mapping.layers["pool"].reuse = 2;
    const std::string error = plan_error(small_cnn(rng), {mapping, {}, {}});
    EXPECT_NE(error.find("layer 'pool': has no matrix"), std::string::npos) << error;
}

TEST(StageErrors, ATypePerPixelOfALargeImageIsRefusedByName) {
    Rng rng(testing::test_seed(21));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({100, 1}, {true, 8, 0}), {});
    layers::Quantize quantize;
    for (int p = 0; p < 100; ++p) quantize.type.push_back({.format = {true, 2 + p, p}});
    last = graph.add("per_pixel", "per_pixel", std::move(quantize), {last});
    graph.add_output(last);
    const std::string error = plan_error(graph, {mapping_of(Io::kStream, 1), {}, {}});
    EXPECT_NE(error.find("layer 'per_pixel'"), std::string::npos) << error;
    EXPECT_NE(error.find("more than 64 different functions"), std::string::npos) << error;
}

// The checker on plans with one thing wrong each.
TEST(StageVerify, EveryKindOfMistakeIsSeen) {
    Rng rng(testing::test_seed(22));
    const StagedDesign right = plan_of(small_cnn(rng), {mapping_of(Io::kParallel, 6), {}, {}});
    ASSERT_TRUE(verify(right));
    const auto first_head = [](StagedDesign& design) -> Compute& {
        for (Stage& stage : design.stages) {
            auto* work = std::get_if<Compute>(&stage.work);
            if (work != nullptr && work->parts[0].head) return *work;
        }
        return std::get<Compute>(design.stages[0].work);
    };
    using Change = std::function<void(StagedDesign&)>;
    const std::vector<std::pair<std::string, Change>> changes = {
        {"stream range too narrow", [](auto& d) { d.streams[2].ranges[0].hi = 0; }},
        {"stream format too narrow", [](auto& d) { d.streams[1].formats[0].width -= 1; }},
        {"words", [](auto& d) { d.streams[1].words += 1; }},
        {"reader", [](auto& d) { d.streams[1].readers.clear(); }},
        {"producer", [](auto& d) { d.streams[1].producer = StageId(2); }},
        {"order of stages", [](auto& d) { std::swap(d.stages[0], d.stages[1]); }},
        {"window", [](auto& d) { d.stages[1].inputs[0].window.extent[0] += 1; }},
        {"rearranged element",
         [](auto& d) { std::get<Rearrange>(d.stages[0].work).from[0] = 1000; }},
        {"part number", [&](auto& d) { first_head(d).part_of.assign(30, 1); }},
        {"weight code", [&](auto& d) { first_head(d).parts[0].head->weights[0] = 1000; }},
        {"sum range", [&](auto& d) { first_head(d).parts[0].head->sum_ranges[0].hi -= 1; }},
        {"slices", [&](auto& d) { first_head(d).folding.slices = 4; }},
        {"order of steps",
         [&](auto& d) { first_head(d).folding.order = Folding::Order::kByInput; }},
        {"result", [](auto& d) { d.outputs[0].elements[0].format.width += 1; }},
    };
    for (const auto& [name, change] : changes) {
        StagedDesign wrong = right;
        change(wrong);
        EXPECT_FALSE(verify(wrong)) << name;
    }
}

// Half a million weights: neither adder graphs nor objects per weight.
TEST(Stages, HalfAMillionWeightsArePlannedFolded) {
    Rng rng(testing::test_seed(23));
    Graph graph;
    LayerId last = graph.add("x", "", input_of({640}, {true, 8, 4}), {});
    for (const auto& [in, out] : {std::pair{640, 512}, {512, 256}, {256, 128}, {128, 64}}) {
        const std::string name = "dense_" + std::to_string(out);
        last = graph.add(name, name, dense_of(rng, in, out), {last});
        last = graph.add(name + "_cast", name, quantize_to({false, 8, 4}), {last});
    }
    graph.add_output(last);
    const StagedDesign design = plan_of(graph, {mapping_of(Io::kParallel, 4096), {}, {}});
    EXPECT_EQ(design.stages.size(), 4U);
    expect_plan_is_model(graph, {mapping_of(Io::kParallel, 4096), {}, {}}, rng, 3);
}

}  // namespace
}  // namespace gatewright::arch
