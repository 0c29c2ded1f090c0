// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "opt/cones.h"
#include "opt/decisions.h"
#include "opt/demanded_bits.h"
#include "opt/dfg_passes.h"
#include "opt/extrema.h"
#include "opt/narrowing.h"
#include "opt/pass.h"
#include "opt/rounding.h"
#include "opt/table_sharing.h"
#include "support/random_program.h"
#include "support/seed.h"
#include "support/temporary_folder.h"

namespace gatewright::opt {
namespace {

using dfg::parse_text;
using dfg::Program;
using dfg::to_text;

Program parsed(std::string_view text) {
    auto program = parse_text("program p\n" + std::string(text));
    EXPECT_TRUE(program.has_value()) << (program ? "" : program.error().message);
    return program ? std::move(*program) : Program{};
}

std::size_t count_of(const Program& program, dfg::Op op) {
    std::size_t count = 0;
    for (const dfg::Node& node : program.nodes()) count += node.op == op ? 1 : 0;
    return count;
}

void expect_same_function(const Program& before, const Program& after, Rng& rng) {
    ASSERT_EQ(before.inputs().size(), after.inputs().size());
    ASSERT_EQ(before.outputs().size(), after.outputs().size());
    for (std::size_t i = 0; i < before.outputs().size(); ++i) {
        ASSERT_EQ(before[before.outputs()[i]].format, after[after.outputs()[i]].format);
    }
    for (const auto& event : testing::random_input_codes(before, 30, rng)) {
        ASSERT_EQ(interpret(before, event), interpret(after, event)) << to_text(before) << "\n->\n"
                                                                     << to_text(after);
    }
}

using Run = Program (*)(const Program&, PassCount&);

void fuzz(Run run, int rounds, std::uint64_t seed, double wrap_chance) {
    Rng rng(testing::test_seed(seed));
    for (int round = 0; round < rounds; ++round) {
        const Program before =
            testing::random_program(rng, {.nodes = static_cast<std::size_t>(rng.between(1, 50)),
                                          .max_width = round % 5 == 0 ? 40 : 8,
                                          .wrap_chance = round % 3 == 0 ? 0.0 : wrap_chance});
        PassCount count;
        const Program after = run(before, count);
        const auto valid = verify_ranges(after);
        ASSERT_TRUE(valid.has_value()) << valid.error().message << "\n"
                                       << to_text(before) << "\n->\n"
                                       << to_text(after);
        expect_same_function(before, after, rng);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Passes, RoundingKeepsTheFunctionOfRandomPrograms) {
    fuzz(fold_rounding, 1500, 21, 0.2);
}
TEST(Passes, DecisionsKeepTheFunctionOfRandomPrograms) {
    fuzz(simplify_decisions, 1500, 22, 0.2);
}
TEST(Passes, ExtremaKeepTheFunctionOfRandomPrograms) {
    fuzz(balance_extrema, 1500, 23, 0.2);
}
TEST(Passes, ConesKeepTheFunctionOfRandomPrograms) {
    fuzz(cones_to_tables, 400, 24, 0.2);
}
TEST(Passes, DemandedBitsKeepTheFunctionOfRandomPrograms) {
    fuzz(drop_undemanded_bits, 1500, 25, 0.5);
}

TEST(Passes, KnownBitsKeepTheFunctionOfRandomPrograms) {
    fuzz(narrow_by_known_bits, 2500, 27, 0.3);
}

TEST(Passes, SharedTablesKeepTheFunctionOfRandomPrograms) {
    fuzz(share_tables, 800, 28, 0.2);
}

TEST(Passes, TogetherKeepTheFunctionOfRandomPrograms) {
    Rng rng(testing::test_seed(26));
    for (int round = 0; round < 300; ++round) {
        const Program before = testing::random_program(
            rng, {.nodes = static_cast<std::size_t>(rng.between(1, 60)), .max_width = 10});
        const auto after = optimize(before);
        ASSERT_TRUE(after.has_value());
        expect_same_function(before, *after, rng);
    }
}

TEST(Rounding, ReluMovesBehindTheCast) {
    PassCount count;
    const Program after =
        simplify(fold_rounding(parsed("%0 = input s8.4\n%1 = const u0.0 0\n%2 = max u7.4 %0 %1\n"
                                      "%3 = cast u5.2 TRN WRAP %2\noutput %3\n"),
                               count));
    EXPECT_EQ(count.rewrites, 1);
    const auto& relu = after[after.outputs()[0]];
    EXPECT_EQ(relu.op, dfg::Op::kMax) << to_text(after);
    EXPECT_EQ(relu.format, (fixed::Format{false, 5, 2}));
}

TEST(Rounding, TheHalfJoinsTheBias) {
    PassCount count;
    // floor(((x + y) + 5/16 + 2/16) · 4): the constant 5 becomes 7, and no rounding is left.
    const Program after = fold_rounding(
        parsed("%0 = input s8.4\n%1 = input s8.4\n%2 = add s9.4 %0 %1\n%3 = const u3.4 5\n"
               "%4 = add s10.4 %2 %3\n%5 = cast s8.2 RND WRAP %4\noutput %5\n"),
        count);
    EXPECT_EQ(count.rewrites, 1);
    bool has_seven = false;
    for (const dfg::Node& node : after.nodes()) {
        if (node.op == dfg::Op::kCast) {
            EXPECT_EQ(node.round, fixed::Round::kTrn);
        }
        has_seven = has_seven || (node.op == dfg::Op::kConstant &&
                                  node.range.min() == fixed::Dyadic(fixed::Integer(7), -4));
    }
    EXPECT_TRUE(has_seven) << to_text(after);
}

TEST(Rounding, ASumWithTwoReadersKeepsItsConstant) {
    PassCount count;
    fold_rounding(parsed("%0 = input s8.4\n%1 = const u3.4 5\n%2 = add s9.4 %0 %1\n"
                         "%3 = cast s7.2 RND WRAP %2\noutput %3 %2\n"),
                  count);
    EXPECT_EQ(count.rewrites, 0);
}

TEST(Rounding, ReluAndSaturationBecomeOneCast) {
    PassCount count;
    const Program after =
        fold_rounding(parsed("%0 = input s8.0\n%1 = const u0.0 0\n%2 = max u7.0 %0 %1\n"
                             "%3 = cast s5.0 TRN SAT %2\noutput %3\n"),
                      count);
    EXPECT_EQ(count.rewrites, 1);
    EXPECT_EQ(count_of(after, dfg::Op::kMax), 0U) << to_text(after);
}

TEST(KnownBits, AProductOfAnAlignedValueIsNarrower) {
    PassCount count;
    // Multiples of four times x: the factor has two bits less, and so has the product.
    const Program after = simplify(narrow_by_known_bits(
        parsed("table t0 t 0 -8 12 4\n%0 = input u2.0\n%1 = input s9.0\n%2 = table s5.0 %0 t0\n"
               "%3 = mul s13.0 %2 %1\noutput %3\n"),
        count));
    EXPECT_EQ(count.rewrites, 1);
    for (const dfg::Node& node : after.nodes()) {
        if (node.op != dfg::Op::kMul) continue;
        EXPECT_EQ(node.format.frac, -2) << to_text(after);
    }
}

TEST(KnownBits, ValuesThatOnlyWiringReadsStay) {
    PassCount count;
    narrow_by_known_bits(parsed("table t0 t 0 -8 12 4\n%0 = input u2.0\n%1 = table s5.0 %0 t0\n"
                                "%2 = slice s5.2 %1 >> 0\noutput %2\n"),
                         count);
    EXPECT_EQ(count.rewrites, 0);
}

TEST(Decisions, AComparisonOfAWrappingSumStays) {
    PassCount count;
    simplify_decisions(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = sub s8.0 %0 %1\n"
                              "%3 = const u0.0 0\n%4 = lt u1.0 %2 %3\noutput %4\n"),
                       count);
    EXPECT_EQ(count.rewrites, 0);
}

TEST(Decisions, ASumWithAnotherReaderIsComparedAsItIs) {
    PassCount count;
    simplify_decisions(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n"
                              "%3 = const u0.0 0\n%4 = lt u1.0 %2 %3\noutput %4 %2\n"),
                       count);
    EXPECT_EQ(count.rewrites, 0);
}

// t[i] is any curve of 128 entries; the second table is what `entry` makes of it.
template <class Entry>
Program two_tables(std::string_view format, Entry entry) {
    std::string first = "table t0 t";
    std::string second = "table t1 u";
    for (int i = 0; i < 128; ++i) {
        const int code = (i * i * 7 + 13 * i) % 200;
        first += " " + std::to_string(code);
        second += " " + std::to_string(entry(i, code));
    }
    return parsed(first + "\n" + second + "\n%0 = input u7.0\n%1 = table u8.4 %0 t0\n%2 = table " +
                  std::string(format) + " %0 t1\noutput %1 %2\n");
}

TEST(SharedTables, TheSameCurveIsLookedUpOnce) {
    PassCount count;
    const auto same = [](int, int code) { return code; };
    EXPECT_EQ(count_of(simplify(share_tables(two_tables("u8.2", same), count)), dfg::Op::kTable),
              1U);
    const auto mirrored = [](int, int code) { return 255 - code; };
    EXPECT_EQ(
        count_of(simplify(share_tables(two_tables("u8.4", mirrored), count)), dfg::Op::kTable), 1U);
    const auto shifted = [](int, int code) { return code - 100; };
    EXPECT_EQ(count_of(simplify(share_tables(two_tables("s8.4", shifted), count)), dfg::Op::kTable),
              1U);
    EXPECT_EQ(count.rewrites, 3);
}

TEST(SharedTables, OneOtherEntryIsAnotherCurve) {
    PassCount count;
    const auto other = [](int i, int code) { return i == 77 ? code ^ 1 : code; };
    share_tables(two_tables("u8.2", other), count);
    EXPECT_EQ(count.rewrites, 0);
}

TEST(SharedTables, EntriesThatAreNeverLookedUpCostNothing) {
    PassCount count;
    // The index is even, so bit 0 decides nothing: one LUT per bit with six inputs instead of
    // seven.
    std::string table = "table t0 t";
    for (int i = 0; i < 128; ++i) table += " " + std::to_string((i * i * 7 + 13 * i) % 200);
    const Program after =
        share_tables(parsed(table + "\n%0 = input u6.0\n%1 = const u1.0 0\n%2 = concat u7.0 %0 %1\n"
                                    "%3 = table u8.0 %2 t0\noutput %3\n"),
                     count);
    EXPECT_EQ(count.rewrites, 1);
    for (std::size_t i = 0; i < 128; i += 2) {
        EXPECT_EQ(after.tables()[0].codes[i], after.tables()[0].codes[i + 1]);
    }
}

TEST(Decisions, AClampToTheLimitsOfAFormatIsASaturation) {
    PassCount count;
    const std::string clamp =
        "%0 = input s8.0\n%1 = const u0.0 0\n%2 = max u7.0 %0 %1\n%3 = const u4.0 ";
    const Program after =
        simplify_decisions(parsed(clamp + "15\n%4 = min u4.0 %2 %3\noutput %4\n"), count);
    EXPECT_EQ(count_of(after, dfg::Op::kMin) + count_of(after, dfg::Op::kMax), 0U)
        << to_text(after);
    PassCount other;
    simplify_decisions(parsed(clamp + "14\n%4 = min u4.0 %2 %3\noutput %4\n"), other);
    EXPECT_EQ(other.rewrites, 0) << "14 is no format's limit";
}

TEST(Decisions, TheSignOfADifferenceIsAComparison) {
    PassCount count;
    const Program after = simplify_decisions(
        parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = sub s9.0 %0 %1\n%3 = const u0.0 0\n"
               "%4 = lt u1.0 %2 %3\noutput %4\n"),
        count);
    EXPECT_EQ(count_of(after, dfg::Op::kSub), 0U) << to_text(after);
    PassCount wrapped;
    simplify_decisions(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = sub s8.0 %0 %1\n"
                              "%3 = const u0.0 0\n%4 = lt u1.0 %2 %3\noutput %4\n"),
                       wrapped);
    EXPECT_EQ(wrapped.rewrites, 0) << "a difference that wraps has another sign";
}

