// SPDX-License-Identifier: Apache-2.0
//
// Engines in use by threads and processes at once, odd batches, unaligned arrays: always the
// interpreter's codes. Meant to be run under the thread and address sanitizers too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using fixed::Integer;

// A narrow random program, so that every code fits a word.
struct Case {
    explicit Case(std::uint64_t seed) : rng(seed) {
        do {
            program = testing::random_program(rng, {.inputs = 9, .nodes = 80, .max_width = 9});
        } while (!Engine(program).fits_int64() || Engine(program).output_bits() > 16);
        for (std::size_t e = 0; e < kEvents; ++e) {
            std::vector<Integer> event;
            for (std::size_t i = 0; i < program.inputs().size(); ++i) {
                inputs.push_back(static_cast<std::int16_t>(rng.between(-32768, 32767)));
                event.emplace_back(std::int64_t{inputs.back()});
            }
            for (const Integer& code : dfg::interpret(program, event))
                expected.push_back(static_cast<std::int16_t>(code.to_int64().value()));
        }
    }
    static constexpr std::size_t kEvents = 400;
    Rng rng;
    dfg::Program program;
    std::vector<std::int16_t> inputs;
    std::vector<std::int16_t> expected;
};

bool equals(const Engine& engine, const Case& one, std::size_t events, std::size_t threads) {
    std::vector<std::int16_t> out(events * engine.output_count());
    engine.run(std::span<const std::int16_t>(one.inputs).first(events * engine.input_count()),
               std::span<std::int16_t>(out), threads);
    return std::equal(out.begin(), out.end(), one.expected.begin());
}

TEST(Sharing, EveryBatchSizeGivesTheInterpretersCodes) {
    const Case one(testing::test_seed(1));
    for (const Machine machine : {Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512}) {
        const Engine engine(one.program, {machine});
        for (std::size_t events = 0; events <= Case::kEvents; events += events < 140 ? 1 : 13)
            ASSERT_TRUE(equals(engine, one, events, 1)) << events << " " << engine.description();
    }
}

TEST(Sharing, ArraysNeedNoAlignmentAndNothingBesideThemIsTouched) {
    const Case one(testing::test_seed(2));
    for (const Machine machine : {Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512}) {
        const Engine engine(one.program, {machine});
        const std::size_t in_row = engine.input_count();
        const std::size_t out_row = engine.output_count();
        for (std::size_t shift = 0; shift < 20; ++shift) {
            const std::size_t events = 37 + shift;
            // Exactly as long as needed: the address sanitizer watches the ends.
            std::vector<std::int16_t> in(shift + events * in_row);
            std::copy_n(one.inputs.begin(), events * in_row,
                        in.begin() + static_cast<std::ptrdiff_t>(shift));
            std::vector<std::int16_t> out(2 * shift + events * out_row, 77);
            engine.run(std::span<const std::int16_t>(in).subspan(shift),
                       std::span<std::int16_t>(out).subspan(shift, events * out_row), 1);
            for (std::size_t i = 0; i < out.size(); ++i) {
                const bool inside = i >= shift && i < shift + events * out_row;
                ASSERT_EQ(out[i], inside ? one.expected[i - shift] : 77) << i << " of " << events;
            }
        }
    }
}

TEST(Sharing, OneEngineServesManyThreads) {
    const Case one(testing::test_seed(3));
    for (int round = 0; round < 20; ++round) {
        const Engine engine(one.program);  // machine code is made by whoever comes first
        std::array<bool, 8> ok{};
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < ok.size(); ++t) {
            threads.emplace_back([&, t] {
                ok.at(t) = true;
                for (int i = 0; i < 30; ++i)
                    ok.at(t) = equals(engine, one, 1 + (t * 37) % 300, 1) && ok.at(t);
            });
        }
        for (std::thread& thread : threads) thread.join();
        for (const bool each : ok) ASSERT_TRUE(each);
    }
}

TEST(Sharing, TwoEnginesRunInTwoThreads) {
    const Case a(testing::test_seed(4));
    const Case b(testing::test_seed(5));
    std::array<bool, 2> ok{true, true};
    const auto work = [](const Case& one, bool& good) {
        for (int i = 0; i < 10; ++i) {
            const Engine engine(one.program);
            for (int k = 0; k < 20; ++k) good = equals(engine, one, Case::kEvents, 2) && good;
        }
    };
    std::thread other([&] { work(b, ok[1]); });
    work(a, ok[0]);
    other.join();
    EXPECT_TRUE(ok[0]);
    EXPECT_TRUE(ok[1]);
}

TEST(Sharing, ThreadsDoNotChangeTheResult) {
    const Case one(testing::test_seed(6));
    const Engine engine(one.program);
    const std::size_t repeats = 2000;
    std::vector<std::int16_t> in;
    for (std::size_t r = 0; r < repeats; ++r)
        in.insert(in.end(), one.inputs.begin(), one.inputs.end());
    std::vector<std::int16_t> out(repeats * one.expected.size());
    for (const std::size_t threads : {1U, 2U, 3U, 7U}) {
        std::fill(out.begin(), out.end(), std::int16_t{-1});
        engine.run(std::span<const std::int16_t>(in), std::span<std::int16_t>(out), threads);
        for (std::size_t i = 0; i < out.size(); ++i)
            ASSERT_EQ(out[i], one.expected[i % one.expected.size()]) << threads << " threads";
    }
}

TEST(Sharing, AForkedChildGoesOn) {
    const Case one(testing::test_seed(7));
    const Engine engine(one.program);
    ASSERT_TRUE(equals(engine, one, Case::kEvents, 2));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const Engine fresh(one.program);
        const bool ok = equals(engine, one, Case::kEvents, 2) && equals(fresh, one, 100, 1);
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_TRUE(equals(engine, one, Case::kEvents, 2));
}

}  // namespace
}  // namespace gatewright::emulate
