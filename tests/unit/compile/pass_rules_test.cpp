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
#include "opt/rounding.h"
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
         }) {
        prove(opt::simplify_decisions, inputs + text, tally);
    }
    prove(opt::simplify_decisions,
          "table t0 exp 3 -2\n%0 = input u1.0\n%1 = table s3.1 %0 t0\n%2 = add s14.1 %1 %0\noutput "
          "%2\n",
          tally);
    EXPECT_EQ(tally.rewritten, tally.programs);
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
    const PassFunction passes[] = {opt::fold_rounding, opt::simplify_decisions,
                                   opt::balance_extrema, opt::cones_to_tables,
                                   opt::drop_undemanded_bits};
    for (int round = 0; round < 40; ++round) {
        const Program before = testing::random_program(rng, {.nodes = 25, .max_width = 8});
        opt::PassCount count;
        const Program after = passes[round % 5](before, count);
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
