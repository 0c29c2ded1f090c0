// SPDX-License-Identifier: Apache-2.0
//
// What the conformance suite cannot know: values by hand, ranges by hand, errors, counts and speed.
// (That dataflow and reference agree is checked there for every layer.)
#include <gtest/gtest.h>

#include <cmath>

#include "layers/all_layers.h"
#include "layers/registry.h"
#include "support/stopwatch.h"

namespace gatewright::layers {
namespace {

using fixed::Dyadic;
using fixed::Interval;
using model::Reals;
using model::TensorType;
using model::Values;

std::unique_ptr<model::Layer> layer_of(std::string_view kind, const char* json) {
    auto layer = make_layer(kind, parse_json(json).value());
    EXPECT_TRUE(layer) << (layer ? "" : layer.error().message);
    return std::move(*layer);
}

/// All elements of a signed format of `width` bits with `frac` fraction bits.
TensorType signed_type(tensor::Shape shape, int width, int frac) {
    return TensorType::uniform(std::move(shape), Interval::of({true, width, frac}));
}

Values values(tensor::Shape shape, std::vector<Dyadic> data) {
    return {std::move(shape), std::move(data)};
}

std::string error_of(std::string_view kind, const char* json,
                     const std::vector<TensorType>& inputs) {
    const auto type = layer_of(kind, json)->infer(inputs);
    return type ? "no error" : type.error().message;
}

Values run(std::string_view kind, const char* json, const std::vector<Values>& inputs) {
    return layer_of(kind, json)->reference(inputs);
}

TEST(Affine, ScaleRunsAlongItsAxis) {
    const Values x = values({2, 2}, {1, 2, 3, 4});
    EXPECT_EQ(run("affine", R"({"scale": [10, 100], "offset": [1]})", {x}).data,
              (std::vector<Dyadic>{11, 201, 31, 401}));
    EXPECT_EQ(run("affine", R"({"scale": [10, 100], "axis": 0})", {x}).data,
              (std::vector<Dyadic>{10, 20, 300, 400}));
    EXPECT_EQ(run("affine", R"({"offset": [1, 2, 3, 4]})", {x}).data,
              (std::vector<Dyadic>{2, 4, 6, 8}));
}

TEST(Affine, AListThatFitsNothingIsRefused) {
    EXPECT_NE(error_of("affine", R"({"scale": [1, 2, 3]})", {signed_type({2, 2}, 8, 0)})
                  .find("3 numbers"),
              std::string::npos);
}

TEST(Merge, ShapesBroadcastAsInNumPy) {
    const Values column = values({2, 1}, {1, 2});
    const Values row = values({3}, {10, 20, 30});
    const Values sum = run("add", "{}", {column, row});
    EXPECT_EQ(sum.shape, (tensor::Shape{2, 3}));
    EXPECT_EQ(sum.data, (std::vector<Dyadic>{11, 21, 31, 12, 22, 32}));
    EXPECT_EQ(run("subtract", "{}", {column, row}).data,
              (std::vector<Dyadic>{-9, -19, -29, -8, -18, -28}));
    EXPECT_EQ(run("maximum", "{}", {column, row, values({1}, {15})}).data,
              (std::vector<Dyadic>{15, 20, 30, 15, 20, 30}));
}

TEST(Merge, ShapesThatDoNotBroadcastAreRefused) {
    EXPECT_NE(
        error_of("add", "{}", {signed_type({3}, 8, 0), signed_type({2}, 8, 0)}).find("broadcast"),
        std::string::npos);
    EXPECT_NE(error_of("add", "{}", {signed_type({3}, 8, 0)}).find("1 inputs"), std::string::npos);
    const TensorType tall{{5000, 1}, std::vector<Interval>(5000)};
    const TensorType wide{{1, 5000}, std::vector<Interval>(5000)};
    EXPECT_NE(error_of("add", "{}", {tall, wide}).find("16777216"), std::string::npos);
}

TEST(Merge, AverageNeedsAPowerOfTwo) {
    const TensorType x = signed_type({1}, 8, 0);
    EXPECT_NE(error_of("average", "{}", {x, x, x}).find("only 2, 4, 8"), std::string::npos);
    EXPECT_EQ(run("average", "{}", {values({1}, {1}), values({1}, {2})}).data[0], Dyadic(3, -1));
}

TEST(Dot, OfTwoVectorsIsANumberOfShapeOne) {
    const Values y = run("dot", "{}", {values({3}, {1, 2, 3}), values({3}, {4, 5, 6})});
    EXPECT_EQ(y.shape, (tensor::Shape{1}));
    EXPECT_EQ(y.data[0], Dyadic(32));
}

TEST(Dot, IsTheMatrixProductOverTheNamedAxes) {
    const Values x = values({2, 2}, {1, 2, 3, 4});
    const Values w = values({2, 2}, {5, 6, 7, 8});
    EXPECT_EQ(run("dot", R"({"axes": [1, 0]})", {x, w}).data,
              (std::vector<Dyadic>{19, 22, 43, 50}));
    EXPECT_EQ(run("dot", "{}", {x, w}).data, (std::vector<Dyadic>{17, 23, 39, 53}));
}

TEST(Sum, MeanOverAPowerOfTwoIsExact) {
    const Values x = values({2, 2}, {1, 2, 3, 5});
    EXPECT_EQ(run("sum", R"({"scale": 0.25})", {x}).data[0], Dyadic(11, -2));
    EXPECT_EQ(run("sum", R"({"axes": [0]})", {x}).data, (std::vector<Dyadic>{4, 7}));
    EXPECT_EQ(run("sum", R"({"axes": [-1], "keep_axes": true})", {x}).shape, (tensor::Shape{2, 1}));
}

TEST(Concatenate, OtherSizesMustAgree) {
    EXPECT_NE(error_of("concatenate", R"({"axis": 0})",
                       {signed_type({2, 3}, 8, 0), signed_type({2, 4}, 8, 0)})
                  .find("other sizes"),
              std::string::npos);
    EXPECT_EQ(run("concatenate", "{}", {values({2, 1}, {1, 2}), values({2, 2}, {3, 4, 5, 6})}).data,
              (std::vector<Dyadic>{1, 3, 4, 2, 5, 6}));
}

TEST(Reshape, FillsInTheOpenSizeAndRefusesWhatDoesNotFit) {
    EXPECT_EQ(layer_of("reshape", R"({"shape": [-1, 2]})")
                  ->infer(std::vector{signed_type({6}, 8, 0)})
                  ->shape,
              (tensor::Shape{3, 2}));
    for (const char* json : {R"({"shape": [4]})", R"({"shape": [-1, -1]})", R"({"shape": [-1, 4]})",
                             R"({"shape": [0, 6]})", R"({"shape": [9223372036854775807, 2]})"}) {
        EXPECT_NE(error_of("reshape", json, {signed_type({6}, 8, 0)}).find("cannot give 6"),
                  std::string::npos);
    }
}

TEST(Permute, TransposesAndRefusesWhatIsNoPermutation) {
    EXPECT_EQ(run("permute", R"({"dims": [1, 0]})", {values({2, 3}, {1, 2, 3, 4, 5, 6})}).data,
              (std::vector<Dyadic>{1, 4, 2, 5, 3, 6}));
    EXPECT_NE(error_of("permute", R"({"dims": [1, 1]})", {signed_type({2, 3}, 8, 0)}).find("once"),
              std::string::npos);
}

TEST(LeakyRelu, RangeIsThatOfTheBentLine) {
    const auto range = [](const char* json) {
        return layer_of("leaky_relu", json)
            ->infer(std::vector{signed_type({1}, 4, 0)})
            ->elements[0];
    };
    EXPECT_EQ(range(R"({"alpha": 0.25})").min(), Dyadic(-2));  // x in [-8, 7]
    EXPECT_EQ(range(R"({"alpha": 0.25})").max(), Dyadic(7));
    EXPECT_EQ(range(R"({"alpha": -2})").min(), Dyadic(0));
    EXPECT_EQ(range(R"({"alpha": -2})").max(), Dyadic(16));
}

TEST(Prelu, SlopesOfTheWrongShapeAreRefused) {
    EXPECT_NE(
        error_of("prelu", R"({"alpha": [1, 2, 3]})", {signed_type({2, 2}, 4, 0)}).find("broadcast"),
        std::string::npos);
    EXPECT_NE(
        error_of("prelu", R"({"alpha": [[[1]]]})", {signed_type({2, 2}, 4, 0)}).find("broadcast"),
        std::string::npos);
}

TEST(HardSigmoid, HoldsKeras2SlopeExactly) {
    // 0.2 as float32 is 13421773 * 2^-26.
    EXPECT_EQ(
        run("hard_sigmoid", R"({"slope": "13421773*2^-26", "shift": 0.5})", {values({2}, {1, 3})})
            .data,
        (std::vector<Dyadic>{Dyadic(13421773, -26) + Dyadic(1, -1), 1}));
    EXPECT_EQ(
        run("hard_tanh", R"({"slope": 0.5, "shift": 0.5})", {values({3}, {-4, Dyadic(1, -2), 4})})
            .data,
        (std::vector<Dyadic>{-1, Dyadic(1, -2), 1}));
}

TEST(Sign, CountsTheThresholdAsTheToolsDo) {
    const Values x = values({5}, {-1, Dyadic(-1, -1), 0, Dyadic(1, -1), 1});
    EXPECT_EQ(run("sign", "{}", {x}).data, (std::vector<Dyadic>{-1, -1, 1, 1, 1}));
    EXPECT_EQ(run("sign", R"({"zero_one": true})", {x}).data, (std::vector<Dyadic>{0, 0, 1, 1, 1}));
    // QKeras' ternary, then hls4ml's ternary_tanh.
    EXPECT_EQ(run("sign", R"({"ternary": true, "threshold": 0.5})", {x}).data,
              (std::vector<Dyadic>{-1, -1, 0, 1, 1}));
    EXPECT_EQ(
        run("sign", R"({"ternary": true, "threshold": 0.5, "positive_at_threshold": false})", {x})
            .data,
        (std::vector<Dyadic>{-1, -1, 0, 0, 1}));
}

TEST(Square, IsNeverNegative) {
    const auto type = layer_of("square", "{}")->infer(std::vector{signed_type({1}, 4, 0)});
    EXPECT_EQ(type->elements[0].min(), Dyadic(0));
    EXPECT_EQ(type->elements[0].max(), Dyadic(64));
    dfg::Builder builder("square");
    const dfg::ValueId x = builder.input({true, 4, 0});
    EXPECT_EQ(builder[builder.mul(x, x)].format, (fixed::Format{false, 7, 0}));
}

TEST(EinsumDense, IsTheDenseLayerOnTheLastAxis) {
    const Values x = values({2, 2}, {1, 2, 3, 4});
    const char* json =
        R"({"equation": "abc,cd->abd", "kernel": [[1, 10], [100, 1000]], "bias": [7, 8]})";
    EXPECT_EQ(run("einsum_dense", json, {x}).data,
              run("dense", R"({"kernel": [[1, 10], [100, 1000]],
                                                                  "bias": [7, 8]})",
                  {x})
                  .data);
    EXPECT_EQ(run("einsum_dense", json, {x}).data, (std::vector<Dyadic>{208, 2018, 410, 4038}));
}

