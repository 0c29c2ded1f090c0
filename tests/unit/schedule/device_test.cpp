// SPDX-License-Identifier: Apache-2.0
#include "schedule/device.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "dfg/text.h"
#include "schedule/schedule.h"

namespace gatewright::schedule {
namespace {

TEST(Device, EverySpellingOfAPartNamesTheSameDevice) {
    for (const char* name : {"xcvu13p-2", "xcvu13p", "vu13p", "VU13P-2", "xcvu13p-flga2577-2-e"}) {
        const auto device = find_device(name);
        ASSERT_TRUE(device) << name << ": " << device.error().message;
        EXPECT_EQ(device->part, "xcvu13p-2");
    }
    EXPECT_EQ(find_device("xc7a100tcsg324-1")->part, "xc7a100t-1");
    for (const char* name : {"lfe5u-85f", "LFE5U-85F-6", "LFE5U-85F-6BG381C"})
        EXPECT_EQ(find_device(name)->part, "lfe5u-85f-6") << name;
}

TEST(Device, AnUnknownPartOrSpeedGradeListsTheKnownOnes) {
    for (const char* name :
         {"xc7z020", "xcvu13p-3", "", "lfe5u", "lfe5u-25f", "LFE5U-85F-8BG381C"}) {
        const auto device = find_device(name);
        ASSERT_FALSE(device) << name;
        EXPECT_NE(device.error().message.find("xcku115-2"), std::string::npos);
    }
}

TEST(Device, EveryDeviceIsComplete) {
    EXPECT_EQ(all_devices().size(), 8U);
    for (const Device& device : all_devices()) {
        EXPECT_GT(device.max_clock_mhz, 0) << device.part;
        EXPECT_GT(device.carry_entry_ps, 0) << device.part;
        EXPECT_FALSE(device.vendor_part.empty()) << device.part;
    }
}

TEST(Device, ANumberWithoutSourceIsRefused) {
    const auto device = parse_device(R"({"part": "p", "vendor_part": "p", "family": "xc7",
        "description": "d", "lut_inputs": {"value": 6}})");
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().message.find("source"), std::string::npos) << device.error().message;
}

TEST(Device, NetsGrowLogarithmicallyBetweenTheGivenSizes) {
    Device device;
    device.net_ps = 100;
    device.net_growth = {{1000, 100000}, {1, 3}};
    EXPECT_DOUBLE_EQ(at_size(device, 10).net_ps, 100);
    EXPECT_NEAR(at_size(device, 10000).net_ps, 200, 1e-9);
    EXPECT_DOUBLE_EQ(at_size(device, 1e6).net_ps, 300);
}

TEST(Device, NetsGrowLogarithmicallyWithTheirSinks) {
    Device device;
    device.net_ps = 100;
    EXPECT_DOUBLE_EQ(net_ps(device, 1000), 100);
    device.fanout_growth = {{1, 100}, {1, 2}};
    EXPECT_DOUBLE_EQ(net_ps(device, 1), 100);
    EXPECT_NEAR(net_ps(device, 10), 150, 1e-9);
    EXPECT_DOUBLE_EQ(net_ps(device, 100), 200);
    EXPECT_DOUBLE_EQ(net_ps(device, 5000), 200);
}

TEST(Device, ACarryChainPaysForEachFurtherBlock) {
    Device device;
    device.carry_entry_ps = 300;
    device.carry_ps_per_bit = 1;
    device.carry_block_bits = 8;
    device.carry_block_ps = 20;
    const auto delay = [&](int bits) {
        const auto program = dfg::parse_text(fmt::format(
            "program p\n%0 = input s{0}.0\n%1 = input s{0}.0\n%2 = add s{1}.0 %0 %1\noutput %2\n",
            bits - 1, bits));
        EXPECT_TRUE(program);
        return delay_ps(*program, program->nodes()[2], device);
    };
    EXPECT_DOUBLE_EQ(delay(8), 300 + 8);
    EXPECT_DOUBLE_EQ(delay(9), 300 + 9 + 20);
    EXPECT_DOUBLE_EQ(delay(16), 300 + 16 + 20);
    EXPECT_DOUBLE_EQ(delay(17), 300 + 17 + 40);
}

