// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "emulate/engine.h"
#include "support/stopwatch.h"
#include "tools/icarus.h"
#include "tools/tool.h"
#include "verify/evaluators.h"
#include "verify/netlist_proof.h"
#include "verify/program_proof.h"
#include "verify/stimuli.h"

namespace gatewright::verify {
namespace {

using fixed::Integer;
namespace fs = std::filesystem;

std::size_t element_count(const std::vector<arch::Port>& ports) {
    std::size_t count = 0;
    for (const arch::Port& port : ports) count += port.elements.size();
    return count;
}

Result<std::vector<std::string>> verilog_files(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory + "/rtl", error)) {
        if (entry.path().extension() == ".v") files.push_back(entry.path().string());
    }
    if (files.empty()) {
        return fail(fmt::format("{}/rtl holds no .v files; compile the model again", directory));
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The testbench's last line is "PASS: <events> events, ...".
std::size_t vectors_in(const std::string& output) {
    constexpr std::string_view kPass = "PASS: ";
    const std::size_t at = output.find(kPass);
    return at == std::string::npos ? 0
                                   : std::strtoull(output.c_str() + at + kPass.size(), nullptr, 10);
}

// The events, and one evaluator after the other.
class Harness {
  public:
    Harness(const VerifyInput& input, const VerifyParams& params)
        : input_(input),
          params_(params),
          in_(element_count(input.design.inputs)),
          out_(element_count(input.design.outputs)) {}

    Result<VerifyResult> run() {
        const Stopwatch watch;
        GW_TRY_STATUS(make_events());
        run_models();
        run_hardware_model();
        GW_TRY_STATUS(run_simulation());
        GW_TRY_STATUS(run_testbench());
        prove();
        result_.seed = params_.seed;
        result_.latency_cycles = input_.netlist.latency_cycles;
        result_.seconds = watch.seconds();
        return std::move(result_);
    }

  private:
    Status make_events() {
        events_ = stimuli(input_.design, params_.vectors, params_.seed);
        if (in_ == 0) return fail("the design has no inputs: there is nothing to verify");
        result_.edge_vectors = edge_stimuli(input_.design).size() / in_;
        result_.random_vectors = params_.vectors;
        if (!params_.data.empty()) {
            GW_TRY(Codes data, emulate::to_exact_codes(input_.design.inputs, params_.data));
            result_.data_vectors = data.size() / in_;
            std::move(data.begin(), data.end(), std::back_inserter(events_));
        }
        Codes all = all_stimuli(input_.design, params_.exhaustive_bits);
        result_.exhaustive_vectors = all.size() / in_;
        std::move(all.begin(), all.end(), std::back_inserter(events_));
        const std::size_t edges = result_.edge_vectors;
        for (std::size_t e = 0; e < edges + std::min(params_.vectors, params_.slow_vectors); ++e) {
            slow_.push_back(e);
        }
        for (std::size_t e = 0; e < std::min(result_.data_vectors, params_.slow_vectors); ++e) {
            slow_.push_back(edges + params_.vectors + e);
        }
        for (const std::size_t e : slow_) {
            const auto event = std::span(events_).subspan(e * in_, in_);
            slow_events_.insert(slow_events_.end(), event.begin(), event.end());
        }
        return {};
    }

    void run_models() {
        Stopwatch watch;
        const Codes reference = run_reference(input_.typed, input_.design, slow_events_);
        EvaluatorResult row;
        row.name = "reference";
        row.vectors = slow_.size();
        row.seconds = watch.seconds();
        result_.evaluators.push_back(row);

        watch = Stopwatch();
        const Codes emulated = run_emulator(input_.flat, events_);
        const double emulator_seconds = watch.seconds();
        expected_ = emulated;
        for (std::size_t s = 0; s < slow_.size(); ++s) {
            std::copy_n(reference.begin() + static_cast<std::ptrdiff_t>(s * out_), out_,
                        expected_.begin() + static_cast<std::ptrdiff_t>(slow_[s] * out_));
        }
        watch = Stopwatch();
        compare_slow("dataflow", run_dataflow(input_.flat, slow_events_), watch);
        row = compare_all("emulator", emulated);
        row.seconds = emulator_seconds;
        result_.evaluators.push_back(std::move(row));
    }

    void run_hardware_model() {
        const Stopwatch watch;
        const auto codes = run_netlist(input_.netlist, slow_events_);
        if (codes) return compare_slow("netlist", *codes, watch);
        EvaluatorResult row;
        row.name = "netlist";
        row.vectors = slow_.size();
        row.failure = codes.error().message;
        row.seconds = watch.seconds();
        result_.evaluators.push_back(std::move(row));
    }

    Status run_simulation() {
        if (params_.verilator == UseTool::kNever) {
            result_.notes.emplace_back(
                "Verilator was not asked for: the emitted Verilog was not simulated");
            return {};
        }
        if (params_.verilator == UseTool::kIfInstalled && !tools::is_installed(tools::kVerilator)) {
            result_.notes.emplace_back(
                "Verilator is not installed: the emitted Verilog was not simulated");
            return {};
        }
        const Stopwatch watch;
        GW_TRY(const auto files, verilog_files(input_.directory));
        GW_TRY(const VerilogOutputs outputs,
               run_verilog(input_.design, input_.netlist.top().name, files, events_, params_.seed));
        EvaluatorResult row = compare_all("verilator", outputs.codes);
        row.tool = outputs.run.version;
        row.failure = timing_failure(outputs.run);
        row.seconds = watch.seconds();
        if (outputs.run.latency_is_constant) result_.measured_latency = outputs.run.latency_cycles;
        result_.evaluators.push_back(std::move(row));
        return {};
    }

    // The emitted testbench with its own vectors, as a user would run it.
    Status run_testbench() {
        if (params_.icarus == UseTool::kNever) return {};
        if (params_.icarus == UseTool::kIfInstalled && !tools::is_installed(tools::kIcarus)) {
            result_.notes.emplace_back(
                "Icarus Verilog is not installed: the testbench was not run");
            return {};
        }
        const Stopwatch watch;
        const std::string top = input_.netlist.name + "_tb";
        const std::string folder = input_.directory + "/sim";
        if (params_.icarus == UseTool::kIfInstalled && !fs::exists(folder + "/" + top + ".v")) {
            result_.notes.emplace_back("there is no emitted testbench to run");
            return {};
        }
        GW_TRY(const tools::IcarusJob job, testbench_job(top, folder));
        const auto run = tools::simulate_icarus(job);
        if (run && run->timed_out) {
            result_.notes.push_back(
                fmt::format("the testbench did not finish within {} s in Icarus Verilog",
                            job.time_limit.count()));
            return {};
        }
        EvaluatorResult row;
        row.name = "icarus";
        GW_TRY(row.tool, tools::version(tools::kIcarus));
        if (!run) {
            row.failure = run.error().message;
        } else if (!run->passed) {
            row.failure = "the testbench says: " + run->output.substr(0, 600);
        } else {
            row.vectors = vectors_in(run->output);
        }
        row.seconds = watch.seconds();
        result_.evaluators.push_back(std::move(row));
        return {};
    }

    [[nodiscard]] Result<tools::IcarusJob> testbench_job(const std::string& top,
                                                         const std::string& folder) const {
        tools::IcarusJob job;
        job.top = top;
        GW_TRY(job.files, verilog_files(input_.directory));
        job.files.push_back(folder + "/" + top + ".v");
        job.directory = folder;
        return job;
    }

    [[nodiscard]] std::string timing_failure(const tools::VerilatorRun& run) const {
        const std::size_t events = events_.size() / in_;
        if (run.outputs_seen != events) {
            return fmt::format("{} events offered, one per cycle, gave {} outputs", events,
                               run.outputs_seen);
        }
        if (!run.latency_is_constant) return "the latency differs between events";
        if (run.latency_cycles != input_.netlist.latency_cycles) {
            return fmt::format("the latency is {} cycles, the design promises {}",
                               run.latency_cycles, input_.netlist.latency_cycles);
        }
        if (run.gap_outputs_seen != run.gap_events || run.gap_mismatches != 0) {
            return fmt::format(
                "with gaps in in_valid, {} of {} events came out, {} of them different",
                run.gap_outputs_seen, run.gap_events, run.gap_mismatches);
        }
        if (run.valid_after_reset != 0) {
            return fmt::format("{} events were still announced after a reset",
                               run.valid_after_reset);
        }
        return {};
    }

    void prove() {
        if (params_.proof.budget_seconds <= 0) {
            result_.notes.emplace_back("no proofs were asked for");
            return;
        }
        result_.proofs = prove_layers(input_.typed, input_.design, params_.proof);
        if (input_.lowered != nullptr) {
            result_.passes_proof =
                prove_programs(*input_.lowered, input_.flat.program, params_.proof.budget_seconds);
        }
        result_.netlist_proof =
            prove_netlist(input_.flat, input_.netlist, params_.proof.budget_seconds);
        result_.every_layer_proven =
            !result_.proofs.empty() &&
            std::all_of(result_.proofs.begin(), result_.proofs.end(),
                        [](const ProofResult& proof) { return proof.outcome == Outcome::kProven; });
    }

    void compare_slow(std::string name, const Codes& codes, const Stopwatch& watch) {
        EvaluatorResult row;
        row.name = std::move(name);
        row.vectors = slow_.size();
        row.seconds = watch.seconds();
        for (std::size_t s = 0; s < slow_.size(); ++s)
            compare_event(slow_[s], &codes[s * out_], row);
        result_.evaluators.push_back(std::move(row));
    }

    [[nodiscard]] EvaluatorResult compare_all(std::string name, const Codes& codes) const {
        EvaluatorResult row;
        row.name = std::move(name);
        row.vectors = events_.size() / in_;
        for (std::size_t e = 0; e < row.vectors; ++e)
            compare_event(e, codes.data() + e * out_, row);
        return row;
    }

    void compare_event(std::size_t event, const Integer* found, EvaluatorResult& row) const {
        const Integer* expected = expected_.data() + event * out_;
        const auto [wanted, got] = std::mismatch(expected, expected + out_, found);
        if (wanted == expected + out_) return;
        ++row.mismatches;
        if (row.first) return;
        Difference difference;
        difference.event = event;
        difference.element = static_cast<std::size_t>(wanted - expected);
        difference.expected = wanted->to_string();
        difference.found = got->to_string();
        for (const arch::Port& port : input_.design.outputs) {
            difference.port = port.name;
            if (difference.element < port.elements.size()) break;
            difference.element -= port.elements.size();
        }
        for (std::size_t i = 0; i < in_; ++i) {
            difference.inputs += (i == 0 ? "" : " ") + events_[event * in_ + i].to_string();
        }
        row.first = std::move(difference);
    }

    const VerifyInput& input_;
    const VerifyParams& params_;
    std::size_t in_;
    std::size_t out_;
    Codes events_;
    std::vector<std::size_t> slow_;  // events of the slow evaluators
    Codes slow_events_;
    Codes expected_;
    VerifyResult result_;
};

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
    return Harness(input, params).run();
}

}  // namespace gatewright::verify
