// SPDX-License-Identifier: Apache-2.0
//
// Proofs prove what is right and, as important, disprove what is wrong: a changed weight, a swapped
// operation, another rounding mode.
#include "verify/proof.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dfg/text.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/quantize.h"
#include "layers/registry.h"
#include "support/examples.h"
#include "support/random_network.h"
#include "tools/z3.h"
#include "verify/layer_proofs.h"

namespace gatewright::verify {
namespace {

using fixed::Dyadic;

model::TypedGraph typed_of(model::Graph graph) {
    auto typed = model::infer_types(std::move(graph));
    EXPECT_TRUE(typed) << typed.error().message;
    return std::move(*typed);
}

model::Graph small_network(std::uint64_t seed) {
    Rng rng(seed);
    return testing::random_network(rng,
                                   {.sizes = {6, 8, 4}, .weight_bits = 4, .activation_bits = 5});
}

const ProofResult& result_of(const std::vector<ProofResult>& proofs, const std::string& layer) {
    const auto found =
        std::find_if(proofs.begin(), proofs.end(), [&](const auto& p) { return p.layer == layer; });
    EXPECT_NE(found, proofs.end()) << layer;
    return *found;
}

template <class L>
L& layer_of(model::Graph& graph, const std::string& name) {
    for (model::GraphNode& node : graph.nodes()) {
        if (node.name == name) return dynamic_cast<L&>(*node.layer);
    }
    throw std::runtime_error("no layer " + name);
}

TEST(Proof, EveryLayerOfARandomNetworkIsProven) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const auto typed = typed_of(small_network(seed));
        const auto proofs = prove_layers(typed, arch::build_design(typed), {.budget_seconds = 60});
        ASSERT_EQ(proofs.size(), 5U);
        for (const ProofResult& proof : proofs) {
            EXPECT_EQ(proof.outcome, Outcome::kProven) << proof.layer << ": " << proof.detail;
            if (proof.kind == "dense") {
                EXPECT_EQ(proof.method, "normal form + z3") << proof.detail;
            }
        }
    }
}

TEST(Proof, OneChangedWeightIsDisproven) {
    const auto design = arch::build_design(typed_of(small_network(1)));
    model::Graph changed = small_network(1);
    Dyadic& weight = layer_of<layers::Dense>(changed, "dense_1").kernel[5 * 8 + 3];
    weight += Dyadic(1, -4);
    const auto proofs = prove_layers(typed_of(changed), design, {.budget_seconds = 60});
    const ProofResult& proof = result_of(proofs, "dense_1");
    EXPECT_EQ(proof.outcome, Outcome::kDisproven);
    EXPECT_NE(proof.detail.find("output 3"), std::string::npos) << proof.detail;
    EXPECT_NE(proof.detail.find("input 5"), std::string::npos) << proof.detail;
}

TEST(Proof, AnotherRoundingModeIsDisprovenUnlessItIsTheSameFunction) {
    const auto design = arch::build_design(typed_of(small_network(2)));
    const auto outcome_with = [&](fixed::Round round) {
        model::Graph changed = small_network(2);
        layer_of<layers::Quantize>(changed, "dense_1_cast").type[0].round = round;
        const auto proofs = prove_layers(typed_of(changed), design, {.budget_seconds = 60});
        return result_of(proofs, "dense_1_cast").outcome;
    };
    // The network rounds with RND. Its values are not negative here, so a tie away from zero is a
    // tie upward.
    EXPECT_EQ(outcome_with(fixed::Round::kRnd), Outcome::kProven);
    EXPECT_EQ(outcome_with(fixed::Round::kRndInf), Outcome::kProven);
    EXPECT_EQ(outcome_with(fixed::Round::kRndZero), Outcome::kDisproven);
    EXPECT_EQ(outcome_with(fixed::Round::kRndConv), Outcome::kDisproven);
    EXPECT_EQ(outcome_with(fixed::Round::kTrn), Outcome::kDisproven);
}

TEST(Proof, ASwappedOperationIsDisproven) {
    const auto typed = typed_of(small_network(3));
    arch::Design design = arch::build_design(typed);
    const dfg::Program& program = design.kernels[0].program;
    dfg::Program swapped;
    for (const dfg::Table& table : program.tables()) swapped.append_table(table);
    bool done = false;
    for (dfg::Node node : program.nodes()) {
        if (!done && node.op == dfg::Op::kAdd && node.format.is_signed) {
            node.op = dfg::Op::kSub;
            done = true;
        }
        swapped.append(std::move(node));
    }
    for (const dfg::ValueId output : program.outputs()) swapped.append_output(output);
    ASSERT_TRUE(done);
    design.kernels[0].program = std::move(swapped);
    const auto proofs = prove_layers(typed, design, {.budget_seconds = 60});
    EXPECT_NE(result_of(proofs, "dense_1").outcome, Outcome::kProven);
}

