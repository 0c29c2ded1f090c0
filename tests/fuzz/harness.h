// SPDX-License-Identifier: Apache-2.0
//
// The fuzz harness of every reader of foreign bytes. A target is one function over a string that
// must return, whatever the bytes: a bad input is a Result error, never a crash, a hang or a thrown
// exception. The same file is two programs:
//  - a plain main (ctest): every crasher file in tests/fuzz/crashers/<target>*, then a fixed number
//  of
//    seeded mutations of the valid seeds; `<program> <seconds> [seed]` mutates for that long
//    instead;
//  - with -DGW_LIBFUZZER and clang's -fsanitize=fuzzer, a coverage-guided target.
// The input under test is kept in <program>.input beside the working directory while it runs, so
// that a crash leaves its input behind; move it to tests/fuzz/crashers/ as a regression test.
#pragma once

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/rng.h"
#include "support/stopwatch.h"

// Inputs that the ctest tries; slow targets ask for fewer.
#ifndef GW_FUZZ_ITERATIONS
#define GW_FUZZ_ITERATIONS 3000
#endif

namespace gatewright::fuzz {

using Target = void (*)(const std::string&);

/// One to eight random edits: flipped bits, inserted, removed, repeated or swapped pieces, splices
/// from another seed, and numbers replaced by awkward ones.
inline std::string mutate(std::string text, const std::vector<std::string>& seeds, Rng& rng) {
    static const std::vector<std::string> kAwkward = {"0",
                                                      "-1",
                                                      "1",
                                                      "63",
                                                      "64",
                                                      "65",
                                                      "4096",
                                                      "4097",
                                                      "65536",
                                                      "2147483647",
                                                      "-2147483648",
                                                      "4294967296",
                                                      "9223372036854775807",
                                                      "-9223372036854775808",
                                                      "99999999999999999999999",
                                                      "1e308",
                                                      "NaN",
                                                      "",
                                                      "%",
                                                      "\"",
                                                      "[",
                                                      "]",
                                                      "{",
                                                      "}",
                                                      "\n",
                                                      std::string(1, '\0'),
                                                      "\xff"};
    const std::uint64_t edits = rng.chance(0.5) ? 1 : 1 + rng.below(8);
    for (std::uint64_t edit = 0; edit < edits; ++edit) {
        const std::size_t at = rng.below(text.size() + 1);
        const std::size_t length = std::min<std::size_t>(text.size() - at, 1 + rng.below(16));
        switch (rng.below(7)) {
            case 0:
                if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << rng.below(8)));
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(at, text.substr(at, length));
                break;
            case 3:
                if (at < text.size()) text[at] = static_cast<char>(rng.below(256));
                break;
            case 4: {
                const std::string& other = seeds[rng.below(seeds.size())];
                const std::size_t from = rng.below(other.size() + 1);
                text.insert(at, other.substr(from, rng.below(64)));
                break;
            }
            case 5: {
                // The number that starts at or after `at`.
                const std::size_t first = text.find_first_of("0123456789", at);
                if (first == std::string::npos) break;
                const std::size_t last = text.find_first_not_of("0123456789", first);
                const std::size_t digits = (last == std::string::npos ? text.size() : last) - first;
                text.replace(first, digits, kAwkward[rng.below(kAwkward.size())]);
                break;
            }
            default:
                text.insert(at, kAwkward[rng.below(kAwkward.size())]);
        }
    }
    return text;
}

/// The input under test, where a signal handler finds it.
struct Current {
    std::string path;
    const std::string* input = nullptr;
    static Current& instance() {
        static Current current;
        return current;
    }
    void write() const {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0 || ::write(file, input->data(), input->size()) < 0) ::_exit(3);
        ::close(file);
    }
};

inline void keep_input_of_crash(int signal) {
    Current::instance().write();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

/// Runs the target on one input; an exception that leaves it is a finding.
inline bool survives(const std::string& program, const std::string& input, Target target) {
    Current& current = Current::instance();
    current.path = std::filesystem::path(program).filename().string() + ".input";
    current.input = &input;
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGTERM}) {
        std::signal(signal, keep_input_of_crash);
    }
    try {
        target(input);
    } catch (const std::exception& error) {
        current.write();
        fmt::print(stderr, "exception: {}\nthe input is in {}\n", error.what(), current.path);
        return false;
    }
    return true;
}

inline bool survives_file(const std::string& program, const std::filesystem::path& path,
                          Target target) {
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    if (survives(program, input, target)) return true;
    fmt::print(stderr, "from {}\n", path.string());
    return false;
}

/// The main of a fuzz target: 0 if every input was survived. Crashers are the files of
/// GW_FUZZ_CRASHERS (a macro: the folder) whose name starts with the program's name.
inline int run_fuzz(int argc, char** argv, std::vector<std::string> seeds, Target target) {
    constexpr std::size_t kIterations = GW_FUZZ_ITERATIONS;
    const std::string program = argc > 0 ? argv[0] : "fuzz";
    if (argc == 2 && std::filesystem::is_regular_file(argv[1])) {
        return survives_file(program, argv[1], target) ? 0 : 1;
    }
#ifdef GW_FUZZ_CRASHERS
    const std::string stem = std::filesystem::path(program).filename().string();
    for (const auto& entry : std::filesystem::directory_iterator(GW_FUZZ_CRASHERS)) {
        const bool ours = entry.path().filename().string().starts_with(stem);
        if (ours && !survives_file(program, entry.path(), target)) return 1;
    }
#endif
    for (const std::string& seed : seeds) {
        if (!survives(program, seed, target)) return 1;
    }
    const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 0;
    const std::uint64_t first_seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    fmt::print("GW_SEED={}\n", first_seed);
    Rng rng(first_seed);
    const Stopwatch watch;
    std::size_t done = 0;
    for (; seconds > 0 ? watch.seconds() < seconds : done < kIterations; ++done) {
        const std::string input = mutate(seeds[rng.below(seeds.size())], seeds, rng);
        if (!survives(program, input, target)) return 1;
    }
    fmt::print("{} inputs survived in {:.1f} s\n", done, watch.seconds());
    return 0;
}

}  // namespace gatewright::fuzz

/// Defines the program: GW_FUZZ_TARGET(function from const std::string&, expression for the seeds).
#ifdef GW_LIBFUZZER
#define GW_FUZZ_TARGET(target, seeds)                                                    \
    extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) { \
        target(std::string(reinterpret_cast<const char*>(data), size));                  \
        return 0;                                                                        \
    }
#else
#define GW_FUZZ_TARGET(target, seeds)                                   \
    int main(int argc, char** argv) {                                   \
        return ::gatewright::fuzz::run_fuzz(argc, argv, seeds, target); \
    }
#endif
