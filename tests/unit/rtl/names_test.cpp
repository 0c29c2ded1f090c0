// SPDX-License-Identifier: Apache-2.0
#include "rtl/names.h"

#include <gtest/gtest.h>

namespace gatewright::rtl {
namespace {

TEST(LegalName, KeepsWhatIsLegal) {
    EXPECT_EQ(legal_name("fc1_relu"), "fc1_relu");
    EXPECT_EQ(legal_name("Dense4"), "Dense4");
}

TEST(LegalName, ReplacesWhatVerilogCannotSay) {
    EXPECT_EQ(legal_name("dense/kernel:0"), "dense_kernel_0");
    EXPECT_EQ(legal_name("0th"), "n0th");
    EXPECT_EQ(legal_name("größe"), "gr_e");  // ö and ß are one underscore each, and two make one
    EXPECT_EQ(legal_name(""), "unnamed");
    EXPECT_EQ(legal_name("é"), "unnamed");
    EXPECT_EQ(legal_name("x\"; $finish; //"), "x_finish_");
}

TEST(LegalName, AvoidsReservedWordsOfVerilogSystemVerilogAndCpp) {
    for (const char* word :
         {"module", "reg", "logic", "bit", "Table", "INPUT", "int", "class", "this"}) {
        EXPECT_EQ(legal_name(word), std::string(word) + "_");
    }
}

TEST(LegalName, StaysShortEnoughForAFileName) {
    EXPECT_LE(legal_name(std::string(5000, 'x')).size(), 200U);
}

TEST(Namer, NumbersNamesThatAreTakenInAnyCase) {
    Namer names;
    EXPECT_EQ(names.unique("x"), "x");
    EXPECT_EQ(names.unique("X"), "X_2");
    EXPECT_EQ(names.unique("x_2"), "x_2_2");
    EXPECT_EQ(names.unique("x"), "x_3");
}

}  // namespace
}  // namespace gatewright::rtl