TEST(Extrema, AChainBecomesATreeAndLosersGo) {
    PassCount count;
    const Program after = balance_extrema(
        parsed("%0 = input u8.0\n%1 = input u8.0\n%2 = input u8.0\n%3 = input u8.0\n"
               "%4 = max u8.0 %0 %1\n%5 = max u8.0 %4 %2\n%6 = max u8.0 %5 %3\noutput %6\n"),
        count);
    EXPECT_EQ(count.rewrites, 1);
    const auto& top = after[after.outputs()[0]];
    EXPECT_EQ(after[top.args[0]].op, dfg::Op::kMax);
    EXPECT_EQ(after[top.args[1]].op, dfg::Op::kMax);
}

TEST(Cones, ANeuronOfFewBitsBecomesATable) {
    PassCount count;
    // 5·x + 3·y of three bits each, rectified and cut: two adders and more for 3 result bits.
    const Program after = simplify(
        cones_to_tables(parsed("%0 = input s3.0\n%1 = input s3.0\n%2 = add s6.0 %0 %0 << 2\n"
                               "%3 = add s5.0 %1 %1 << 1\n%4 = add s7.0 %2 %3\n%5 = const u0.0 0\n"
                               "%6 = max u6.0 %4 %5\n%7 = cast u3.-2 TRN SAT %6\noutput %7\n"),
                        count));
    EXPECT_EQ(count.rewrites, 1);
    EXPECT_EQ(count_of(after, dfg::Op::kTable), 1U) << to_text(after);
    EXPECT_EQ(count_of(after, dfg::Op::kAdd), 0U);
}

