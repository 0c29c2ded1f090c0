// SPDX-License-Identifier: Apache-2.0
//
// The emulator against the plain interpreter on thousands of random programs, through every machine
// this computer has: narrow programs (lanes of 16 bits), wide ones (64-bit lanes, exact integers
// within) and ones past int64 (run_exact).
#include "emulate/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "emulate/jit.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using fixed::Integer;
using testing::RandomProgramParams;

dfg::Program parsed(std::string_view text) {
    auto program = dfg::parse_text(text);
    EXPECT_TRUE(program) << program.error().message;
    return std::move(*program);
}

// Random codes of any size, also outside the inputs' formats and claims.
std::vector<std::vector<Integer>> any_codes(const dfg::Program& program, std::size_t count,
                                            Rng& rng) {
    auto events = testing::random_input_codes(program, count, rng);
    for (std::size_t e = 4; e < count; e += 2) {
        for (Integer& code : events[e]) code = static_cast<std::int64_t>(rng.next());
    }
    return events;
}

std::vector<Integer> interpreted(const dfg::Program& program,
                                 const std::vector<std::vector<Integer>>& events) {
    std::vector<Integer> out;
    for (const auto& event : events) {
        for (Integer& code : dfg::interpret(program, event)) out.push_back(std::move(code));
    }
    return out;
}

constexpr std::array kMachines{Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512};

struct Seen {
    int code = 0;
    int lanes64 = 0;
    int exact_within = 0;
    int exact = 0;
};

// The codes read back from an array of the element type, which wraps them.
template <class Code>
void expect_codes(const Engine& engine, const dfg::Program& program,
                  const std::vector<Integer>& exact_in, const std::vector<Integer>& expected) {
    std::vector<Code> in;
    for (const Integer& code : exact_in) in.push_back(static_cast<Code>(code.to_int64().value()));
    std::vector<Code> out(expected.size());
    engine.run(std::span<const Code>(in), std::span<Code>(out));
    for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], static_cast<Code>(expected[i].to_int64().value()))
            << engine.description() << "\nevent " << i / engine.output_count() << ", output "
            << i % engine.output_count() << "\n"
            << dfg::to_text(program);
    }
}

// Inputs of a narrower type are other events, unless every input's format fits the type.
bool inputs_fit(const dfg::Program& program, int bits) {
    return std::all_of(program.inputs().begin(), program.inputs().end(),
                       [&](dfg::ValueId id) { return program[id].format.width <= bits; });
}

void expect_equal(const dfg::Program& program, const std::vector<std::vector<Integer>>& events,
                  Seen& seen) {
    const std::vector<Integer> expected = interpreted(program, events);
    std::vector<Integer> in;
    for (const auto& event : events) in.insert(in.end(), event.begin(), event.end());
    for (const Machine machine : kMachines) {
        const Engine engine(program, {machine});
        if (machine == Machine::kInterpreter) {
            std::vector<Integer> out(expected.size());
            engine.run_exact(in, out);
            ASSERT_EQ(out, expected) << dfg::to_text(program);
            seen.lanes64 += engine.lane_bits() == 64 ? 1 : 0;
            seen.exact_within += engine.fits_int64() && engine.lane_bits() == 0 ? 1 : 0;
            seen.exact += engine.fits_int64() ? 0 : 1;
        }
        if (!engine.fits_int64()) return;
        seen.code += engine.description().find("machine code,") != std::string::npos ? 1 : 0;
        expect_codes<std::int64_t>(engine, program, in, expected);
        if (inputs_fit(program, 32)) expect_codes<std::int32_t>(engine, program, in, expected);
        if (inputs_fit(program, 16)) expect_codes<std::int16_t>(engine, program, in, expected);
    }
}

