// SPDX-License-Identifier: Apache-2.0
//
// Random networks of images and waveforms under random mappings: every output of every event is the
// model's.
#include "unit/arch/random_graphs.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/seed.h"
#include "unit/arch/staged_runs.h"

namespace gatewright::arch {
namespace {

// More with GW_RANDOM_GRAPHS.
TEST(RandomGraphs, EveryMappingIsTheModel) {
    const char* more = std::getenv("GW_RANDOM_GRAPHS");
    const int graphs = more == nullptr ? 60 : std::atoi(more);
    Rng rng(testing::test_seed(41));
    for (int round = 0; round < graphs; ++round) {
        const model::Graph graph = testing::random_graph(rng, static_cast<int>(rng.between(1, 7)));
        for (int mapping = 0; mapping < 2; ++mapping) {
            testing::expect_plan_is_model(graph, {testing::random_mapping(rng), {}, {}}, rng, 6);
            if (::testing::Test::HasFailure()) {
                FAIL() << "graph " << round << ":\n" << testing::describe(graph);
            }
        }
    }
}

}  // namespace
}  // namespace gatewright::arch
