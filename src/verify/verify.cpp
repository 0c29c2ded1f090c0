// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulate/engine.h"
#include "verify/harness.h"
#include "verify/netlist_proof.h"
#include "verify/program_proof.h"

namespace gatewright::verify {
namespace {

std::string timing_failure(const tools::VerilatorRun& run, std::size_t events, int latency_cycles) {
    if (run.outputs_seen != events) {
        return fmt::format("{} events offered, one per cycle, gave {} outputs", events,
                           run.outputs_seen);
    }
    if (!run.latency_is_constant) return "the latency differs between events";
    if (run.latency_cycles != latency_cycles) {
        return fmt::format("the latency is {} cycles, the design promises {}", run.latency_cycles,
                           latency_cycles);
    }
    if (run.gap_outputs_seen != run.gap_events || run.gap_mismatches != 0) {
        return fmt::format("with gaps in in_valid, {} of {} events came out, {} of them different",
                           run.gap_outputs_seen, run.gap_events, run.gap_mismatches);
    }
    if (run.valid_after_reset != 0) {
        return fmt::format("{} events were still announced after a reset", run.valid_after_reset);
    }
    return {};
}

Status run_verilator(const VerifyInput& input, const dfg::Interface& ports,
                     const VerifyParams& params, Harness& harness) {
    if (!harness.wants_verilator()) return {};
    const Stopwatch watch;
    GW_TRY(const auto files, Harness::verilog_files(input.directory));
    GW_TRY(const VerilogOutputs outputs,
           run_verilog(ports, input.netlist.top().name, files, harness.events(), params.seed));
    EvaluatorResult& row = harness.compare_all("verilator", outputs.codes, watch.seconds());
    row.tool = outputs.run.version;
    row.failure = timing_failure(outputs.run, harness.event_count(), input.netlist.latency_cycles);
    if (outputs.run.latency_is_constant)
        harness.result().measured_latency = outputs.run.latency_cycles;
    return {};
}

void prove(const VerifyInput& input, const VerifyParams& params, VerifyResult& result) {
    if (params.proof.budget_seconds <= 0) {
        result.notes.emplace_back("no proofs were asked for");
        return;
    }
    result.proofs = prove_layers(input.typed, input.design, params.proof);
    if (input.lowered != nullptr) {
        result.passes_proof =
            prove_programs(*input.lowered, input.flat.program, params.proof.budget_seconds);
    }
    result.netlist_proof = prove_netlist(input.flat, input.netlist, params.proof.budget_seconds);
    result.every_layer_proven =
        !result.proofs.empty() &&
        std::all_of(result.proofs.begin(), result.proofs.end(),
                    [](const ProofResult& proof) { return proof.outcome == Outcome::kProven; });
}

}  // namespace

bool VerifyResult::passed() const {
    const bool evaluators_agree = std::all_of(
        evaluators.begin(), evaluators.end(),
        [](const EvaluatorResult& row) { return row.mismatches == 0 && row.failure.empty(); });
    const auto disproven = [](const ProofResult& proof) {
        return proof.outcome == Outcome::kDisproven;
    };
    return evaluators_agree && std::none_of(proofs.begin(), proofs.end(), disproven) &&
           !(passes_proof && disproven(*passes_proof)) &&
           !(netlist_proof && disproven(*netlist_proof));
}

Result<VerifyResult> verify_design(const VerifyInput& input, const VerifyParams& params) {
    const Stopwatch watch;
    const dfg::Interface ports = input.design.interface();
    Harness harness(ports, params);
    GW_TRY_STATUS(harness.make_events());
    harness.run_models(input.typed, emulate::Engine(input.flat.program));
    Stopwatch own;
    const Codes dataflow = run_dataflow(input.flat, harness.slow_events());
    harness.compare_slow("dataflow", dataflow, own.seconds());
    own = Stopwatch();
    const Result<Codes> netlist = run_netlist(input.netlist, harness.slow_events());
    harness.compare_slow("netlist", netlist, own.seconds());
    GW_TRY_STATUS(run_verilator(input, ports, params, harness));
    GW_TRY_STATUS(harness.run_testbench(input.netlist.name, input.directory));
    VerifyResult& result = harness.result();
    prove(input, params, result);
    result.latency_cycles = input.netlist.latency_cycles;
    result.seconds = watch.seconds();
    return std::move(result);
}

}  // namespace gatewright::verify