TEST(Cones, AnAdderThatOthersReadIsNotPaidTwice) {
    PassCount count;
    cones_to_tables(parsed("%0 = input s3.0\n%1 = input s3.0\n%2 = add s4.0 %0 %1\noutput %2\n"),
                    count);
    EXPECT_EQ(count.rewrites, 0) << "an adder of 3 bits is as small as its table";
}

TEST(DemandedBits, AnAdderComputesOnlyWhatAWrappingCastKeeps) {
    PassCount count;
    const Program after =
        drop_undemanded_bits(parsed("%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n"
                                    "%3 = cast s4.0 TRN WRAP %2\noutput %3\n"),
                             count);
    EXPECT_EQ(count.rewrites, 1);
    for (const dfg::Node& node : after.nodes()) {
        if (node.op == dfg::Op::kAdd) {
            EXPECT_EQ(node.format.width, 4);
        }
    }
}

TEST(DemandedBits, ALowBitThatGivesItsCarryIsKept) {
    const Program program = parsed(
        "%0 = input s8.2\n%1 = input s8.2\n%2 = add s9.2 %0 %1\n"
        "%3 = cast s4.0 TRN WRAP %2\noutput %3\n");
    EXPECT_EQ(demanded_bits(program)[2], 6);
}

TEST(Manager, RefusesUnknownPasses) {
    const Program program = parsed("%0 = input s8.0\noutput %0\n");
    const auto result = optimize(program, {.only = {}, .without = {"magic"}, .dump_directory = {}});
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("there is no pass 'magic'"), std::string::npos);
}

TEST(Manager, RunsOnlyWhatItIsAskedForAndDumpsIt) {
    const testing::TemporaryFolder folder;
    const Program program = parsed(
        "%0 = input s8.0\n%1 = input s8.0\n%2 = add s9.0 %0 %1\n%3 = add s9.0 %1 %0\n"
        "output %2 %3\n");
    OptimizeStats stats;
    const auto result = optimize(
        program, {.only = {"extrema"}, .without = {}, .dump_directory = folder.path("dump")},
        &stats);
    ASSERT_TRUE(result.has_value());
    ASSERT_EQ(stats.passes.size(), 1U);
    EXPECT_EQ(stats.passes[0].name, "extrema");
    EXPECT_EQ(result->size(), program.size()) << "simplify did not run";
    EXPECT_TRUE(std::filesystem::exists(folder.path("dump") + "/00_input.dfg"));
    EXPECT_TRUE(std::filesystem::exists(folder.path("dump") + "/04_extrema.dfg"));
}

}  // namespace
}  // namespace gatewright::opt
