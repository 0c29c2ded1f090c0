// SPDX-License-Identifier: Apache-2.0
//
// When words move: latencies, intervals and FIFO depths counted by hand on small designs, and the
// referee, which must refuse every claim that is wrong by one.
//
// By hand: the source offers word k in cycle k; it can be popped in cycle k + 1; a window that it
// completes fires then, and its word is offered `latency` + 1 cycles later.
#include "schedule/stages.h"

#include <gtest/gtest.h>

#include <functional>

#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/rearrange.h"
#include "layers/relu.h"
#include "layers/reshape.h"
#include "schedule/stage_flow.h"
#include "support/seed.h"
#include "unit/arch/random_graphs.h"
#include "unit/arch/staged_runs.h"

namespace gatewright::schedule {
namespace {

using arch::Io;
using arch::StagedDesign;
using fixed::Dyadic;
using model::Graph;
using testing::plan_of;

arch::StageParams mapping_of(Io io, std::int64_t reuse) {
    arch::StageParams params;
    params.mapping.io = io;
    params.mapping.reuse = reuse;
    params.mapping.rounding = arch::ReuseRounding::kNearest;
    return params;
}

LayerId add_input(Graph& graph, tensor::Shape shape) {
    layers::Input input;
    input.shape = std::move(shape);
    input.type = {{.format = {true, 5, 2}}};
    return graph.add("x", "x", std::move(input), {});
}

model::Values weights_of(Rng& rng, tensor::Shape shape) {
    model::Values out(std::move(shape));
    for (Dyadic& weight : out.data) weight = Dyadic(2 * static_cast<int>(rng.between(0, 3)) + 1, 0);
    return out;
}

enum class Padding { kValid, kSame };

LayerId add_conv(Graph& graph, Rng& rng, LayerId from, const std::string& name, Padding padding) {
    layers::Conv conv;
    conv.kernel = weights_of(rng, {3, 3, 2, 2});
    conv.bias.assign(2, Dyadic(1, 0));
    if (padding == Padding::kSame) conv.padding_before = conv.padding_after = {1, 1};
    return graph.add(name, name, std::move(conv), {from});
}

// 6 rows of 5 positions of 2 channels -> 3x3.
StagedDesign convolution(Padding padding, std::int64_t reuse) {
    Rng rng(testing::test_seed(61));
    Graph graph;
    graph.add_output(add_conv(graph, rng, add_input(graph, {6, 5, 2}), "conv", padding));
    return plan_of(graph, mapping_of(Io::kStream, reuse));
}

// The same input beside `convolutions` of them: branches of different depth.
StagedDesign skip_connection(int convolutions, std::int64_t reuse) {
    Rng rng(testing::test_seed(62));
    Graph graph;
    const LayerId x = add_input(graph, {5, 5, 2});
    LayerId last = x;
    for (int i = 0; i < convolutions; ++i)
        last = add_conv(graph, rng, last, "conv" + std::to_string(i), Padding::kSame);
    graph.add_output(graph.add("sum", "sum", layers::Add(), {x, last}));
    return plan_of(graph, mapping_of(Io::kStream, reuse));
}

Rates rates_of(const StagedDesign& design, const std::vector<int>& latency) {
    const auto rates = compute_rates(design, latency);
    EXPECT_TRUE(rates) << (rates ? "" : rates.error().message);
    return rates ? *rates : Rates{};
}

StagedSchedule claimed(const StagedDesign& design, const std::vector<int>& latency) {
    StagedSchedule out;
    for (const int cycles : latency) out.stages.emplace_back().latency = cycles;
    out.rates = rates_of(design, latency);
    return out;
}

std::int64_t depth_between(const StagedDesign& design, const Rates& rates, const std::string& from,
                           const std::string& to) {
    for (const Fifo& fifo : rates.fifos) {
        const arch::Stream& stream = design[fifo.stream];
        const std::string producer = stream.producer.valid() ? design[stream.producer].name : "x";
        if (fifo.reader >= stream.readers.size() || producer != from) continue;
        if (design[stream.readers[fifo.reader].stage].name == to) return fifo.depth;
    }
    ADD_FAILURE() << "no FIFO from " << from << " to " << to;
    return 0;
}

TEST(Rates, AWindowWithoutPaddingWaitsForItsLastWord) {
    for (const int latency : {1, 4}) {
        const Rates rates = rates_of(convolution(Padding::kValid, 1), {latency});
        EXPECT_EQ(rates.initiation_interval, 30);
        // Word 2 * 5 + 2 completes the first window, word 29 the last.
        EXPECT_EQ(rates.first_word_cycles, 12 + 2 + latency);
        EXPECT_EQ(rates.last_word_cycles, 29 + 2 + latency);
    }
}

TEST(Rates, PaddingAfterTheLastWordIsDrainedByEmptySteps) {
    const Rates rates = rates_of(convolution(Padding::kSame, 1), {3});
    // The next event's words push the last row out: no cycle is lost between events.
    EXPECT_EQ(rates.initiation_interval, 30);
    EXPECT_EQ(rates.first_word_cycles, 5 + 1 + 2 + 3);
    EXPECT_EQ(rates.last_word_cycles, 29 + 5 + 1 + 2 + 3);
}

TEST(Rates, ReuseTakesCyclesOnlyWhereAWindowIsComplete) {
    // 4 x 3 windows at 6 cycles each; the other 18 words take a step each.
    const Rates rates = rates_of(convolution(Padding::kValid, 6), {9});
    EXPECT_EQ(rates.initiation_interval, 12 * 6 + 18);
    EXPECT_EQ(rates.stage_cycles, std::vector<std::int64_t>{90});
    EXPECT_EQ(rates.first_word_cycles, 12 + 2 + 9);
    EXPECT_EQ(rates_of(convolution(Padding::kSame, 6), {9}).initiation_interval, 30 * 6);
}

TEST(Rates, ASkipConnectionIsAsDeepAsTheOtherBranchIsLong) {
    // The convolution's first word is offered 8 + latency cycles after the first word was accepted;
    // by then as many have come past it, and one more gets in before the first credit is back.
    for (const int latency : {1, 3, 7}) {
        const StagedDesign design = skip_connection(1, 1);
        const Rates rates = rates_of(design, {latency, 1});
        EXPECT_EQ(depth_between(design, rates, "x", "sum"), 9 + latency);
        EXPECT_EQ(rates.initiation_interval, 25);
        EXPECT_EQ(rates.first_word_cycles, 8 + latency + 1 + 1);
    }
    const StagedDesign deep = skip_connection(2, 1);
    // The second one's first word comes 7 + latency + 1 cycles after the first one's.
    EXPECT_EQ(depth_between(deep, rates_of(deep, {2, 4, 1}), "x", "sum"), (8 + 2) + (7 + 4) + 1);
}

TEST(Rates, EventsOfOneWordAreCutAndGathered) {
    Rng rng(testing::test_seed(63));
    Graph graph;
    graph.add_output(add_conv(graph, rng, add_input(graph, {4, 4, 2}), "conv", Padding::kValid));
    const StagedDesign design = plan_of(graph, mapping_of(Io::kParallel, 2));
    ASSERT_EQ(design.stages.size(), 3U);
    const Rates rates = rates_of(design, {1, 5, 1});
    EXPECT_EQ(rates.stage_cycles, (std::vector<std::int64_t>{16, 4 * 2 + 12, 4}));
    EXPECT_EQ(rates.initiation_interval, 20);
    EXPECT_EQ(rates.first_word_cycles, rates.last_word_cycles);  // one word
}

// ---- the referee

using Change = std::function<void(StagedSchedule&)>;

// What is right passes; each FIFO less deep by one, each figure wrong by one is refused.
void expect_exact(const StagedDesign& design, const std::vector<int>& latency) {
    const StagedSchedule right = claimed(design, latency);
    const Status status = verify(design, right);
    ASSERT_TRUE(status) << status.error().message;
    std::vector<std::pair<std::string, Change>> changes = {
        {"first word one early", [](auto& s) { --s.rates.first_word_cycles; }},
        {"first word one late", [](auto& s) { ++s.rates.first_word_cycles; }},
        {"last word one early", [](auto& s) { --s.rates.last_word_cycles; }},
        {"last word one late", [](auto& s) { ++s.rates.last_word_cycles; }},
        {"interval one short", [](auto& s) { --s.rates.initiation_interval; }},
        {"last stage slower", [](auto& s) { ++s.stages.back().latency; }},
        {"no FIFO", [](auto& s) { s.rates.fifos.pop_back(); }},
    };
    for (std::size_t f = 0; f < right.rates.fifos.size(); ++f) {
        const Fifo& fifo = right.rates.fifos[f];
        const bool is_port = !design[fifo.stream].producer.valid();
        if (fifo.depth <= (is_port ? 2 : 1)) continue;
        changes.emplace_back("FIFO " + std::to_string(f) + " of depth " +
                                 std::to_string(fifo.depth) + " one less deep",
                             [f](auto& s) { --s.rates.fifos[f].depth; });
    }
    changes.emplace_back("FIFO of no depth", [](auto& s) { s.rates.fifos[0].depth = 0; });
    for (const auto& [name, change] : changes) {
        if (right.rates.initiation_interval == 1 && name == "interval one short") continue;
        StagedSchedule wrong = right;
        change(wrong);
        EXPECT_FALSE(verify(design, wrong)) << name;
    }
}

TEST(Referee, RefusesWhatIsWrongByOne) {
    expect_exact(convolution(Padding::kValid, 1), {3});
    expect_exact(convolution(Padding::kSame, 1), {3});
    expect_exact(convolution(Padding::kSame, 6), {9});
    expect_exact(skip_connection(1, 1), {4, 2});
    expect_exact(skip_connection(2, 1), {2, 5, 1});
    expect_exact(skip_connection(1, 6), {12, 1});
}

TEST(Referee, RefusesWhatIsWrongByOneInRingsAndGathering) {
    Rng rng(testing::test_seed(64));
    Graph turned;
    const LayerId x = add_input(turned, {4, 3, 2});
    layers::Permute permute;
    permute.dims = {1, 0, 2};
    const LayerId turn = turned.add("turn", "turn", std::move(permute), {x});
    turned.add_output(add_conv(turned, rng, turn, "conv", Padding::kSame));
    const StagedDesign ring = plan_of(turned, mapping_of(Io::kStream, 1));
    ASSERT_TRUE(std::holds_alternative<arch::Rearrange>(ring.stages[0].work));
    expect_exact(ring, {1, 3});
    Graph graph;
    graph.add_output(add_conv(graph, rng, add_input(graph, {4, 4, 2}), "conv", Padding::kValid));
    expect_exact(plan_of(graph, mapping_of(Io::kParallel, 2)), {1, 5, 1});
}

// A FIFO too shallow for the branches' difference cannot be waited out: the words stop.
TEST(Referee, SeesThatBranchesWaitForEachOther) {
    const StagedDesign design = skip_connection(2, 1);
    StagedSchedule schedule = claimed(design, {2, 2, 1});
    for (Fifo& fifo : schedule.rates.fifos) fifo.depth = std::min<std::int64_t>(fifo.depth, 2);
    const Status status = verify(design, schedule);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("no word has moved since cycle"), std::string::npos)
        << status.error().message;
}

// More with GW_RANDOM_GRAPHS.
TEST(Rates, OfRandomGraphsAreWhatTheRefereeSees) {
    const char* more = std::getenv("GW_RANDOM_GRAPHS");
    const int graphs = more == nullptr ? 60 : std::atoi(more);
    Rng rng(testing::test_seed(65));
    int refused = 0;
    for (int round = 0; round < graphs; ++round) {
        const Graph graph = testing::random_graph(rng, static_cast<int>(rng.between(1, 7)));
        arch::StageParams params;
        params.mapping = testing::random_mapping(rng);
        const StagedDesign design = plan_of(graph, params);
        std::vector<int> latency;
        for (const arch::Stage& stage : design.stages) {
            const bool moves = std::holds_alternative<arch::Rearrange>(stage.work);
            latency.push_back(moves ? 1 : static_cast<int>(rng.between(2, 12)));
        }
        std::string stages = "graph " + std::to_string(round) + ":";
        for (std::size_t s = 0; s < design.stages.size(); ++s) {
            stages += " " + design.stages[s].name + " to " +
                      std::to_string(design[design.stages[s].output].words) + " words, latency " +
                      std::to_string(latency[s]) + ";";
        }
        SCOPED_TRACE(stages);
        // A few tiny inputs under large windows are refused (docs/stages.md).
        if (const auto rates = compute_rates(design, latency); !rates) {
            EXPECT_NE(rates.error().message.find("the words stop moving"), std::string::npos);
            ++refused;
            continue;
        }
        const StagedSchedule schedule = claimed(design, latency);
        const Status status = verify(design, schedule);
        ASSERT_TRUE(status) << status.error().message << "\nof\n" << testing::describe(graph);
        for (const Fifo& fifo : schedule.rates.fifos) EXPECT_LE(fifo.peak, fifo.depth);
    }
    EXPECT_LE(refused, graphs / 10);
}

}  // namespace
}  // namespace gatewright::schedule
