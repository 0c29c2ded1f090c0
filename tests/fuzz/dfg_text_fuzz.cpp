// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the dataflow text format: whatever the bytes, parsing returns; a program that parses
// prints to a text that reads back to the same text, and can be interpreted.
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "fuzz/harness.h"
#include "support/check.h"
#include "support/random_program.h"

namespace {

using namespace gatewright;

void parse_print_interpret(const std::string& bytes) {
    const auto program = dfg::parse_text(bytes);
    if (!program) return;
    const std::string text = dfg::to_text(*program);
    const auto again = dfg::parse_text(text);
    GW_CHECK(again.has_value(), "printed text does not parse: " + text);
    GW_CHECK(dfg::to_text(*again) == text, "printed text changes when read back");
    Rng rng(1);
    for (const auto& event : testing::random_input_codes(*program, 6, rng)) {
        const auto codes = dfg::interpret_all(*program, event);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const fixed::Interval& range = program->nodes()[i].range;
            GW_CHECK(range.lo <= codes[i] && codes[i] <= range.hi,
                     "a code is out of its claimed range");
        }
    }
}

[[maybe_unused]] std::vector<std::string> seed_texts() {
    std::vector<std::string> seeds = {
        "program relu\n%0 = input s8.4\n%1 = const u3.0 5\n%2 = add s10.4 %0 %1 << 2\n"
        "%3 = sub s11.4 [-128, 127] %2 %1 << 2\n%4 = cast u4.2 RND SAT %3\noutput %4 %3\n",
    };
    Rng rng(7);
    for (int i = 0; i < 12; ++i) {
        seeds.push_back(dfg::to_text(testing::random_program(
            rng, {.inputs = 2, .nodes = 12, .outputs = 2, .max_width = 8, .max_table_bits = 3})));
    }
    return seeds;
}

}  // namespace

GW_FUZZ_TARGET(parse_print_interpret, seed_texts())
