// SPDX-License-Identifier: Apache-2.0
//
// Real networks: accuracy and EBOPs against the figures of their authors and of an independent
// reader (shared/data/README.md). Bit equality with HGQ2 itself on random networks is
// tests/oracle/hgq2.
#include "frontends/keras3/keras3.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "layers/dense.h"
#include "layers/input.h"
#include "layers/softmax.h"
#include "support/files.h"
#include "support/model_run.h"
#include "support/rng.h"
#include "support/seed.h"
#include "tensor/npy.h"
#include "unit/frontends/test_zip.h"

namespace gatewright::frontends {
namespace {

const std::string kShared = GW_SHARED_DATA;
const std::string kSmall = kShared + "/hgq2_models/da4ml-ae/rand_mat/models/N=8-bw=8.keras";
const std::string kJets = std::string(GW_SOURCE_DIR) + "/models/jets/jets.keras";

std::string temporary(const std::string& name) {
    return ::testing::TempDir() + "gw_keras3_" + name;
}

/// The 1,024 real jets as values of ap_fixed<16,6>.
tensor::Tensor<double> jets() {
    auto x = tensor::read_doubles(kShared + "/jsc_hlf/ipbb1024_X_apfixed16_6.npy").value();
    for (double& value : x.data) value /= 1024;
    return x;
}

/// Labels in the networks' class order g, q, w, z, t; the file counts g, q, t, w, z.
tensor::Tensor<std::int64_t> jet_labels() {
    auto y = tensor::read_integers(kShared + "/jsc_hlf/ipbb1024_y.npy").value();
    constexpr std::int64_t kOrder[] = {0, 1, 4, 2, 3};
    for (std::int64_t& label : y.data) label = kOrder[label];
    return y;
}

struct RealNetwork {
    const char* path;
    double accuracy;         ///< catalogue's reference on these jets
    double ebops;            ///< in the catalogue or the file's name
    double ebops_tolerance;  ///< 2 %, or what an independent reader differs by
};

class RealNetworks : public ::testing::TestWithParam<RealNetwork> {};

TEST_P(RealNetworks, KeepAccuracyAndEbopsAndAgreeWithTheReference) {
    const RealNetwork& network = GetParam();
    const ImportedModel model = import_keras3(kShared + "/hgq2_models/" + network.path, {}).value();
    const testing::ModelRun run = testing::run_model(model.graph, jets(), 1024).value();
    EXPECT_EQ(run.reference_mismatches, 0U);
    EXPECT_NEAR(testing::accuracy(run.outputs, jet_labels(), 5), network.accuracy, 0.005);
    double stored = 0;
    for (const auto& [layer, ebops] : model.stored_ebops) stored += ebops;
    EXPECT_NEAR(stored, network.ebops, 1);
    EXPECT_NEAR(run.ebops, stored, network.ebops_tolerance * stored);
}

INSTANTIATE_TEST_SUITE_P(
    Jets, RealNetworks,
    ::testing::Values(
        RealNetwork{"hgq-ae/jsc_openml/epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras",
                    0.7900, 13285, 0.02},
        RealNetwork{"hgq-ae/jsc_openml/epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras",
                    0.7607, 1572, 0.02},
        RealNetwork{"da4ml-ae/jsc/cernbox/epoch=24246-test_acc=75.16.keras", 0.7754, 12220, 0.02},
        RealNetwork{"da4ml-ae/jsc/openml/epoch=20849-test_acc=76.86.h5", 0.7910, 17337, 0.02},
        RealNetwork{"da4ml-ae/jsc/openml/epoch=61005-test_acc=76.47.h5", 0.7754, 8063, 0.03}),
    [](const auto& instance) { return "network" + std::to_string(instance.index); });

TEST(Keras3, OurJetTaggerGivesThePackagesOutputs) {
    const std::string folder = std::string(GW_SOURCE_DIR) + "/models/jets/";
    const ImportedModel model = import_keras3(kJets, {}).value();
    const auto x = tensor::read_doubles(folder + "jets_test_x.npy").value();
    const auto expected = tensor::read_doubles(folder + "jets_expected.npy").value();
    const testing::ModelRun run = testing::run_model(model.graph, x, 64).value();
    EXPECT_EQ(run.outputs.data, expected.data);
    EXPECT_EQ(run.reference_mismatches, 0U);
}

// Outputs computed by HGQ2 itself.
TEST(Keras3, RandomMatrixMultipliesAsInThePackage) {
    const ImportedModel model = import_keras3(kSmall, {}).value();
    const tensor::Tensor<double> x({2, 8}, {1, 2, 3, 4, 5, 6, 7, 8, -1, 0, 0, 0, 0, 0, 0, 127});
    const testing::ModelRun run = testing::run_model(model.graph, x, 2).value();
    const std::vector<double> expected = {29.14453125, 21.7265625,   25.40234375,  27.03125,
                                          24.97265625, 27.72265625,  28.4296875,   23.4921875,
                                          109.5546875, 64.47265625,  86.58984375,  93.5390625,
                                          72.80078125, 110.75390625, 108.73046875, 93.578125};
    EXPECT_EQ(run.outputs.data, expected);
}

TEST(Keras3, FirstQuantizerBecomesThePortsType) {
    const ImportedModel model = import_keras3(kJets, {}).value();
    const LayerId port = model.graph.inputs().at(0);
    const auto& input = static_cast<const layers::Input&>(*model.graph[port].layer);
    EXPECT_EQ(input.type.size(), 16U);
    for (const model::GraphNode& node : model.graph.nodes()) {
        if (std::count(node.inputs.begin(), node.inputs.end(), port) > 0) {
            EXPECT_EQ(node.layer->kind(), "dense");
        }
    }
}

TEST(Keras3, GivenInputTypeKeepsTheFirstQuantizer) {
    ImportParams params;
    params.input_type = fixed::parse_cast("fixed<16,6>").value();
    const ImportedModel model = import_keras3(kSmall, params).value();
    const LayerId port = model.graph.inputs().at(0);
    EXPECT_EQ(static_cast<const layers::Input&>(*model.graph[port].layer).type,
              std::vector<fixed::Cast>{*params.input_type});
    EXPECT_EQ(model.graph.nodes().at(1).layer->kind(), "quantize");
    EXPECT_EQ(model.graph.nodes().at(1).name, "q_dense_22_iq");
    EXPECT_EQ(model.graph.nodes().at(1).origin, "q_dense_22");
}

TEST(Keras3, FloatNetworkClassifiesWithoutQuantizers) {
    const ImportedModel model =
        import_keras3(
            kShared +
                "/hgq2_models/hgq-ae/jsc_openml/epoch=27883-val_acc=0.771-ebops=13285-val_loss="
                "0.635.keras",
            {})
            .value();
    ASSERT_TRUE(model.float_graph);
    for (const model::GraphNode& node : model.float_graph->nodes())
        EXPECT_NE(node.layer->kind(), "quantize");
    const auto events = jets();
    const auto labels = jet_labels();
    std::size_t right = 0;
    for (std::size_t e = 0; e < 256; ++e) {
        model::Reals x({16}, {events.data.begin() + static_cast<std::ptrdiff_t>(16 * e),
                              events.data.begin() + static_cast<std::ptrdiff_t>(16 * e + 16)});
        const auto y =
            model::evaluate_real(*model.float_graph, std::vector<model::Reals>{x}).back();
        const auto best = std::max_element(y.data.begin(), y.data.begin() + 5) - y.data.begin();
        if (best == labels[e]) ++right;
    }
    EXPECT_GT(static_cast<double>(right), 256 * 0.73);  // 0.767 on all jets with NumPy
}

/// kJets with `from` replaced by `to` in its configuration, `count` times.
std::string edited(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& edits) {
    auto members = testing::read_keras(kJets);
    std::string& config = members["config.json"];
    for (const auto& [from, to] : edits) {
        const std::size_t at = config.find(from);
        if (at == std::string::npos) throw std::runtime_error("no '" + from + "' to edit");
        config.replace(at, from.size(), to);
    }
    const std::string path = temporary(name);
    testing::write_zip(path, members);
    return path;
}

TEST(Keras3, EveryProblemIsListedWithItsLayer) {
    auto members = testing::read_keras(kSmall);
    members["config.json"] = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 4]}},
        {"class_name": "QConv1D", "config": {"name": "conv"}},
        {"class_name": "QConv3D", "config": {"name": "volume"}},
        {"class_name": "ReLU", "config": {"name": "act", "sharpness": 3}},
        {"class_name": "Dense", "config": {"name": "d", "dtype": "float16", "units": 2}},
        {"class_name": "Banana", "config": {"name": "fruit"}}]}})";
    const std::string path = temporary("problems.keras");
    testing::write_zip(path, members);
    const auto model = import_keras3(path, {});
    ASSERT_FALSE(model);
    for (const char* part :
         {"'conv' (QConv1D)", "kernel_size", "'volume' (QConv3D)", "one and two dimensions",
          "'act'", "'sharpness'", "'d'", "float16", "'fruit' (Banana)"}) {
        EXPECT_NE(model.error().message.find(part), std::string::npos) << part << "\n"
                                                                       << model.error().message;
    }
}

