// SPDX-License-Identifier: Apache-2.0
#include "frontends/native/native.h"

#include <gtest/gtest.h>

#include <set>

#include "layers/registry.h"
#include "support/files.h"
#include "support/rng.h"

namespace gatewright::frontends {
namespace {

using fixed::Dyadic;
using model::Graph;
using model::Values;

Json parsed(const std::string& text) {
    return parse_json(text).value();
}

std::string model_with(const std::string& layers, const std::string& tail = "") {
    return R"({"format": "gatewright-model", "version": 1, "layers": [)" + layers + "]" + tail +
           "}";
}

std::string error_of(const std::string& text) {
    const auto graph = read_native(parsed(text));
    return graph ? "no error" : graph.error().message;
}

const std::string kInput = R"({"name": "x", "kind": "input", "shape": [2], "type": "fixed<8,4>"})";

TEST(Native, TheLessonsModelComputesWhatTheLessonSays) {
    const auto model = import_native(std::string(GW_SOURCE_DIR) + "/examples/tiny.json", {});
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->graph.name, "tiny");
    ASSERT_TRUE(model::infer_types(model->graph));
    // x = [2, -1.5]: hidden = [3+3+0.5, -1-1.125, 0.5-4.5-1] = [6.5, -2.125, -5],
    // cut = short = [6.5, 0, 0], score = [6.5, -6.5].
    Values x({2}, {Dyadic(2), Dyadic(-3, -1)});
    auto values = evaluate_reference(model->graph, std::vector<Values>{x});
    EXPECT_EQ(values[4].data, (std::vector<Dyadic>{Dyadic(13, -1), Dyadic(-13, -1)}));
    // x = [0.5, 0.6875]: hidden = [0.75-1.375+0.5, -0.25+0.515625, 0.125+2.0625-1]
    // = [-0.125, 0.265625, 1.1875], short = [0, 0.25, 1] (floor to quarters), score =
    // [-0.5, 1.125].
    x.data = {Dyadic(1, -1), Dyadic(11, -4)};
    values = evaluate_reference(model->graph, std::vector<Values>{x});
    EXPECT_EQ(values[4].data, (std::vector<Dyadic>{Dyadic(-1, -1), Dyadic(9, -3)}));
    // x = [-3, 1.25]: hidden = [-6.5, 2.4375, 2], short = [0, 2.25, 2], score = [2.5, 3.125].
    x.data = {Dyadic(-3), Dyadic(5, -2)};
    values = evaluate_reference(model->graph, std::vector<Values>{x});
    EXPECT_EQ(values[4].data, (std::vector<Dyadic>{Dyadic(5, -1), Dyadic(25, -3)}));
}

TEST(Native, TheLessonPrintsTheModelOfTheExamples) {
    const std::string root = GW_SOURCE_DIR;
    const std::string page = read_file(root + "/docs/first_lesson.md").value();
    const std::size_t begin = page.find("```json\n") + 8;
    const std::string block = page.substr(begin, page.find("```", begin) - begin);
    EXPECT_EQ(parsed(block), read_json_file(root + "/examples/tiny.json").value());
}

TEST(Native, InputsAndOutputsDefaultToTheLayerBefore) {
    const auto graph =
        read_native(parsed(model_with(kInput + R"(, {"name": "r", "kind": "relu"})")));
    ASSERT_TRUE(graph) << graph.error().message;
    EXPECT_EQ(graph->nodes()[1].inputs, std::vector<LayerId>{LayerId(0)});
    EXPECT_EQ(graph->outputs(), std::vector<LayerId>{LayerId(1)});
    EXPECT_EQ(graph->nodes()[1].origin, "r");
}

TEST(Native, AttributesOfNoLayerCollideWithTheFormatsOwnKeys) {
    const std::set<std::string> own = {"name", "kind", "inputs", "origin"};
    for (const model::LayerDef& def : layers::all_layers()) {
        for (const model::FieldDoc& field : def.fields()) {
            EXPECT_FALSE(own.contains(field.name)) << def.kind << " " << field.name;
        }
    }
}

TEST(Native, EveryLayerKindSurvivesARoundTrip) {
    Rng rng(1);
    for (const model::LayerDef& def : layers::all_layers()) {
        for (const model::Example& example : def.examples(rng)) {
            Graph graph;
            std::vector<LayerId> inputs;
            for (const auto& type : example.inputs) {
                Json attributes = Json::object();
                attributes.set("shape", Json::array_of(type.shape));
                attributes.set("type", "fixed<9,5>");
                inputs.push_back(
                    graph.add("x", "", layers::make_layer("input", attributes).value(), inputs));
                graph.nodes().back().inputs.clear();
            }
            graph.add_output(graph.add("y", "users_layer", example.layer->clone(), inputs));
            const Json written = write_native(graph);
            const auto again = read_native(parsed(written.dump(2)));
            ASSERT_TRUE(again) << def.kind << ": " << again.error().message;
            EXPECT_EQ(write_native(*again).dump(), written.dump());
        }
    }
}

TEST(Native, AllProblemsAreReportedAtOnceWithTheLayersNames) {
    const std::string text = model_with(kInput + R"(,
        {"name": "a", "kind": "conv9d", "inputs": ["x"]},
        {"name": "b", "kind": "relu", "inputs": ["z"]},
        {"name": "c", "kind": "quantize", "inputs": ["x"], "type": "fixed<banana>", "colour": 1},
        {"name": "c", "kind": "relu"},
        {"kind": "relu"},
        {"name": "d", "kind": "relu", "inputs": ["e"]},
        {"name": "e", "kind": "relu", "inputs": 7})",
                                        R"(, "outputs": ["nobody"], "surplus": 1)");
    const std::string error = error_of(text);
    for (const char* part :
         {"layer 'a' (conv9d): unknown layer kind",
          "layer 'b': input 'z' is no layer of this model", "layer 'c' (quantize)", "'type'",
          "unknown attribute 'colour'", "layer 'c': the name is used twice", "layer 5",
          "layer 'd': input 'e' is defined only later", "layer 'e': 'inputs' is integer",
          "output 'nobody' is no layer", "unknown key 'surplus'"}) {
        EXPECT_NE(error.find(part), std::string::npos) << part << "\nnot in:\n" << error;
    }
}

