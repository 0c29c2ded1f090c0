// SPDX-License-Identifier: Apache-2.0
#include "tools/verilator_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "support/files.h"
#include "support/json.h"
#include "support/stopwatch.h"
#include "tools/tool.h"
#include "tools/verilator.h"
#include "tools/verilator_build.h"
#include "tools/verilator_streams_driver.h"

namespace gatewright::tools {
namespace {

// Cycles without a moving word after which a design has stopped.
constexpr int kPatience = 2'000'000;
// Cycles after the last word in which no other one may come.
constexpr int kSilence = 1000;

std::string port_list(const char* macro, const std::vector<WordStream>& streams) {
    std::string out = fmt::format("#define {}(X)", macro);
    for (std::size_t i = 0; i < streams.size(); ++i) {
        out += fmt::format(" X({}, {}, {}, {})", i, streams[i].name, streams[i].bits,
                           streams[i].words);
    }
    return out + "\n";
}

std::size_t words_in(const WordStream& stream, std::size_t events) {
    return events * stream.words * words(stream.bits);
}

Result<StreamsRun> run_simulator(const StreamsJob& job, const ScratchDirectory& scratch,
                                 const std::string& program) {
    std::string bytes;
    for (const WordStream& stream : job.inputs) {
        bytes.append(reinterpret_cast<const char*>(stream.data.data()),
                     stream.data.size() * sizeof(std::uint32_t));
    }
    GW_TRY_STATUS(write_file(scratch.file("in.bin"), bytes));
    StreamsRun run;
    run.held_events = std::min(job.events, job.held_events);
    const std::vector<std::string> command{program,
                                           scratch.file("in.bin"),
                                           scratch.file("out.bin"),
                                           std::to_string(job.events),
                                           std::to_string(run.held_events),
                                           std::to_string(job.seed)};
    GW_TRY(const ProcessOutcome outcome,
           run_process(command, within(job.time_limit, scratch.path())));
    if (!outcome.ok()) return tl::unexpected<Error>(run_error(command, outcome, job.time_limit));
    GW_TRY(const Json json, parse_json(outcome.output));
    GW_TRY(run.finished, json.get_bool("finished"));
    GW_TRY(run.first_word_cycles, json.get_integer("first"));
    GW_TRY(run.last_word_cycles, json.get_integer("last"));
    GW_TRY(run.cycles_per_event, json.get_number("pace"));
    GW_TRY(run.cycles, json.get_integer("cycles"));
    const auto count = [&](const char* key) -> Result<std::size_t> {
        GW_TRY(const std::int64_t value, json.get_integer(key));
        return static_cast<std::size_t>(value);
    };
    GW_TRY(run.held_mismatches, count("held_mismatches"));
    GW_TRY(run.reset_mismatches, count("reset_mismatches"));
    GW_TRY(run.wrong_last, count("wrong_last"));
    run.run_seconds = outcome.seconds;
    GW_TRY(const std::string output, read_file(scratch.file("out.bin")));
    std::size_t next = 0;
    for (const WordStream& stream : job.outputs) {
        std::vector<std::uint32_t> data(words_in(stream, job.events));
        const std::size_t size = data.size() * sizeof(std::uint32_t);
        if (next + size > output.size())
            return fail("the simulation wrote an output file of the wrong size");
        if (size > 0) std::memcpy(data.data(), output.data() + next, size);
        next += size;
        run.outputs.push_back(std::move(data));
    }
    return run;
}

}  // namespace

Result<StreamsRun> simulate_streams(const StreamsJob& job) {
    if (job.events == 0 || job.inputs.empty() || job.outputs.empty())
        return fail("streams are simulated with at least one event, input and output");
    for (const WordStream& stream : job.inputs) {
        if (stream.data.size() != words_in(stream, job.events)) {
            return fail(fmt::format("stream '{}' has {} 32-bit words, {} events need {}",
                                    stream.name, stream.data.size(), job.events,
                                    words_in(stream, job.events)));
        }
    }
    GW_TRY(const std::string tool_version, version(kVerilator));
    GW_TRY(const ScratchDirectory scratch, ScratchDirectory::create());
    const Stopwatch watch;
    const VerilatorModel model{
        job.top, job.files, kStreamsDriver,
        port_list("GW_IN", job.inputs) + port_list("GW_OUT", job.outputs) +
            fmt::format("#define GW_PATIENCE {}\n#define GW_SILENCE {}\n", kPatience, kSilence),
        job.time_limit};
    GW_TRY(const std::string program, build_simulator(model, scratch));
    const double build_seconds = watch.seconds();
    GW_TRY(StreamsRun run, run_simulator(job, scratch, program));
    run.version = tool_version;
    run.build_seconds = build_seconds;
    return run;
}

}  // namespace gatewright::tools
