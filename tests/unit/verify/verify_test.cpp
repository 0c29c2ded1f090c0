// SPDX-License-Identifier: Apache-2.0
//
// The harness on whole designs: silent on right ones, and loud on each kind of fault it is there
// for, in the reference's place, in the dataflow, in the netlist and in the emitted Verilog.
#include "verify/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "emulate/engine.h"
#include "layers/quantize.h"
#include "rtl/emit.h"
#include "support/files.h"
#include "support/random_network.h"
#include "tools/tool.h"
#include "verify/stimuli.h"

namespace gatewright::verify {
namespace {

struct Whole {
    model::TypedGraph typed;
    arch::Design design;
    arch::FlatProgram flat;
    rtl::Netlist netlist;

    [[nodiscard]] VerifyInput input(const std::string& directory = {}) const {
        return {typed, design, flat, netlist, directory};
    }
};

model::Graph network(std::uint64_t seed) {
    Rng rng(seed);
    return testing::random_network(
        rng, {.sizes = {6, 10, 6, 4}, .weight_bits = 4, .activation_bits = 5});
}

Whole whole_of(model::Graph graph) {
    Whole out;
    out.typed = model::infer_types(std::move(graph)).value();
    out.design = arch::build_design(out.typed);
    out.flat = arch::flatten(out.design);
    const auto device = schedule::find_device("xcvu13p-2").value();
    schedule::ScheduleParams params;
    params.clock_mhz = 360;
    out.netlist = rtl::build_netlist(out.design, out.flat,
                                     schedule::schedule(out.flat, device, params).value());
    return out;
}

VerifyParams fast() {
    VerifyParams params;
    params.vectors = 500;
    params.slow_vectors = 200;
    params.verilator = UseTool::kNever;
    params.icarus = UseTool::kNever;
    params.proof.budget_seconds = 0;
    return params;
}

const EvaluatorResult& row(const VerifyResult& result, const std::string& name) {
    const auto found = std::find_if(result.evaluators.begin(), result.evaluators.end(),
                                    [&](const EvaluatorResult& r) { return r.name == name; });
    EXPECT_NE(found, result.evaluators.end()) << name;
    return *found;
}

tools::ScratchDirectory emitted(const rtl::Netlist& netlist, const std::string& from = {},
                                const std::string& to = {}) {
    auto scratch = tools::ScratchDirectory::create();
    bool changed = from.empty();
    for (const rtl::File& file : rtl::verilog_files(netlist)) {
        std::string text = file.content;
        const std::size_t at = changed ? std::string::npos : text.find(from);
        if (at != std::string::npos) {
            text.replace(at, from.size(), to);
            changed = true;
        }
        std::filesystem::create_directories(
            std::filesystem::path(scratch->file(file.path)).parent_path());
        EXPECT_TRUE(write_file(scratch->file(file.path), text));
    }
    EXPECT_TRUE(changed) << "nothing to mutate: '" << from << "'";
    return std::move(*scratch);
}

TEST(Verify, ARightDesignPassesInEveryEvaluator) {
    const Whole whole = whole_of(network(1));
    const auto directory = emitted(whole.netlist);
    VerifyParams params = fast();
    params.verilator = UseTool::kRequired;
    params.proof.budget_seconds = 60;
    tensor::Tensor<double> data({20, 6});
    Rng rng(3);
    for (double& value : data.data) value = 8 * rng.unit() - 4;
    params.data = {data};
    const auto result = verify_design(whole.input(directory.path()), params);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->passed()) << to_text(*result);
    EXPECT_TRUE(result->every_layer_proven) << to_text(*result);
    EXPECT_EQ(result->measured_latency, whole.netlist.latency_cycles);
    ASSERT_EQ(result->evaluators.size(), 5U);
    const std::size_t all = 9 + 2 * 6 + 500 + 20;
    EXPECT_EQ(row(*result, "emulator").vectors, all);
    EXPECT_EQ(row(*result, "verilator").vectors, all);
    EXPECT_EQ(row(*result, "netlist").vectors, 9U + 2 * 6 + 200 + 20);
    const Json json = to_json(*result);
    EXPECT_TRUE(json.find("passed")->as_bool());
    EXPECT_EQ(json.find("evaluators")->as_array().size(), 5U);
}

TEST(Verify, ASmallDesignIsRunThroughAllItsInputs) {
    Rng rng(8);
    const Whole whole =
        whole_of(testing::random_network(rng, {.sizes = {3, 4, 2}, .activation_bits = 4}));
    const auto directory = emitted(whole.netlist);
    VerifyParams params = fast();
    params.verilator = UseTool::kRequired;
    const auto result = verify_design(whole.input(directory.path()), params);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->passed()) << to_text(*result);
    EXPECT_EQ(result->exhaustive_vectors, 4096U);
    EXPECT_EQ(row(*result, "verilator").vectors, 9U + 2 * 3 + 500 + 4096);
}

