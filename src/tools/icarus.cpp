// SPDX-License-Identifier: Apache-2.0
#include "tools/icarus.h"

#include <filesystem>
#include <sstream>

#include "tools/tool.h"

namespace gatewright::tools {
namespace {

const Tool kVvp{"vvp", "iverilog", "-V"};

bool prints_pass(const std::string& output) {
    bool passed = false;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("FAIL", 0) == 0) return false;
        passed = passed || line.rfind("PASS", 0) == 0;
    }
    return passed;
}

}  // namespace

Result<IcarusRun> simulate_icarus(const IcarusJob& job) {
    GW_TRY(const ScratchDirectory scratch, ScratchDirectory::create());
    const std::string program = scratch.file("testbench.vvp");
    std::vector<std::string> arguments{"-g2005", "-Wall", "-s", job.top, "-o", program};
    for (const std::string& file : job.files)
        arguments.push_back(std::filesystem::absolute(file).string());
    GW_TRY(const ProcessOutcome compiled, run_tool(kIcarus, arguments, within(job.time_limit)));
    if (!is_installed(kVvp))
        return run_tool(kVvp, {}, {}).map([](const auto&) { return IcarusRun(); });
    const std::vector<std::string> command{kVvp.program, "-n", program};
    GW_TRY(const ProcessOutcome ran, run_process(command, within(job.time_limit, job.directory)));
    if (!ran.ok() && !ran.timed_out) {
        return tl::unexpected<Error>(run_error(command, ran, job.time_limit));
    }
    IcarusRun run;
    run.output = ran.output;
    run.warnings = compiled.output;
    run.timed_out = ran.timed_out;
    run.passed = !ran.timed_out && prints_pass(ran.output);
    run.compile_seconds = compiled.seconds;
    run.run_seconds = ran.seconds;
    return run;
}

}  // namespace gatewright::tools