TEST(Keras3, UnknownQuantizerIsNamed) {
    const auto model =
        import_keras3(edited("float.keras", {{R"("q_type": "kif")", R"("q_type": "float")"}}), {});
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("quantizer type 'float'"), std::string::npos)
        << model.error().message;
}

TEST(Keras3, PlainLayerOnAGridNeedsATypeForItsInputOnly) {
    auto members = testing::read_keras(kSmall);
    members["config.json"] = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 8]}},
        {"class_name": "Dense", "config": {"name": "q_dense_22", "units": 8, "use_bias": false}}]}})";
    const std::string path = temporary("plain.keras");
    testing::write_zip(path, members);
    const auto refused = import_keras3(path, {});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("--input-type"), std::string::npos)
        << refused.error().message;
    ImportParams params;
    params.input_type = fixed::parse_cast("fixed<8,4>").value();
    EXPECT_EQ(import_keras3(path, params).value().graph.nodes().back().layer->kind(), "dense");
    params.precision.everywhere = fixed::parse_cast("fixed<16,12>").value();
    const ImportedModel model = import_keras3(path, params).value();
    EXPECT_EQ(model.graph.nodes().back().layer->kind(), "quantize");
    EXPECT_TRUE(model::infer_types(model.graph));
}

TEST(Keras3, WinnerOnlyTouchesTheModelsEndAlone) {
    auto members = testing::read_keras(kSmall);
    members["config.json"] = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 8]}},
        {"class_name": "Softmax", "config": {"name": "middle"}},
        {"class_name": "Softmax", "config": {"name": "end"}}]}})";
    const std::string path = temporary("winner.keras");
    testing::write_zip(path, members);
    ImportParams params;
    params.precision.everywhere = fixed::parse_cast("fixed<8,4>").value();
    params.winner_only = true;
    const ImportedModel model = import_keras3(path, params).value();
    for (const model::GraphNode& node : model.graph.nodes()) {
        if (node.layer->kind() != "softmax") continue;
        EXPECT_EQ(static_cast<const layers::Softmax&>(*node.layer).winner_only, node.name == "end");
    }
}