TEST(EinsumDense, RefusesEquationsItCannotMean) {
    const std::pair<const char*, const char*> cases[] = {
        {"abc", "form"},
        {"abc,cd->abdd", "repeats"},
        {"abc,cd->dba", "batch axis first"},
        {"abc,cd->abe", "one place"},
        {"ab,bc->ac", "input axes"},
        {"abc,bcd->abd", "kernel has shape"},
        {"...c,cd->d", "first in both"},
        {"a.c,cd->a.d", "character"},
    };
    for (const auto& [equation, text] : cases) {
        const std::string json =
            std::string(R"({"kernel": [[1, 2], [3, 4]], "equation": ")") + equation + "\"}";
        const std::string error =
            error_of("einsum_dense", json.c_str(), {signed_type({3, 2}, 4, 0)});
        EXPECT_NE(error.find(text), std::string::npos) << equation << ": " << error;
    }
}

TEST(Dense, WeightsTooFarApartAreRefused) {
    EXPECT_NE(error_of("dense", R"({"kernel": [[1], ["1*2^-1080"]]})", {signed_type({2}, 4, 0)})
                  .find("1081 bits"),
              std::string::npos);
}

// 4-bit signed inputs have 3 bits without the sign; 5 = 101b has 3, 4 = 1b has 1, 0 none.
TEST(Dense, EbopsMultiplyTheBitsOfEachProductAndAddTheBiases) {
    const std::vector<TensorType> x{signed_type({2}, 4, 0)};
    EXPECT_EQ(layer_of("dense", R"({"kernel": [[5], [4]]})")->facts(x).ebops, 3 * 3 + 3 * 1);
    EXPECT_EQ(layer_of("dense", R"({"kernel": [[5], [0]], "bias": [3], "kernel_bits": [6, 0],
                                    "bias_bits": [4]})")
                  ->facts(x)
                  .ebops,
              3 * 6 + 4);
    EXPECT_EQ(layer_of("einsum_dense", R"({"equation": "ab,bc->ac", "kernel": [[5], [4]]})")
                  ->facts(x)
                  .ebops,
              12);
}

