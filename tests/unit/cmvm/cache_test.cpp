// SPDX-License-Identifier: Apache-2.0
#include "cmvm/cache.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cmvm/graph_json.h"
#include "support/files.h"
#include "support/rng.h"
#include "support/seed.h"

namespace gatewright::cmvm {
namespace {

namespace fs = std::filesystem;

const fixed::Interval kByte{-128, 127, 0};

class CacheOnDisk : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ =
            fs::path(::testing::TempDir()) /
            ("cmvm_cache_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder_);
        Rng rng(testing::test_seed(41));
        matrix_ = {5, 4, {}};
        for (int k = 0; k < 20; ++k) matrix_.entries.push_back(rng.between(-100, 100));
        inputs_.assign(5, kByte);
    }
    void TearDown() override { fs::remove_all(folder_); }

    AdderGraph solve_anew(std::size_t* disk_hits) const {
        Cache cache(folder_.string());
        SolveParams quick;
        quick.effort = 0;
        AdderGraph graph = cache.solve(matrix_, inputs_, quick);
        *disk_hits = cache.disk_hits();
        return graph;
    }
    [[nodiscard]] fs::path only_file() const {
        fs::path found;
        std::size_t files = 0;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            found = entry.path();
            ++files;
        }
        EXPECT_EQ(files, 1U);
        return found;
    }

    fs::path folder_;
    Matrix matrix_;
    std::vector<fixed::Interval> inputs_;
};

TEST_F(CacheOnDisk, ANewRunReadsTheGraphOfTheLastOne) {
    std::size_t hits = 9;
    const AdderGraph first = solve_anew(&hits);
    EXPECT_EQ(hits, 0U);
    const AdderGraph second = solve_anew(&hits);
    EXPECT_EQ(hits, 1U);
    EXPECT_EQ(first.nodes, second.nodes);
    EXPECT_EQ(first.outputs, second.outputs);
}

TEST_F(CacheOnDisk, ADamagedFileIsAMissAndIsWrittenAnew) {
    std::size_t hits = 9;
    const AdderGraph first = solve_anew(&hits);
    const std::string path = only_file().string();
    const std::string good = *read_file(path);
    Rng rng(testing::test_seed(43));
    for (int round = 0; round < 60; ++round) {
        std::string bad = good;
        if (round % 3 == 0) {
            bad.resize(rng.below(bad.size()));
        } else {
            bad[rng.below(bad.size())] ^= static_cast<char>(1U << rng.below(7));
        }
        ASSERT_TRUE(write_file(path, bad).has_value());
        const AdderGraph again = solve_anew(&hits);
        EXPECT_EQ(hits, 0U) << "round " << round;
        EXPECT_EQ(again.nodes, first.nodes);
        EXPECT_EQ(*read_file(path), good);
    }
}

TEST_F(CacheOnDisk, AGraphOfAnotherMatrixIsAMiss) {
    std::size_t hits = 9;
    solve_anew(&hits);
    const fs::path path = only_file();
    const AdderGraph other{5, {}, {{0, 0, false}, {1, 0, false}, {2, 0, false}, {3, 0, false}}};
    const std::string content = to_json(other).dump();
    ASSERT_TRUE(write_file(path.string(), sha256_hex(content) + "\n" + content).has_value());
    const AdderGraph graph = solve_anew(&hits);
    EXPECT_EQ(hits, 0U);
    EXPECT_TRUE(computes(graph, matrix_));
}

TEST_F(CacheOnDisk, OtherParametersAreAnotherProblem) {
    Cache cache(folder_.string());
    cache.solve(matrix_, inputs_, {});
    SolveParams params;
    params.effort = 0;
    params.max_depth = 9;
    cache.solve(matrix_, inputs_, params);
    params.seed = 2;
    cache.solve(matrix_, inputs_, params);
    cache.solve(matrix_, inputs_, params);
    EXPECT_EQ(cache.hits(), 1U);
    EXPECT_EQ(cache.disk_hits(), 0U);
}

TEST_F(CacheOnDisk, AFolderThatCannotBeMadeOnlyCostsTime) {
    Cache cache("/dev/null/nowhere");
    EXPECT_TRUE(computes(cache.solve(matrix_, inputs_, {}), matrix_));
}

TEST(GraphJson, ReadsBackWhatItWrote) {
    const AdderGraph graph{3,
                           {{0, 1, 0, 4, true}, {3, 2, 1, 0, false, 0, 5, true}},
                           {{4, 2, true}, {-1, 0, false}, {0, 1, false}}};
    const Result<AdderGraph> back = graph_from_json(to_json(graph), 3);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->nodes, graph.nodes);
    EXPECT_EQ(back->outputs, graph.outputs);
}

TEST(GraphJson, RefusesWhatIsNoGraph) {
    for (const char* text :
         {"{}", "[]", R"({"nodes": [[0, 1, 0, 0, 1]]})",
          R"({"nodes": [[0, 2, 0, 0, 1]], "outputs": []})",
          R"({"nodes": [[0, 1, 0, 0, 2]], "outputs": []})",
          R"({"nodes": [[0, 1, -1, 0, 1]], "outputs": []})",
          R"({"nodes": [[0, 1, 0, 1]], "outputs": []})", R"({"nodes": [7], "outputs": []})",
          R"({"nodes": [["0", 1, 0, 0, 1]], "outputs": []})",
          R"({"nodes": [], "outputs": [[2, 0, false]]})", R"({"nodes": [], "outputs": [[0, 0]]})",
          R"({"nodes": [], "outputs": [[0, 99999, false]]})"}) {
        EXPECT_FALSE(graph_from_json(*parse_json(text), 2).has_value()) << text;
    }
}

}  // namespace
}  // namespace gatewright::cmvm
