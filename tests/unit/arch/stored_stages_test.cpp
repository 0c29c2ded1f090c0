// SPDX-License-Identifier: Apache-2.0
//
// stages.json: what is written comes back as the same function, and a file that is broken in any
// one place is refused with what is wrong, never followed.
#include "arch/stored_stages.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "dfg/builder.h"
#include "dfg/text.h"
#include "support/check.h"
#include "support/seed.h"
#include "unit/arch/random_graphs.h"
#include "unit/arch/staged_runs.h"

namespace gatewright::arch {
namespace {

using fixed::Integer;

std::vector<Integer> random_event(const StagedDesign& design, Rng& rng) {
    std::vector<Integer> codes;
    for (const dfg::Port& port : design.inputs) {
        for (const fixed::Cast& element : port.elements)
            codes.push_back(element.format.wrap(Integer(rng.between(-1'000'000, 1'000'000))));
    }
    return codes;
}

// More with GW_RANDOM_GRAPHS.
TEST(StoredStages, RandomPlansComeBackAsTheSameFunction) {
    const char* more = std::getenv("GW_RANDOM_GRAPHS");
    const int graphs = more == nullptr ? 60 : std::atoi(more);
    Rng rng(testing::test_seed(71));
    for (int round = 0; round < graphs; ++round) {
        StageParams params;
        params.mapping = testing::random_mapping(rng);
        const StagedDesign design = testing::plan_of(
            testing::random_graph(rng, static_cast<int>(rng.between(1, 7))), params);
        const std::string text = to_json(design).dump();
        const auto json = parse_json(text);
        ASSERT_TRUE(json);
        const auto back = stages_from_json(*json, design.interface());
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(to_json(*back).dump(), text);
        for (int event = 0; event < 4; ++event) {
            const auto codes = random_event(design, rng);
            ASSERT_EQ(evaluate(*back, codes), evaluate(design, codes));
        }
    }
}

// A stream of 4 words of 2 channels; stage 0 turns channels around, stage 1 is a
// dense layer of one output over all words, by a head.
constexpr const char* kRight = R"({
 "name": "tiny",
 "streams": [
  {"name": "x", "shape": [4, 2], "words": 4, "formats": [[1, 4, 0], [1, 4, 0]], "port": 0},
  {"name": "a", "shape": [4, 2], "words": 4, "formats": [[1, 4, 0], [1, 4, 0]]},
  {"name": "y", "shape": [1], "words": 1, "formats": [[1, 9, 0]]}
 ],
 "stages": [
  {"name": "turn", "description": "", "inputs": [{"stream": 0}], "output": 1,
   "from": [1, 0, 3, 2, 5, 4, 7, -1]},
  {"name": "dense", "description": "",
   "inputs": [{"stream": 1, "window": {"extent": [4], "size": [4], "stride": [1],
                                       "dilation": [1], "before": [0]}}],
   "output": 2, "positions": [], "part_of": [0],
   "parts": [{"head": {"input_formats": [[1, 4, 0], [1, 4, 0], [1, 4, 0], [1, 4, 0],
                                         [1, 4, 0], [1, 4, 0], [1, 4, 0], [1, 4, 0]],
                       "weight_format": [1, 3, 0], "weights": [1, 2, 3, -4, 1, 1, 1, 1],
                       "bias_format": [1, 2, 0], "bias": [1], "sums": [[1, 9, 0]]},
              "program": "PROGRAM"}]}
 ],
 "results": [2]
})";

// y = the one sum.
std::string identity_program() {
    dfg::Builder builder("identity");
    builder.output(builder.input({true, 9, 0}));
    return dfg::to_text(std::move(builder).finish());
}

dfg::Interface ports_of_tiny() {
    dfg::Interface ports;
    ports.inputs.emplace_back().name = "x";
    ports.inputs[0].elements.assign(8, {.format = {true, 4, 0}});
    ports.outputs.emplace_back().name = "y";
    ports.outputs[0].elements.assign(1, {.format = {true, 9, 0}});
    return ports;
}

// The JSON member at a path such as "stages/1/inputs/0/window".
Json* at(Json& json, std::string_view path) {
    Json* here = &json;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string step(path.substr(0, slash));
        path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
        if (here->is_array()) {
            here = &here->as_array()[static_cast<std::size_t>(std::stoul(step))];
        } else {
            here = here->find(step);
        }
    }
    return here;
}

