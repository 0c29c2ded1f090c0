// SPDX-License-Identifier: Apache-2.0
#include "verify/harness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "emulate/engine.h"
#include "tools/icarus.h"
#include "tools/tool.h"
#include "verify/stimuli.h"

namespace gatewright::verify {
namespace {

using fixed::Integer;
namespace fs = std::filesystem;

std::size_t element_count(const std::vector<dfg::Port>& ports) {
    std::size_t count = 0;
    for (const dfg::Port& port : ports) count += port.elements.size();
    return count;
}

// The testbench's last line is "PASS: <events> events, ...".
std::size_t vectors_in(const std::string& output) {
    constexpr std::string_view kPass = "PASS: ";
    const std::size_t at = output.find(kPass);
    return at == std::string::npos ? 0
                                   : std::strtoull(output.c_str() + at + kPass.size(), nullptr, 10);
}

Result<tools::IcarusJob> testbench_job(const std::string& top, const std::string& folder,
                                       const std::string& directory) {
    tools::IcarusJob job;
    job.top = top;
    GW_TRY(job.files, Harness::verilog_files(directory));
    job.files.push_back(folder + "/" + top + ".v");
    job.directory = folder;
    return job;
}

// At most `most` of them, from beginning to end.
void thin_out(std::vector<std::size_t>& events, std::size_t most) {
    if (events.size() <= most) return;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < most; ++i) kept.push_back(events[i * events.size() / most]);
    events = std::move(kept);
}

}  // namespace

Harness::Harness(const dfg::Interface& ports, const VerifyParams& params)
    : ports_(ports),
      params_(params),
      in_(element_count(ports.inputs)),
      out_(element_count(ports.outputs)) {
    result_.seed = params.seed;
}

Status Harness::make_events() {
    if (in_ == 0) return fail("the design has no inputs: there is nothing to verify");
    events_ = stimuli(ports_.inputs, params_.vectors, params_.seed);
    result_.edge_vectors = edge_stimuli(ports_.inputs).size() / in_;
    result_.random_vectors = params_.vectors;
    if (!params_.data.empty()) {
        GW_TRY(Codes data, emulate::to_exact_codes(ports_.inputs, params_.data));
        result_.data_vectors = data.size() / in_;
        std::move(data.begin(), data.end(), std::back_inserter(events_));
    }
    Codes all = all_stimuli(ports_.inputs, params_.exhaustive_bits);
    result_.exhaustive_vectors = all.size() / in_;
    std::move(all.begin(), all.end(), std::back_inserter(events_));
    const std::size_t edges = result_.edge_vectors;
    for (std::size_t e = 0; e < edges + std::min(params_.vectors, params_.slow_vectors); ++e) {
        slow_.push_back(e);
    }
    for (std::size_t e = 0; e < std::min(result_.data_vectors, params_.slow_vectors); ++e) {
        slow_.push_back(edges + params_.vectors + e);
    }
    thin_out(slow_, params_.most_slow);
    for (const std::size_t e : slow_) {
        const auto event = std::span(events_).subspan(e * in_, in_);
        slow_events_.insert(slow_events_.end(), event.begin(), event.end());
    }
    return {};
}

void Harness::run_models(const model::TypedGraph& typed, const emulate::BatchFunction& emulator) {
    Stopwatch watch;
    const Codes reference = run_reference(typed, ports_, slow_events_);
    EvaluatorResult row;
    row.name = "reference";
    row.vectors = slow_.size();
    row.seconds = watch.seconds();
    result_.evaluators.push_back(row);

    watch = Stopwatch();
    const Codes emulated = run_emulator(emulator, events_);
    const double seconds = watch.seconds();
    expected_ = emulated;
    for (std::size_t s = 0; s < slow_.size(); ++s) {
        std::copy_n(reference.begin() + static_cast<std::ptrdiff_t>(s * out_), out_,
                    expected_.begin() + static_cast<std::ptrdiff_t>(slow_[s] * out_));
    }
    compare_all("emulator", emulated, seconds);
}

void Harness::compare_slow(std::string name, const Codes& codes, double seconds) {
    EvaluatorResult row;
    row.name = std::move(name);
    row.vectors = slow_.size();
    row.seconds = seconds;
    for (std::size_t s = 0; s < slow_.size(); ++s) compare_event(slow_[s], &codes[s * out_], row);
    result_.evaluators.push_back(std::move(row));
}

void Harness::compare_slow(std::string name, const Result<Codes>& codes, double seconds) {
    if (codes) return compare_slow(std::move(name), *codes, seconds);
    EvaluatorResult row;
    row.name = std::move(name);
    row.vectors = slow_.size();
    row.failure = codes.error().message;
    row.seconds = seconds;
    result_.evaluators.push_back(std::move(row));
}

EvaluatorResult& Harness::compare_first(std::string name, const Result<Codes>& codes,
                                        std::size_t count, double seconds) {
    EvaluatorResult row;
    row.name = std::move(name);
    row.vectors = count;
    row.seconds = seconds;
    if (!codes) row.failure = codes.error().message;
    for (std::size_t e = 0; codes && e < count; ++e)
        compare_event(e, codes->data() + e * out_, row);
    result_.evaluators.push_back(std::move(row));
    return result_.evaluators.back();
}

EvaluatorResult& Harness::compare_all(std::string name, const Codes& codes, double seconds) {
    return compare_first(std::move(name), codes, event_count(), seconds);
}

Result<std::vector<std::string>> Harness::verilog_files(const std::string& directory) {
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

bool Harness::wants_verilator() {
    const char* why = nullptr;
    if (params_.verilator == UseTool::kNever) {
        why = "was not asked for";
    } else if (params_.verilator == UseTool::kIfInstalled &&
               !tools::is_installed(tools::kVerilator)) {
        why = "is not installed";
    }
    if (why == nullptr) return true;
    result_.notes.push_back(
        fmt::format("Verilator {}: the emitted Verilog was not simulated", why));
    return false;
}

Status Harness::run_testbench(const std::string& top, const std::string& directory) {
    if (params_.icarus == UseTool::kNever) return {};
    if (params_.icarus == UseTool::kIfInstalled && !tools::is_installed(tools::kIcarus)) {
        result_.notes.emplace_back("Icarus Verilog is not installed: the testbench was not run");
        return {};
    }
    const Stopwatch watch;
    const std::string testbench = top + "_tb";
    const std::string folder = directory + "/sim";
    if (params_.icarus == UseTool::kIfInstalled && !fs::exists(folder + "/" + testbench + ".v")) {
        result_.notes.emplace_back("there is no emitted testbench to run");
        return {};
    }
    GW_TRY(const tools::IcarusJob job, testbench_job(testbench, folder, directory));
    const auto run = tools::simulate_icarus(job);
    if (run && run->timed_out) {
        result_.notes.push_back(fmt::format(
            "the testbench did not finish within {} s in Icarus Verilog", job.time_limit.count()));
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

void Harness::compare_event(std::size_t event, const Integer* found, EvaluatorResult& row) const {
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
    for (const dfg::Port& port : ports_.outputs) {
        difference.port = port.name;
        if (difference.element < port.elements.size()) break;
        difference.element -= port.elements.size();
    }
    for (std::size_t i = 0; i < in_; ++i) {
        difference.inputs += (i == 0 ? "" : " ") + events_[event * in_ + i].to_string();
    }
    row.first = std::move(difference);
}

}  // namespace gatewright::verify