TEST(Proof, NoTimeMeansTestedOnly) {
    const auto typed = typed_of(small_network(1));
    for (const ProofResult& proof :
         prove_layers(typed, arch::build_design(typed), {.budget_seconds = 1e-9})) {
        EXPECT_EQ(proof.outcome, Outcome::kTestedOnly);
        EXPECT_FALSE(proof.detail.empty());
    }
}

TEST(Proof, NothingIsDisprovenOfTheLayersOwnExamples) {
    Rng rng(testing::test_seed(4));
    std::size_t proven = 0;
    for (const model::LayerDef& def : layers::all_layers()) {
        std::size_t examples = 0;
        for (const model::Example& example : def.examples(rng)) {
            if (++examples > 3) break;
            const auto typed = typed_of(testing::one_layer_graph(example));
            const auto proofs = prove_layers(typed, arch::build_design(typed),
                                             {.budget_seconds = 2, .most_cases = 4096});
            for (const ProofResult& proof : proofs) {
                EXPECT_NE(proof.outcome, Outcome::kDisproven)
                    << def.kind << ": " << proof.detail << "\n"
                    << example.layer->attributes().dump(1);
                proven += proof.outcome == Outcome::kProven ? 1 : 0;
            }
        }
    }
    EXPECT_GT(proven, 10U);
}

// Weights of whole multiples of 16: the sums lie on a grid coarser than 1.
TEST(Proof, ACoarseGridIsProven) {
    model::Graph graph;
    layers::Input input;
    input.shape = {3};
    input.type = {{.format = {true, 5, -2}}};
    layers::Dense dense;
    dense.kernel = model::Values({3, 2});
    dense.kernel.data = {Dyadic(16), Dyadic(-48), Dyadic(32), Dyadic(80), Dyadic(0), Dyadic(16)};
    const LayerId x = graph.add("x", "", std::move(input), {});
    graph.add_output(graph.add("d", "", std::move(dense), {x}));
    const auto typed = typed_of(std::move(graph));
    const auto proofs = prove_layers(typed, arch::build_design(typed));
    ASSERT_EQ(proofs.size(), 1U);
    EXPECT_EQ(proofs[0].method, "normal form + z3") << proofs[0].detail;
}

// y0 = 3a + b, y1 = 3a - 2b, with one shared term.
constexpr std::string_view kTwoSums =
    "program sums\n"
    "%0 = input s6.2\n"
    "%1 = input s6.2\n"
    "%2 = add s8.2 %0 %0 << 1\n"
    "%3 = add s9.2 %2 %1\n"
    "%4 = sub s9.2 %2 %1 << 1\n"
    "output %3 %4\n";

TEST(LinearSmt, IsUnsatForTheRightFormsAndSatForAWrongOne) {
    const auto program = dfg::parse_text(kTwoSums);
    ASSERT_TRUE(program) << program.error().message;
    std::vector<std::vector<Dyadic>> forms{{3, 1, 0}, {3, -2, 0}};
    const auto right = tools::run_z3(linear_smt(*program, forms), std::chrono::seconds(10));
    ASSERT_TRUE(right) << right.error().message;
    EXPECT_EQ(right->verdict, tools::Verdict::kUnsat);
    for (const Dyadic& wrong : {Dyadic(-1), Dyadic(1), Dyadic(1, 20)}) {
        forms[1][1] = Dyadic(-2) + wrong;
        const auto answer = tools::run_z3(linear_smt(*program, forms), std::chrono::seconds(10));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->verdict, tools::Verdict::kSat) << wrong.to_string();
    }
}

TEST(LinearSmt, FiveHundredInputsAreDecidedInSeconds) {
    model::Graph graph;
    layers::Input input;
    input.shape = {512};
    input.type = {{.format = {true, 8, 4}}};
    layers::Dense dense;
    dense.kernel = model::Values({512, 1});
    Rng rng(testing::test_seed(5));
    for (Dyadic& weight : dense.kernel.data) weight = Dyadic(rng.between(-63, 63), -5);
    const LayerId x = graph.add("x", "", std::move(input), {});
    graph.add_output(graph.add("d", "", std::move(dense), {x}));
    const auto typed = typed_of(std::move(graph));
    const auto proofs = prove_layers(typed, arch::build_design(typed), {.budget_seconds = 30});
    ASSERT_EQ(proofs.size(), 1U);
    EXPECT_EQ(proofs[0].method, "normal form + z3") << proofs[0].detail;
    EXPECT_LT(proofs[0].seconds, 20);
}

}  // namespace
}  // namespace gatewright::verify