TEST(UnaryTable, GivesTheLargestErrorOfItsTable) {
    const auto layer =
        layer_of("unary_table", R"({"function": "sigmoid", "type": "ufixed<9,1,RND,SAT>"})");
    const std::vector<TensorType> x{signed_type({2}, 8, 4)};
    const double error = layer->facts(x).max_error;
    EXPECT_LE(error, 0x1p-9);  // half a step
    EXPECT_GT(error, 0x1p-10);
    EXPECT_EQ(layer->infer(x)->elements[0].max(),
              Dyadic(1));  // sigmoid(7.94) rounds to 1
}

TEST(UnaryTable, SharesOneTableBetweenElementsAlike) {
    const auto layer =
        layer_of("unary_table", R"({"function": "tanh", "type": "fixed<8,1,RND,SAT>"})");
    dfg::Builder builder("tables");
    std::vector<dfg::ValueId> x;
    TensorType type = signed_type({6}, 5, 3);
    type.elements[5] = Interval::of({true, 6, 3});
    for (const Interval& range : type.elements) x.push_back(builder.input(format_of(range)));
    cmvm::Cache cache;
    model::Lowering lowering{builder, {}, cache};
    const model::Operand operand{type, x};
    EXPECT_EQ(layer->lower(lowering, std::span(&operand, 1)).size(), 6U);
    EXPECT_EQ(builder.program().tables().size(), 2U);
}

