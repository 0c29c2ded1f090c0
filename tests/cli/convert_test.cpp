// SPDX-License-Identifier: Apache-2.0
//
// gatewright convert, and programs of other tools as models.
#include <filesystem>

#include "cli/fixture.h"
#include "support/files.h"
#include "support/json.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

namespace fs = std::filesystem;

// y0 = relu(x0 - 2·x1) rounded down to halves, y1 = x1 < 0 ? x0 : x1.
constexpr const char* kAlir =
    R"({"meta":"ALIRModel","spec_version":4,"model":[[2,2],[0,0],[3,4],[0,0],
 [false,false],[[[],-1,[0],[-8.0,7.75,0.25],0.0,0.0],[[],-1,[1],[-8.0,7.75,0.25],0.0,0.0],
 [[0,1],1,[1],[-23.5,23.75,0.25],0.0,0.0],[[2],2,[],[0.0,31.5,0.5],0.0,0.0],
 [[0,1,1],6,[0],[-8.0,7.75,0.25],0.0,0.0]],-1,-1]})";

class Convert : public CliFixture {
  protected:
    void SetUp() override {
        CliFixture::SetUp();
        write("p.json", kAlir);
        write("x.csv", "3.25,-1\n-1,2\n0.5,-0.25\n");
    }
    std::vector<double> emulated(const std::string& model) const {
        const auto outcome =
            run({"emulate", path(model), "--input", path("x.csv"), "--output", path("y.npy")});
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        const auto y = tensor::read_doubles(path("y.npy"));
        return y ? y->data : std::vector<double>{};
    }
    const std::vector<double> wanted_ = {5, 3.25, 0, 2, 1, 0.5};
};

TEST_F(Convert, AProgramIsTheSameFunctionInEveryFormat) {
    EXPECT_EQ(emulated("p.json"), wanted_);
    ASSERT_EQ(run({"convert", path("p.json"), path("p.gw")}).exit_code, 0);
    EXPECT_TRUE(read_file(path("p.gw")).value_or("").starts_with("program p\n"));
    EXPECT_EQ(emulated("p.gw"), wanted_);
    ASSERT_EQ(run({"convert", path("p.gw"), path("d.json"), "--format", "dais"}).exit_code, 0);
    EXPECT_EQ(read_file(path("d.json")).value_or("").substr(0, 2), "[[");
    EXPECT_EQ(emulated("d.json"), wanted_);
    ASSERT_EQ(run({"convert", path("d.json"), path("a.json.gz")}).exit_code, 0);
    EXPECT_EQ(read_file(path("a.json.gz")).value_or("").substr(0, 2), "\x1f\x8b");
    EXPECT_EQ(emulated("a.json.gz"), wanted_);
}

TEST_F(Convert, AProgramOfAnotherToolIsCompiledLikeAModel) {
    ASSERT_EQ(run({"compile", path("p.json"), "-o", path("design")}).exit_code, 0);
    EXPECT_TRUE(fs::exists(folder_ / "design" / "rtl" / "p.v"));
    EXPECT_EQ(emulated("design"), wanted_);
    ASSERT_EQ(run({"convert", path("design"), path("again.json")}).exit_code, 0);
    EXPECT_EQ(emulated("again.json"), wanted_);
}

TEST_F(Convert, WhatCannotBeConvertedIsRefusedWithTheReason) {
    expect_refused({"convert", path("p.json"), path("p.v")}, "the ending tells no format");
    expect_refused({"convert", path("p.json"), path("p.gz"), "--format", "dais"},
                   "only ALIR files are compressed");
    expect_refused({"convert", path("missing.json"), path("p.gw")}, "missing.json");
    write("wide.gw", "program wide\n%0 = input s40.0\n%1 = mul s80.0 %0 %0\noutput %1\n");
    expect_refused({"convert", path("wide.gw"), path("wide.json")}, "value %1 (mul)");
    write("bad.json", "[[1,1],[0],[0],[0],[false],[[0,-1,3,0,[0,1,1],0,0]],-1,-1]");
    expect_refused({"convert", path("bad.json"), path("p.gw")},
                   "slot 0 (quantize): reads slot 0, which does not come before it");
    expect_refused({"compile", path("bad.json"), "-o", path("design")}, "bad.json: slot 0");
}

}  // namespace
}  // namespace gatewright
