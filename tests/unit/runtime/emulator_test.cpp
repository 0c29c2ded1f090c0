// SPDX-License-Identifier: Apache-2.0
//
// The library's emulator against the plain interpreter: real values and codes, every batch size,
// threads, programs past int64, and what wrong arguments say.
#include "runtime/emulator.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "emulate/reals.h"
#include "fixed/dyadic.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::runtime {
namespace {

using fixed::Integer;

// One port per direction with the program's own formats.
StoredProgram stored_of(dfg::Program program) {
    StoredProgram out;
    out.name = "random";
    const auto port = [&](std::string name, auto values) {
        dfg::Port made;
        made.name = std::move(name);
        made.shape = {static_cast<std::int64_t>(values.size())};
        for (const dfg::ValueId value : values) {
            made.elements.push_back(
                {program[value].format, fixed::Round::kRnd, fixed::Overflow::kSat, 0});
            made.bit_offset.push_back(0);
        }
        return made;
    };
    out.ports.inputs.push_back(port("x", program.inputs()));
    out.ports.outputs.push_back(port("y", program.outputs()));
    out.program = std::move(program);
    return out;
}

std::vector<double> random_values(std::size_t count, Rng& rng) {
    std::vector<double> values(count);
    for (double& value : values)
        value = static_cast<double>(static_cast<std::int64_t>(rng.next() % 200000) - 100000) / 256;
    return values;
}

std::vector<double> interpreted(const StoredProgram& stored, std::span<const double> values) {
    const auto& in = stored.ports.inputs[0].elements;
    const auto& out = stored.ports.outputs[0].elements;
    std::vector<double> results;
    for (std::size_t first = 0; first < values.size(); first += in.size()) {
        std::vector<Integer> codes;
        for (std::size_t i = 0; i < in.size(); ++i)
            codes.push_back(emulate::real_to_code(values[first + i], in[i]));
        const auto outputs = dfg::interpret(stored.program, codes);
        for (std::size_t i = 0; i < out.size(); ++i)
            results.push_back(fixed::Dyadic(outputs[i], -out[i].format.frac).to_double());
    }
    return results;
}

TEST(Emulator, RealValuesEqualTheInterpreterForEveryWidth) {
    Rng rng(testing::test_seed(31));
    for (const int width : {8, 14, 30, 50, 90}) {
        for (int turn = 0; turn < 6; ++turn) {
            const StoredProgram stored =
                stored_of(testing::random_program(rng, {.max_width = width}));
            const Emulator emulator(stored);
            const auto values = random_values(37 * emulator.input_count(), rng);
            std::vector<double> results(37 * emulator.output_count());
            const RunError error =
                emulator.run(std::span<const double>(values), std::span(results), 1);
            ASSERT_FALSE(error) << error.message;
            ASSERT_EQ(results, interpreted(stored, values)) << dfg::to_text(stored.program);
        }
    }
}

TEST(Emulator, SeveralPortsAreSortedIntoTheirArrays) {
    Rng rng(testing::test_seed(34));
    for (int turn = 0; turn < 10; ++turn) {
        StoredProgram stored =
            stored_of(testing::random_program(rng, {.inputs = 5, .outputs = 3, .max_width = 12}));
        const StoredProgram whole = stored;
        // The same elements as ports of 2 and 3, and of 1 and 2.
        for (auto* ports : {&stored.ports.inputs, &stored.ports.outputs}) {
            dfg::Port first = ports->front();
            const auto split = static_cast<std::ptrdiff_t>(first.elements.size() / 2);
            dfg::Port second = first;
            second.name = "second";
            first.elements.erase(first.elements.begin() + split, first.elements.end());
            second.elements.erase(second.elements.begin(), second.elements.begin() + split);
            *ports = {first, second};
        }
        const Emulator emulator(stored);
        auto values = random_values(1300 * emulator.input_count(), rng);
        std::vector<double> results(1300 * emulator.output_count());
        for (const unsigned threads : {1U, 2U}) {
            const RunError error =
                emulator.run(std::span<const double>(values), std::span(results), threads);
            ASSERT_FALSE(error) << error.message;
            ASSERT_EQ(results, interpreted(whole, values));
        }
        values[1200 * emulator.input_count() + 3] = HUGE_VAL;
        EXPECT_EQ(emulator.run(std::span<const double>(values), std::span(results), 1).message,
                  "input port 'second': event 1200, element 1 is inf; only finite numbers have a "
                  "code");
    }
}

StoredProgram tiny() {
    // y = 2·a - b
    return stored_of(
        *dfg::parse_text("%0 = input s4.2\n%1 = input u3.0\n%2 = slice s4.1 %0\n"
                         "%3 = sub s7.1 %2 %1\noutput %3\n"));
}

TEST(Emulator, BatchesOfEverySizeAndThreadCountGiveTheSame) {
    const Emulator emulator(tiny());
    Rng rng(testing::test_seed(32));
    for (const std::size_t events : {0U, 1U, 2U, 7U, 255U, 511U, 512U, 513U, 5000U}) {
        const auto values = random_values(events * 2, rng);
        const auto expected = interpreted(emulator.stored(), values);
        for (const unsigned threads : {1U, 2U, 3U, 0U}) {
            std::vector<double> results(events);
            const RunError error =
                emulator.run(std::span<const double>(values), std::span(results), threads);
            ASSERT_FALSE(error) << error.message;
            ASSERT_EQ(results, expected) << events;
        }
    }
}

template <class Code>
void expect_codes() {
    const Emulator emulator(tiny());
    // Inputs past their formats wrap: 9 is -7 in s4, -1 is 7 in u3.
    const std::vector<Code> inputs = {-8, 7, 7, 0, 9, -1};
    std::vector<Code> outputs(3);
    const RunError error = emulator.run_codes(std::span<const Code>(inputs), std::span(outputs), 1);
    ASSERT_FALSE(error) << error.message;
    EXPECT_EQ(outputs, (std::vector<Code>{-22, 7, -21}));
}
TEST(Emulator, CodesOfEveryIntegerTypeWrapIntoTheirFormats) {
    expect_codes<std::int16_t>();
    expect_codes<std::int32_t>();
    expect_codes<std::int64_t>();
}

TEST(Emulator, WrongSizesAreNamed) {
    const Emulator emulator(tiny());
    const auto expect = [&](std::size_t in, std::size_t out, const std::string& says) {
        const std::vector<double> values(in);
        std::vector<double> results(out);
        const RunError error = emulator.run(std::span<const double>(values), std::span(results), 1);
        EXPECT_EQ(error.problem, RunProblem::kArgument);
        EXPECT_NE(error.message.find(says), std::string::npos) << error.message;
    };
    expect(3, 1, "3 input values given, no whole number of events of 2 values");
    expect(4, 1, "inputs of 2 events and room for outputs of 1 events");
    expect(0, 1, "inputs of 0 events and room for outputs of 1 events");
}

TEST(Emulator, ValuesThatAreNotFiniteNameTheirPlace) {
    const Emulator emulator(tiny());
    for (const unsigned threads : {1U, 3U}) {
        std::vector<float> values(2 * 3000, 0.25F);
        values[2 * 1234 + 1] = std::nanf("");
        values[2 * 2500] = HUGE_VALF;
        std::vector<float> results(3000);
        const RunError error =
            emulator.run(std::span<const float>(values), std::span(results), threads);
        EXPECT_EQ(error.problem, RunProblem::kValue);
        EXPECT_EQ(error.message,
                  "input port 'x': event 1234, element 1 is nan; only finite numbers have a code");
    }
}

TEST(Emulator, TypesTooNarrowForAnOutputAreRefused) {
    const Emulator emulator(
        stored_of(*dfg::parse_text("%0 = input u16.0\n%1 = input u9.0\noutput %1 %0\n")));
    std::vector<std::int16_t> codes(2);
    const RunError error =
        emulator.run_codes(std::span<const std::int16_t>(codes), std::span(codes), 1);
    EXPECT_EQ(error.problem, RunProblem::kValue);
    EXPECT_NE(error.message.find("output port 'y', element 1 is u16.0, whose codes need 17 bits"),
              std::string::npos)
        << error.message;
}

TEST(Emulator, ManyThreadsShareOneAndTwoDesignsDoNotMix) {
    Rng rng(testing::test_seed(33));
    const Emulator first(tiny());
    const Emulator second(stored_of(testing::random_program(rng, {})));
    const auto work = [](const Emulator& emulator, std::uint64_t seed, bool& equal) {
        Rng own(seed);
        equal = true;
        for (std::size_t turn = 0; turn < 50; ++turn) {
            const std::size_t events = turn % 5 + 1;
            const auto values = random_values(events * emulator.input_count(), own);
            std::vector<double> results(events * emulator.output_count());
            const RunError error =
                emulator.run(std::span<const double>(values), std::span(results), 1);
            equal &= !error && results == interpreted(emulator.stored(), values);
        }
    };
    bool equal[4] = {};
    {
        std::vector<std::jthread> threads;
        for (unsigned t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] { work(t % 2 == 0 ? first : second, t, equal[t]); });
        }
    }
    for (const bool one : equal) EXPECT_TRUE(one);
}

TEST(Emulator, WorksInAForkedChild) {
    const Emulator emulator(tiny());
    std::vector<double> values(2 * 4000, 1.5);
    std::vector<double> before(4000);
    ASSERT_FALSE(emulator.run(std::span<const double>(values), std::span(before), 2));
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<double> after(4000);
        const bool failed =
            static_cast<bool>(emulator.run(std::span<const double>(values), std::span(after), 2));
        ::_exit(!failed && after == before ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace gatewright::runtime
