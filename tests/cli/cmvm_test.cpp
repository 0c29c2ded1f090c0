// SPDX-License-Identifier: Apache-2.0
//
// gatewright cmvm as a user runs it: files in, figures, graph and program text out.
#include <filesystem>

#include "cli/fixture.h"
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "support/files.h"
#include "support/json.h"

namespace gatewright {
namespace {

namespace fs = std::filesystem;
using fixed::Integer;

class CmvmCommand : public CliFixture {
  protected:
    // y0 = 3·x0 + 5·x1, y1 = -(x0 + x1): at least three adders, and a final negation or none.
    void SetUp() override {
        CliFixture::SetUp();
        write("m.txt", "2 2\n3 -1\n5 -1\n");
    }
};

TEST_F(CmvmCommand, PrintsTheFiguresOfTheIssue) {
    const auto outcome = run({"cmvm", path("m.txt"), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto json = parse_json(outcome.output);
    ASSERT_TRUE(json) << outcome.output;
    for (const char* field : {"adders", "ternary_adders", "cells", "negations", "depth", "seconds"})
        EXPECT_TRUE(json->find(field) != nullptr && json->find(field)->is_number()) << field;
    EXPECT_TRUE(json->get_bool("exact").value_or(false));
    EXPECT_EQ(json->get_integer("adders").value_or(0), 3);
    EXPECT_EQ(json->get_integer("ternary_adders").value_or(-1), 0);
    EXPECT_FALSE(json->contains("graph"));
    EXPECT_NE(run({"cmvm", path("m.txt")}).output.find("adders 3"), std::string::npos);
}

TEST_F(CmvmCommand, ArrivalsAndDeadlinesOfTheFileHold) {
    // y0 = x0 + x1 + x2 with x0 late: x1 + x2 first, then x0. y1 = x1 - x2 needs one adder.
    write("t.txt", "3 2\n1 0\n1 1\n1 -1\narrival 1 0 0\ndeadline 2 1\n");
    const auto outcome = run({"cmvm", path("t.txt"), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto json = parse_json(outcome.output);
    ASSERT_TRUE(json) << outcome.output;
    const Json* levels = json->find("output_levels");
    ASSERT_NE(levels, nullptr);
    EXPECT_EQ(levels->dump(), "[2,1]");
    write("t.txt", "3 2\n1 0\n1 1\n1 -1\narrival 2 0 0\ndeadline 2 1\n");
    const auto late = run({"cmvm", path("t.txt")});
    EXPECT_NE(late.exit_code, 0);
    EXPECT_NE(late.output.find("output 0 needs 3"), std::string::npos) << late.output;
}

TEST_F(CmvmCommand, AGraphHasFiveNumbersPerNodeAndThreePerOutput) {
    const auto outcome = run({"cmvm", path("m.txt"), "--graph", "--two-operand", "--json"});
    const auto json = parse_json(outcome.output);
    ASSERT_TRUE(json) << outcome.output;
    const Json* graph = json->find("graph");
    ASSERT_NE(graph, nullptr);
    const auto nodes = graph->get_array("nodes");
    const auto outputs = graph->get_array("outputs");
    ASSERT_TRUE(nodes && outputs);
    EXPECT_EQ((*nodes)->size(), 3U);
    for (const Json& node : **nodes) EXPECT_EQ(node.as_array().size(), 5U);
    ASSERT_EQ((*outputs)->size(), 2U);
    for (const Json& output : **outputs) {
        ASSERT_EQ(output.as_array().size(), 3U);
        EXPECT_TRUE(output.as_array()[2].is_bool());
    }
}

TEST_F(CmvmCommand, TheEmittedProgramComputesTheProduct) {
    ASSERT_EQ(run({"cmvm", path("m.txt"), "--emit", path("m.gw")}).exit_code, 0);
    const auto program = dfg::parse_text(read_file(path("m.gw")).value_or(""));
    ASSERT_TRUE(program) << program.error().message;
    ASSERT_EQ(program->inputs().size(), 2U);
    const std::vector<Integer> x = {-128, 127};
    const auto y = dfg::interpret(*program, x);
    EXPECT_EQ(y, (std::vector<Integer>{251, 1}));
}

TEST_F(CmvmCommand, RangesOfTheFileDecideTheCells) {
    // x0 + x1 with x0 in {0, 1} and x1 in {0, 2}: no bit in common, so the sum has one cell above
    // the meeting bit; with 8-bit inputs it has 9.
    write("narrow.txt", "2 1\n1\n1\n0 1 1\n0 2 2\n");
    write("wide.txt", "2 1\n1\n1\n");
    const auto cells = [&](const std::string& file) {
        const auto json = parse_json(run({"cmvm", path(file), "--json"}).output);
        return json ? json->get_integer("cells").value_or(-1) : -1;
    };
    EXPECT_EQ(cells("narrow.txt"), 1);
    EXPECT_EQ(cells("wide.txt"), 9);
    const auto typed =
        parse_json(run({"cmvm", path("wide.txt"), "--input", "ufixed<4,4>", "--json"}).output);
    ASSERT_TRUE(typed);
    EXPECT_EQ(typed->get_integer("cells").value_or(-1), 5);
}

TEST_F(CmvmCommand, AFolderIsSolvedFileByFile) {
    fs::create_directories(folder_ / "d");
    write("d/a.txt", "1 1\n7\n");
    write("d/b.txt", "2 1\n1\n1\n");
    write("d/notes.md", "no matrix");
    const auto json = parse_json(run({"cmvm", path("d"), "--json"}).output);
    ASSERT_TRUE(json);
    const auto matrices = json->get_array("matrices");
    ASSERT_TRUE(matrices);
    ASSERT_EQ((*matrices)->size(), 2U);
    EXPECT_EQ((**matrices)[0].get_string("file").value_or(""), "a.txt");
    EXPECT_EQ((**matrices)[1].get_integer("adders").value_or(0), 1);
    EXPECT_EQ(json->get_integer("adders").value_or(0), 2);
}

TEST_F(CmvmCommand, EqualSeedsGiveEqualGraphs) {
    write("r.txt", "4 4\n17 -93 51 7\n-44 85 23 -9\n61 37 -77 101\n13 -119 45 90\n");
    const auto graph = [&](const std::string& threads) {
        ::setenv("GW_THREADS", threads.c_str(), 1);
        const auto json =
            parse_json(run({"cmvm", path("r.txt"), "--seed", "5", "--graph", "--json"}).output);
        ::unsetenv("GW_THREADS");
        return json && json->find("graph") != nullptr ? json->find("graph")->dump() : "";
    };
    EXPECT_FALSE(graph("1").empty());
    EXPECT_EQ(graph("1"), graph("3"));
}

TEST_F(CmvmCommand, KernelsOfAModelBecomeMatrixFiles) {
    write("tiny.json", R"({"format": "gatewright-model", "version": 1, "name": "tiny", "layers": [
        {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4>"},
        {"name": "fc", "kind": "dense", "inputs": ["x"], "kernel": [[0.5, -1], [1.5, 2]]}],
        "outputs": ["fc"]})");
    ASSERT_EQ(run({"cmvm", "--dump-kernels", path("tiny.json"), path("k")}).exit_code, 0);
    EXPECT_EQ(read_file(path("k/fc.txt")).value_or(""),
              "2 2\n1 -2\n3 4\n-8 7.75 0.25\n-8 7.75 0.25\n");
    EXPECT_EQ(run({"cmvm", path("k")}).exit_code, 0);
}

TEST_F(CmvmCommand, WhatCannotBeSolvedIsRefusedWithTheReason) {
    struct Case {
        const char* text;
        const char* says;
    };
    for (const Case& c :
         std::vector<Case>{{"", "the first line holds the numbers of rows"},
                           {"2 x\n", "'x' is no size"},
                           {"0 2\n", "'0' is no size"},
                           {"2 2\n1 2\n3\n", "ends after 3 of 4 entries"},
                           {"1 1\n1.5\n", "line 2: entry '1.5' (row 0, column 0) is no integer"},
                           {"1 1\n4611686018427387904\n", "more than 60 bits"},
                           {"1 1\n3\n0 1\n", "expected none, or 'lo hi step'"},
                           {"1 1\n3\n0 1 3\n", "step 3 of input 0 is no power of two"},
                           {"1 1\n3\n4 1 1\n", "lo must not be above hi"},
                           {"1 1\n3\n0 0.3 0.25\n", "both multiples of the step"},
                           {"1 1\n3\n0 nan 1\n", "'nan' in the range of input 0"}}) {
        write("bad.txt", c.text);
        expect_refused({"cmvm", path("bad.txt")}, c.says);
    }
    expect_refused({"cmvm", path("missing.txt")}, "missing.txt");
    expect_refused({"cmvm", path("m.txt"), "--input", "float"}, "float");
    expect_refused({"cmvm", path("m.txt"), "--max-depth", "0"}, "--max-depth 0 cannot be met");
    expect_refused({"cmvm", path("m.txt"), "--emit", path("no/m.gw")}, "m.gw");
    fs::create_directories(folder_ / "empty");
    expect_refused({"cmvm", path("empty")}, "no matrix files");
    EXPECT_EQ(run({"cmvm", path("m.txt"), "--ternary", "--two-operand"}).exit_code, 2);
    EXPECT_EQ(run({"cmvm", path("m.txt"), "--depth-slack", "1", "--max-depth", "4"}).exit_code, 2);
}

}  // namespace
}  // namespace gatewright
