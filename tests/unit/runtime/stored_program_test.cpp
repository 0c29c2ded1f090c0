// SPDX-License-Identifier: Apache-2.0
//
// Designs for the emulator, from files written here by hand: what is read, and what every damage to
// them says.
#include "runtime/stored_program.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "dfg/interpreter.h"
#include "support/files.h"
#include "support/temporary_folder.h"

namespace gatewright::runtime {
namespace {

// y = 2·a - b of two inputs s4.2 and u3.0: codes 2·a - 4·b, from 2·-8 - 4·7 to 2·7.
constexpr std::string_view kDataflow =
    "program tiny\n"
    "%0 = input s4.2\n"
    "%1 = input u3.0\n"
    "%2 = slice s4.1 %0\n"
    "%3 = sub s7.1 %2 %1\n"
    "output %3\n";

std::string design_text(const std::string& hash, const std::string& more = "") {
    return fmt::format(
        R"({{"format": "gatewright-design", "version": 1, "name": "tiny", "part": "xcvu13p-2",
 "clock_mhz": 360.5, "latency_cycles": 3, "ii": 1,
 "inputs": [
  {{"name": "a", "shape": [1], "width": 4, "elements": [{{"type": "fixed<4,2,RND,SAT>", "bit_offset": 0}}]}},
  {{"name": "b", "shape": [1], "width": 3, "elements": [{{"type": "ufixed<3,3>", "bit_offset": 4}}]}}],
 "outputs": [
  {{"name": "y", "shape": [1], "width": 7, "elements": [{{"type": "fixed<7,6>", "bit_offset": 0}}]}}],
 {} "hashes": {{"dataflow.txt": "{}"}}}})",
        more, hash);
}

class StoredProgramTest : public ::testing::Test {
  protected:
    void write(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories(folder_.path("d"));
        std::ofstream(folder_.path("d/" + name), std::ios::binary) << content;
    }
    void write_design(std::string_view dataflow) const {
        write(kDataflowFile, dataflow);
        write(kDesignFile, design_text(sha256_hex(dataflow)));
    }
    void expect_refused(const std::string& path, const std::string& says) const {
        const auto loaded = load_program(path);
        ASSERT_FALSE(loaded);
        EXPECT_NE(loaded.error().message.find(says), std::string::npos) << loaded.error().message;
        EXPECT_NE(loaded.error().message.find(path), std::string::npos) << loaded.error().message;
    }
    [[nodiscard]] std::string directory() const { return folder_.path("d"); }

    testing::TemporaryFolder folder_;
};

TEST_F(StoredProgramTest, DirectoryAndDesignFileGivePortsAndProgram) {
    write_design(kDataflow);
    for (const std::string& path : {directory(), directory() + "/design.json"}) {
        const auto loaded = load_program(path);
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_EQ(loaded->name, "tiny");
        EXPECT_EQ(loaded->part, "xcvu13p-2");
        EXPECT_EQ(loaded->latency_cycles, 3);
        EXPECT_EQ(loaded->initiation_interval, 1);
        EXPECT_EQ(loaded->clock_mhz, 360.5);
        ASSERT_EQ(loaded->ports.inputs.size(), 2U);
        EXPECT_EQ(loaded->ports.inputs[1].name, "b");
        EXPECT_EQ(to_string(loaded->ports.inputs[0].elements[0]), "fixed<4,2,RND,SAT>");
        EXPECT_EQ(loaded->ports.inputs[1].bit_offset[0], 4);
        const std::vector<fixed::Integer> event = {-8, 7};
        EXPECT_EQ(dfg::interpret(loaded->program, event), std::vector<fixed::Integer>{-8 - 14});
    }
}

TEST_F(StoredProgramTest, PortsSurviveTheirJson) {
    dfg::Port port{"x", {2, 1}, {}, {0, 5}, 9};
    for (const char* type : {"fixed<5,3,RND_CONV,SAT_SYM>", "ufixed<4,-1,TRN,WRAP,2>"})
        port.elements.push_back(*fixed::parse_cast(type));
    Json design = Json::object();
    design.set("inputs", ports_to_json({port}));
    const auto back = ports_from_json(design, "inputs");
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->size(), 1U);
    EXPECT_EQ(back->front().name, port.name);
    EXPECT_EQ(back->front().shape, port.shape);
    EXPECT_EQ(back->front().elements, port.elements);
    EXPECT_EQ(back->front().bit_offset, port.bit_offset);
    EXPECT_EQ(back->front().width, port.width);
}

