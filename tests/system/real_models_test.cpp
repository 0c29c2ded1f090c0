// SPDX-License-Identifier: Apache-2.0
//
// Real trained networks from file to Verilog: every evaluator, Verilator included, on all 1,024
// real jets, edge vectors and random events, bit for bit; and the accuracy of the result. The
// stored inputs are ap_fixed<16,6> words; reference accuracies are those of the data catalogue,
// each computed there by an independent program.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "compile/compile.h"
#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "emulate/engine.h"
#include "report/metrics.h"
#include "support/temporary_folder.h"
#include "tensor/npy.h"
#include "verify/verify.h"

namespace gatewright {
namespace {

const std::string kData = GW_SHARED_DATA;

// Labels of jsc_hlf are alphabetical (g, q, t, w, z); HGQ2 networks answer g, q, w, z, t.
enum class ClassOrder { kAlphabetical, kTopLast };

struct RealModel {
    const char* name;
    std::string file;
    std::string precision;  // empty: the model carries its types
    std::string weights;
    ClassOrder order;
    double accuracy;  // 0: no reference (the input scaling of that training is another)
};

tensor::Tensor<double> jets() {
    auto words = tensor::read_doubles(kData + "/jsc_hlf/ipbb1024_X_apfixed16_6.npy").value();
    for (double& value : words.data) value /= 1024;
    return words;
}

tensor::Tensor<double> labels(ClassOrder order) {
    auto y = tensor::read_doubles(kData + "/jsc_hlf/ipbb1024_y.npy").value();
    constexpr std::array<double, 5> kToTopLast = {0, 1, 4, 2, 3};
    if (order == ClassOrder::kTopLast) {
        for (double& label : y.data) label = kToTopLast.at(static_cast<std::size_t>(label));
    }
    return y;
}

double accuracy(const compile::Compiled& compiled, const tensor::Tensor<double>& x,
                ClassOrder order) {
    const auto codes = emulate::to_codes(compiled.design.inputs, std::vector{x}).value();
    const emulate::Engine engine(compiled.flat.program);
    const auto events = static_cast<std::size_t>(x.shape[0]);
    std::vector<std::int64_t> out(events * engine.output_count());
    engine.run(codes, out);
    const auto scores = emulate::to_reals(compiled.design.outputs, out)[0];
    // Networks may carry more outputs than classes: the first five are the classes.
    tensor::Tensor<double> five({x.shape[0], 5});
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t c = 0; c < 5; ++c) five[e * 5 + c] = scores[e * engine.output_count() + c];
    }
    return report::classification_metrics(five, labels(order)).value().accuracy;
}

class RealModels : public ::testing::TestWithParam<RealModel> {};

TEST_P(RealModels, EveryEvaluatorAgreesOnAllJetsAndTheAccuracyIsTheReferences) {
    const RealModel& model = GetParam();
    compile::Options options;
    options.model = kData + "/" + model.file;
    options.name = model.name;
    options.clock_mhz = 300;
    options.import.input_type = fixed::parse_cast("fixed<16,6>").value();
    if (!model.weights.empty()) options.import.weights_path = kData + "/" + model.weights;
    if (!model.precision.empty()) {
        options.import.precision.everywhere = fixed::parse_cast(model.precision).value();
    }
    Progress progress;
    const auto compiled = compile::compile_model(options, progress);
    ASSERT_TRUE(compiled) << compiled.error().message;
    const testing::TemporaryFolder folder;
    const std::string directory = folder.path("design");
    const Json report = compile::make_report(*compiled, progress, directory);
    ASSERT_TRUE(compile::write_design_directory(*compiled, report, directory));

    verify::VerifyParams params;
    params.vectors = 3000;
    params.slow_vectors = 3000;
    params.proof.budget_seconds = 5;
    params.data = {jets()};
    const verify::VerifyInput input{compiled->typed, compiled->design, compiled->flat,
                                    compiled->netlist, directory};
    const auto result = verify::verify_design(input, params);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->passed()) << verify::to_text(*result);
    EXPECT_EQ(result->data_vectors, 1024U);
    EXPECT_EQ(result->measured_latency, compiled->schedule.latency_cycles);
    for (const char* name : {"reference", "dataflow", "emulator", "netlist", "verilator"}) {
        const auto found =
            std::find_if(result->evaluators.begin(), result->evaluators.end(),
                         [&](const auto& evaluator) { return evaluator.name == name; });
        ASSERT_NE(found, result->evaluators.end()) << name;
        EXPECT_GE(found->vectors, 1024U) << name;
        EXPECT_EQ(found->mismatches, 0U) << name;
    }
    if (model.accuracy > 0) {
        EXPECT_NEAR(accuracy(*compiled, params.data[0], model.order), model.accuracy, 0.005);
    }
}

std::string model_name(const ::testing::TestParamInfo<RealModel>& tested) {
    return tested.param.name;
}

const std::string kHgq = "hgq2_models/hgq-ae/jsc_openml/";
const std::string kKeras = "hls4ml_example_models/keras/";

INSTANTIATE_TEST_SUITE_P(
    Jets, RealModels,
    ::testing::Values(RealModel{"hgq_13285",
                                kHgq + "epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras",
                                "", "", ClassOrder::kTopLast, 0.7900},
                      RealModel{"hgq_1572",
                                kHgq + "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras",
                                "", "", ClassOrder::kTopLast, 0.7607},
                      RealModel{"qkeras_3layer", kKeras + "qkeras_3layer.json", "", "",
                                ClassOrder::kAlphabetical, 0.7812},
                      RealModel{"keras_3layer_pruned", kKeras + "KERAS_3layer.json", "fixed<16,6>",
                                kKeras + "KERAS_3layer_95pruned_retrained_weights.h5",
                                ClassOrder::kAlphabetical, 0},
                      RealModel{"keras_binary", kKeras + "KERAS_3layer_binary_smaller.json",
                                "fixed<12,6>", "", ClassOrder::kAlphabetical, 0},
                      RealModel{"keras_ternary", kKeras + "KERAS_3layer_ternary_small.json",
                                "fixed<12,6>", "", ClassOrder::kAlphabetical, 0},
                      RealModel{"keras_batch_norm", kKeras + "KERAS_3layer_batch_norm.json",
                                "fixed<10,4,RND,SAT>", "", ClassOrder::kAlphabetical, 0}),
    model_name);

}  // namespace
}  // namespace gatewright