Json right_file() {
    Json json = *parse_json(kRight);
    at(json, "stages/1/parts/0")->set("program", identity_program());
    return json;
}

TEST(StoredStages, ASmallFileByHandIsRead) {
    const auto design = stages_from_json(right_file(), ports_of_tiny());
    ASSERT_TRUE(design) << design.error().message;
    const std::vector<Integer> event{1, 2, 3, 4, 5, 6, 7, -8};
    // Turned: 2 1 4 3 6 5 -8 0; times 1 2 3 -4 1 1 1 1, plus 1.
    EXPECT_EQ(evaluate(*design, event), std::vector<Integer>{2 + 2 + 12 - 12 + 6 + 5 - 8 + 0 + 1});
}

struct Broken {
    std::string what;
    std::function<void(Json&)> change;
    std::string says;
};

std::vector<Broken> broken_files() {
    const auto set = [](std::string path, const char* key, std::string value) {
        return [=](Json& json) { at(json, path)->set(key, *parse_json(value)); };
    };
    const std::string window = "stages/1/inputs/0/window";
    const std::string head = "stages/1/parts/0/head";
    return {
        {"no name", set("", "name", "3"), "name"},
        {"streams no list", set("", "streams", "{}"), "streams"},
        {"stream without words", set("streams/0", "words", "null"), "words"},
        {"no words", set("streams/1", "words", "0"), "impossible words"},
        {"too many words", set("streams/1", "words", "1000000000000"), "impossible words"},
        {"words of another shape", set("streams/1", "words", "3"), "3 words of 2 channels"},
        {"negative shape", set("streams/1", "shape", "[-4, -2]"), "dimensions from 1 on"},
        {"endless shape", set("streams/1", "shape", "[4000000000, 4000000000]"), "dimensions"},
        {"no channels", set("streams/1", "formats", "[]"), "4 words of 0 channels"},
        {"format of two numbers", set("streams/1", "formats", "[[1, 4], [1, 4]]"),
         "a format is [signed, width, frac]"},
        {"endless format", set("streams/1", "formats", "[[1, 99999999, 0], [1, 4, 0]]"),
         "99999999 bits"},
        {"unknown port", set("streams/0", "port", "1"), "there is no input port 1"},
        {"port of another size",
         [](Json& json) {
             at(json, "streams/0")->set("shape", *parse_json("[5, 2]")).set("words", 5);
         },
         "has 10 elements, its input port 'x' 8"},
        {"a stream nobody makes",
         [](Json& json) {
             const Json copy = *at(json, "streams/1");
             at(json, "streams")->push_back(copy);
         },
         "input port 'x' has 2 streams"},
        {"unknown input stream", set("stages/0/inputs/0", "stream", "7"), "there is no stream 7"},
        {"unknown output stream", set("stages/0", "output", "-1"), "there is no stream -1"},
        {"no inputs", set("stages/0", "inputs", "[]"), "has no inputs"},
        {"reads itself", set("stages/0/inputs/0", "stream", "1"), "before it is made"},
        {"two makers of one stream", set("stages/1", "output", "1"), ""},
        {"makes the input", set("stages/0", "output", "0"), ""},
        {"too few rearranged elements", set("stages/0", "from", "[0, 1]"),
         "'from' has 2 entries, its output stream 8 elements"},
        {"rearranges an unknown element", set("stages/0", "from", "[0,1,2,3,4,5,6,8]"),
         "'from' names element 8"},
        {"rearranges a negative element", set("stages/0", "from", "[0,1,2,3,4,5,6,-2]"),
         "'from' names element -2"},
        {"rearranges two inputs", set("stages/0", "inputs", R"([{"stream": 0}, {"stream": 0}])"),
         "more than one input"},
        {"no window", set("stages/1/inputs/0", "window", "null"), "window"},
        {"window list too short", set(window, "stride", "[]"), "different lengths"},
        {"window over another stream", set(window, "extent", "[5]"), "reads a stream of 4 words"},
        {"window of no taps", set(window, "size", "[0]"), "dimensions from 1 on"},
        {"window of other taps", set(window, "size", "[3]"), "reads 6 values"},
        {"endless window", set(window, "size", "[99999999999]"), "dimensions from 1 on"},
        {"stride 0", set(window, "stride", "[0]"), "stride 0"},
        {"dilation -1", set(window, "dilation", "[-1]"), "dilation -1"},
        {"endless padding", set(window, "before", "[9223372036854775807]"), "padding"},
        {"other positions", set("stages/1", "positions", "[2]"), "'positions' are 2"},
        {"part_of too long", set("stages/1", "part_of", "[0, 0]"), "'part_of' has 2 entries"},
        {"unknown part", set("stages/1", "part_of", "[1]"), "there is no part 1"},
        {"no parts", set("stages/1", "parts", "[]"), "has no parts"},
        {"two parts, no numbers",
         [](Json& json) {
             const Json copy = *at(json, "stages/1/parts/0");
             at(json, "stages/1/parts")->push_back(copy);
             at(json, "stages/1")->set("part_of", Json::array());
         },
         "'part_of' has 0 entries"},
        {"no program", set("stages/1/parts/0", "program", "null"), "program"},
        {"program that is none", set("stages/1/parts/0", "program", "\"x = y\""), ""},
        {"program with two inputs",
         [](Json& json) {
             dfg::Builder builder("two");
             const dfg::ValueId a = builder.input({true, 9, 0});
             builder.input({true, 9, 0});
             builder.output(a);
             at(json, "stages/1/parts/0")
                 ->set("program", dfg::to_text(std::move(builder).finish()));
         },
         "a program of 2 inputs is given 1 values"},
        {"program with two outputs",
         [](Json& json) {
             dfg::Builder builder("two");
             const dfg::ValueId a = builder.input({true, 9, 0});
             builder.output(a);
             builder.output(a);
             at(json, "stages/1/parts/0")
                 ->set("program", dfg::to_text(std::move(builder).finish()));
         },
         "a program of 2 outputs makes words of 1 channels"},
        {"program of another format", set("streams/1", "formats", "[[1, 4, 0], [1, 5, 0]]"),
         "in other formats"},
        {"sums of another format", set(head, "sums", "[[1, 8, 0]]"), "it is given s8.0"},
        {"sums without the products' bits",
         [](Json& json) {
             at(json, "stages/1/parts/0/head")->set("weight_format", *parse_json("[1, 3, 1]"));
         },
         "fraction bits of its products"},
        {"too few weights", set(head, "weights", "[1, 2]"), "another number of weights"},
        {"too many biases", set(head, "bias", "[1, 1]"), "another number of weights"},
        {"weight beyond its format", set(head, "weights", "[4, 2, 3, -4, 1, 1, 1, 1]"),
         "does not fit its format"},
        {"bias beyond its format", set(head, "bias", "[2]"), "does not fit its format"},
        {"unknown result", set("", "results", "[3]"), "there is no stream 3"},
        {"no results", set("", "results", "[]"), "0 results for 1 output ports"},
        {"result of another size", set("", "results", "[1]"), "stream 'a' has 8 elements"},
    };
}

