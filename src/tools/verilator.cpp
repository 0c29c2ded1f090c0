// SPDX-License-Identifier: Apache-2.0
#include "tools/verilator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "support/files.h"
#include "support/json.h"
#include "support/stopwatch.h"
#include "tools/tool.h"
#include "tools/verilator_build.h"
#include "tools/verilator_driver.h"

namespace gatewright::tools {
namespace {

// No pipeline is deeper than this many cycles; the driver waits so long for missing outputs.
constexpr int kDrainCycles = 100000;

Result<VerilatorRun> run_simulator(const VerilatorJob& job, const ScratchDirectory& scratch,
                                   const std::string& program) {
    const std::string_view bytes(reinterpret_cast<const char*>(job.inputs.data()),
                                 job.inputs.size_bytes());
    GW_TRY_STATUS(write_file(scratch.file("in.bin"), bytes));
    const std::size_t gap_events = std::min(job.events, job.gap_events);
    const std::vector<std::string> command{program,
                                           scratch.file("in.bin"),
                                           scratch.file("out.bin"),
                                           std::to_string(job.events),
                                           std::to_string(gap_events),
                                           std::to_string(job.seed)};
    GW_TRY(const ProcessOutcome outcome,
           run_process(command, within(job.time_limit, scratch.path())));
    if (!outcome.ok()) return tl::unexpected<Error>(run_error(command, outcome, job.time_limit));
    GW_TRY(const Json json, parse_json(outcome.output));
    VerilatorRun run;
    GW_TRY(const std::int64_t low, json.get_integer("low"));
    GW_TRY(const std::int64_t high, json.get_integer("high"));
    GW_TRY(const std::int64_t seen, json.get_integer("seen"));
    GW_TRY(const std::int64_t gap_seen, json.get_integer("gap_seen"));
    GW_TRY(const std::int64_t gap_mismatches, json.get_integer("gap_mismatches"));
    GW_TRY(const std::int64_t stale, json.get_integer("stale"));
    run.latency_is_constant = low == high;
    run.latency_cycles = low == high ? low : -1;
    run.outputs_seen = static_cast<std::size_t>(seen);
    run.gap_outputs_seen = static_cast<std::size_t>(gap_seen);
    run.gap_events = gap_events;
    run.gap_mismatches = static_cast<std::size_t>(gap_mismatches);
    run.valid_after_reset = static_cast<std::size_t>(stale);
    run.run_seconds = outcome.seconds;
    GW_TRY(const std::string output, read_file(scratch.file("out.bin")));
    run.outputs.resize(job.events * words(job.out_bits));
    if (output.size() != run.outputs.size() * sizeof(std::uint32_t)) {
        return fail("the simulation wrote an output file of the wrong size");
    }
    if (!output.empty()) std::memcpy(run.outputs.data(), output.data(), output.size());
    return run;
}

}  // namespace

Result<VerilatorRun> simulate_verilator(const VerilatorJob& job) {
    if (job.inputs.size() != job.events * words(job.in_bits)) {
        return fail(fmt::format("{} input words given for {} events of {} bits", job.inputs.size(),
                                job.events, job.in_bits));
    }
    GW_TRY(const std::string tool_version, version(kVerilator));
    GW_TRY(const ScratchDirectory scratch, ScratchDirectory::create());
    const Stopwatch watch;
    const VerilatorModel model{job.top, job.files, kVerilatorDriver,
                               fmt::format("#define GW_IN_BITS {}\n#define GW_OUT_BITS {}\n"
                                           "#define GW_DRAIN {}\n",
                                           job.in_bits, job.out_bits, kDrainCycles),
                               job.time_limit};
    GW_TRY(const std::string program, build_simulator(model, scratch));
    const double build_seconds = watch.seconds();
    GW_TRY(VerilatorRun run, run_simulator(job, scratch, program));
    run.version = tool_version;
    run.build_seconds = build_seconds;
    return run;
}

Result<std::vector<std::string>> lint_verilator(const std::string& top,
                                                const std::vector<std::string>& files) {
    std::vector<std::string> arguments{"--lint-only", "-Wall", "-Wno-fatal", "--top-module", top};
    arguments.insert(arguments.end(), files.begin(), files.end());
    GW_TRY(const ProcessOutcome outcome, run_tool(kVerilator, arguments, {}));
    std::vector<std::string> warnings;
    std::istringstream lines(outcome.output);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("%Warning", 0) == 0) warnings.push_back(line);
    }
    return warnings;
}

}  // namespace gatewright::tools
