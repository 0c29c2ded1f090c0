// SPDX-License-Identifier: Apache-2.0
//
// `gatewright emulate`: events from files or standard input through the emulator into files, a
// chunk at a time.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/event_stream.h"
#include "cli/events.h"
#include "cli/first_difference.h"
#include "cli/layer_values.h"
#include "cli/table.h"

namespace gatewright::cli {
namespace {

constexpr std::size_t kTracedEvents = 100;

}  // namespace

Result<Outcome> run_emulate(const EmulateArgs& args, Progress& progress) {
    if (args.output.empty() == args.first_difference.empty()) {
        return fail(
            "say where the results go (--output) or what to compare with (--first-difference)");
    }
    GW_TRY(const Function function, load_emulated(args.options, progress));
    GW_TRY_STATUS(check_lanes(function.ports));
    GW_TRY(EventSource source, EventSource::open(function, args));
    if (std::filesystem::is_directory(args.first_difference))
        return compare_layers(args, function, source, progress);
    if (!args.first_difference.empty()) return compare_outputs(args, function, source, progress);

    GW_TRY(EventSink sink, EventSink::open(function, args, source.total()));
    std::size_t done = 0;
    std::vector<std::int64_t> traced;
    const auto write = [&](const EventBlock& inputs, const EventBlock& outputs) -> Status {
        if (args.trace && done < kTracedEvents) {
            const std::size_t more = std::min(inputs.events, kTracedEvents - done);
            GW_TRY(const auto codes, input_codes(function.ports.inputs, inputs, more));
            traced.insert(traced.end(), codes.begin(), codes.end());
        }
        done += inputs.events;
        return sink.write(outputs);
    };
    GW_TRY(const double seconds, for_each_block(function, source, progress, write));
    GW_TRY_STATUS(sink.finish());
    if (args.trace) {
        progress.stage("trace");
        GW_TRY(const model::TypedGraph typed, load_layers(args.options, progress));
        const auto layers =
            layer_values(typed, function.ports.inputs, traced, std::min(done, kTracedEvents));
        GW_TRY_STATUS(write_trace(typed, layers,
                                  args.raw ? events::Values::kCodes : events::Values::kReal,
                                  args.output + ".trace"));
    }
    Outcome out;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    if (args.output != "-") {
        out.text = fmt::format("{} events -> {} ({:.3g} events/s in the emulator)\n",
                               with_commas(static_cast<std::int64_t>(done)), args.output, rate);
        if (args.trace) out.text += fmt::format("every layer's values -> {}.trace/\n", args.output);
    }
    out.json.set("events", done).set("output", args.output);
    out.json.set("seconds", seconds).set("events_per_second", rate);
    return out;
}

}  // namespace gatewright::cli
