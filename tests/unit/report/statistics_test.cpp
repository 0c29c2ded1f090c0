// SPDX-License-Identifier: Apache-2.0
#include "report/statistics.h"

#include <gtest/gtest.h>

#include "layers/dense.h"
#include "layers/input.h"
#include "layers/relu.h"
#include "report/layer_rows.h"

namespace gatewright::report {
namespace {

using fixed::Dyadic;
using fixed::Integer;

TEST(Box, QuantilesAreOfTheNonZeroMagnitudes) {
    const Box box = box_of("l", "kernel", {0, -1, 2, -3, 4, 5, 0, 0});
    EXPECT_EQ(box.count, 8U);
    EXPECT_DOUBLE_EQ(box.zero_fraction, 3.0 / 8);
    EXPECT_EQ(box.min, 1);
    EXPECT_EQ(box.p25, 2);
    EXPECT_EQ(box.median, 3);
    EXPECT_EQ(box.p75, 4);
    EXPECT_DOUBLE_EQ(box.p95, 4.8);
    EXPECT_EQ(box.max, 5);
}

TEST(Box, AllZeroAndEmptyAreWithoutQuantiles) {
    EXPECT_EQ(box_of("l", "k", {0, 0}).max, 0);
    EXPECT_EQ(box_of("l", "k", {0, 0}).zero_fraction, 1);
    EXPECT_EQ(box_of("l", "k", {}).zero_fraction, 0);
}

// x [2] signed 4 bit, dense 2 -> 1 with weights 1 and -0.25, relu.
model::Graph small_graph() {
    model::Graph graph;
    layers::Input input;
    input.shape = {2};
    input.type = {{.format = {true, 4, 0}}};
    const LayerId x = graph.add("x", "", std::move(input), {});
    layers::Dense dense;
    dense.kernel = model::Values({2, 1}, {Dyadic(1), Dyadic(Integer(-1), -2)});
    dense.bias = {Dyadic(0)};
    const LayerId d = graph.add("d", "d", std::move(dense), {x});
    graph.add_output(graph.add("d_relu", "d", layers::Relu(), {d}));
    return graph;
}

TEST(WeightBoxes, FindEveryTensorOfNumbersAndItsNarrowestType) {
    const auto boxes = weight_boxes(small_graph());
    ASSERT_EQ(boxes.size(), 2U);
    EXPECT_EQ(boxes[0].layer, "d");
    EXPECT_EQ(boxes[0].what, "kernel");
    EXPECT_EQ(boxes[0].max, 1);
    EXPECT_EQ(boxes[0].lsb, 0.25);
    EXPECT_EQ(boxes[0].limit, 1.75);  // 2 - lsb: the first that holds 1
    EXPECT_EQ(boxes[1].what, "bias");
    EXPECT_EQ(boxes[1].zero_fraction, 1);
}

TEST(ActivationBoxes, HoldTheKernelsOutputsOverTheEvents) {
    const auto typed = model::infer_types(small_graph());
    ASSERT_TRUE(typed) << typed.error().message;
    const arch::Design design = arch::build_design(*typed);
    // relu(a - 0.25 b): 2 for (2, 0); 0 for (-1, 1); 6.75 for (7, 1).
    const std::vector<std::int64_t> codes{2, 0, -1, 1, 7, 1};
    const auto boxes = activation_boxes(design, codes);
    ASSERT_EQ(boxes.size(), 1U);
    EXPECT_EQ(boxes[0].count, 3U);
    EXPECT_DOUBLE_EQ(boxes[0].zero_fraction, 1.0 / 3);
    EXPECT_EQ(boxes[0].min, 2);
    EXPECT_EQ(boxes[0].max, 6.75);
    EXPECT_EQ(boxes[0].lsb, 0.25);
    // Largest value 7 + 0.25·8 = 9: u6.2 holds up to 15.75.
    EXPECT_EQ(boxes[0].limit, 15.75);
}

TEST(LayerRows, NameTheUsersLayerWithShapesFormatsAndWeights) {
    const auto typed = model::infer_types(small_graph());
    ASSERT_TRUE(typed);
    const arch::Design design = arch::build_design(*typed);
    ResourceReport resources;
    resources.kernels.resize(1);
    resources.kernels[0].cells = 17;
    const Json rows = layer_rows(*typed, design, resources);
    ASSERT_EQ(rows.as_array().size(), 1U);
    const Json& row = rows.as_array()[0];
    EXPECT_EQ(row.find("name")->as_string(), "d");
    EXPECT_EQ(row.find("kinds")->dump(), R"(["dense","relu"])");
    EXPECT_EQ(row.find("input_shape")->dump(), "[2]");
    EXPECT_EQ(row.find("output_shape")->dump(), "[1]");
    EXPECT_EQ(row.find("formats")->as_string(), "u6.2");
    EXPECT_EQ(row.find("kept_weights")->as_integer(), 2);
    EXPECT_EQ(row.find("cells")->as_integer(), 17);
}

}  // namespace
}  // namespace gatewright::report
