// SPDX-License-Identifier: Apache-2.0
//
// Random programs with every op at every width from 1 to 70 bits, through every machine, against
// the plain interpreter. GW_HAMMER_PROGRAMS says how many (quick: a few hundred; the slow test runs
// enough for millions of compared codes).
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "emulate/engine.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using fixed::Integer;

int program_count() {
    const char* wanted = std::getenv("GW_HAMMER_PROGRAMS");
    return wanted ? std::max(1, std::atoi(wanted)) : 600;
}

testing::RandomProgramParams random_params(Rng& rng) {
    testing::RandomProgramParams params;
    constexpr std::array kWidths{1, 4, 8, 12, 16, 17, 24, 33, 48, 64, 70};
    params.inputs = static_cast<std::size_t>(rng.between(1, 20));
    params.nodes = static_cast<std::size_t>(rng.between(1, 120));
    params.outputs = static_cast<std::size_t>(rng.between(1, 12));
    params.max_width = kWidths[rng.below(kWidths.size())];
    params.max_fraction = static_cast<int>(rng.between(0, 12));
    params.max_table_bits = static_cast<int>(rng.between(1, 9));
    params.wrap_chance = rng.chance(0.5) ? 0.0 : 0.3;
    return params;
}

// The same program with outputs that fit int64 only, so that its inner wide values still count.
dfg::Program narrow_outputs(const dfg::Program& program) {
    dfg::Program out;
    out.name = program.name;
    for (const dfg::Table& table : program.tables()) out.append_table(table);
    for (const dfg::Node& node : program.nodes()) out.append(node);
    for (const dfg::ValueId output : program.outputs()) {
        if (program[output].format.width < 64) {
            out.append_output(output);
            continue;
        }
        dfg::Node slice;
        slice.op = dfg::Op::kSlice;
        slice.format = {true, 31, 0};
        slice.args[0] = output;
        slice.shift = 20;
        slice.range = fixed::Interval::of(slice.format);
        out.append_output(out.append(std::move(slice)));
    }
    return out;
}

struct Coverage {
    std::map<dfg::Op, int> ops;
    std::map<int, int> widths;
    std::size_t codes = 0;
};

void hammer_one(const dfg::Program& program, Rng& rng, Coverage& seen) {
    for (const dfg::ValueId input : program.inputs()) {
        if (program[input].format.width > 63) return;
    }
    const auto count = static_cast<std::size_t>(rng.between(1, 80));
    std::vector<std::int64_t> in;
    std::vector<std::int64_t> expected;
    auto events = testing::random_input_codes(program, count, rng);
    for (std::size_t e = 0; e < count; ++e) {
        const bool outside = e >= 4 && rng.chance(0.5);
        for (Integer& code : events[e]) {
            if (outside) code = static_cast<std::int64_t>(rng.next());
            in.push_back(code.to_int64().value());
        }
        for (const Integer& code : dfg::interpret(program, events[e]))
            expected.push_back(code.to_int64().value());
    }
    for (const Machine machine : {Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512}) {
        const Engine engine(program, {machine});
        std::vector<std::int64_t> out(expected.size());
        engine.run(std::span<const std::int64_t>(in), std::span<std::int64_t>(out), 1);
        ASSERT_EQ(out, expected) << engine.description() << "\n" << dfg::to_text(program);
        seen.codes += out.size();
    }
    for (const dfg::Node& node : program.nodes()) {
        ++seen.ops[node.op];
        ++seen.widths[node.format.width];
    }
}

TEST(Hammer, EveryOpAtEveryWidthGivesTheInterpretersCodes) {
    Rng rng(testing::test_seed(11));
    Coverage seen;
    for (int p = 0; p < program_count(); ++p) {
        hammer_one(narrow_outputs(testing::random_program(rng, random_params(rng))), rng, seen);
        if (HasFatalFailure()) return;
    }
    for (int op = 0; op <= static_cast<int>(dfg::Op::kPopcount); ++op)
        EXPECT_GT(seen.ops[static_cast<dfg::Op>(op)], 0) << to_string(static_cast<dfg::Op>(op));
    for (int width = 1; width <= 70; ++width) EXPECT_GT(seen.widths[width], 0) << width;
    RecordProperty("codes", static_cast<int>(seen.codes));
    std::printf("%zu codes compared\n", seen.codes);
}

}  // namespace
}  // namespace gatewright::emulate
