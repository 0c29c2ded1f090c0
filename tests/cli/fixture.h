// SPDX-License-Identifier: Apache-2.0
//
// A folder of its own for each test, and the real binary run in it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/process.h"

namespace gatewright {

class CliFixture : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::temp_directory_path() /
                  ("gw_" + std::string(test->test_suite_name()) + "_" + std::to_string(::getpid()) +
                   "_" + test->name());
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    [[nodiscard]] ProcessOutcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), GW_BINARY);
        ProcessParams params;
        params.time_limit = std::chrono::seconds(120);
        auto outcome = run_process(arguments, params);
        EXPECT_TRUE(outcome.has_value());
        return *outcome;
    }
    [[nodiscard]] std::vector<std::string> left_behind() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    // One error line, exit code 1, nothing new on disk.
    void expect_refused(const std::vector<std::string>& arguments, const std::string& says) const {
        const auto before = left_behind();
        const ProcessOutcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, 1) << outcome.output;
        EXPECT_NE(outcome.output.find("gatewright: error: "), std::string::npos) << outcome.output;
        EXPECT_NE(outcome.output.find(says), std::string::npos) << outcome.output;
        EXPECT_EQ(left_behind(), before);
    }

    std::filesystem::path folder_;
};

}  // namespace gatewright
