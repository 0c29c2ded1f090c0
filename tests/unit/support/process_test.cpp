// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <gtest/gtest.h>

namespace gatewright {
namespace {

TEST(Process, ReturnsOutputAndExitCode) {
    const auto outcome = run_process({"sh", "-c", "echo out; echo err >&2; cat; exit 3"},
                                     {.working_directory = {}, .stdin_text = "in"});
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_EQ(outcome->output, "out\nerr\nin");
    EXPECT_EQ(outcome->exit_code, 3);
    EXPECT_FALSE(outcome->ok());
}

TEST(Process, EndsWhatTakesTooLongWithItsChildren) {
    const auto outcome = run_process(
        {"sh", "-c", "sleep 60 & sleep 60"},
        {.working_directory = {}, .stdin_text = {}, .time_limit = std::chrono::seconds(1)});
    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(outcome->timed_out);
    EXPECT_FALSE(outcome->ok());
    EXPECT_LT(outcome->seconds, 30);
}

TEST(Process, ReportsAProgramThatCannotBeStarted) {
    const auto outcome = run_process({"no-such-program-here"});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_NE(outcome.error().message.find("no-such-program-here"), std::string::npos);
    EXPECT_FALSE(find_program("no-such-program-here").has_value());
    EXPECT_TRUE(find_program("sh").has_value());
}

TEST(Process, PassesArgumentsWithoutAShell) {
    const auto outcome = run_process({"printf", "%s", "$HOME; *"});
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->output, "$HOME; *");
}

}  // namespace
}  // namespace gatewright
