// SPDX-License-Identifier: Apache-2.0
//
// Program files by hand: what each op means (values worked out from the formats' descriptions), and
// what is refused.
#include <gtest/gtest.h>

#include "dfg/text.h"
#include "interchange/alir.h"
#include "interchange/dais.h"
#include "interchange/evaluate.h"
#include "interchange/from_dataflow.h"
#include "interchange/program_file.h"
#include "interchange/to_dataflow.h"

namespace gatewright::interchange {
namespace {

using fixed::Dyadic;

constexpr const char* kS4 = "[-8.0,7.0,1.0]";
constexpr const char* kU4 = "[0.0,15.0,1.0]";

// One input x of type `in`, then one op; the output is the op's slot.
std::string alir(const std::string& in, const std::string& op) {
    return R"({"meta":"ALIRModel","spec_version":4,"model":[[1,1],[0],[1],[0],[false],[[[],-1,[0],)" +
           in + ",0.0,0.0]," + op + "],-1,-1]}";
}
std::string dais(const std::string& in, const std::string& op) {
    return "[[1,1],[0],[1],[0],[false],[[0,-1,-1,0," + in + ",0.0,0.0]," + op + "],-1,-1]";
}

Dyadic run(const std::string& file, const Dyadic& x) {
    const auto program = parse_slot_program(file);
    EXPECT_TRUE(program) << (program ? "" : program.error().message) << "\n" << file;
    if (!program) return 0;
    return evaluate(*program, std::vector<Dyadic>{x})[0];
}
std::string error_of(const std::string& file) {
    const auto program = parse_slot_program(file);
    EXPECT_FALSE(program) << file;
    return program ? "" : program.error().message;
}

TEST(Alir, EveryOpMeansWhatItsDescriptionSays) {
    struct Case {
        const char* op;
        int x;
        Dyadic wanted;
    };
    for (const Case& c :
         std::vector<Case>{{"[[0],-2,[],[-7.0,8.0,1.0],0,0]", -8, 8},
                           {"[[0,0],0,[-1],[-12.0,10.5,0.5],0,0]", -3, Dyadic(-9, -1)},
                           {"[[0,0],1,[1],[-7.0,8.0,1.0],0,0]", 5, -5},
                           {"[[0],2,[],[0.0,3.0,1.0],0,0]", -5, 0},
                           {"[[0],2,[],[0.0,3.0,1.0],0,0]", 6, 2},
                           {"[[0],3,[-2],[-2.0,1.0,1.0],0,0]", 7, 1},
                           {"[[0],3,[0],[0.0,3.0,1.0],0,0]", -1, 3},
                           {"[[0],4,[3,1],[-6.5,8.5,0.5],0,0]", 2, Dyadic(7, -1)},
                           {"[[],5,[5],[1.25,1.25,0.25],0,0]", 0, Dyadic(5, -2)},
                           {"[[0,0,0],6,[1],[-16.0,14.0,1.0],0,0]", -3, -3},
                           {"[[0,0,0],6,[1],[-16.0,14.0,1.0],0,0]", 3, 6},
                           {"[[0,0],7,[],[-56.0,64.0,1.0],0,0]", -8, 64},
                           {"[[0],9,[0],[-8.0,7.0,1.0],0,0]", 2, -3},
                           {"[[0],9,[1],[0.0,1.0,1.0],0,0]", 4, 1},
                           {"[[0],9,[2],[0.0,1.0,1.0],0,0]", -1, 1},
                           {"[[0,0],10,[0,0],[-8.0,7.0,1.0],0,0]", -6, -6},
                           {"[[0,0],10,[1,2],[-16.0,15.0,1.0],0,0]", 3, 5},
                           {"[[0,0],10,[1,1],[-16.0,15.0,1.0],0,0]", 5, 15},
                           {"[[0,0,0],11,[1,0,0,1,1,2],[-45.0,48.0,1.0],0,0]", 2, 6}}) {
        EXPECT_EQ(run(alir(kS4, c.op), c.x), c.wanted) << c.op << " of " << c.x;
    }
    const std::string not_unsigned = alir(kU4, "[[0],9,[0],[0.0,15.0,1.0],0,0]");
    EXPECT_EQ(run(not_unsigned, 5), Dyadic(10));
    const std::string key = alir(kU4, "[[0,0,0],6,[-1],[0.0,15.5,0.5],0,0]");
    EXPECT_EQ(run(key, 8), Dyadic(8));  // bit 3 of an unsigned key
    EXPECT_EQ(run(key, 7), Dyadic(7, -1));
}

TEST(Alir, InputsAreRoundedDownAndWrap) {
    const std::string copy = alir(kS4, "[[0],3,[0],[-8.0,7.0,1.0],0,0]");
    EXPECT_EQ(run(copy, Dyadic(-1, -1)), Dyadic(-1));
    EXPECT_EQ(run(copy, 9), Dyadic(-7));
}

TEST(Alir, VersionThreeHasNoShiftInOpThree) {
    std::string file = alir(kS4, "[[0],3,[],[-4.0,3.0,1.0],0,0]");
    EXPECT_NE(error_of(file).find("op 1: [[0],3"), std::string::npos);
    file.replace(file.find("\"spec_version\":4"), 16, "\"spec_version\":3");
    EXPECT_EQ(run(file, 5), Dyadic(-3));
}

TEST(Dais, EveryOpMeansWhatItsDescriptionSays) {
    struct Case {
        const char* op;
        int x;
        Dyadic wanted;
    };
    for (const Case& c : std::vector<Case>{
             {"[0,0,0,-1,[-12.0,10.5,0.5],0,0]", -3, Dyadic(-9, -1)},
             {"[0,0,1,1,[-7.0,8.0,1.0],0,0]", 5, -5},
             {"[0,-1,2,0,[0.0,3.0,1.0],0,0]", 6, 2},
             {"[0,-1,-2,0,[0.0,7.0,1.0],0,0]", -6, 6},
             {"[0,-1,-2,0,[0.0,7.0,1.0],0,0]", 6, 0},
             {"[0,-1,3,0,[-4.0,3.0,1.0],0,0]", 5, -3},
             {"[0,-1,-3,0,[-8.0,7.0,1.0],0,0]", 5, -5},
             {"[0,-1,4,3,[-6.5,8.5,0.5],0,0]", 2, Dyadic(7, -1)},
             {"[-1,-1,5,5,[1.25,1.25,0.25],0,0]", 0, Dyadic(5, -2)},
             {"[0,0,6,4294967296,[-16.0,14.0,1.0],0,0]", 3, 6},  // shift 1, condition 0
             {"[0,0,-6,-4294967296,[-8.0,7.5,0.5],0,0]", 3, Dyadic(-3, -1)},
             {"[0,0,7,0,[-56.0,64.0,1.0],0,0]", -8, 64},
             {"[0,-1,-9,0,[-16.0,15.0,1.0],0,0]", 2, 1},
             {"[0,-1,9,2,[0.0,1.0,1.0],0,0]", -1, 1},
             {"[0,0,10,144115188075855873,[-16.0,15.0,1.0],0,0]", 3, 5},  // xor, shift 1
             {"[0,0,10,8589934592,[-8.0,8.0,1.0],0,0]", 6, 2}}) {         // 6 and -6
        EXPECT_EQ(run(dais(kS4, c.op), c.x), c.wanted) << c.op << " of " << c.x;
    }
}

TEST(Dais, TablesAreInTheOrderOfValues) {
    const std::string file =
        "[[1,1],[0],[1],[0],[false],[[0,-1,-1,0,[-2.0,1.0,1.0],0.0,0.0],"
        "[0,-1,8,0,[0.0,1.5,0.5],0.0,0.0]],-1,-1,[{\"spec\":{\"hash\":\"\",\"out_qint\":{\"min\":0."
        "0,"
        "\"max\":1.5,\"step\":0.5},\"inp_width\":2},\"table\":[0,1,2,3]}]]";
    EXPECT_EQ(run(file, -2), Dyadic(0));
    EXPECT_EQ(run(file, -1), Dyadic(1, -1));
    EXPECT_EQ(run(file, 1), Dyadic(3, -1));
}

TEST(Dais, StagesOfAPipelineAreChained) {
    // x + 1, negated at its output; then the input times 2, shifted at its output.
    const std::string first =
        "[[1,1],[0],[1],[0],[true],[[0,-1,-1,0,[-8.0,7.0,1.0],0,0],[0,-1,4,1,[-7.0,8.0,1.0],0,0]],-"
        "1,-1]";
    const std::string second =
        "[[1,1],[1],[0],[1],[false],[[0,-1,-1,0,[-16.0,14.0,2.0],0,0]],-1,-1]";
    EXPECT_EQ(run("[[" + first + "," + second + "]]", 3), Dyadic(-16));
    EXPECT_EQ(run("[" + first + "," + second + "]", 3), Dyadic(-16));
}

TEST(ProgramFiles, WhatCannotBeReadIsRefusedWithTheReason) {
    struct Case {
        std::string file;
        const char* says;
    };
    const std::string copy = "[[0],3,[0],[-8.0,7.0,1.0],0,0]";
    std::string fsm = alir(kS4, copy);
    fsm.replace(fsm.find("ALIRModel"), 9, "ALIRFSM");
    std::string old = alir(kS4, copy);
    old.replace(old.find("\"spec_version\":4"), 16, "\"spec_version\":2");
    for (const Case& c : std::vector<Case>{
             {"", "JSON"},
             {"{\"a\": 1}", "is no program: expected a file of alkaid"},
             {"[]", "the program has 0 elements, expected 1"},
             {"\x1f\x8b"
              "broken",
              "damaged gzip"},
             {fsm, "state machine"},
             {old, "ALIR version 2; 3 and 4 are read. Load the file with alkaid 0.8"},
             {alir(kS4, "[[1],3,[0],[-8.0,7.0,1.0],0,0]"),
              "slot 1 (quantize): reads slot 1, which does not come before it"},
             {alir(kS4, "[[0],12,[0],[-8.0,7.0,1.0],0,0]"), "opcode 12 is unknown"},
             {alir(kS4, "[[0],8,[0],[-8.0,7.0,1.0],0,0]"), "reads table 0 of 0"},
             {alir(kS4, "[[0,0],3,[0],[-8.0,7.0,1.0],0,0]"), "opcode 3 reads 1 slots, not 2"},
             {alir(kS4, "[[0],3,[0],[-8.0,7.0,3.0],0,0]"), "its step is no power of two"},
             {alir(kS4, "[[0],3,[0],[7.0,-8.0,1.0],0,0]"), "min not above max"},
             {alir(kS4, "[[0],3,[0],[-8.0,7.0],0,0]"), "has 2 elements, expected 3"},
             {alir(kS4, "[[0],3,[0],[-8.0,7.5,0.5],0,0]"),
              "its step is 2^-1, its operands give 2^0"},
             {alir(kS4, "[[0],3,[4000],[-8.0,7.0,1.0],0,0]"), "shift is 4000"},
             {dais(kS4, "[0,-1,11,0,[-8.0,7.0,1.0],0,0]"), "opcode is 11"},
             {dais(kS4, "[0,-1,-4,0,[-8.0,7.0,1.0],0,0]"), "opcode -4 is unknown"},
             {dais(kS4, "[0,0,6,7,[-8.0,7.0,1.0],0,0]"), "reads slot 7"},
             {dais(kS4, "[0,0,0,1.5,[-8.0,7.0,1.0],0,0]"), "data is 1.5"}}) {
        EXPECT_NE(error_of(c.file).find(c.says), std::string::npos) << c.says << "\n"
                                                                    << error_of(c.file);
    }
}

TEST(ProgramFiles, ATableMustHaveOneEntryPerCode) {
    const std::string file =
        "[[1,1],[0],[1],[0],[false],[[0,-1,-1,0,[-2.0,1.0,1.0],0.0,0.0],"
        "[0,-1,8,0,[0.0,1.0,1.0],0.0,0.0]],-1,-1,[{\"spec\":{\"hash\":\"\",\"out_qint\":{\"min\":0."
        "0,"
        "\"max\":1.0,\"step\":1.0},\"inp_width\":2},\"table\":[0,1,1]}]]";
    EXPECT_NE(error_of(file).find("a table of 3 entries by a slot of 4 codes"), std::string::npos);
}

TEST(ProgramFiles, GzipReadsBack) {
    std::string text(100000, 'a');
    for (std::size_t i = 0; i < text.size(); i += 7) text[i] = static_cast<char>(i);
    const std::string packed = gzip_compressed(text);
    EXPECT_LT(packed.size(), text.size());
    EXPECT_EQ(uncompressed(packed).value_or(""), text);
    EXPECT_EQ(uncompressed("plain").value_or(""), "plain");
    EXPECT_FALSE(uncompressed(packed.substr(0, packed.size() / 2)));
}

TEST(FromDataflow, ReluIsOneOp) {
    const auto program = dfg::parse_text(
        "program relu\n%0 = input s8.4\n%1 = const u0.0 0\n%2 = max u7.4 %0 %1\noutput %2\n");
    ASSERT_TRUE(program) << program.error().message;
    const auto slots = from_dataflow(*program);
    ASSERT_TRUE(slots);
    ASSERT_EQ(slots->ops.size(), 2U);
    EXPECT_EQ(slots->ops[1].opcode, Opcode::kRelu);
}

TEST(FromDataflow, WhatTheirToolsCannotHoldNamesTheValue) {
    const auto program =
        dfg::parse_text("program wide\n%0 = input s40.0\n%1 = mul s80.0 %0 %0\noutput %1\n");
    ASSERT_TRUE(program) << program.error().message;
    const auto slots = from_dataflow(*program);
    ASSERT_FALSE(slots);
    EXPECT_NE(slots.error().message.find("value %1 (mul): needs a number of more than 53 bits"),
              std::string::npos);
}

}  // namespace
}  // namespace gatewright::interchange