TEST(Verify, TheEmittedTestbenchIsRunAndBelieved) {
    const Whole whole = whole_of(network(6));
    const auto directory = emitted(whole.netlist);
    const auto inputs = stimuli(whole.design.inputs, 20, 1);
    std::vector<fixed::Integer> outputs(inputs.size() / 6 * 4);
    emulate::Engine(whole.flat.program).run_exact(inputs, outputs);
    std::vector<rtl::Vector> vectors;
    for (std::size_t e = 0; e < inputs.size() / 6; ++e) {
        vectors.push_back({rtl::pack(whole.design.inputs, std::span(inputs).subspan(6 * e, 6)),
                           rtl::pack(whole.design.outputs, std::span(outputs).subspan(4 * e, 4))});
    }
    VerifyParams params = fast();
    params.icarus = UseTool::kRequired;
    for (const bool wrong : {false, true}) {
        if (wrong) vectors[7].out = vectors[7].out + fixed::Integer(vectors[7].out.bit(0) ? -1 : 1);
        for (const rtl::File& file : rtl::testbench_files(whole.netlist, vectors)) {
            std::filesystem::create_directories(directory.file("sim"));
            ASSERT_TRUE(write_file(directory.file(file.path), file.content));
        }
        const auto result = verify_design(whole.input(directory.path()), params);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->passed(), !wrong) << to_text(*result);
        if (!wrong) {
            EXPECT_EQ(row(*result, "icarus").vectors, vectors.size());
        }
    }
}

TEST(Verify, AnotherRoundingModeIsFoundAgainstTheReference) {
    const Whole right = whole_of(network(2));
    model::Graph changed = network(2);
    for (model::GraphNode& node : changed.nodes()) {
        if (auto* quantize = dynamic_cast<layers::Quantize*>(node.layer.get())) {
            quantize->type[0].round = fixed::Round::kTrn;
            break;
        }
    }
    const Whole wrong = whole_of(std::move(changed));
    const auto result =
        verify_design({right.typed, wrong.design, wrong.flat, wrong.netlist, {}}, fast());
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result->passed());
    for (const char* name : {"dataflow", "emulator", "netlist"}) {
        EXPECT_GT(row(*result, name).mismatches, 0U) << name;
        EXPECT_TRUE(row(*result, name).first.has_value());
    }
}

// Every single wrong operation that changes anything must be seen; a few are masked by a relu or a
// cast.
TEST(Verify, WrongOperationsInTheNetlistAreFound) {
    const Whole whole = whole_of(network(3));
    std::size_t tried = 0;
    std::size_t found = 0;
    for (std::size_t m = 0; m < whole.netlist.modules.size(); ++m) {
        for (std::size_t s = 0; s < whole.netlist.modules[m].statements.size() && tried < 30;
             s += 3) {
            Whole mutant = whole;
            auto* assign = std::get_if<rtl::Assign>(&mutant.netlist.modules[m].statements[s]);
            if (assign == nullptr || assign->operation != rtl::Operation::kAdd) continue;
            assign->operation = rtl::Operation::kSub;
            ++tried;
            const auto result = verify_design(mutant.input(), fast());
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_EQ(row(*result, "emulator").mismatches, 0U);
            found += row(*result, "netlist").mismatches > 0 ? 1U : 0U;
        }
    }
    EXPECT_GE(tried, 10U);
    EXPECT_GE(found * 10, tried * 8) << found << " of " << tried;
}

TEST(Verify, AWrongLatencyOfTheNetlistIsFound) {
    Whole whole = whole_of(network(4));
    whole.netlist.latency_cycles += 1;
    const auto result = verify_design(whole.input(), fast());
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result->passed());
    EXPECT_FALSE(row(*result, "netlist").failure.empty());
}

TEST(Verify, AChangedOperatorInTheVerilogIsFound) {
    const Whole whole = whole_of(network(5));
    const auto directory = emitted(whole.netlist, " + ", " - ");
    VerifyParams params = fast();
    params.verilator = UseTool::kRequired;
    const auto result = verify_design(whole.input(directory.path()), params);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result->passed());
    EXPECT_GT(row(*result, "verilator").mismatches, 0U);
    EXPECT_EQ(row(*result, "netlist").mismatches, 0U);
    EXPECT_NE(to_text(*result).find("WRONG"), std::string::npos);
}

TEST(Verify, AFolderWithoutVerilogIsAnError) {
    const Whole whole = whole_of(network(1));
    VerifyParams params = fast();
    params.verilator = UseTool::kRequired;
    const auto result = verify_design(whole.input("/nonexistent"), params);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("compile the model again"), std::string::npos);
}

}  // namespace
}  // namespace gatewright::verify
