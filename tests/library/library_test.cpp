// SPDX-License-Identifier: Apache-2.0
//
// The public headers against the shared library itself: what a program that knows nothing else
// sees.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <type_traits>

#include "gatewright/emulator.h"

namespace {

namespace fs = std::filesystem;
using gatewright::Emulator;

static_assert(std::is_nothrow_move_constructible_v<Emulator>);
static_assert(!std::is_copy_constructible_v<Emulator>);

// y = relu(x·W + b) with W = [[0.5, -1], [1.5, 2]], b = (0.25, -0.5).
constexpr const char* kTiny = R"({
 "format": "gatewright-model", "version": 1, "name": "tiny",
 "layers": [
  {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4,RND,SAT>"},
  {"name": "fc1", "kind": "dense", "inputs": ["x"], "kernel": [[0.5, -1], [1.5, 2]], "bias": [0.25, -0.5]},
  {"name": "act", "kind": "relu", "inputs": ["fc1"]}
 ],
 "outputs": ["act"]
})";

class Library : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() /
                  ("gw_library_" + std::to_string(::getpid()) + "_" +
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::create_directories(folder_);
        write("tiny.json", kTiny);
    }
    void TearDown() override { fs::remove_all(folder_); }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }
    [[nodiscard]] Emulator tiny() const {
        auto loaded = Emulator::load(path("tiny.json"));
        if (!loaded) ADD_FAILURE() << loaded.error().message;
        return *std::move(loaded);
    }
    fs::path folder_;
};

TEST_F(Library, VersionsAreThoseOfTheBuild) {
    EXPECT_EQ(gatewright_abi_version(), GATEWRIGHT_ABI_VERSION);
    EXPECT_EQ(gatewright::library_version(), GW_VERSION_TEXT);
}

TEST_F(Library, PortsAndFormatsAreDescribed) {
    const Emulator emulator = tiny();
    EXPECT_EQ(emulator.name(), "tiny");
    EXPECT_EQ(emulator.part(), "");
    EXPECT_EQ(emulator.latency_cycles(), 0);
    EXPECT_EQ(emulator.input_count(), 2U);
    EXPECT_EQ(emulator.output_count(), 2U);
    const auto inputs = emulator.inputs();
    ASSERT_EQ(inputs.size(), 1U);
    EXPECT_EQ(inputs[0].name, "x");
    EXPECT_EQ(inputs[0].shape, std::vector<std::int64_t>{2});
    ASSERT_EQ(inputs[0].elements.size(), 2U);
    EXPECT_EQ(inputs[0].elements[1].type, "fixed<6,4,RND,SAT>");
    EXPECT_TRUE(inputs[0].elements[1].is_signed);
    EXPECT_EQ(inputs[0].elements[1].width, 6);
    EXPECT_EQ(inputs[0].elements[1].fraction_bits, 2);
    const auto outputs = emulator.outputs();
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_FALSE(outputs[0].elements[0].is_signed);  // after a relu
}

// Folded and streamed designs have the function of the model file.
TEST_F(Library, DesignsOfStagesGiveTheFormula) {
    for (const std::string options : {"--reuse 2", "--io stream", "--loadable-weights"}) {
        const std::string command = std::string(GW_BINARY) + " compile " + path("tiny.json") +
                                    " -o " + path("staged") + " " + options + " > /dev/null";
        ASSERT_EQ(std::system(command.c_str()), 0) << command;
        const auto loaded = Emulator::load(path("staged"));
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_GT(loaded->latency_cycles(), 0);
        const std::array<double, 4> x = {1, 2.1, -4, 0.124};
        std::array<double, 4> y{};
        ASSERT_TRUE(loaded->run(x, y));
        EXPECT_EQ(y, (std::array<double, 4>{3.75, 2.5, 0, 3.5}));
    }
}

