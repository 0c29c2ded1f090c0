// SPDX-License-Identifier: Apache-2.0
//
// The netlist proof on right netlists of every layer kind and random program, and on netlists with
// one fault each: it must prove the former and disprove the latter.
#include "verify/netlist_proof.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "layers/registry.h"
#include "rtl/emit.h"
#include "support/examples.h"
#include "support/random_network.h"

namespace gatewright::verify {
namespace {

using rtl::Assign;
using rtl::Operation;
using rtl::Register;

constexpr double kBudget = 60;

struct Built {
    arch::FlatProgram flat;
    rtl::Netlist netlist;
};

Built built(const arch::Design& design, double clock_mhz,
            schedule::TernaryAdders ternary_adders = schedule::TernaryAdders::kNever) {
    Built out;
    out.flat = arch::flatten(design);
    const auto device = schedule::find_device("xcvu13p-2").value();
    schedule::ScheduleParams params;
    params.clock_mhz = clock_mhz;
    params.ternary_adders = ternary_adders;
    out.netlist =
        rtl::build_netlist(design, out.flat, schedule::schedule(out.flat, device, params).value());
    return out;
}

Built random_network(std::uint64_t seed,
                     schedule::TernaryAdders ternary_adders = schedule::TernaryAdders::kNever) {
    Rng rng(seed);
    model::Graph graph = testing::random_network(
        rng, {.sizes = {6, 10, 6, 4}, .weight_bits = 4, .activation_bits = 5});
    return built(arch::build_design(model::infer_types(std::move(graph)).value()), 400,
                 ternary_adders);
}

// Applies `change` to the first statement it accepts; true if there was one.
template <class S, class Change>
bool mutate(rtl::Netlist& netlist, Change change) {
    for (rtl::Module& module : netlist.modules) {
        if (!module.kernel.valid()) continue;
        for (rtl::Statement& statement : module.statements) {
            if (auto* found = std::get_if<S>(&statement);
                found != nullptr && change(*found, statement))
                return true;
        }
    }
    return false;
}

TEST(NetlistProof, RandomNetworksAreProven) {
    for (std::uint64_t seed = testing::test_seed(1), last = seed + 4; seed < last; ++seed) {
        const Built network = random_network(seed);
        const ProofResult result = prove_netlist(network.flat, network.netlist, kBudget);
        EXPECT_EQ(result.outcome, Outcome::kProven) << result.detail;
    }
}

TEST(NetlistProof, ThreeInputAddersAreProvenAndAWrongSignInOneIsFound) {
    Built network = random_network(testing::test_seed(5), schedule::TernaryAdders::kWhereTheyPay);
    ASSERT_GT(rtl::statistics(network.netlist).ternary_adders, 0);
    const ProofResult right = prove_netlist(network.flat, network.netlist, kBudget);
    EXPECT_EQ(right.outcome, Outcome::kProven) << right.detail;
    ASSERT_TRUE(mutate<Assign>(network.netlist, [](Assign& assign, rtl::Statement&) {
        if (!rtl::is_three_input_adder(assign.operation)) return false;
        assign.operation =
            assign.operation == Operation::kAdd3 ? Operation::kAdd2Sub1 : Operation::kAdd3;
        return true;
    }));
    EXPECT_EQ(prove_netlist(network.flat, network.netlist, kBudget).outcome, Outcome::kDisproven);
}

TEST(NetlistProof, EveryLayerKindIsProven) {
    Rng rng(testing::test_seed(2));
    for (const model::LayerDef& def : layers::all_layers()) {
        auto examples = def.examples(rng);
        if (examples.size() > 3) examples.resize(3);
        for (const model::Example& example : examples) {
            const auto typed = model::infer_types(testing::one_layer_graph(example));
            const arch::Design design = arch::build_design(*typed);
            // Products of very wide values are beyond any solver's patience.
            const auto wide = [](const dfg::Node& node) { return node.format.width > 40; };
            const Built one = built(design, 300);
            if (std::any_of(one.flat.program.nodes().begin(), one.flat.program.nodes().end(), wide))
                continue;
            const ProofResult result = prove_netlist(one.flat, one.netlist, kBudget);
            EXPECT_EQ(result.outcome, Outcome::kProven) << def.kind << ": " << result.detail;
        }
    }
}

TEST(NetlistProof, AnAdditionMadeASubtractionIsDisproven) {
    Built network = random_network(3);
    ASSERT_TRUE(mutate<Assign>(network.netlist, [](Assign& assign, rtl::Statement&) {
        if (assign.operation != Operation::kAdd) return false;
        assign.operation = Operation::kSub;
        return true;
    }));
    EXPECT_EQ(prove_netlist(network.flat, network.netlist, kBudget).outcome, Outcome::kDisproven);
}

TEST(NetlistProof, ADroppedRegisterIsDisproven) {
    Built network = random_network(4);
    ASSERT_TRUE(mutate<Register>(network.netlist, [](Register& reg, rtl::Statement& statement) {
        const Register dropped = reg;
        statement = Assign{dropped.target, Operation::kBits, {dropped.next}, 0, {}};
        return true;
    }));
    const ProofResult result = prove_netlist(network.flat, network.netlist, kBudget);
    EXPECT_EQ(result.outcome, Outcome::kDisproven) << result.detail;
}

TEST(NetlistProof, AWrongConstantBitIsDisproven) {
    Built network = random_network(5);
    ASSERT_TRUE(mutate<Assign>(network.netlist, [](Assign& assign, rtl::Statement&) {
        for (rtl::Bits& operand : assign.operands) {
            for (rtl::Piece& piece : operand.pieces) {
                if (piece.kind != rtl::Piece::Kind::kConstant ||
                    assign.operation != Operation::kAdd)
                    continue;
                piece.value = piece.value ^ fixed::Integer(1);
                return true;
            }
        }
        return false;
    }));
    EXPECT_EQ(prove_netlist(network.flat, network.netlist, kBudget).outcome, Outcome::kDisproven);
}

TEST(NetlistProof, SwappedOutputsAreDisproven) {
    Built network = random_network(6);
    dfg::Program swapped;
    for (const dfg::Node& node : network.flat.program.nodes()) swapped.append(node);
    const auto outputs = network.flat.program.outputs();
    swapped.append_output(outputs[1]);
    swapped.append_output(outputs[0]);
    for (std::size_t i = 2; i < outputs.size(); ++i) swapped.append_output(outputs[i]);
    network.flat.program = std::move(swapped);
    EXPECT_EQ(prove_netlist(network.flat, network.netlist, kBudget).outcome, Outcome::kDisproven);
}

}  // namespace
}  // namespace gatewright::verify
