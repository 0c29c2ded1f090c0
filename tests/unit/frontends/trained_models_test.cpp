// SPDX-License-Identifier: Apache-2.0
//
// The convolutional networks of models/: their import gives the outputs the training packages
// computed for the stored events, and the EBOPs these stored.
#include <gtest/gtest.h>

#include <algorithm>

#include "frontends/import.h"
#include "tensor/npy.h"

namespace gatewright::frontends {
namespace {

struct TrainedModel {
    std::string name;
    std::string file;
    std::size_t events;
};

class TrainedModels : public ::testing::TestWithParam<TrainedModel> {};

/// Values of one event, cast to the port's type.
model::Values port_values(const model::Graph& graph, const tensor::Tensor<double>& x,
                          std::size_t event) {
    const model::GraphNode& port = graph[graph.inputs()[0]];
    const model::TensorType type = port.layer->infer({}).value();
    model::Values out(type.shape);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = fixed::Dyadic::from_double(x[event * out.size() + i]).value();
    const Json attributes = port.layer->attributes();
    const Json* types = attributes.find("type");
    for (std::size_t i = 0; i < out.size(); ++i) {
        const Json& text =
            types->is_array() ? types->as_array()[types->as_array().size() == 1 ? 0 : i] : *types;
        out[i] = cast_value(out[i], fixed::parse_cast(text.as_string()).value());
    }
    return out;
}

TEST_P(TrainedModels, GiveTheOutputsOfTheirTrainingPackage) {
    const TrainedModel& trained = GetParam();
    const std::string stem = std::string(GW_SOURCE_DIR) + "/models/" + trained.name + "/";
    const ImportedModel model = import_model(stem + trained.file).value();
    const auto x = tensor::read_doubles(stem + trained.name + "_test_x.npy").value();
    const auto expected = tensor::read_doubles(stem + trained.name + "_expected.npy").value();
    ASSERT_EQ(expected.shape[0], 256);
    const std::size_t outputs = expected.size() / 256;
    for (std::size_t event = 0; event < trained.events; ++event) {
        const auto values = evaluate_reference(
            model.graph, std::vector<model::Values>{port_values(model.graph, x, event)});
        const model::Values& y = values[model.graph.outputs()[0].index()];
        ASSERT_EQ(y.size(), outputs);
        for (std::size_t i = 0; i < outputs; ++i) {
            EXPECT_EQ(y[i].to_double(), expected[event * outputs + i])
                << trained.name << " event " << event << " output " << i;
        }
    }
}

class UnrolledModels : public ::testing::TestWithParam<const char*> {};

TEST_P(UnrolledModels, HaveTheEbopsTheirTrainingPackageStored) {
    const std::string name = GetParam();
    const ImportedModel model =
        import_model(std::string(GW_SOURCE_DIR) + "/models/" + name + "/" + name + ".keras")
            .value();
    double stored = 0;
    for (const auto& [layer, ebops] : model.stored_ebops) stored += ebops;
    const auto typed = model::infer_types(model.graph).value();
    double found = 0;
    for (std::size_t id = 0; id < model.graph.size(); ++id) {
        found += model.graph.nodes()[id].layer->facts(typed.input_types(LayerId(id))).ebops;
    }
    EXPECT_NEAR(found, stored, 0.02 * stored);
}

INSTANTIATE_TEST_SUITE_P(Models, TrainedModels,
                         ::testing::Values(TrainedModel{"digits", "digits.keras", 3},
                                           TrainedModel{"tau", "tau.keras", 256},
                                           TrainedModel{"btag", "btag.keras", 256},
                                           TrainedModel{"wires", "wires.h5", 40}),
                         [](const auto& test) { return test.param.name; });

// HGQ2 counts `parallelization_factor` positions of a convolution: all of them in these two, one in
// digits, so its number is that of a stream. QKeras stores none.
INSTANTIATE_TEST_SUITE_P(Models, UnrolledModels, ::testing::Values("tau", "btag"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace gatewright::frontends
