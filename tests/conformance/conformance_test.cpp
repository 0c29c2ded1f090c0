// SPDX-License-Identifier: Apache-2.0
//
// The suite every layer is under, with no test code of its own: for each example of each kind in
// layers.def, JSON reads back the same layer, the reference lies in the inferred range, and the dataflow
// program gives the reference's value on edge vectors and random events.
#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "layers/registry.h"
#include "support/examples.h"

namespace gatewright {
namespace {

using fixed::Dyadic;
using fixed::Integer;

class Conformance : public ::testing::TestWithParam<std::size_t> {
  protected:
    const model::LayerDef& def() const { return layers::all_layers()[GetParam()]; }
};

TEST_P(Conformance, JsonReadsBackTheSameLayer) {
    Rng rng(testing::test_seed(1));
    for (const model::Example& example : def().examples(rng)) {
        const Json json = example.layer->attributes();
        const auto parsed = parse_json(json.dump(2));
        ASSERT_TRUE(parsed) << parsed.error().message;
        const auto again = layers::make_layer(def().kind, *parsed);
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ((*again)->attributes().dump(), json.dump());
    }
}

TEST_P(Conformance, DataflowEqualsReferenceWithinRange) {
    Rng rng(testing::test_seed(2));
    for (const model::Example& example : def().examples(rng)) {
        const model::Graph graph = testing::one_layer_graph(example);
        const auto typed = model::infer_types(graph);
        ASSERT_TRUE(typed) << typed.error().message;
        const model::TensorType& type = typed->type(graph.outputs()[0]);
        const arch::Design design = arch::build_design(*typed);
        const arch::FlatProgram flat = arch::flatten(design);
        const Status valid = dfg::verify_ranges(flat.program);
        ASSERT_TRUE(valid) << valid.error().message;
        for (const auto& event : testing::test_events(design, 40, rng)) {
            const auto reference = evaluate_reference(graph, testing::port_values(design, event));
            const model::Values& expected = reference[graph.outputs()[0].index()];
            ASSERT_EQ(expected.shape, type.shape);
            const std::vector<Integer> codes = dfg::interpret(flat.program, event);
            for (std::size_t i = 0; i < codes.size(); ++i) {
                ASSERT_TRUE(type.elements[i].contains(expected[i]))
                    << expected[i].to_string() << " outside " << to_string(type.elements[i]);
                const int frac = design.outputs[0].elements[i].format.frac;
                ASSERT_EQ(Dyadic(codes[i], -frac), expected[i])
                    << example.layer->attributes().dump(1) << " element " << i;
            }
        }
    }
}

std::string kind_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return std::string(layers::all_layers()[info.param].kind);
}

INSTANTIATE_TEST_SUITE_P(Layers, Conformance, ::testing::Range(std::size_t{0}, layers::all_layers().size()),
                         kind_name);

}  // namespace
}  // namespace gatewright
