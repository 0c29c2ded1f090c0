// SPDX-License-Identifier: Apache-2.0
//
// The suite every layer is under, with no test code of its own: for each example of each kind in
// layers.def, JSON reads back the same layer, the reference lies in the inferred range, and the
// dataflow program gives the reference's value on edge vectors and random events (on all inputs
// where they are few). The last tests change programs on purpose: a comparison that cannot fail
// proves nothing.
#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "layers/registry.h"
#include "support/examples.h"

namespace gatewright {
namespace {

using fixed::Dyadic;
using fixed::Integer;

// All codes of all inputs, if they are at most 2^10; else edge vectors and random events.
std::vector<std::vector<Integer>> events_of(const arch::Design& design, Rng& rng) {
    int bits = 0;
    for (const arch::Port& port : design.inputs) bits += port.width;
    if (bits > 10) return testing::test_events(design, 60, rng);
    std::vector<std::vector<Integer>> events;
    for (std::int64_t all = 0; all < std::int64_t{1} << bits; ++all) {
        std::vector<Integer>& event = events.emplace_back();
        int used = 0;
        for (const arch::Port& port : design.inputs) {
            for (const fixed::Cast& element : port.elements) {
                event.push_back(element.format.wrap(Integer(all >> used)));
                used += element.format.width;
            }
        }
    }
    return events;
}

/// The program with one node changed.
template <class Change>
dfg::Program changed(const dfg::Program& program, std::size_t index, Change change) {
    dfg::Program out;
    for (const dfg::Table& table : program.tables()) out.append_table(table);
    for (std::size_t i = 0; i < program.size(); ++i) {
        dfg::Node node = program.nodes()[i];
        if (i == index) change(node);
        out.append(std::move(node));
    }
    for (const dfg::ValueId output : program.outputs()) out.append_output(output);
    return out;
}

/// True if some event shows the program to differ from the layer's reference.
bool differs(const model::Graph& graph, const arch::Design& design, const dfg::Program& program,
             const std::vector<std::vector<Integer>>& events) {
    for (const auto& event : events) {
        const auto reference = evaluate_reference(graph, testing::port_values(design, event));
        const model::Values& expected = reference[graph.outputs()[0].index()];
        const std::vector<Integer> codes = dfg::interpret(program, event);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const int frac = program[program.outputs()[i]].format.frac;
            if (Dyadic(codes[i], -frac) != expected[i]) return true;
        }
    }
    return false;
}

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
        for (const auto& event : events_of(design, rng)) {
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

// Every node of the wanted kind in every example of a layer, changed one at a time.
struct Mutations {
    int tried = 0;
    int seen = 0;
};

template <class Wanted, class Change>
Mutations mutate(std::string_view kind, Wanted wanted, Change change) {
    Rng rng(testing::test_seed(4));
    Mutations out;
    for (const model::Example& example : layers::find_layer(kind)->examples(rng)) {
        const model::Graph graph = testing::one_layer_graph(example);
        const arch::Design design = arch::build_design(*model::infer_types(graph));
        const dfg::Program program = arch::flatten(design).program;
        const auto events = events_of(design, rng);
        EXPECT_FALSE(differs(graph, design, program, events));
        for (std::size_t i = 0; i < program.size(); ++i) {
            if (!wanted(program, program.nodes()[i])) continue;
            ++out.tried;
            out.seen += differs(graph, design, changed(program, i, change), events) ? 1 : 0;
        }
    }
    return out;
}

TEST(ConformanceMutation, AWrongRoundingModeIsSeen) {
    const auto drops_bits = [](const dfg::Program& program, const dfg::Node& node) {
        return node.op == dfg::Op::kCast && program[node.args[0]].format.frac > node.format.frac &&
               node.format.width > 3;
    };
    const Mutations result = mutate("quantize", drops_bits, [](dfg::Node& node) {
        node.round = node.round == fixed::Round::kTrn ? fixed::Round::kRnd : fixed::Round::kTrn;
    });
    EXPECT_GT(result.tried, 15);
    // The rest saturates in every event, or has values on which both modes agree.
    EXPECT_GT(result.seen, result.tried / 2) << result.seen << " of " << result.tried;
}

TEST(ConformanceMutation, AWrongOverflowModeIsSeen) {
    const auto saturates = [](const dfg::Program&, const dfg::Node& node) {
        return node.op == dfg::Op::kCast && node.overflow == fixed::Overflow::kSat;
    };
    const Mutations result = mutate(
        "quantize", saturates, [](dfg::Node& node) { node.overflow = fixed::Overflow::kWrap; });
    EXPECT_GT(result.tried, 3);
    EXPECT_EQ(result.seen, result.tried);
}

TEST(ConformanceMutation, AnAdditionForASubtractionIsSeen) {
    const auto subtracts = [](const dfg::Program&, const dfg::Node& node) {
        return node.op == dfg::Op::kSub;
    };
    const Mutations result =
        mutate("subtract", subtracts, [](dfg::Node& node) { node.op = dfg::Op::kAdd; });
    EXPECT_GT(result.tried, 10);
    EXPECT_GT(result.seen, result.tried / 2) << result.seen << " of " << result.tried;
}

INSTANTIATE_TEST_SUITE_P(Layers, Conformance,
                         ::testing::Range(std::size_t{0}, layers::all_layers().size()), kind_name);

}  // namespace
}  // namespace gatewright
