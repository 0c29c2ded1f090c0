// SPDX-License-Identifier: Apache-2.0
//
// Random programs through every translation: nothing changes what they compute.
#include <gtest/gtest.h>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "interchange/alir.h"
#include "interchange/dais.h"
#include "interchange/evaluate.h"
#include "interchange/example.h"
#include "interchange/from_dataflow.h"
#include "interchange/program_file.h"
#include "interchange/to_dataflow.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::interchange {
namespace {

using fixed::Dyadic;
using fixed::Integer;

std::vector<Dyadic> values_of(const dfg::Program& program, std::span<const dfg::ValueId> ids,
                              const std::vector<Integer>& codes) {
    std::vector<Dyadic> out;
    for (std::size_t i = 0; i < ids.size(); ++i)
        out.emplace_back(codes[i], -program[ids[i]].format.frac);
    return out;
}

// Outputs of the dataflow for codes, beside the slot program's for the same values.
void expect_same_function(const dfg::Program& program, const SlotProgram& slots,
                          const std::vector<Integer>& event) {
    const std::vector<Dyadic> x = values_of(program, program.inputs(), event);
    const std::vector<Dyadic> wanted =
        values_of(program, program.outputs(), dfg::interpret(program, event));
    const std::vector<Dyadic> got = evaluate(slots, x);
    ASSERT_EQ(got, wanted) << dfg::to_text(program) << write_alir(slots).dump();
}

TEST(RandomPrograms, DataflowOfASlotProgramIsThatProgram) {
    const std::uint64_t seed = testing::test_seed(1);
    for (std::uint64_t trial = 0; trial < 400; ++trial) {
        Rng rng(seed * 1000 + trial);
        const SlotProgram slots = example_program(rng);
        const dfg::Program program = to_dataflow(slots, "p");
        const Status status = dfg::verify_ranges(program);
        ASSERT_TRUE(status) << status.error().message << dfg::to_text(program);
        for (const auto& event : testing::random_input_codes(program, 20, rng)) {
            expect_same_function(program, slots, event);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(RandomPrograms, SlotProgramOfADataflowIsThatDataflow) {
    const std::uint64_t seed = testing::test_seed(1);
    for (std::uint64_t trial = 0; trial < 400; ++trial) {
        Rng rng(seed * 1000 + trial);
        const dfg::Program program = testing::random_program(
            rng, {.inputs = 3, .nodes = 20, .outputs = 3, .max_width = 10, .max_table_bits = 5});
        const auto slots = from_dataflow(program);
        ASSERT_TRUE(slots) << slots.error().message << dfg::to_text(program);
        const Status status = check(*slots);
        ASSERT_TRUE(status) << status.error().message << dfg::to_text(program);
        for (const auto& event : testing::random_input_codes(program, 20, rng)) {
            expect_same_function(program, *slots, event);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(RandomPrograms, FilesOfBothToolsReadBackAsTheSameFunction) {
    const std::uint64_t seed = testing::test_seed(1);
    for (std::uint64_t trial = 0; trial < 300; ++trial) {
        Rng rng(seed * 1000 + trial);
        const SlotProgram slots = example_program(rng);
        for (const std::string& text : {write_alir(slots).dump(), write_dais(slots).dump(),
                                        gzip_compressed(write_alir(slots).dump())}) {
            const auto again = parse_slot_program(text);
            ASSERT_TRUE(again) << again.error().message << "\n" << text;
            const dfg::Program program = to_dataflow(slots, "p");
            for (const auto& event : testing::random_input_codes(program, 10, rng)) {
                expect_same_function(program, *again, event);
                if (HasFatalFailure()) return;
            }
        }
    }
}

}  // namespace
}  // namespace gatewright::interchange