TEST(UnaryTable, RefusesWideInputsAndTellsToQuantize) {
    const char* json = R"({"function": "exp", "type": "fixed<8,4>"})";
    EXPECT_NE(error_of("unary_table", json, {signed_type({1}, 21, 0)}).find("quantize"),
              std::string::npos);
    EXPECT_EQ(error_of("unary_table",
                       R"({"function": "exp", "type": "fixed<8,4>", "input_type": "fixed<8,4>"})",
                       {signed_type({1}, 21, 0)}),
              "no error");
}

TEST(UnaryTable, ExplicitValuesAreIndexedByTheCodesBits) {
    const char* json = R"({"values": [0, 1, 20, 30], "input_type": "fixed<2,2>"})";
    EXPECT_EQ(run("unary_table", json, {values({4}, {0, 1, -2, -1})}).data,
              (std::vector<Dyadic>{0, 1, 20, 30}));
    EXPECT_NE(error_of("unary_table", R"({"values": [0, 1, 20], "input_type": "fixed<2,2>"})",
                       {signed_type({1}, 2, 0)})
                  .find("3 values"),
              std::string::npos);
}

TEST(Softmax, IsCloseToTheRealOneAndSumsToAboutOne) {
    const auto layer = layer_of("softmax", R"({"exp_type": "ufixed<18,1,RND_CONV,SAT>",
        "sum_type": "ufixed<14,3,RND,SAT>", "inverse_type": "ufixed<18,1,RND_CONV,SAT>"})");
    const std::vector<Values> x{values({4}, {1, Dyadic(-3, -1), Dyadic(5, -2), 0})};
    const std::vector<Reals> real_x{Reals({4}, {1, -1.5, 1.25, 0})};
    const Values y = layer->reference(x);
    const Reals ideal = layer->real(real_x);
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(y[i].to_double(), ideal[i], 1e-3);
        sum += ideal[i];
    }
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_NEAR(ideal[0], std::exp(1) / (std::exp(1) + std::exp(-1.5) + std::exp(1.25) + 1), 1e-12);
}

TEST(Softmax, TheSumIsAtLeastTheWinnersExponential) {
    // e^0 = 1 always occurs, so 1/sum never leaves [0.2, 1].
    const auto layer = layer_of("softmax", R"({"exp_type": "ufixed<12,1,RND,SAT>",
        "inverse_type": "ufixed<16,8,RND,SAT>"})");
    const auto type = layer->infer(std::vector{signed_type({5}, 5, 1)});
    EXPECT_LE(type->elements[0].max(), Dyadic(1));
}

