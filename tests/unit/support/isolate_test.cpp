// SPDX-License-Identifier: Apache-2.0
#include "support/isolate.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

namespace gatewright {
namespace {

TEST(Isolate, BytesComeBackWhole) {
    const std::string big(5'000'000, 'x');
    EXPECT_EQ(run_isolated([&] { return big + '\0' + "end"; }).value(), big + '\0' + "end");
    EXPECT_EQ(run_isolated([] { return std::string(); }).value(), "");
}

TEST(Isolate, CrashBecomesAnError) {
    const auto result = run_isolated([]() -> std::string {
        raise(SIGSEGV);
        return "not reached";
    });
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("stopped"), std::string::npos);
}

TEST(Isolate, ExceptionBecomesAnError) {
    EXPECT_FALSE(run_isolated([]() -> std::string { throw std::runtime_error("no"); }));
}

TEST(Isolate, EndlessWorkIsEnded) {
    IsolateParams params;
    params.cpu_seconds = 1;
    volatile bool forever = true;
    EXPECT_FALSE(run_isolated(
        [&]() -> std::string {
            while (forever) {
            }
            return "not reached";
        },
        params));
}

TEST(Isolate, TooMuchOutputIsRefused) {
    IsolateParams params;
    params.max_output_bytes = 1000;
    EXPECT_FALSE(run_isolated([] { return std::string(1'000'000, 'x'); }, params));
}

}  // namespace
}  // namespace gatewright