TEST(Native, OtherFilesAndVersionsAreRefused) {
    EXPECT_NE(error_of("[]").find("expected a JSON object"), std::string::npos);
    EXPECT_NE(error_of("{}").find("gatewright-model"), std::string::npos);
    EXPECT_NE(
        error_of(R"({"format": "gatewright-model", "version": 2, "layers": []})").find("version 2"),
        std::string::npos);
    EXPECT_NE(error_of(model_with("")).find("no layers"), std::string::npos);
    EXPECT_NE(error_of(model_with(R"({"name": "r", "kind": "relu"})")).find("must be an input"),
              std::string::npos);
}

TEST(Native, InputTypeOfTheImportReplacesThePorts) {
    ImportParams params;
    params.input_type = fixed::parse_cast("fixed<16,6>").value();
    const auto model = import_native(std::string(GW_SOURCE_DIR) + "/examples/tiny.json", params);
    ASSERT_TRUE(model);
    EXPECT_EQ(model->graph.nodes()[0].layer->attributes().find("type")->as_string(), "fixed<16,6>");
}

TEST(Native, MutatedFilesNeverCrash) {
    const std::string whole =
        write_native(import_native(std::string(GW_SOURCE_DIR) + "/examples/tiny.json", {})->graph)
            .dump();
    Rng rng(11);
    const std::vector<std::string> spices = {"null", "-1",    "1e999", "NaN", "[]",
                                             "{}",   "\"x\"", ",",     "\""};
    for (int trial = 0; trial < 5000; ++trial) {
        std::string text = whole;
        for (std::uint64_t hits = rng.below(3) + 1; hits > 0; --hits) {
            text.replace(rng.below(text.size()), rng.below(6), spices[rng.below(spices.size())]);
        }
        const auto json = parse_json(text);
        if (!json) continue;
        if (auto graph = read_native(*json)) (void)model::infer_types(std::move(*graph));
    }
}

}  // namespace
}  // namespace gatewright::frontends
