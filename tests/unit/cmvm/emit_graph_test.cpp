// SPDX-License-Identifier: Apache-2.0
//
// Graphs as programs and as JSON, by hand-made graphs.
#include "cmvm/emit_graph.h"

#include <gtest/gtest.h>

#include "cmvm/graph_json.h"
#include "dfg/affine.h"
#include "dfg/interpreter.h"

namespace gatewright::cmvm {
namespace {

using fixed::Integer;
using fixed::Interval;

// v2 = x0·4 - x1, v3 = v2 + x1·2 - x0·8 (ternary); outputs -v3·2, 0, x1.
AdderGraph hand_made() {
    AdderGraph graph;
    graph.inputs = 2;
    graph.nodes.push_back({0, 1, 2, 0, true});
    graph.nodes.push_back({2, 1, 0, 1, false, 0, 3, true});
    graph.outputs = {{3, 1, true}, {-1, 0, false}, {1, 0, false}};
    return graph;
}

TEST(EmitGraph, AProgramComputesWhatTheGraphSays) {
    const std::vector<Interval> ranges = {{-4, 3, 0}, {0, 15, 2}};
    const dfg::Program program = to_program(hand_made(), ranges, "g");
    ASSERT_TRUE(dfg::verify_ranges(program));
    for (int x0 = -4; x0 <= 3; ++x0) {
        for (int x1 = 0; x1 <= 15; ++x1) {  // in quarters
            const auto y = dfg::interpret(program, std::vector<Integer>{x0, x1});
            // -2·(4·x0 - x1 + 2·x1 - 8·x0) = 8·x0 - 2·x1, on the grid of the output
            const dfg::Node& out = program[program.outputs()[0]];
            ASSERT_GE(out.format.frac, 1);
            EXPECT_EQ(y[0], Integer(16 * x0 - x1) << (out.format.frac - 1));
            EXPECT_EQ(y[1], Integer(0));
            EXPECT_EQ(y[2], Integer(x1));
        }
    }
}

TEST(EmitGraph, AConstantInputIsNoTrouble) {
    const std::vector<Interval> ranges = {{0, 0, 0}, {-8, 7, 0}};
    const dfg::Program program = to_program(hand_made(), ranges, "g");
    EXPECT_EQ(dfg::interpret(program, std::vector<Integer>{0, 5})[0], Integer(-10));
}

TEST(GraphJson, TernaryNodesHaveEightNumbers) {
    EXPECT_EQ(to_json(hand_made()).dump(), R"({"nodes":[[0,1,2,0,-1],[2,1,0,1,1,0,3,-1]],)"
                                           R"("outputs":[[3,1,true],[-1,0,false],[1,0,false]]})");
}

}  // namespace
}  // namespace gatewright::cmvm
