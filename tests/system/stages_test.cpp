// SPDX-License-Identifier: Apache-2.0
//
// Real networks in every mapping: unrolled, streamed, folded, with loadable weights. A mapping
// never changes a result, so on the same events the reference, the plan, the emulator and the
// netlist simulator (for some also Verilator, which measures the promised cycles as well) agree bit
// for bit; and the encoder of the HGCAL front-end gives what its authors stored.
#include "compile/stages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "emulate/engine.h"
#include "emulate/staged_engine.h"
#include "rtl/stages/simulate.h"
#include "support/rng.h"
#include "support/temporary_folder.h"
#include "tensor/npy.h"
#include "verify/verify_stages.h"

namespace gatewright {
namespace {

using fixed::Integer;

const std::string kData = GW_SHARED_DATA;
const std::string kKeras = kData + "/hls4ml_example_models/keras/";
const std::string kModels = std::string(GW_SOURCE_DIR) + "/models/";

enum class Hardware { kUnrolled, kStreamed, kFolded, kLoadable };

struct Network {
    const char* name;
    std::string file;
    const char* precision = "";
    std::int64_t reuse = 1;  ///< of the folded mapping, rounded to the nearest legal one
    bool in_verilator = false;
};

void PrintTo(const Network& network, std::ostream* out) {
    *out << network.name;
}

compile::Options options_for(const Network& network, Hardware hardware) {
    compile::Options options;
    options.model = network.file;
    options.name = network.name;
    options.import.winner_only = true;
    if (*network.precision != '\0') {
        options.import.precision.everywhere = fixed::parse_cast(network.precision).value();
    }
    if (hardware == Hardware::kStreamed || hardware == Hardware::kLoadable) {
        options.mapping.io = arch::Io::kStream;
    }
    if (hardware == Hardware::kFolded) {
        options.mapping.reuse = network.reuse;
        options.mapping.rounding = arch::ReuseRounding::kNearest;
    }
    if (hardware == Hardware::kLoadable) options.mapping.weights = arch::WeightStore::kLoadable;
    return options;
}

compile::CompiledStages compiled_stages(const compile::Options& options) {
    Progress progress([](std::string_view) {});
    auto out = compile::compile_stages(options, progress);
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

verify::VerifyParams few_events(bool in_verilator) {
    verify::VerifyParams params;
    params.vectors = 60;
    params.slow_vectors = 2;
    params.most_slow = 2;
    params.proof.budget_seconds = 0;
    params.icarus = verify::UseTool::kNever;
    params.verilator = in_verilator ? verify::UseTool::kRequired : verify::UseTool::kNever;
    return params;
}

void expect_agreement(const Result<verify::VerifyResult>& result) {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->passed()) << verify::to_text(*result);
    EXPECT_GE(result->evaluators.size(), 4U);
    for (const auto& evaluator : result->evaluators) {
        EXPECT_GT(evaluator.vectors, 0U) << evaluator.name;
    }
}

void expect_staged(const Network& network, Hardware hardware) {
    Progress progress([](std::string_view) {});
    const auto c = compiled_stages(options_for(network, hardware));
    const testing::TemporaryFolder folder;
    const std::string directory = folder.path("design");
    if (network.in_verilator) {
        const Json report = compile::make_report(c, progress, directory);
        ASSERT_TRUE(compile::write_design_directory(c, report, directory));
    }
    expect_agreement(verify::verify_stages({c.typed, c.plan, c.schedule, c.hardware, directory},
                                           few_events(network.in_verilator)));
}

class StagedNetworks : public ::testing::TestWithParam<Network> {};

TEST_P(StagedNetworks, StreamedAgreesInAllEvaluators) {
    expect_staged(GetParam(), Hardware::kStreamed);
}

TEST_P(StagedNetworks, FoldedAgreesInAllEvaluators) {
    expect_staged(GetParam(), Hardware::kFolded);
}

class UnrolledNetworks : public ::testing::TestWithParam<Network> {};

TEST_P(UnrolledNetworks, AgreeInAllEvaluators) {
    Progress progress([](std::string_view) {});
    const auto c = compile::compile_model(options_for(GetParam(), Hardware::kUnrolled), progress);
    ASSERT_TRUE(c) << c.error().message;
    expect_agreement(
        verify::verify_design({c->typed, c->design, c->flat, c->netlist, ""}, few_events(false)));
}

Network tau() {
    return {"tau", kModels + "tau/tau.keras", "", 4, true};
}
Network btag() {
    return {"btag", kModels + "btag/btag.keras", "", 4, true};
}
Network econt() {
    return {"econt", kData + "/econt_ae/baseline_encoder_keras_model.h5", "", 8, true};
}

std::string network_name(const ::testing::TestParamInfo<Network>& tested) {
    return tested.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Real, StagedNetworks,
    ::testing::Values(
        tau(), btag(), econt(), Network{"wires", kModels + "wires/wires.h5", "", 8},
        Network{"digits", kModels + "digits/digits.keras", "", 16},
        Network{"conv2d", kKeras + "KERAS_conv2d_model.json", "fixed<16,6>", 8},
        Network{"jet_tagger", kKeras + "jetTagger_Conv2D_Small_NoBatchNorm.json", "fixed<16,6>",
                16},
        Network{"jet_tagger_batch_norm", kKeras + "jetTagger_Conv2D_Small.json", "fixed<16,6>", 16},
        Network{"deep_sets",
                kData + "/jet_constituents/models/"
                        "deepsinv_synthable_8bits_8const_ptetaphi_kfolds_kfold_0_keras_metadata.pb",
                "fixed<16,6>", 16}),
    network_name);

INSTANTIATE_TEST_SUITE_P(Real, UnrolledNetworks, ::testing::Values(tau(), btag(), econt()),
                         network_name);

TEST(AnomalyAutoencoder, Of640InputsAgreesFolded) {
    expect_staged({"anomaly", kData + "/mlperf_tiny/anomaly_detection/trained_models/ad01.h5",
                   "fixed<16,6>", 512},
                  Hardware::kFolded);
}

TEST(EcontEncoder, WithLoadableWeightsAgreesInAllEvaluators) {
    expect_staged(econt(), Hardware::kLoadable);
}

/// Blank-separated numbers of a text file.
std::vector<double> numbers_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<double> out;
    for (double value = 0; file >> value;) out.push_back(value);
    return out;
}

std::vector<std::vector<Integer>> stored_events(std::span<const dfg::Port> ports) {
    const auto features = numbers_of(kData + "/econt_ae/baseline_tb_input_features.dat");
    const tensor::Tensor<double> x({10, 64}, features);
    const auto codes = emulate::to_codes(ports, std::vector{x});
    if (!codes) throw std::runtime_error(codes.error().message);
    std::vector<std::vector<Integer>> events(10);
    for (std::size_t i = 0; i < codes->size(); ++i) events[i / 64].emplace_back((*codes)[i]);
    return events;
}

void expect_stored(std::span<const Integer> codes, const std::vector<fixed::Cast>& elements,
                   std::size_t event) {
    static const std::vector<double> kStored =
        numbers_of(kData + "/econt_ae/baseline_tb_output_predictions.dat");
    ASSERT_EQ(kStored.size(), 160U);
    ASSERT_EQ(codes.size(), 16U);
    for (std::size_t i = 0; i < 16; ++i) {
        // The outputs are codes of ufixed<9,1>; the file holds eight digits of them.
        const double y = std::ldexp(codes[i].to_double(), -elements[i].format.frac);
        EXPECT_EQ(y * 256, std::nearbyint(kStored[event * 16 + i] * 256))
            << "event " << event << " output " << i;
    }
}

class EcontMappings : public ::testing::TestWithParam<Hardware> {};

TEST_P(EcontMappings, TheNetlistGivesTheTenStoredOutputs) {
    const auto c = compiled_stages(options_for(econt(), GetParam()));
    const auto events = stored_events(c.plan.inputs);
    const auto run = rtl::simulate_staged(c.plan, c.hardware, events);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_EQ(run->outputs.size(), 10U);
    for (std::size_t e = 0; e < 10; ++e) {
        expect_stored(run->outputs[e], c.plan.outputs[0].elements, e);
    }
}

std::string mapping_name(const ::testing::TestParamInfo<Hardware>& tested) {
    switch (tested.param) {
        case Hardware::kUnrolled:
            return "unrolled";
        case Hardware::kStreamed:
            return "streamed";
        case Hardware::kFolded:
            return "folded";
        case Hardware::kLoadable:
            return "loadable";
    }
    return {};
}

INSTANTIATE_TEST_SUITE_P(Mappings, EcontMappings,
                         ::testing::Values(Hardware::kStreamed, Hardware::kFolded,
                                           Hardware::kLoadable),
                         mapping_name);

TEST(EcontEncoder, UnrolledGivesTheTenStoredOutputs) {
    Progress progress([](std::string_view) {});
    const auto c = compile::compile_model(options_for(econt(), Hardware::kUnrolled), progress);
    ASSERT_TRUE(c) << c.error().message;
    const auto events = stored_events(c->design.inputs);
    const emulate::Engine engine(c->flat.program);
    for (std::size_t e = 0; e < 10; ++e) {
        std::vector<Integer> out(engine.output_count());
        engine.run_exact(events[e], out);
        expect_stored(out, c->design.outputs[0].elements, e);
    }
}

// --- New weights while events come ---------------------------------------------------------------

struct Write {
    std::int64_t address;
    std::int64_t data;
};

// Every weight of the encoder negated or halved at random, still of the quantizer's format; the
// writes that bring the other bank to them.
std::vector<Write> retrained(arch::StagedDesign& plan, const rtl::StagedNetlist& hardware,
                             Rng& rng) {
    using Kind = rtl::LoadBlock::Kind;
    std::vector<Write> writes;
    for (const rtl::LoadBlock& placed : hardware.blocks) {
        arch::Stage& stage = plan.stages[placed.stage];
        auto& work = std::get<arch::Compute>(stage.work);
        arch::LinearHead& head = *work.parts.front().head;
        const std::int64_t lowest = *head.weight_format.min_code().to_int64();
        for (std::int64_t& weight : head.weights) {
            if (rng.chance(0.5)) weight = weight == lowest ? weight : -weight;
            if (rng.chance(0.3)) weight /= 2;
        }
        const rtl::LoadBlock block = rtl::load_block(stage, arch::fold(head, work.folding));
        for (const Kind kind : {Kind::kWeights, Kind::kBiases}) {
            const rtl::LoadTable& table = kind == Kind::kWeights ? block.weights : block.biases;
            for (std::int64_t i = 0; i < table.indices; ++i) {
                for (int column = 0; column < table.columns; ++column) {
                    const Integer word = table.contents[static_cast<std::size_t>(i)];
                    writes.push_back(
                        {placed.address(1, kind, i, column),
                         *(word >> (column * rtl::kLoadBits)).low_bits(rtl::kLoadBits).to_int64()});
                }
            }
        }
    }
    return writes;
}

TEST(EcontEncoder, NewWeightsAtRunTimeReachWholeEvents) {
    const auto c = compiled_stages(options_for(econt(), Hardware::kLoadable));
    ASSERT_EQ(c.hardware.blocks.size(), 2U) << "convolution and dense layer";
    arch::StagedDesign other = c.plan;
    Rng rng(4);
    const auto writes = retrained(other, c.hardware, rng);
    // Events go in back to back until the writes are done and a few are answered with the new bank.
    const auto stored = stored_events(c.plan.inputs);
    const auto interval = static_cast<std::size_t>(c.schedule.rates.initiation_interval);
    std::vector<std::vector<Integer>> events;
    while (events.size() * interval < writes.size() + 12 * interval) {
        events.push_back(stored[events.size() % stored.size()]);
    }
    std::size_t next = 0;
    std::int64_t swapped_at = -1;
    rtl::Traffic traffic{.source = 0.95, .sink = 0.95, .seed = 2};
    traffic.every_cycle = [&](rtl::Simulator& simulator, std::int64_t cycle) {
        simulator.set("reg_select", 0);
        if (swapped_at >= 0) return;
        const bool is_swap = next == writes.size();
        simulator.set("reg_select", 1);
        simulator.set("reg_write", 1);
        simulator.set("reg_address", is_swap ? 1 : writes[next].address);
        simulator.set("reg_wdata", is_swap ? 1 : writes[next].data);
        simulator.settle();
        EXPECT_TRUE(simulator.get("reg_error").is_zero());
        if (is_swap) swapped_at = cycle;
        next += is_swap ? 0 : 1;
    };
    const auto run = rtl::simulate_staged(c.plan, c.hardware, events, traffic);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_GE(swapped_at, 0);
    std::size_t with_new = 0;
    for (std::size_t e = 0; e < events.size(); ++e) {
        const std::int64_t begun = run->accepted[0][e * c.hardware.inputs[0].words];
        const bool is_new = begun > swapped_at;
        with_new += is_new ? 1U : 0U;
        ASSERT_EQ(run->outputs[e], arch::evaluate(is_new ? other : c.plan, events[e]))
            << "event " << e << " begun in cycle " << begun << ", swap in " << swapped_at;
    }
    EXPECT_GT(with_new, 3U);
    EXPECT_LT(with_new, events.size());
    EXPECT_NE(arch::evaluate(other, events[0]), arch::evaluate(c.plan, events[0]));
}

}  // namespace
}  // namespace gatewright
