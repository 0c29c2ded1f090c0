// SPDX-License-Identifier: Apache-2.0
//
// Every rule of the dataflow passes as a theorem: a program in which the rule fires, over all
// parameters of small widths, and the solver's word that the rewritten program gives the same codes
// for all inputs. The passes themselves write the right-hand sides.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfg/text.h"
#include "opt/cones.h"
#include "opt/decisions.h"
#include "opt/demanded_bits.h"
#include "opt/dfg_passes.h"
#include "opt/extrema.h"
#include "opt/narrowing.h"
#include "opt/rounding.h"
#include "opt/table_sharing.h"
#include "support/random_program.h"
#include "support/seed.h"
#include "verify/program_proof.h"

namespace gatewright {
namespace {

using dfg::Program;
using verify::Outcome;

Program parsed(const std::string& text) {
    auto program = dfg::parse_text("program p\n" + text);
    EXPECT_TRUE(program.has_value()) << (program ? "" : program.error().message) << text;
    return program ? std::move(*program) : Program{};
}

using PassFunction = Program (*)(const Program&, opt::PassCount&);

struct Tally {
    int programs = 0;
    int rewritten = 0;
};

void prove(PassFunction run, const std::string& text, Tally& tally) {
    const Program before = parsed(text);
    if (before.size() == 0) return;
    opt::PassCount count;
    const Program after = run(before, count);
    ++tally.programs;
    if (count.rewrites == 0) return;
    ++tally.rewritten;
    const auto proof = verify::prove_programs(before, after, 60);
    EXPECT_EQ(proof.outcome, Outcome::kProven) << proof.detail << "\n"
                                               << text << "->\n"
                                               << dfg::to_text(after);
}

constexpr const char* kRounds[] = {"TRN",         "TRN_ZERO", "RND",     "RND_ZERO",
                                   "RND_MIN_INF", "RND_INF",  "RND_CONV"};

// 12 input bits: more than an enumeration takes beside the other operand, so z3 is asked.
TEST(PassRules, AReluMovesBehindEveryRounding) {
    Tally tally;
    for (const char* round : kRounds) {
        for (const int drop : {1, 2, 4}) {
            prove(opt::fold_rounding,
                  fmt::format("%0 = input s16.4\n%1 = const u0.0 0\n%2 = max u15.4 %0 %1\n"
                              "%3 = cast u14.{} {} WRAP %2\noutput %3\n",
                              4 - drop, round),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, AReluMovesBehindAWrappingCast) {
    Tally tally;
    for (const char* round : kRounds) {
        for (const char* format : {"u6.2", "s6.2", "s3.1", "u1.4", "s7.4"}) {
            prove(opt::fold_rounding,
                  fmt::format("%0 = input s16.4\n%1 = const u0.0 0\n%2 = max u15.4 %0 %1\n"
                              "%3 = cast {} {} WRAP %2\noutput %3\n",
                              format, round),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, AReluAndASaturationAreOneDecision) {
    Tally tally;
    for (const char* mode : {"SAT", "SAT_SYM"}) {
        for (const char* format : {"u6.4", "s6.4", "s3.4", "u1.4", "s6.2", "u4.1"}) {
            prove(opt::fold_rounding,
                  fmt::format("%0 = input s16.4\n%1 = const u0.0 0\n%2 = max u15.4 %0 %1\n"
                              "%3 = cast {} TRN {} %2\noutput %3\n",
                              format, mode),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, TheHalfJoinsAConstantOfTheSum) {
    Tally tally;
    for (const char* op : {"add", "sub"}) {
        for (const int shift : {0, 1, 2}) {
            for (const int drop : {1, 2, 3}) {
                prove(opt::fold_rounding,
                      fmt::format("%0 = input s10.4\n%1 = input s9.4\n%2 = const u3.4 5\n"
                                  "%3 = add s11.4 %0 %2\n%4 = {} s13.4 %3 %1 << {}\n"
                                  "%5 = cast s9.{} RND WRAP %4\noutput %5\n",
                                  op, shift, 4 - drop),
                      tally);
                prove(opt::fold_rounding,
                      fmt::format("%0 = input s10.4\n%1 = input s9.4\n%2 = const u3.4 5\n"
                                  "%3 = sub s10.4 %2 %1\n%4 = {} s13.4 %0 %3 << {}\n"
                                  "%5 = cast s9.{} RND WRAP %4\noutput %5\n",
                                  op, shift, 4 - drop),
                      tally);
            }
        }
    }
    EXPECT_GT(tally.rewritten, tally.programs / 2);
}

TEST(PassRules, TheHalfLiesBelowAShiftedOperand) {
    Tally tally;
    for (const int drop : {1, 2, 3}) {
        prove(opt::fold_rounding,
              fmt::format("%0 = input s10.4\n%1 = input s9.0\n%2 = add s14.4 %0 %1\n"
                          "%3 = cast s9.{} RND WRAP %2\noutput %3\n",
                          4 - drop),
              tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

// Each result is read once more: a rewrite may leave an input, which is no operation to compare.
TEST(PassRules, Decisions) {
    Tally tally;
    const std::string inputs = "%0 = input s9.1\n%1 = input s9.1\n%2 = input u1.0\n";
    for (const char* text : {
             "%3 = not u1.0 %2\n%4 = not u1.0 %3\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = and u1.0 %2 %2\n%4 = add s14.1 %3 %0\noutput %4\n",
             "%3 = xor u1.0 %2 %2\n%4 = add s14.1 %3 %0\noutput %4\n",
             "%3 = not u1.0 %2\n%4 = select s9.1 %3 %0 %1\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = const u1.0 1\n%4 = const u0.0 0\n%5 = select u1.0 %2 %3 %4\n%6 = add s14.1 %5 "
             "%0\noutput %6\n",
             "%3 = select s9.1 %2 %0 %1\n%4 = select s9.1 %2 %3 %0\n%5 = add s14.1 %4 %0\noutput "
             "%5\n",
             "%3 = select s9.1 %2 %0 %1\n%4 = select s9.1 %2 %1 %3\n%5 = add s14.1 %4 %0\noutput "
             "%5\n",
             "%3 = lt u1.0 %0 %1\n%4 = select s9.1 %3 %0 %1\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = lt u1.0 %0 %1\n%4 = select s9.1 %3 %1 %0\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = le u1.0 %0 %1\n%4 = select s9.1 %3 %0 %1\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = sub s10.1 %0 %1\n%4 = const u0.0 0\n%5 = lt u1.0 %3 %4\n%6 = add s14.1 %5 "
             "%0\noutput %6\n",
             "%3 = const u0.0 0\n%4 = max u8.1 %0 %3\n%5 = const u4.1 15\n%6 = min u4.1 %4 %5\n"
             "%7 = add s14.1 %6 %0\noutput %7\n",
             "%3 = const s4.1 -8\n%4 = max s9.1 %0 %3\n%5 = const u3.1 7\n%6 = min s4.1 %4 %5\n"
             "%7 = add s14.1 %6 %0\noutput %7\n",
             "%3 = const u0.0 0\n%4 = const u1.0 1\n%5 = select u1.0 %2 %3 %4\n%6 = add s14.1 %5 "
             "%0\noutput %6\n",
             "%3 = max s9.1 %0 %1\n%4 = min s9.1 %0 %3\n%5 = add s14.1 %4 %1\noutput %5\n",
             "%3 = min s9.1 %0 %1\n%4 = max s9.1 %3 %1\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = const u1.0 1\n%4 = eq u1.0 %2 %3\n%5 = add s14.1 %4 %0\noutput %5\n",
             "%3 = const u0.0 0\n%4 = eq u1.0 %2 %3\n%5 = add s14.1 %4 %0\noutput %5\n",
         }) {
        prove(opt::simplify_decisions, inputs + text, tally);
    }
    prove(opt::simplify_decisions,
          "table t0 exp 3 -2\n%0 = input u1.0\n%1 = table s3.1 %0 t0\n%2 = add s14.1 %1 %0\noutput "
          "%2\n",
          tally);
    EXPECT_EQ(tally.rewritten, tally.programs);
}

// All four shapes of two choices with an operand in common.
TEST(PassRules, TwoChoicesAreOne) {
    Tally tally;
    for (const char* text : {"%4 = select s9.1 %3 %0 %1\n%5 = select s9.1 %2 %4 %1\n",
                             "%4 = select s9.1 %3 %1 %0\n%5 = select s9.1 %2 %4 %1\n",
                             "%4 = select s9.1 %3 %0 %1\n%5 = select s9.1 %2 %0 %4\n",
                             "%4 = select s9.1 %3 %1 %0\n%5 = select s9.1 %2 %0 %4\n"}) {
        prove(opt::simplify_decisions,
              std::string("%0 = input s9.1\n%1 = input s9.1\n%2 = input u1.0\n%3 = input u1.0\n") +
                  text + "output %5\n",
              tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, AChoiceOfTwoOperationsIsAnOperationOnAChoice) {
    Tally tally;
    for (const char* two :
         {"add s11.1 %0 %1\n%5 = add s11.1 %2 %1\n", "add s11.1 %0 %1\n%5 = add s11.1 %1 %2\n",
          "add s13.1 %0 %1 << 2\n%5 = add s13.1 %2 %1 << 2\n",
          "add s13.1 %1 %0 << 2\n%5 = add s13.1 %1 %2 << 2\n",
          "sub s11.1 %0 %1\n%5 = sub s11.1 %2 %1\n",
          "sub s12.1 %1 %0 << 1\n%5 = sub s12.1 %1 %2 << 1\n",
          "mul s9.1 %0 %3\n%5 = mul s9.1 %3 %2\n", "min s9.1 %0 %1\n%5 = min s9.1 %2 %1\n",
          "max s9.1 %0 %1\n%5 = max s9.1 %1 %2\n"}) {
        const std::string op = two;
        const std::string format = op.substr(4, op.find(' ', 4) - 4);
        prove(opt::simplify_decisions,
              "%0 = input s9.1\n%1 = input s8.1\n%2 = input s7.1\n%3 = input u1.0\n%4 = " + op +
                  "%6 = select " + format + " %3 %4 %5\noutput %6\n",
              tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, ComparisonsOfSumsNeedNoSum) {
    Tally tally;
    const std::string inputs = "%0 = input s7.1\n%1 = input u7.2\n%2 = input s6.0\n";
    for (const char* compare : {"lt", "le", "eq"}) {
        for (const char* two :
             {"add s9.2 %0 %1\n%4 = add s9.2 %2 %1\n",
              "add s10.1 %0 %1 << 1\n%4 = add s10.1 %2 %1 << 1\n",
              "sub s10.2 %0 %1\n%4 = sub s10.2 %2 %1\n", "sub s10.2 %1 %0\n%4 = sub s10.2 %1 %2\n",
              "sub s10.2 %1 %0 << 1\n%4 = sub s10.2 %1 %2 << 1\n"}) {
            prove(opt::simplify_decisions,
                  inputs + "%3 = " + two + "%5 = " + compare + " u1.0 %3 %4\noutput %5\n", tally);
        }
        for (const char* one : {"add s9.1 %0 %3", "add s9.1 %3 %0 << 1", "sub s9.1 %0 %3",
                                "sub s9.1 %3 %0", "sub s9.1 %0 %3 << 1"}) {
            for (const char* order : {"%4 %5", "%5 %4"}) {
                prove(opt::simplify_decisions,
                      fmt::format("{}%3 = const u3.1 5\n%4 = {}\n%5 = const u4.0 11\n"
                                  "%6 = {} u1.0 {}\noutput %6\n",
                                  inputs, one, compare, order),
                      tally);
            }
        }
        for (const char* order : {"%3 %4", "%4 %3"}) {
            prove(opt::simplify_decisions,
                  fmt::format("{}%3 = sub s9.2 %0 %1\n%4 = const u0.0 0\n%5 = {} u1.0 "
                              "{}\noutput %5\n",
                              inputs, compare, order),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, TheSignOfASumNeedsNoSum) {
    Tally tally;
    for (const char* sum : {"add s10.2 %0 %1", "add s10.2 %1 %0", "add s10.2 %1 %2",
                            "add s9.1 %0 %2 << 1", "add s10.3 %2 %1 << -1"}) {
        for (const char* compare : {"lt u1.0 %3 %4", "le u1.0 %4 %3"}) {
            prove(opt::simplify_decisions,
                  fmt::format("%0 = input s7.1\n%1 = input u7.2\n%2 = input s6.0\n%3 = {}\n"
                              "%4 = const u0.0 0\n%5 = {}\noutput %5\n",
                              sum, compare),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, TheNegationOfAComparisonIsOne) {
    Tally tally;
    for (const char* compare : {"lt", "le"}) {
        prove(opt::simplify_decisions,
              fmt::format("%0 = input s9.1\n%1 = input u9.2\n%2 = {} u1.0 %0 %1\n"
                          "%3 = not u1.0 %2\noutput %3\n",
                          compare),
              tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

// Which of the two operands has the known low bits, and whether they are 0 or 1: %2 ends in 00, %3
// in 11, %4 in 01.
TEST(PassRules, KnownLowBitsDecideNoComparison) {
    Tally tally;
    const std::string values =
        "%0 = input s9.0\n%1 = input s6.0\n%2 = const u2.0 0\n%3 = const u2.0 3\n%4 = const u2.0 "
        "1\n"
        "%5 = concat s8.0 %1 %2\n%6 = concat s8.0 %1 %3\n%7 = concat s8.0 %1 %4\n"
        "%8 = concat s8.0 %0 %4\n";
    const auto fires = [&](const char* op, const char* operands) {
        const int before = tally.rewritten;
        prove(opt::narrow_by_known_bits,
              fmt::format("{}%9 = {} u1.0 {}\n%10 = add s12.0 %9 %0\noutput %10\n", values, op,
                          operands),
              tally);
        return tally.rewritten > before;
    };
    EXPECT_TRUE(fires("lt", "%0 %5"));
    EXPECT_TRUE(fires("lt", "%6 %0"));
    EXPECT_TRUE(fires("le", "%5 %0"));
    EXPECT_TRUE(fires("le", "%0 %6"));
    EXPECT_TRUE(fires("lt", "%7 %8"));
    EXPECT_TRUE(fires("le", "%7 %8"));
    EXPECT_TRUE(fires("eq", "%7 %8"));
}

TEST(PassRules, KnownHighBitsDecideNoComparison) {
    Tally tally;
    for (const char* op : {"lt", "le", "eq"}) {
        for (const char* ranges :
             {"u9.0 [260, 290]|u9.0 [257, 319]", "s9.0 [-60, -35]|s9.0 [-50, -40]",
              "u11.2 [1040, 1160]|u9.0 [257, 319]"}) {
            const std::string both = ranges;
            const std::size_t bar = both.find('|');
            prove(opt::narrow_by_known_bits,
                  fmt::format("%0 = input {}\n%1 = input {}\n%2 = {} u1.0 %0 %1\noutput %2\n",
                              both.substr(0, bar), both.substr(bar + 1), op),
                  tally);
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, KnownBitsAreNotComputed) {
    Tally tally;
    const std::string inputs =
        "table t0 fours 0 -8 12 4\n%0 = input u2.0\n%1 = input s9.1\n%2 = input u1.0\n";
    for (const char* text : {
             // A table of fours, added and multiplied; a square; a choice of two constants.
             "%3 = table s5.1 %0 t0\n%4 = add s11.1 %3 %1\noutput %4\n",
             "%3 = table s5.1 %0 t0\n%4 = mul s14.2 %3 %1\noutput %4\n",
             "%3 = mul u17.2 %1 %1\n%4 = const u2.2 2\n%5 = and u17.2 %3 %4\n%6 = add s19.2 %5 "
             "%1\noutput %6\n",
             "%3 = const u4.1 12\n%4 = const u3.1 4\n%5 = select u4.1 %2 %3 %4\n"
             "%6 = add s11.1 %5 %1\noutput %6\n",
             // Sums whose bits never meet; the complement; a product with one bit.
             "%3 = table s5.1 %0 t0\n%4 = cast u2.1 TRN WRAP %0\n%5 = add s6.1 %3 %4\noutput %5\n",
             "%3 = const u2.0 3\n%4 = sub u2.0 %3 %0\n%5 = add s11.1 %4 %1\noutput %5\n",
             "%3 = const u2.-1 3\n%4 = sub u2.-1 %3 %0 << 1\n%5 = add s11.1 %4 %1\noutput %5\n",
             "%3 = mul s9.1 %2 %1\noutput %3\n",
             // Bit logic and a choice that known bits decide.
             "%3 = const u3.1 7\n%4 = cast u3.1 TRN WRAP %1\n%5 = and u3.1 %3 %4\n%6 = add s11.1 "
             "%5 "
             "%1\noutput %6\n",
             "%3 = const u3.0 4\n%4 = or u3.0 %3 %0\n%5 = select s9.1 %4 %1 %2\n%6 = add s11.1 %5 "
             "%4\noutput %6\n",
         }) {
        prove(opt::narrow_by_known_bits, inputs + text, tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

// %2 is x·4 + 1 and %3 is x·4 + 2: what is dropped is below one half, or exactly one half, or
// never.
TEST(PassRules, KnownDroppedBitsDecideTheRounding) {
    Tally tally;
    for (const char* round : kRounds) {
        for (const char* low : {"1", "2", "3"}) {
            for (const char* overflow : {"WRAP", "SAT"}) {
                prove(opt::narrow_by_known_bits,
                      fmt::format("%0 = input s12.0\n%1 = const u2.0 {}\n%2 = concat s14.2 %0 %1\n"
                                  "%3 = cast s9.0 {} {} %2\noutput %3\n",
                                  low, round, overflow),
                      tally);
            }
        }
    }
    EXPECT_GT(tally.rewritten, tally.programs / 3);
    prove(opt::narrow_by_known_bits,
          "%0 = input u3.0\n%1 = const u3.0 0\n%2 = concat u7.2 %1 %0\n%3 = mul u12.4 %2 %2\n"
          "%4 = cast u6.4 TRN SAT %3\noutput %4\n",
          tally);
}

// A curve of 128 entries and one made of it; both are read with an index whose lowest bit is 0.
TEST(PassRules, TablesThatHoldTheSameCurveAreOne) {
    Tally tally;
    for (const int sign : {1, -1}) {
        for (const int offset : {0, 100}) {
            for (const char* format : {"s10.4", "s10.2"}) {
                std::string first = "table t0 t";
                std::string second = "table t1 u";
                for (int i = 0; i < 128; ++i) {
                    const int code = (i * i * 7 + 13 * i) % 200;
                    first += fmt::format(" {}", code);
                    second += fmt::format(" {}", sign * code + offset);
                }
                prove(opt::share_tables,
                      fmt::format(
                          "{}\n{}\n%0 = input u7.0\n%1 = const u3.4 5\n%2 = table u8.4 %0 t0\n"
                          "%3 = table {} %0 t1\n%4 = add s11.4 %2 %1\n%5 = add s12.4 %3 "
                          "%4\noutput %5\n",
                          first, second, format),
                      tally);
            }
        }
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, EntriesThatAreNeverLookedUpAreFree) {
    Tally tally;
    for (const char* index : {"concat u7.0 %0 %2", "concat u7.0 %2 %0", "add u7.0 %0 %2"}) {
        for (const char* bits : {"const u1.0 0", "const u1.0 1"}) {
            std::string table = "table t0 t";
            for (int i = 0; i < 128; ++i) table += fmt::format(" {}", (i * i * 7 + 13 * i) % 200);
            prove(opt::share_tables,
                  fmt::format("{}\n%0 = input u6.0 [3, 50]\n%1 = input s9.0\n%2 = {}\n%3 = {}\n"
                              "%4 = table u8.0 %3 t0\n%5 = add s10.0 %4 %1\noutput %5\n",
                              table, bits, index),
                  tally);
        }
    }
    EXPECT_GE(tally.rewritten, tally.programs / 2);
}

TEST(PassRules, ExtremaAreTrees) {
    Tally tally;
    for (const char* op : {"min", "max"}) {
        prove(opt::balance_extrema,
              fmt::format("%0 = input s7.0\n%1 = input s7.0\n%2 = input s7.0\n%3 = input s7.0\n"
                          "%4 = {0} s7.0 %0 %1\n%5 = {0} s7.0 %4 %2\n%6 = {0} s7.0 %5 %3\n"
                          "output %6\n",
                          op),
              tally);
        prove(opt::balance_extrema,
              fmt::format("%0 = input s7.0\n%1 = input s7.0\n%2 = {0} s7.0 %0 %1\n"
                          "%3 = {0} s7.0 %2 %0\noutput %3\n",
                          op),
              tally);
    }
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, BitsThatNobodySeesAreFree) {
    Tally tally;
    for (const char* op : {"add s13.2 %0 %1 << 1", "sub s13.2 %0 %1 << 1", "mul s20.4 %0 %1",
                           "select s10.2 %2 %0 %1"}) {
        for (const char* round : {"TRN", "RND", "RND_CONV", "RND_MIN_INF"}) {
            prove(opt::drop_undemanded_bits,
                  fmt::format("%0 = input s10.2\n%1 = input s10.2\n%2 = input u1.0\n%3 = {}\n"
                              "%4 = cast s4.1 {} WRAP %3\noutput %4\n",
                              op, round),
                  tally);
        }
    }
    prove(opt::drop_undemanded_bits,
          "%0 = input s16.2\n%1 = const u0.0 0\n%2 = max u15.2 %0 %1\n%3 = slice u3.0 %2 >> 2\n"
          "output %3\n",
          tally);
    EXPECT_EQ(tally.rewritten, tally.programs);
}

TEST(PassRules, RandomProgramsAreProvenAfterEveryPass) {
    Rng rng(testing::test_seed(31));
    int proven = 0;
    int rewritten = 0;
    const PassFunction passes[] = {opt::fold_rounding,        opt::simplify_decisions,
                                   opt::balance_extrema,      opt::cones_to_tables,
                                   opt::drop_undemanded_bits, opt::narrow_by_known_bits,
                                   opt::share_tables};
    for (int round = 0; round < 56; ++round) {
        const Program before = testing::random_program(rng, {.nodes = 25, .max_width = 8});
        opt::PassCount count;
        const Program after = passes[round % 7](before, count);
        if (count.rewrites == 0) continue;
        ++rewritten;
        const auto proof = verify::prove_programs(before, after, 20);
        EXPECT_NE(proof.outcome, Outcome::kDisproven) << proof.detail << dfg::to_text(before);
        proven += proof.outcome == Outcome::kProven ? 1 : 0;
    }
    EXPECT_GE(proven, rewritten * 8 / 10) << proven << " of " << rewritten;
}

TEST(PassRules, AWrongRewriteIsFound) {
    const std::string inputs = "%0 = input s16.4\n%1 = input s16.4\n";
    const Program right =
        parsed(inputs + "%2 = add s17.4 %0 %1\n%3 = cast s14.1 RND WRAP %2\noutput %3\n");
    const Program wrong =
        parsed(inputs + "%2 = add s17.4 %0 %1\n%3 = cast s14.1 RND_ZERO WRAP %2\noutput %3\n");
    EXPECT_NE(verify::prove_programs(right, wrong, 10).outcome, Outcome::kProven);
}

}  // namespace
}  // namespace gatewright