TEST(Argmax, TheFirstOfEqualsWins) {
    EXPECT_EQ(run("argmax", "{}", {values({4}, {1, 3, 3, 2})}).data[0], Dyadic(1));
    EXPECT_EQ(run("argmax", R"({"one_hot": true})", {values({3}, {2, 2, 2})}).data,
              (std::vector<Dyadic>{1, 0, 0}));
    EXPECT_EQ(run("argmax", R"({"axis": 0})", {values({2, 2}, {1, 5, 2, 5})}).data,
              (std::vector<Dyadic>{1, 0}));
}

TEST(TopKThreshold, KeepsTiesAtTheThreshold) {
    const Values x = values({5}, {4, 1, 3, 3, 0});
    EXPECT_EQ(run("top_k_threshold", R"({"k": 2})", {x}).data,
              (std::vector<Dyadic>{1, 0, 1, 1, 0}));
    EXPECT_EQ(run("top_k_threshold", R"({"k": 3, "threshold_only": true})", {x}).data[0],
              Dyadic(3));
    EXPECT_NE(error_of("top_k_threshold", R"({"k": 6})", {signed_type({5}, 4, 0)}).find("1 to 5"),
              std::string::npos);
}

TEST(Registry, UnknownKindsAndAttributesAreNamed) {
    const auto unknown = make_layer("conv9d", Json::object());
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("einsum_dense"), std::string::npos);
    const auto attribute = make_layer("clip", parse_json(R"({"lo": 0, "high": 1})").value());
    ASSERT_FALSE(attribute);
    EXPECT_NE(attribute.error().message.find("'hi' is missing"), std::string::npos);
    EXPECT_NE(attribute.error().message.find("unknown attribute 'high'"), std::string::npos);
}

// Generous limits: they catch a quadratic walk, not a slow machine.
TEST(Speed, LargeTensorsAreInferredAndLoweredInSeconds) {
    const auto seconds = [](std::string_view kind, const char* json,
                            const std::vector<TensorType>& types) {
        const Stopwatch watch;
        const auto layer = layer_of(kind, json);
        EXPECT_TRUE(layer->infer(types)) << kind;
        dfg::Builder builder("speed");
        std::vector<std::vector<dfg::ValueId>> x(types.size());
        std::vector<model::Operand> operands;
        for (std::size_t i = 0; i < types.size(); ++i) {
            for (const Interval& range : types[i].elements)
                x[i].push_back(builder.input(format_of(range)));
            operands.push_back({types[i], x[i]});
        }
        cmvm::Cache cache;
        cmvm::SolveParams plain;
        plain.depth_slack = 0;
        plain.effort = 0;
        model::Lowering lowering{builder, plain, cache};
        EXPECT_FALSE(layer->lower(lowering, operands).empty());
        return watch.seconds();
    };
    const TensorType big = signed_type({100, 100}, 10, 4);
    for (const auto& [kind, json] : std::initializer_list<std::pair<const char*, const char*>>{
             {"affine", R"({"scale": [0.75], "offset": [3]})"},
             {"relu", "{}"},
             {"quantize", R"({"type": "fixed<6,3,RND,SAT>"})"},
             {"reshape", R"({"shape": [-1]})"},
             {"permute", R"({"dims": [1, 0]})"},
             {"sum", R"({"axes": [0]})"},
             {"argmax", "{}"},
             {"unary_table", R"({"function": "tanh", "type": "fixed<8,1,RND,SAT>"})"},
             {"softmax", R"({"exp_type": "ufixed<8,1,RND,SAT>", "sum_type": "ufixed<10,7,RND,SAT>",
                             "inverse_type": "ufixed<8,1,RND,SAT>"})"}}) {
        EXPECT_LT(seconds(kind, json, {big}), 20.0) << kind;
    }
    EXPECT_LT(seconds("add", "{}", {big, big}), 20.0);
    // Most entries lie so near a limit that digits alone would not tell them apart.
    EXPECT_LT(seconds("unary_table", R"({"function": "gelu", "type": "fixed<40,6,TRN,WRAP>"})",
                      {signed_type({1}, 16, 10)}),
              20.0);
}

}  // namespace
}  // namespace gatewright::layers