TEST(StoredStages, EveryBrokenFileIsRefusedByWhatIsWrong) {
    for (const Broken& broken : broken_files()) {
        Json json = right_file();
        broken.change(json);
        const auto design = stages_from_json(json, ports_of_tiny());
        ASSERT_FALSE(design) << broken.what;
        EXPECT_NE(design.error().message.find(broken.says), std::string::npos)
            << broken.what << ": " << design.error().message;
    }
}

// Bytes of the file replaced: refused with a message, or a function of its ports still (one whose
// values may leave their streams: ranges are believed, and evaluate() then says so).
TEST(StoredStages, DamagedFilesAreRefusedOrRun) {
    Rng rng(testing::test_seed(72));
    const std::string text = right_file().dump();
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = text;
        for (std::uint64_t i = 0; i <= rng.below(3); ++i) {
            constexpr std::string_view kBytes = "0123456789-[]{},:\"";
            damaged[rng.below(damaged.size())] = kBytes[rng.below(kBytes.size())];
        }
        const auto json = parse_json(damaged);
        if (!json) continue;
        const auto design = stages_from_json(*json, ports_of_tiny());
        if (!design) {
            ++refused;
            EXPECT_FALSE(design.error().message.empty());
            continue;
        }
        try {
            EXPECT_EQ(evaluate(*design, std::vector<Integer>(8, 1)).size(), 1U);
        } catch (const InternalError&) {
        }
    }
    EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace gatewright::arch
