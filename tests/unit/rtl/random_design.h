// SPDX-License-Identifier: Apache-2.0
//
// A random program cut into kernels at random places, so that values cross modules in every way:
// to one reader, to many, to the outputs, in the same cycle and later.
#pragma once

#include "arch/design.h"
#include "schedule/schedule.h"
#include "support/process.h"
#include "support/random_program.h"

namespace gatewright::rtl::testing {

struct RandomDesign {
    arch::Design design;
    arch::FlatProgram flat;
    schedule::Device device;
    schedule::Schedule schedule;
};

struct RandomDesignParams {
    gatewright::testing::RandomProgramParams program = {};
    std::size_t kernels = 3;
    double registered = 0.9;  ///< share of designs with registers at inputs, and at outputs
    schedule::TernaryAdders ternary_adders = schedule::TernaryAdders::kNever;
};

RandomDesign random_design(Rng& rng, const RandomDesignParams& params = {});
/// The same around a given program (params.program has no meaning).
RandomDesign random_design_of(dfg::Program program, Rng& rng,
                              const RandomDesignParams& params = {});

/// `count` events within the inputs' ranges and what the dataflow interpreter makes of them.
struct Events {
    std::vector<std::vector<fixed::Integer>> in;
    std::vector<std::vector<fixed::Integer>> out;
};
Events random_events(const RandomDesign& d, std::size_t count, Rng& rng);

/// An empty directory, removed with everything in it at the end of the test.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    void write(const std::string& relative, const std::string& content) const;

  private:
    std::string path_;
};

/// Runs a command in `directory`; the outcome's output is the failure message.
ProcessOutcome run_in(const std::string& directory, const std::vector<std::string>& command);

}  // namespace gatewright::rtl::testing
