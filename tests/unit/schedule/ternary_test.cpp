// SPDX-License-Identifier: Apache-2.0
#include "schedule/ternary.h"

#include <gtest/gtest.h>

#include "dfg/text.h"
#include "schedule/schedule.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::schedule {
namespace {

using dfg::ValueId;

arch::FlatProgram flat_of(const std::string& text) {
    auto program = dfg::parse_text(text);
    EXPECT_TRUE(program) << program.error().message;
    arch::FlatProgram flat;
    for (const dfg::Node& node : program->nodes()) {
        flat.kernel_of.push_back(node.op == dfg::Op::kInput ? arch::KernelId() : arch::KernelId(0));
    }
    flat.program = std::move(*program);
    return flat;
}

Absorbed chosen(const std::string& text) {
    const auto flat = flat_of(text);
    return choose_absorbed(flat.program, std::vector<bool>(flat.program.size(), true));
}

constexpr const char* kInputs =
    "program sums\n%0 = input s8.0\n%1 = input s8.0\n%2 = input s8.0\n%3 = input s8.0\n";

// ((a + b) + c) + d: the last two adders become one of 11 cells instead of 10 + 11; so would the
// first two, 10 instead of 9 + 10, which saves one less.
TEST(Ternary, ThePairThatSavesMostIsAbsorbed) {
    const Absorbed absorbed = chosen(std::string(kInputs) +
                                     "%4 = add s9.0 %0 %1\n%5 = add s10.0 %4 %2\n"
                                     "%6 = add s11.0 %5 %3\noutput %6\n");
    EXPECT_EQ(absorbed, (Absorbed{false, false, false, false, false, true, false}));
}

TEST(Ternary, WhatIsReadTwiceOrIsAnOutputStays) {
    EXPECT_TRUE(chosen(std::string(kInputs) +
                       "%4 = add s9.0 %0 %1\n%5 = add s10.0 %4 %2\n%6 = add s10.0 %4 %3\n"
                       "output %5\noutput %6\n")
                    .empty());
    EXPECT_TRUE(chosen(std::string(kInputs) +
                       "%4 = add s9.0 %0 %1\n%5 = add s10.0 %4 %2\noutput %4\noutput %5\n")
                    .empty());
}

TEST(Ternary, ASumThatMayWrapStays) {
    EXPECT_TRUE(
        chosen(std::string(kInputs) + "%4 = add s8.0 %0 %1\n%5 = add s10.0 %4 %2\noutput %5\n")
            .empty());
}

// The reader keeps eight bits too: whatever was lost in a + b lies above them. With one bit more in
// the reader, or a shift the other way, it would show.
TEST(Ternary, ASumThatWrapsAboveItsReaderIsAbsorbed) {
    const auto absorbed = [](const std::string& reader) {
        return !chosen(std::string(kInputs) + "%4 = add s8.0 %0 %1\n" + reader + "output %5\n")
                    .empty();
    };
    EXPECT_TRUE(absorbed("%5 = add s8.0 %4 %2\n"));
    EXPECT_FALSE(absorbed("%5 = add s9.0 %4 %2\n"));
    EXPECT_TRUE(absorbed("%5 = sub s9.0 %2 %4 << 1\n"));
    EXPECT_FALSE(absorbed("%5 = add s9.1 %2 %4 << -1\n"));
}

// a - (b - c) is a + c - b; with the shift of the reader, both terms move.
TEST(Ternary, SignsAndShiftsOfTheAbsorbedTermsFollowTheReader) {
    const auto flat = flat_of(std::string(kInputs) +
                              "%4 = sub s9.0 %1 %2\n%5 = sub s13.0 %0 %4 << 3\noutput %5\n");
    Absorbed absorbed(6, false);
    absorbed[4] = true;
    ASSERT_TRUE(verify_absorbed(flat.program, absorbed));
    const auto terms = terms_of(flat.program, ValueId(5), absorbed);
    ASSERT_EQ(terms.size(), 3U);
    EXPECT_EQ(terms[0].value, ValueId(0));
    EXPECT_EQ(terms[0].shift, 0);
    EXPECT_EQ(terms[1].value, ValueId(2));
    EXPECT_EQ(terms[1].shift, 3);
    EXPECT_FALSE(terms[1].subtracted);
    EXPECT_EQ(terms[2].value, ValueId(1));
    EXPECT_EQ(terms[2].shift, 3);
    EXPECT_TRUE(terms[2].subtracted);
    // Three bits of a pass by: 13 - 3.
    EXPECT_EQ(chain_bits(flat.program, flat.program[ValueId(5)], terms), 10);
}

TEST(Ternary, TheRefereeObjectsToEveryBrokenRule) {
    const auto flat = flat_of(std::string(kInputs) +
                              "%4 = add s9.0 %0 %1\n%5 = add s10.0 %4 %2\n%6 = add s11.0 %5 %3\n"
                              "%7 = add s8.0 %0 %3\n%8 = add s12.0 %6 %7\noutput %8\n");
    const auto with = [&](std::initializer_list<std::size_t> values) {
        Absorbed absorbed(flat.program.size(), false);
        for (const std::size_t value : values) absorbed[value] = true;
        return verify_absorbed(flat.program, absorbed);
    };
    EXPECT_TRUE(with({4}));
    EXPECT_TRUE(with({4, 6}));
    EXPECT_FALSE(with({4, 5}));  // its reader is absorbed
    EXPECT_FALSE(with({0}));     // no addition
    EXPECT_FALSE(with({7}));     // may wrap
    EXPECT_FALSE(with({8}));     // an output
    EXPECT_FALSE(with({6, 7}));  // two in one
    EXPECT_FALSE(verify_absorbed(flat.program, Absorbed(3, false)));

    const Device device = *find_device("xcvu13p");
    const auto found = schedule(flat, device, {.ternary_adders = TernaryAdders::kWhereTheyPay});
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_FALSE(found->absorbed.empty());
    ASSERT_TRUE(verify(flat, device, *found));
    Schedule moved = *found;
    for (std::size_t i = 0; i < moved.absorbed.size(); ++i) moved.cycle[i] += moved.absorbed[i];
    EXPECT_FALSE(verify(flat, device, moved));
    Schedule forgotten = *found;
    forgotten.absorbed.clear();
    EXPECT_FALSE(verify(flat, device, forgotten));
}

TEST(Ternary, NeverMoreCyclesAndNeverALowerClock) {
    Rng rng(testing::test_seed(51));
    std::size_t used = 0;
    for (int trial = 0; trial < 300; ++trial) {
        const dfg::Program program = testing::random_program(rng, {.nodes = 60});
        arch::FlatProgram flat;
        flat.program = program;
        for (std::size_t i = 0; i < program.size(); ++i) {
            const bool is_input = program.nodes()[i].op == dfg::Op::kInput;
            flat.kernel_of.push_back(is_input ? arch::KernelId() : arch::KernelId(i % 3));
        }
        const Device device = *find_device("xcvu13p");
        ScheduleParams params;
        if (rng.chance(0.5)) {
            params.clock_mhz = 100 + 600 * rng.unit();
        } else {
            params.stages = static_cast<int>(rng.between(2, 6));
        }
        const auto plain = schedule(flat, device, params);
        params.ternary_adders = TernaryAdders::kWhereTheyPay;
        const auto three = schedule(flat, device, params);
        ASSERT_EQ(plain.has_value(), three.has_value());
        if (!plain) continue;
        EXPECT_LE(three->latency_cycles, plain->latency_cycles);
        EXPECT_GE(three->clock_mhz, plain->clock_mhz * 0.999);
        EXPECT_TRUE(verify(flat, device, *three));
        used += three->absorbed.empty() ? 0U : 1U;
    }
    EXPECT_GT(used, 5U);
}

}  // namespace
}  // namespace gatewright::schedule
