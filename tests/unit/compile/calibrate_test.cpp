// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the report in tests/support/vivado_report.h, put together by hand.
#include "compile/calibrate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/vivado_report.h"

namespace gatewright::compile {
namespace {

schedule::Device start() {
    return *schedule::find_device("xcvu9p-2");
}

std::vector<tools::VivadoTiming> reports() {
    return {*tools::read_vivado_timing(testing::kVivadoReport)};
}

schedule::Device device_of(const Calibration& calibration) {
    const auto device = schedule::parse_device(calibration.device.dump());
    EXPECT_TRUE(device) << device.error().message;
    return *device;
}

TEST(Calibrate, FieldsAreTheMediansOfTheReportsArcs) {
    const auto calibration = calibrate(start(), reports(), std::nullopt);
    ASSERT_TRUE(calibration) << calibration.error().message;
    const schedule::Device device = device_of(*calibration);
    EXPECT_DOUBLE_EQ(device.lut_ps, 100);  // of 100, 60, 120
    // LUT 100, net into the chain 10, S to CO 150, CI to O 90.
    EXPECT_DOUBLE_EQ(device.carry_entry_ps, 100 + 10 + 150 + 90);
    EXPECT_EQ(device.carry_block_bits, 8);
    EXPECT_DOUBLE_EQ(device.carry_block_ps, 15 + 28);
    // Clock to out 80, last net 20, setup -25, uncertainty 35.
    EXPECT_DOUBLE_EQ(device.register_ps, 110);
    EXPECT_EQ(calibration->paths, 2U);
    EXPECT_TRUE(calibration->kept.empty());
}

TEST(Calibrate, NetsAreTakenByFanoutAndNeverFall) {
    const auto calibration = calibrate(start(), reports(), std::nullopt);
    ASSERT_TRUE(calibration);
    const schedule::Device device = device_of(*calibration);
    // Fan-out 1: 200; 2 to 3: 300; 64: 260, which counts as 300.
    EXPECT_DOUBLE_EQ(device.net_ps, 200);
    EXPECT_EQ(device.fanout_growth.sinks, (std::vector<double>{1, 2, 64}));
    EXPECT_EQ(device.fanout_growth.factor, (std::vector<double>{1, 1.5, 1.5}));
    EXPECT_EQ(calibration->nets, 3U);
    EXPECT_TRUE(device.net_growth.cells.empty());
}

TEST(Calibrate, ASizeBringsNetsBackToASmallDesign) {
    const auto calibration = calibrate(start(), reports(), 50000);
    ASSERT_TRUE(calibration);
    const schedule::Device device = device_of(*calibration);
    const double growth = at_size(start(), 50000).net_ps / start().net_ps;
    EXPECT_GT(growth, 1.5);
    EXPECT_NEAR(device.net_ps, 200 / growth, 0.06);
    EXPECT_NEAR(at_size(device, 50000).net_ps, 200, 0.2);
}

TEST(Calibrate, WhatReportsDoNotShowStaysAndIsNamed) {
    auto report = reports();
    report[0].paths.erase(report[0].paths.begin());  // no adder is left
    const auto calibration = calibrate(start(), report, std::nullopt);
    ASSERT_TRUE(calibration);
    EXPECT_DOUBLE_EQ(device_of(*calibration).carry_entry_ps, start().carry_entry_ps);
    const auto& kept = calibration->kept;
    EXPECT_NE(std::find(kept.begin(), kept.end(), "carry_entry_ps"), kept.end());
    EXPECT_FALSE(calibrate(start(), {}, std::nullopt));
}

}  // namespace
}  // namespace gatewright::compile
