// SPDX-License-Identifier: Apache-2.0
//
// The netlist interpreter against the dataflow interpreter: legalisation, module boundaries, delays
// and packing, all at once, on random programs of every op.
#include "rtl/simulate.h"

#include <gtest/gtest.h>

#include "dfg/text.h"
#include "random_design.h"
#include "rtl/emit.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using fixed::Integer;
using testing::random_design;
using testing::random_events;

std::string program_text(const testing::RandomDesign& d) {
    return dfg::to_text(d.flat.program);
}

void expect_equal(const testing::RandomDesign& d, std::size_t events, Rng& rng) {
    const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
    EXPECT_EQ(statistics(netlist).register_bits, d.schedule.register_bits) << program_text(d);
    const auto expected = random_events(d, events, rng);
    const auto got = simulate(netlist, expected.in);
    ASSERT_EQ(got.size(), expected.out.size());
    for (std::size_t e = 0; e < got.size(); ++e) {
        ASSERT_EQ(got[e], expected.out[e]) << "event " << e << "\n" << program_text(d);
    }
}

TEST(Simulate, NetlistEqualsDataflowOnRandomPrograms) {
    Rng rng(gatewright::testing::test_seed(21));
    for (int trial = 0; trial < 400 && !HasFatalFailure(); ++trial) {
        expect_equal(random_design(rng, {.program = {.nodes = 50}, .kernels = 1 + rng.below(5)}),
                     40, rng);
    }
}

TEST(Simulate, NetlistEqualsDataflowOnWideValues) {
    Rng rng(gatewright::testing::test_seed(22));
    for (int trial = 0; trial < 60 && !HasFatalFailure(); ++trial) {
        expect_equal(
            random_design(rng, {.program = {.nodes = 40, .max_width = 200, .max_fraction = 90}}),
            20, rng);
    }
}

TEST(Simulate, AThousandBitsAdd) {
    Rng rng(gatewright::testing::test_seed(23));
    for (int trial = 0; trial < 5 && !HasFatalFailure(); ++trial) {
        expect_equal(random_design(rng, {.program = {.nodes = 20, .max_width = 1000}}), 10, rng);
    }
}

TEST(Simulate, OutValidFollowsInValidWithGaps) {
    Rng rng(gatewright::testing::test_seed(24));
    for (int trial = 0; trial < 30; ++trial) {
        const auto d = random_design(rng, {.registered = 0.5});
        const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        const auto events = random_events(d, 30, rng);
        Simulator simulator(netlist);
        simulator.reset();
        std::vector<std::vector<Integer>> got;
        std::vector<std::int64_t> offered;
        std::size_t next = 0;
        for (std::int64_t cycle = 0; got.size() < events.in.size(); ++cycle) {
            const bool valid = next < events.in.size() && rng.chance(0.6);
            if (valid) offered.push_back(cycle);
            const auto in = valid ? pack(netlist.inputs, events.in[next++]) : Integer(0);
            const auto outputs = simulator.step(in, valid);
            if (!outputs.valid) continue;
            ASSERT_EQ(cycle, offered[got.size()] + netlist.latency_cycles);
            got.push_back(unpack(netlist.outputs, outputs.out));
        }
        EXPECT_EQ(got, events.out);
    }
}

TEST(Simulate, ResetClearsWhatIsUnderWay) {
    Rng rng(gatewright::testing::test_seed(25));
    const auto d = random_design(rng, {.registered = 1});
    const Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
    Simulator simulator(netlist);
    for (int i = 0; i < netlist.latency_cycles; ++i) simulator.step(0, true);
    simulator.reset();
    for (int i = 0; i < 2 * netlist.latency_cycles; ++i)
        EXPECT_FALSE(simulator.step(0, false).valid);
}

// The comparison above must be able to fail: one register taken out of the netlist is noticed.
TEST(Simulate, ADroppedRegisterIsNoticed) {
    Rng rng(gatewright::testing::test_seed(26));
    int noticed = 0;
    int tried = 0;
    while (tried < 30) {
        const auto d = random_design(rng, {.registered = 1});
        Netlist netlist = build_netlist(d.design, d.flat, d.schedule);
        Module& module = netlist.modules[rng.below(netlist.modules.size())];
        std::vector<std::size_t> registers;
        for (std::size_t s = 0; s < module.statements.size(); ++s) {
            const auto* reg = std::get_if<Register>(&module.statements[s]);
            if (reg != nullptr && reg->reset == Register::Reset::kNone) registers.push_back(s);
        }
        if (registers.empty()) continue;
        ++tried;
        Statement& victim = module.statements[registers[rng.below(registers.size())]];
        const Register reg = std::get<Register>(victim);
        victim = Assign{reg.target, Operation::kBits, {reg.next}, 0, {}};
        const auto events = random_events(d, 60, rng);
        noticed += simulate(netlist, events.in) != events.out ? 1 : 0;
    }
    EXPECT_GT(noticed, 10) << "of " << tried;  // some delayed values hardly ever change
}

TEST(Pack, UnpacksToTheSameCodes) {
    Rng rng(gatewright::testing::test_seed(27));
    for (int trial = 0; trial < 50; ++trial) {
        const auto d = random_design(rng, {.program = {.inputs = 12, .max_width = 100}});
        for (const auto& event : random_events(d, 5, rng).in) {
            EXPECT_EQ(unpack(d.design.inputs, pack(d.design.inputs, event)), event);
        }
    }
}

TEST(Pack, ElementsLieAtTheirOffsets) {
    std::vector<arch::Port> ports{
        {"a", {2}, {{.format = {true, 4, 0}}, {.format = {false, 3, 0}}}, {0, 4}, 7},
        {"b", {1}, {{.format = {true, 2, 0}}}, {0}, 2}};
    const std::vector<Integer> codes{-1, 5, -2};
    EXPECT_EQ(pack(ports, codes), Integer(0b10'101'1111));
}

}  // namespace
}  // namespace gatewright::rtl
