// SPDX-License-Identifier: Apache-2.0
//
// What every differential check has in common, whatever the hardware plan: the events, which of
// them the slow evaluators see, the expected codes, and the comparison of an evaluator's codes with
// them, bit by bit.
#pragma once

#include <string>
#include <vector>

#include "dfg/interface.h"
#include "support/stopwatch.h"
#include "verify/evaluators.h"
#include "verify/verify.h"

namespace gatewright::verify {

class Harness {
  public:
    /// `ports` and `params` are looked at for as long as the harness lives.
    Harness(const dfg::Interface& ports, const VerifyParams& params);

    /// Edge, random, data and (few bits) all events.
    Status make_events();
    [[nodiscard]] const Codes& events() const { return events_; }
    [[nodiscard]] const Codes& slow_events() const { return slow_events_; }
    [[nodiscard]] std::size_t event_count() const { return events_.size() / in_; }

    /// The reference and the emulator, whose codes (the reference's where both ran) are what every
    /// evaluator must give.
    void run_models(const model::TypedGraph& typed, const emulate::BatchFunction& emulator);
    /// An evaluator that ran on the slow events, or on all events.
    void compare_slow(std::string name, const Codes& codes, double seconds);
    EvaluatorResult& compare_all(std::string name, const Codes& codes, double seconds);
    /// One that ran on the first `count` events.
    EvaluatorResult& compare_first(std::string name, const Result<Codes>& codes, std::size_t count,
                                   double seconds);
    /// The same for one that may have failed to give codes at all.
    void compare_slow(std::string name, const Result<Codes>& codes, double seconds);

    /// The emitted Verilog files of a design directory.
    static Result<std::vector<std::string>> verilog_files(const std::string& directory);
    /// Whether Verilator is to run; a note says why not.
    bool wants_verilator();
    /// The emitted testbench <top>_tb in Icarus with its own vectors, as a user would run it.
    Status run_testbench(const std::string& top, const std::string& directory);

    VerifyResult& result() { return result_; }

  private:
    void compare_event(std::size_t event, const fixed::Integer* found, EvaluatorResult& row) const;

    const dfg::Interface& ports_;
    const VerifyParams& params_;
    std::size_t in_;
    std::size_t out_;
    Codes events_;
    std::vector<std::size_t> slow_;  // events of the slow evaluators
    Codes slow_events_;
    Codes expected_;
    VerifyResult result_;
};

}  // namespace gatewright::verify