TEST(Keras3, InputWithoutATypeOfItsOwnAsksForOne) {
    auto members = testing::read_keras(kSmall);
    members["config.json"] = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 8]}},
        {"class_name": "ReLU", "config": {"name": "r"}}]}})";
    const std::string path = temporary("open_input.keras");
    testing::write_zip(path, members);
    const auto model = import_keras3(path, {});
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("--input-type"), std::string::npos)
        << model.error().message;
}

/// Import, and if that works also infer: nothing may crash or hang.
void try_import(const std::string& path) {
    const auto model = import_keras3(path, {});
    if (model) (void)model::infer_types(model->graph);
}

std::string mutated(std::string bytes, Rng& rng) {
    switch (rng.below(4)) {
        case 0:
            return bytes.substr(0, rng.below(bytes.size()));
        case 1:
            bytes.insert(rng.below(bytes.size()),
                         std::string(rng.below(9), static_cast<char>(rng.below(256))));
            return bytes;
        default:
            for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
                char& byte = bytes[rng.below(bytes.size())];
                byte = static_cast<char>(byte ^ (1 << rng.below(8)));
            }
            return bytes;
    }
}

TEST(Keras3, DamagedArchivesGiveAnErrorOrAGraph) {
    Rng rng(testing::test_seed(31));
    const std::string original = read_file(kSmall).value();
    const std::string path = temporary("damaged.keras");
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(write_file(path, mutated(original, rng)));
        try_import(path);
    }
}

TEST(Keras3, DamagedMembersGiveAnErrorOrAGraph) {
    Rng rng(testing::test_seed(32));
    const auto original = testing::read_keras(kSmall);
    const std::string path = temporary("damaged_members.keras");
    for (int i = 0; i < 300; ++i) {
        auto members = original;
        std::string& member = members[i % 3 == 0 ? "config.json" : "model.weights.h5"];
        member = mutated(member, rng);
        testing::write_zip(path, members);
        try_import(path);
    }
}

TEST(Keras3, DamagedHdf5ModelsGiveAnErrorOrAGraph) {
    Rng rng(testing::test_seed(33));
    const std::string original =
        read_file(kShared + "/hgq2_models/da4ml-ae/jsc/openml/epoch=61005-test_acc=76.47.h5")
            .value();
    const std::string path = temporary("damaged.h5");
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(write_file(path, mutated(original, rng)));
        try_import(path);
    }
}

}  // namespace
}  // namespace gatewright::frontends
