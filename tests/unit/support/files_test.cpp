// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace gatewright {
namespace {

namespace fs = std::filesystem;

class FilesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder = fs::path(::testing::TempDir()) / (std::string("gatewright_") + test->name());
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    void TearDown() override { fs::remove_all(folder); }
    [[nodiscard]] std::string at(const std::string& name) const { return (folder / name).string(); }
    [[nodiscard]] std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }
    fs::path folder;
};

// The vectors of FIPS 180-4's examples, and the empty text.
TEST(Sha256, GivesThePublishedDigests) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_F(FilesTest, WritesWhatItReadsAndLeavesNothingBeside) {
    const std::string bytes("a\0b\xff\n", 5);
    ASSERT_TRUE(write_file(at("f"), bytes).has_value());
    ASSERT_TRUE(write_file(at("f"), bytes + "2").has_value());
    EXPECT_EQ(*read_file(at("f")), bytes + "2");
    EXPECT_EQ(entries(), 1U);
}

TEST_F(FilesTest, RefusesMissingLargeAndOddFiles) {
    EXPECT_FALSE(read_file(at("missing")).has_value());
    EXPECT_FALSE(read_file(folder.string()).has_value());
    ASSERT_TRUE(write_file(at("f"), "12345").has_value());
    EXPECT_FALSE(read_file(at("f"), 4).has_value());
    EXPECT_TRUE(read_file(at("f"), 5).has_value());
    EXPECT_FALSE(write_file(at("no/such/folder/f"), "x").has_value());
}

TEST_F(FilesTest, StagedDirectoryAppearsOnlyOnCommit) {
    {
        auto staged = StagedDirectory::create(at("design"), "design.json");
        ASSERT_TRUE(staged.has_value()) << staged.error().message;
        ASSERT_TRUE(staged->write("rtl/top.v", "module").has_value());
        EXPECT_FALSE(fs::exists(at("design")));
    }
    EXPECT_EQ(entries(), 0U);  // dropped without commit: no trace
    auto staged = StagedDirectory::create(at("design"), "design.json");
    ASSERT_TRUE(staged->write("design.json", "{}").has_value());
    ASSERT_TRUE(staged->commit().has_value());
    EXPECT_EQ(*read_file(at("design/design.json")), "{}");
    EXPECT_EQ(entries(), 1U);
}

TEST_F(FilesTest, StagedDirectoryReplacesOursAndRefusesOthers) {
    for (const char* content : {"1", "2"}) {
        auto staged = StagedDirectory::create(at("design"), "design.json");
        ASSERT_TRUE(staged.has_value()) << staged.error().message;
        ASSERT_TRUE(staged->write("design.json", content).has_value());
        ASSERT_TRUE(staged->commit().has_value());
    }
    EXPECT_EQ(*read_file(at("design/design.json")), "2");
    fs::create_directories(at("thesis"));
    ASSERT_TRUE(write_file(at("thesis/chapter.tex"), "years of work").has_value());
    EXPECT_FALSE(StagedDirectory::create(at("thesis"), "design.json").has_value());
    EXPECT_TRUE(fs::exists(at("thesis/chapter.tex")));
}

}  // namespace
}  // namespace gatewright
