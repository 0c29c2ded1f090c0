// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "frontends/zip_file.h"
#include "support/files.h"
#include "unit/frontends/test_zip.h"

namespace gatewright::frontends {
namespace {

constexpr std::size_t kLimit = 1 << 20;

std::string temporary(const std::string& name) {
    return ::testing::TempDir() + "gw_zip_" + name;
}

TEST(ZipFile, MemberComesBackUnchanged) {
    const std::string path = temporary("plain.zip");
    const std::string content = "abc" + std::string(5000, 'x') + std::string(1, '\0') + "end";
    testing::write_zip(path, {{"a.txt", content}, {"b/c.txt", "other"}});
    EXPECT_EQ(read_zip_member(path, "a.txt", kLimit).value(), content);
    EXPECT_EQ(read_zip_member(path, "b/c.txt", kLimit).value(), "other");
}

TEST(ZipFile, BombIsRefusedAtTheLimit) {
    const std::string path = temporary("bomb.zip");
    testing::write_zip(path, {{"zeros", std::string(32 << 20, '\0')}});
    ASSERT_LT(read_file(path)->size(), 100'000U);
    const auto member = read_zip_member(path, "zeros", kLimit);
    ASSERT_FALSE(member);
    EXPECT_NE(member.error().message.find("unpacks to more than"), std::string::npos);
}

TEST(ZipFile, MissingMemberAndMissingFileAreNamed) {
    const std::string path = temporary("plain.zip");
    testing::write_zip(path, {{"a.txt", "x"}});
    EXPECT_NE(read_zip_member(path, "nothing", kLimit).error().message.find("nothing"),
              std::string::npos);
    EXPECT_NE(read_zip_member("/no/such.zip", "a", kLimit).error().message.find("/no/such.zip"),
              std::string::npos);
}

TEST(ZipFile, ChangedByteInTheDataIsDetected) {
    const std::string path = temporary("damaged.zip");
    std::string content;
    for (int i = 0; i < 3000; ++i) content += static_cast<char>((i * 7919) >> 3);
    testing::write_zip(path, {{"a.bin", content}});
    std::string bytes = read_file(path).value();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
    ASSERT_TRUE(write_file(path, bytes));
    EXPECT_FALSE(read_zip_member(path, "a.bin", kLimit));
}

}  // namespace
}  // namespace gatewright::frontends