TEST_F(Library, RealValuesAndCodesGiveTheFormula) {
    // (1, 2) -> (3.75, 2.5); (-4, 0) -> (0, 3.5). The inputs are rounded to quarters first.
    const Emulator emulator = tiny();
    const std::array<double, 4> x = {1, 2.1, -4, 0.124};
    std::array<double, 4> y{};
    ASSERT_TRUE(emulator.run(x, y));
    EXPECT_EQ(y, (std::array<double, 4>{3.75, 2.5, 0, 3.5}));
    const std::vector<float> single = {1, 2};
    float results[2] = {};
    ASSERT_TRUE(emulator.run(single, results, gatewright::Threads::kAll));
    EXPECT_EQ(results[0], 3.75F);
    const std::vector<std::int16_t> codes = {4, 8};
    std::vector<std::int16_t> answers(2);
    ASSERT_TRUE(emulator.run_codes(codes, answers));
    for (std::size_t i = 0; i < 2; ++i) {
        const auto format = emulator.outputs()[0].elements[i];
        EXPECT_EQ(std::ldexp(answers[i], -format.fraction_bits), i == 0 ? 3.75 : 2.5);
    }
}

TEST_F(Library, NoEventsAreNoError) {
    const Emulator emulator = tiny();
    EXPECT_TRUE(emulator.run(gatewright::Span<const double>(), gatewright::Span<double>()));
    EXPECT_TRUE(emulator.run_codes(gatewright::Span<const std::int32_t>(),
                                   gatewright::Span<std::int32_t>()));
}

TEST_F(Library, ErrorsAreValuesWithStatusAndMessage) {
    const auto missing = Emulator::load(path("no.json"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().status, GATEWRIGHT_CANNOT_LOAD);
    EXPECT_NE(missing.error().message.find("no.json: no such file"), std::string::npos);
    write("bad.json", "{\"format\": \"gatewright-model\", ");
    EXPECT_FALSE(Emulator::load(path("bad.json")));
    const Emulator emulator = tiny();
    std::vector<double> x(3);
    std::vector<double> y(2);
    const auto sizes = emulator.run(x, y);
    ASSERT_FALSE(sizes);
    EXPECT_EQ(sizes.error().status, GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_EQ(sizes.error().message, "3 input values given, no whole number of events of 2 values");
    x = {1, HUGE_VAL};
    const auto infinite = emulator.run(x, y);
    ASSERT_FALSE(infinite);
    EXPECT_EQ(infinite.error().status, GATEWRIGHT_BAD_VALUE);
    EXPECT_NE(infinite.error().message.find("input port 'x': event 0, element 1 is inf"),
              std::string::npos);
}

TEST_F(Library, NullPointersAreErrorsInC) {
    gatewright_emulator* emulator = nullptr;
    EXPECT_EQ(gatewright_load(nullptr, &emulator), GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_EQ(gatewright_load(path("tiny.json").c_str(), nullptr), GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_EQ(gatewright_load(path("gone").c_str(), &emulator), GATEWRIGHT_CANNOT_LOAD);
    EXPECT_EQ(emulator, nullptr);
    double value = 0;
    EXPECT_EQ(gatewright_run_f64(nullptr, &value, 1, &value, 1, 1), GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_EQ(gatewright_element_count(nullptr, GATEWRIGHT_INPUT), 0U);
    EXPECT_STREQ(gatewright_name(nullptr), "");
    gatewright_free(nullptr);
    ASSERT_EQ(gatewright_load(path("tiny.json").c_str(), &emulator), GATEWRIGHT_OK);
    EXPECT_EQ(gatewright_run_f64(emulator, nullptr, 2, &value, 2, 1), GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_EQ(gatewright_run_f64(emulator, nullptr, 0, nullptr, 0, 1), GATEWRIGHT_OK);
    gatewright_port port{};
    EXPECT_EQ(gatewright_get_port(emulator, GATEWRIGHT_INPUT, 1, &port), GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_STREQ(gatewright_last_error(), "port 1 asked for, there are 1");
    EXPECT_EQ(gatewright_get_port(emulator, 2, 0, &port), GATEWRIGHT_BAD_ARGUMENT);
    gatewright_format format{};
    EXPECT_EQ(gatewright_get_format(emulator, GATEWRIGHT_OUTPUT, 9, &format),
              GATEWRIGHT_BAD_ARGUMENT);
    EXPECT_STREQ(gatewright_last_error(), "element 9 asked for, there are 2");
    gatewright_free(emulator);
}

TEST_F(Library, TheLastErrorBelongsToItsThread) {
    EXPECT_FALSE(Emulator::load(path("mine")));
    std::thread([&] { EXPECT_FALSE(Emulator::load(path("theirs"))); }).join();
    EXPECT_NE(std::string(gatewright_last_error()).find("mine"), std::string::npos);
}

}  // namespace
