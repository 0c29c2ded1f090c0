// SPDX-License-Identifier: Apache-2.0
//
// The differential harness behind `gatewright verify`: every evaluator on the same events, every
// bit of every output compared. The expected codes are the reference's where it was run and the
// emulator's elsewhere (the emulator itself is held to the reference on the events both have). Slow
// evaluators see the edge events and a share of the rest; the numbers in the result say how many.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/design.h"
#include "rtl/netlist.h"
#include "support/json.h"
#include "verify/proof.h"

namespace gatewright::verify {

/// The design as compile() or load_design() made it; everything is only looked at.
struct VerifyInput {
    const model::TypedGraph& typed;
    const arch::Design& design;
    const arch::FlatProgram& flat;
    const rtl::Netlist& netlist;
    std::string directory;  ///< the design directory: rtl/*.v in it are what Verilator runs
    /// The dataflow before the passes, which the layers are proven about; null: `flat` is it.
    const dfg::Program* lowered = nullptr;
};

/// What to do about a simulator.
enum class UseTool {
    kRequired,     ///< a missing tool is an error
    kIfInstalled,  ///< is left out, and the result says so
    kNever,
};

struct VerifyParams {
    std::size_t vectors = 10000;        ///< random events, beside the edges
    std::size_t slow_vectors = 1000;    ///< of them (and of the data) for the slow evaluators
    std::size_t most_slow = 1'000'000;  ///< events of the slow evaluators, edges among them
    std::uint64_t seed = 1;
    std::vector<tensor::Tensor<double>> data;  ///< one per input port, [events, ...]; empty: none
    UseTool verilator = UseTool::kRequired;
    UseTool icarus = UseTool::kIfInstalled;  ///< runs the emitted testbench, with its own vectors
    int exhaustive_bits = 16;  ///< inputs of so few bits are run through all their values as well
    ProofParams proof;         ///< budget_seconds 0: no proofs
};

struct Difference {
    std::size_t event = 0;
    std::string port;
    std::size_t element = 0;
    std::string expected;  ///< code
    std::string found;
    std::string inputs;  ///< codes of the event
};

struct EvaluatorResult {
    std::string name;  ///< "reference", "dataflow", "emulator", "netlist", "verilator", "icarus"
    std::string tool;  ///< version of the tool, if one was run
    std::size_t vectors = 0;
    std::size_t mismatches = 0;  ///< events with at least one wrong bit
    std::string failure;         ///< wrong timing or no outputs at all; empty if none
    double seconds = 0;
    std::optional<Difference> first;
};

struct VerifyResult {
    std::vector<EvaluatorResult> evaluators;
    std::vector<ProofResult> proofs;           ///< reference = dataflow, per layer
    std::optional<ProofResult> passes_proof;   ///< dataflow before the passes = after them
    std::optional<ProofResult> netlist_proof;  ///< dataflow = netlist
    std::size_t edge_vectors = 0;
    std::size_t random_vectors = 0;
    std::size_t data_vectors = 0;
    std::size_t exhaustive_vectors = 0;  ///< all inputs there are, or 0
    std::uint64_t seed = 0;
    int latency_cycles = 0;                        ///< by the schedule
    std::int64_t initiation_interval = 1;          ///< likewise
    std::optional<std::int64_t> measured_latency;  ///< in Verilator
    bool every_layer_proven = false;  ///< so the dataflow equals the reference for all inputs
    std::vector<std::string> notes;   ///< what was left out, and why
    double seconds = 0;

    /// No mismatch, no wrong timing, nothing disproven.
    [[nodiscard]] bool passed() const;
};

/// Fails if the check could not be made (a missing tool, Verilog that does not compile, data that
/// does not fit); a design that is wrong is a result.
Result<VerifyResult> verify_design(const VerifyInput& input, const VerifyParams& params = {});

/// The "verify" object of report.json: {passed, evaluators: [{evaluator, vectors, mismatches,
/// ...}], proofs,
/// ...}.
Json to_json(const VerifyResult& result);
/// A few lines for a person.
std::string to_text(const VerifyResult& result);

}  // namespace gatewright::verify
