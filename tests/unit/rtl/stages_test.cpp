// SPDX-License-Identifier: Apache-2.0
//
// Staged netlists, cycle by cycle: every event equals the plan's evaluation however source and sink
// hold words back, and the cycles are those that the rates claim.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/delay_line.h"
#include "rtl/stages/simulate.h"
#include "schedule/stage_flow.h"
#include "staged_networks.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using arch::Io;
using arch::WeightStore;
using fixed::Integer;
using testing::mapping_of;
using testing::staged_case;
using testing::StagedCase;

void expect_right(const StagedCase& c, std::size_t events, const Traffic& traffic, Rng& rng) {
    const auto in = testing::staged_events(c.design, events, rng);
    const auto run = simulate_staged(c.design, c.netlist, in, traffic);
    ASSERT_TRUE(run.has_value()) << run.error().message;
    for (std::size_t e = 0; e < in.size(); ++e) {
        ASSERT_EQ(run->outputs[e], arch::evaluate(c.design, in[e]))
            << "event " << e << ", source " << traffic.source << ", sink " << traffic.sink;
    }
}

// Not held back, every event comes and goes in the cycles that the model of moving words has for
// it, and one alone at the claimed latency.
void expect_rates(const StagedCase& c, Rng& rng) {
    const std::size_t events = 9;
    const auto in = testing::staged_events(c.design, events, rng);
    const auto run = simulate_staged(c.design, c.netlist, in, {});
    ASSERT_TRUE(run.has_value()) << run.error().message;
    schedule::FlowParams params{schedule::latencies(c.schedule.stages), {}, events, 0};
    for (const schedule::Fifo& fifo : c.schedule.rates.fifos) params.depths.push_back(fifo.depth);
    const auto flow = schedule::run_flow(c.design, params);
    ASSERT_TRUE(flow.has_value()) << flow.error().message;
    for (std::size_t e = 0; e < events; ++e) {
        std::int64_t first = run->cycles;
        std::int64_t last = 0;
        std::int64_t accepted = 0;
        for (std::size_t p = 0; p < run->offered.size(); ++p) {
            const std::size_t words = c.netlist.outputs[p].words;
            first = std::min(first, run->offered[p][e * words]);
            last = std::max(last, run->offered[p][(e + 1) * words - 1]);
        }
        for (std::size_t p = 0; p < run->accepted.size(); ++p) {
            accepted = std::max(accepted, run->accepted[p][e * c.netlist.inputs[p].words]);
        }
        ASSERT_EQ(accepted, flow->events[e].accepted) << "event " << e;
        ASSERT_EQ(first, flow->events[e].first) << "event " << e;
        ASSERT_EQ(last, flow->events[e].last) << "event " << e;
        if (e > 0) continue;
        EXPECT_EQ(first - accepted, c.schedule.rates.first_word_cycles);
    }
    const auto alone = simulate_staged(c.design, c.netlist, {in.data(), 1}, {});
    ASSERT_TRUE(alone.has_value()) << alone.error().message;
    std::int64_t last_alone = 0;
    for (const auto& port : alone->offered) last_alone = std::max(last_alone, port.back());
    EXPECT_EQ(last_alone, c.schedule.rates.last_word_cycles);
}

void expect_all(const model::Graph& graph, const arch::MappingParams& mapping, Rng& rng) {
    const StagedCase c = staged_case(graph, mapping);
    expect_right(c, 4, {}, rng);
    expect_right(c, 4, {.source = 0.4, .sink = 1, .seed = 2}, rng);
    expect_right(c, 4, {.source = 1, .sink = 0.4, .seed = 3}, rng);
    expect_right(c, 6, {.source = 0.6, .sink = 0.6, .seed = 4}, rng);
    expect_rates(c, rng);
}

TEST(Stages, AConvolutionTakesOnePixelPerCycleOverFiveFrames) {
    Rng rng(gatewright::testing::test_seed(91));
    const std::int64_t rows = 6;
    const std::int64_t width = 7;
    const StagedCase c =
        staged_case(testing::one_convolution(rng, rows, width), mapping_of(Io::kStream, 1));
    const auto in = testing::staged_events(c.design, 5, rng);
    const auto run = simulate_staged(c.design, c.netlist, in, {});
    ASSERT_TRUE(run.has_value()) << run.error().message;
    for (std::size_t e = 0; e < in.size(); ++e) {
        EXPECT_EQ(run->outputs[e], arch::evaluate(c.design, in[e]));
    }
    const auto& accepted = run->accepted[0];
    ASSERT_EQ(accepted.size(), static_cast<std::size_t>(5 * rows * width));
    for (std::size_t n = 1; n < accepted.size(); ++n) ASSERT_EQ(accepted[n], accepted[n - 1] + 1);
    const auto& offered = run->offered[0];
    for (std::size_t n = 1; n < offered.size(); ++n) ASSERT_EQ(offered[n], offered[n - 1] + 1);
    // One row and one pixel below the first output, then the pipeline, and two FIFOs.
    const std::int64_t pipeline = c.schedule.stages[0].latency;
    EXPECT_LE(offered[0] - accepted[0], width + 1 + pipeline + 2);
}

TEST(Stages, StreamedNetworksAreTheirPlansUnderAnyTraffic) {
    Rng rng(gatewright::testing::test_seed(92));
    expect_all(testing::one_convolution(rng, 4, 5), mapping_of(Io::kStream, 1), rng);
    expect_all(testing::small_cnn(rng), mapping_of(Io::kStream, 1), rng);
    expect_all(testing::branches(rng), mapping_of(Io::kStream, 1), rng);
}

TEST(Stages, FoldedNetworksAreTheirPlansUnderAnyTraffic) {
    Rng rng(gatewright::testing::test_seed(93));
    for (const std::int64_t reuse : {2, 3, 6, 18, 36}) {
        SCOPED_TRACE(fmt::format("reuse {}", reuse));
        expect_all(testing::small_cnn(rng), mapping_of(Io::kStream, reuse), rng);
        if (HasFailure()) return;
    }
    expect_all(testing::branches(rng), mapping_of(Io::kStream, 4), rng);
    for (const std::int64_t reuse : {2, 8, 24, 96}) {
        expect_all(testing::one_dense(rng, 12, 8, 5), mapping_of(Io::kParallel, reuse), rng);
    }
}

TEST(Stages, LoadableNetworksStartWithTheModelsWeights) {
    Rng rng(gatewright::testing::test_seed(94));
    for (const std::int64_t reuse : {1, 6}) {
        SCOPED_TRACE(fmt::format("reuse {}", reuse));
        expect_all(testing::small_cnn(rng), mapping_of(Io::kStream, reuse, WeightStore::kLoadable),
                   rng);
    }
    expect_all(testing::branches(rng), mapping_of(Io::kStream, 2, WeightStore::kLoadable), rng);
}

}  // namespace
}  // namespace gatewright::rtl