TEST_F(StoredProgramTest, ModelFileIsCompiledInMemory) {
    write("m.json", R"({"format": "gatewright-model", "version": 1, "name": "m", "layers": [
  {"name": "x", "kind": "input", "shape": [2], "type": "fixed<6,4>"},
  {"name": "fc", "kind": "dense", "inputs": ["x"], "kernel": [[0.5], [1.5]], "bias": [0.25]}],
  "outputs": ["fc"]})");
    const auto loaded = load_program(directory() + "/m.json");
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->latency_cycles, 0);
    // x = (1, 2) -> 0.5 + 3 + 0.25 = 3.75; codes have 2 and 3 fraction bits.
    ASSERT_EQ(loaded->ports.outputs[0].elements[0].format.frac, 3);
    const std::vector<fixed::Integer> event = {4, 8};
    EXPECT_EQ(dfg::interpret(loaded->program, event), std::vector<fixed::Integer>{30});
}

TEST_F(StoredProgramTest, MissingThingsAreNamed) {
    expect_refused(folder_.path("nothing"), "no such file");
    std::filesystem::create_directories(directory());
    expect_refused(directory(), "is no design directory");
    write(kDesignFile, design_text("00"));
    expect_refused(directory(), "dataflow.txt: no such file");
}

TEST_F(StoredProgramTest, AnOlderDesignAsksToCompileAgain) {
    std::string text = design_text("");
    text.replace(text.find("dataflow.txt"), 12, "model.json");
    write(kDesignFile, text);
    expect_refused(directory(), "older gatewright; compile the model again");
}

TEST_F(StoredProgramTest, ChangedDataflowIsRefused) {
    write_design(kDataflow);
    std::string changed(kDataflow);
    changed.replace(changed.find("sub"), 3, "add");
    write(kDataflowFile, changed);
    expect_refused(directory(), "dataflow.txt: is not the file that");
}

TEST_F(StoredProgramTest, EveryTruncationOfDesignFileIsAnError) {
    write_design(kDataflow);
    const std::string whole = design_text(sha256_hex(kDataflow));
    for (std::size_t n = 0; n + 1 < whole.size(); n += 7) {
        write(kDesignFile, whole.substr(0, n));
        EXPECT_FALSE(load_program(directory())) << n;
    }
}

TEST_F(StoredProgramTest, PortsThatAreNotTheProgramsAreRefused) {
    std::string other(kDataflow);
    other.replace(other.find("input u3.0"), 10, "input u2.0");
    write_design(other);
    expect_refused(directory(), "input 1 of port 'b' is not what dataflow.txt has");
    write_design(std::string(kDataflow) + "output %2\n");
    expect_refused(directory(), "the ports have 1 outputs, dataflow.txt has 2");
}

TEST_F(StoredProgramTest, HashedTextStillHasItsStructureChecked) {
    std::string bad(kDataflow);
    bad.replace(bad.find("%2 %1\n"), 6, "%2 %9\n");
    write_design(bad);
    expect_refused(directory(), "line 5: operand 2 of sub is no earlier value");
}

TEST_F(StoredProgramTest, OtherFormatsAndVersionsAreRefused) {
    write_design(kDataflow);
    std::string text = design_text(sha256_hex(kDataflow));
    text.replace(text.find("\"version\": 1"), 12, "\"version\": 9");
    write(kDesignFile, text);
    expect_refused(directory(), "is format gatewright-design version 9; this version reads");
    write("x.json", R"({"hello": 1})");
    expect_refused(directory() + "/x.json", "format");
}

TEST_F(StoredProgramTest, ImpossibleShapesAreErrors) {
    for (const char* shape : {"[-1]", "[99999999999]", "[4000000000, 4000000000, 4000000000]"}) {
        std::string text = design_text(sha256_hex(kDataflow));
        text.replace(text.find("[1]"), 3, shape);
        write(kDataflowFile, kDataflow);
        write(kDesignFile, text);
        EXPECT_FALSE(load_program(directory())) << shape;
    }
}

}  // namespace
}  // namespace gatewright::runtime