void expect_equal_to_interpreter(const RandomProgramParams& params, int programs,
                                 std::uint64_t seed, Seen& seen) {
    Rng rng(seed);
    for (int p = 0; p < programs; ++p) {
        const dfg::Program program = testing::random_program(rng, params);
        // Around the machines' block sizes.
        constexpr std::array kEvents{1, 15, 16, 17, 24, 33, 70};
        const auto count = static_cast<std::size_t>(kEvents[rng.below(kEvents.size())]);
        expect_equal(program, any_codes(program, std::max<std::size_t>(count, 1), rng), seen);
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(Engine, EqualsTheInterpreterOnNarrowPrograms) {
    Seen seen;
    expect_equal_to_interpreter({.max_width = 10, .max_fraction = 6}, 1000, testing::test_seed(1),
                                seen);
    EXPECT_GT(seen.code, supported_vector_units().empty() ? -1 : 900);
}

TEST(Engine, EqualsTheInterpreterOnProgramsThatFillInt64) {
    Seen seen;
    expect_equal_to_interpreter({.max_width = 40}, 500, testing::test_seed(2), seen);
    expect_equal_to_interpreter({.nodes = 15, .max_width = 63}, 500, testing::test_seed(3), seen);
    EXPECT_GT(seen.lanes64, 300);
    EXPECT_GT(seen.exact_within, 100);
}

TEST(Engine, EqualsTheInterpreterOnWidePrograms) {
    Seen seen;
    expect_equal_to_interpreter({.max_width = 300}, 300, testing::test_seed(4), seen);
    EXPECT_GT(seen.exact, 250);
}

TEST(Engine, EqualsTheInterpreterOnTinyPrograms) {
    Seen seen;
    expect_equal_to_interpreter({.inputs = 2, .nodes = 3, .outputs = 3, .max_width = 32}, 1000,
                                testing::test_seed(5), seen);
}

TEST(Engine, ManyEventsGiveTheSameCodesAsOneByOne) {
    Rng rng(testing::test_seed(6));
    const dfg::Program program = testing::random_program(rng, {.nodes = 60, .max_width = 9});
    const Engine engine(program);
    const std::size_t events = 5000;
    std::vector<std::int64_t> in(events * engine.input_count());
    for (std::int64_t& code : in) code = rng.between(-1000, 1000);
    std::vector<std::int64_t> out(events * engine.output_count());
    engine.run(in, out);
    for (std::size_t e = 0; e < events; ++e) {
        std::vector<std::int64_t> one(engine.output_count());
        engine.run(std::span(in).subspan(e * engine.input_count(), engine.input_count()), one);
        ASSERT_TRUE(
            std::equal(one.begin(), one.end(),
                       out.begin() + static_cast<std::ptrdiff_t>(e * engine.output_count())))
            << "event " << e;
    }
}

TEST(Engine, ValuesByHand) {
    const auto program = parsed(
        "program hand\n"
        "%0 = input s8.4\n"
        "%1 = const u3.0 5\n"
        "%2 = add s12.4 %0 %1 << 2\n"  // 16·code(5·4) = 320 + x
        "%3 = cast u4.2 RND SAT %2\n"
        "output %2 %3\n");
    const Engine engine(program);
    EXPECT_EQ(engine.lane_bits(), 16);
    const std::vector<std::int64_t> in{-128, 0, 127, 128};
    std::vector<std::int64_t> out(8);
    engine.run(in, out);
    // 128 does not fit s8 and is wrapped to -128.
    EXPECT_EQ(out, (std::vector<std::int64_t>{192, 15, 320, 15, 447, 15, 192, 15}));
}

TEST(Engine, TheFirstCodeOutsideItsFormatIsFound) {
    const auto program = parsed("program two\n%0 = input s8.4\n%1 = input u4.0\noutput %0 %1\n");
    const Engine engine(program);
    const std::vector<std::int32_t> inside{-128, 0, 127, 15};
    const std::vector<std::int32_t> outside{-128, 0, 127, 15, 3, -1, 128, 0};
    EXPECT_EQ(engine.first_outside(std::span<const std::int32_t>(inside)), std::nullopt);
    EXPECT_EQ(engine.first_outside(std::span<const std::int32_t>(outside)), 5U);
}

TEST(Engine, NoEventsIsNoWork) {
    const auto program = parsed("program empty\n%0 = input s8.4\noutput %0\n");
    const Engine engine(program);
    engine.run(std::span<const std::int64_t>(), std::span<std::int64_t>());
    EXPECT_EQ(engine.input_count(), 1U);
}

TEST(Engine, WideProgramsRefuseInt64Lanes) {
    const auto program = parsed("program wide\n%0 = input s70.0\noutput %0\n");
    const Engine engine(program);
    EXPECT_FALSE(engine.fits_int64());
    std::vector<std::int64_t> in{1};
    std::vector<std::int64_t> out{0};
    EXPECT_THROW(engine.run(in, out), InternalError);
}

}  // namespace
}  // namespace gatewright::emulate
