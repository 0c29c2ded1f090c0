// SPDX-License-Identifier: Apache-2.0
//
// The emulator of designs of stages against the plan's plain evaluation: layers' examples and
// random networks under every kind of mapping, all code sizes, several threads.
#include "emulate/staged_engine.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "layers/registry.h"
#include "support/examples.h"
#include "unit/arch/random_graphs.h"
#include "unit/arch/staged_runs.h"

namespace gatewright::emulate {
namespace {

using arch::StagedDesign;
using fixed::Integer;

struct Events {
    std::vector<Integer> inputs;
    std::vector<Integer> expected;
};

// All lowest, all highest, then random codes.
Events events_of(const StagedDesign& design, std::size_t count, Rng& rng) {
    Events out;
    for (std::size_t e = 0; e < count; ++e) {
        std::vector<Integer> event;
        for (const dfg::Port& port : design.inputs) {
            for (const fixed::Cast& element : port.elements) {
                const fixed::Format& format = element.format;
                Integer code = 0;
                for (int bits = 0; bits < format.width; bits += 32)
                    code =
                        (code << 32) + Integer(static_cast<std::int64_t>(rng.below(1ULL << 32U)));
                event.push_back(e == 0   ? format.min_code()
                                : e == 1 ? format.max_code()
                                         : format.wrap(code));
            }
        }
        const auto results = arch::evaluate(design, event);
        out.inputs.insert(out.inputs.end(), event.begin(), event.end());
        out.expected.insert(out.expected.end(), results.begin(), results.end());
    }
    return out;
}

// True if every code of the ports fits.
template <class Code>
bool fits(const std::vector<Integer>& codes) {
    return std::all_of(codes.begin(), codes.end(), [](const Integer& code) {
        const auto value = code.to_int64();
        return value && *value >= std::numeric_limits<Code>::min() &&
               *value <= std::numeric_limits<Code>::max();
    });
}

template <class Code>
void expect_codes(const StagedEngine& engine, const Events& events, std::size_t threads) {
    if (!fits<Code>(events.inputs) || !fits<Code>(events.expected)) return;
    if (engine.output_bits() > static_cast<int>(8 * sizeof(Code))) return;
    std::vector<Code> in;
    for (const Integer& code : events.inputs) in.push_back(static_cast<Code>(*code.to_int64()));
    std::vector<Code> out(events.expected.size());
    engine.run(std::span<const Code>(in), std::span<Code>(out), threads);
    for (std::size_t i = 0; i < out.size(); ++i)
        ASSERT_EQ(Integer(std::int64_t{out[i]}), events.expected[i]) << "output " << i;
}

void expect_equal(const StagedDesign& design, Rng& rng, std::size_t count) {
    const Events events = events_of(design, count, rng);
    const StagedEngine engine(design);
    ASSERT_EQ(engine.input_count() * count, events.inputs.size());
    ASSERT_EQ(engine.output_count() * count, events.expected.size());
    std::vector<Integer> exact(events.expected.size());
    engine.run_exact(events.inputs, exact);
    ASSERT_EQ(exact, events.expected);
    if (!engine.fits_int64()) return;
    expect_codes<std::int16_t>(engine, events, 1);
    expect_codes<std::int32_t>(engine, events, 3);
    expect_codes<std::int64_t>(engine, events, 1);
    expect_codes<std::int64_t>(engine, events, 4);
}

TEST(StagedEngine, EveryExampleOfEveryLayerIsThePlan) {
    Rng rng(testing::test_seed(81));
    for (const model::LayerDef& def : layers::all_layers()) {
        if (def.kind == "input") continue;
        for (const model::Example& example : def.examples(rng)) {
            SCOPED_TRACE(std::string(def.kind));
            const model::Graph graph = testing::one_layer_graph(example);
            arch::MappingParams mapping;
            mapping.io = arch::Io::kStream;
            expect_equal(testing::plan_of(graph, {mapping, {}, {}}), rng, 4);
            if (HasFatalFailure()) return;
        }
    }
}

// More with GW_RANDOM_GRAPHS.
TEST(StagedEngine, RandomNetworksAreThePlan) {
    const char* more = std::getenv("GW_RANDOM_GRAPHS");
    const int graphs = more == nullptr ? 60 : std::atoi(more);
    Rng rng(testing::test_seed(82));
    for (int round = 0; round < graphs; ++round) {
        const model::Graph graph = testing::random_graph(rng, static_cast<int>(rng.between(1, 7)));
        const StagedDesign design = testing::plan_of(graph, {testing::random_mapping(rng), {}, {}});
        expect_equal(design, rng, static_cast<std::size_t>(rng.between(3, 9)));
        if (HasFatalFailure()) FAIL() << "graph " << round << ":\n" << testing::describe(graph);
    }
}

TEST(StagedEngine, StreamsOfOneEventAreThePlans) {
    Rng rng(testing::test_seed(83));
    for (int round = 0; round < 20; ++round) {
        const StagedDesign design =
            testing::plan_of(testing::random_graph(rng, 4), {testing::random_mapping(rng), {}, {}});
        const StagedEngine engine(design);
        if (!engine.fits_int64()) continue;
        const Events events = events_of(design, 3, rng);
        for (std::size_t e = 0; e < 3; ++e) {
            const std::vector<Integer> event(
                events.inputs.begin() + static_cast<std::ptrdiff_t>(e * engine.input_count()),
                events.inputs.begin() +
                    static_cast<std::ptrdiff_t>((e + 1) * engine.input_count()));
            std::vector<std::vector<Integer>> expected;
            arch::evaluate(design, event, &expected);
            std::vector<std::int64_t> codes;
            for (const Integer& code : event) codes.push_back(*code.to_int64());
            const auto streams = engine.streams(codes);
            ASSERT_EQ(streams.size(), expected.size());
            for (std::size_t s = 0; s < streams.size(); ++s)
                ASSERT_EQ(std::vector<Integer>(streams[s].begin(), streams[s].end()), expected[s]);
        }
    }
}

}  // namespace
}  // namespace gatewright::emulate