// Ten bits chosen by one: the net to ten LUTs costs 50 ps more than the net to one.
TEST(Device, ABitThatSteersAWordPaysForItsNetToEveryBit) {
    Device device;
    device.lut_inputs = 6;
    device.lut_ps = 100;
    device.net_ps = 50;
    device.carry_entry_ps = 300;
    device.carry_ps_per_bit = 10;
    device.fanout_growth = {{1, 100}, {1, 3}};
    const auto delay = [&](const std::string& lines, std::size_t node) {
        const auto program = dfg::parse_text("program p\n" + lines);
        EXPECT_TRUE(program) << program.error().message;
        return delay_ps(*program, program->nodes()[node], device);
    };
    const double steering = 50;
    const double choice = 100 + steering;
    EXPECT_NEAR(delay("%0 = input s10.0\n%1 = input s10.0\n%2 = max s10.0 %0 %1\noutput %2\n", 2),
                300 + 10 * 10 + 50 + choice, 1e-9);
    EXPECT_NEAR(delay("%0 = input s11.0\n%1 = const u0.0 0\n%2 = max u10.0 %0 %1\noutput %2\n", 2),
                choice, 1e-9);
    EXPECT_NEAR(delay("%0 = input u1.0\n%1 = input s10.0\n%2 = input s10.0\n"
                      "%3 = select s10.0 %0 %1 %2\noutput %3\n",
                      3),
                choice, 1e-9);
    EXPECT_NEAR(delay("%0 = input u12.0\n%1 = cast u10.0 TRN SAT %0\noutput %1\n", 1), choice,
                1e-9);
    EXPECT_NEAR(delay("%0 = input u14.0\n%1 = cast u10.0 TRN SAT %0\noutput %1\n", 1),
                100 + 50 + choice, 1e-9);
}

// The LUT before the chain and its net take 100 + 50 ps, what joins the carries of a comparison and
// its net 200 + 50. %0 - %2 with %2 made in the same cycle is inverted, %2 - %0 is not.
TEST(Device, ADifferencePaysForTheLutThatInvertsWhatIsTakenOff) {
    Device device;
    device.lut_ps = 100;
    device.net_ps = 50;
    device.carry_entry_ps = 300;
    device.carry_ps_per_bit = 10;
    device.inversion_ps = 100;
    device.comparison_exit_ps = 200;
    const auto program = dfg::parse_text(
        "program p\n%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n"
        "%3 = sub s10.0 %2 %0\n%4 = sub s10.0 %0 %2\n%5 = lt u1.0 %0 %1\n"
        "%6 = max s8.0 %0 %1\noutput %3\noutput %4\noutput %5\noutput %6\n");
    ASSERT_TRUE(program) << program.error().message;
    const auto delay = [&](std::size_t node) {
        return delay_ps(*program, program->nodes()[node], device);
    };
    EXPECT_DOUBLE_EQ(delay(2), 300 + 9 * 10);
    EXPECT_DOUBLE_EQ(delay(3), 100 + 50 + 300 + 10 * 10);
    EXPECT_DOUBLE_EQ(delay(4), 100 + 50 + 300 + 10 * 10);
    EXPECT_DOUBLE_EQ(delay(5), 100 + 50 + 300 + 8 * 10 + 50 + 200);
    EXPECT_DOUBLE_EQ(delay(6), delay(5) + 50 + 100);
    const auto overlap = [&](std::size_t user) {
        return overlap_ps(*program, dfg::ValueId(2), dfg::ValueId(user), device);
    };
    EXPECT_DOUBLE_EQ(overlap(3) - overlap(4), 100 + 50);
    device.inversion_ps = 0;
    EXPECT_DOUBLE_EQ(delay(3), 300 + 10 * 10);
    EXPECT_DOUBLE_EQ(overlap(3), overlap(4));
}

TEST(Device, APartMayBeAFile) {
    const std::string path = ::testing::TempDir() + "gatewright_device_test.json";
    std::ofstream(path) << "{\"part\": \"mine\"}";
    const auto wrong = find_device(path);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find(path), std::string::npos) << wrong.error().message;
    EXPECT_NE(wrong.error().message.find("vendor_part"), std::string::npos);
    EXPECT_FALSE(find_device("/nowhere/there.json"));
}

}  // namespace
}  // namespace gatewright::schedule
