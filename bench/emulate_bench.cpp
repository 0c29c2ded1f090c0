// SPDX-License-Identifier: Apache-2.0
//
// Events per second of the emulator beside the plain interpreter, in one run, with an equality
// column: a speed without "equal" is worth nothing. Usage: bench_emulate FOLDER [EVENTS]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "support/files.h"
#include "support/json.h"
#include "support/parallel.h"
#include "support/random_network.h"
#include "support/stopwatch.h"

namespace {

using namespace gatewright;

double median_seconds(const emulate::Engine& engine, const std::vector<std::int64_t>& in,
                      std::vector<std::int64_t>& out) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat < 5; ++repeat) {
        const Stopwatch watch;
        engine.run(in, out);
        seconds.push_back(watch.seconds());
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[2];
}

Json measure(const testing::RandomNetworkParams& params, std::size_t events) {
    Rng rng(1);
    const auto typed = model::infer_types(testing::random_network(rng, params));
    const arch::FlatProgram flat = arch::flatten(arch::build_design(typed.value()));
    const emulate::Engine engine(flat.program);
    std::vector<std::int64_t> in(events * engine.input_count());
    for (std::int64_t& code : in) code = rng.between(-1 << 20, 1 << 20);
    std::vector<std::int64_t> out(events * engine.output_count());
    const double seconds = median_seconds(engine, in, out);

    const std::size_t checked = std::min<std::size_t>(events, 500);
    bool equal = true;
    const Stopwatch watch;
    for (std::size_t e = 0; e < checked; ++e) {
        std::vector<fixed::Integer> event;
        for (std::size_t i = 0; i < engine.input_count(); ++i)
            event.push_back(in[e * engine.input_count() + i]);
        const auto expected = dfg::interpret(flat.program, event);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            equal = equal && expected[i] == fixed::Integer(out[e * engine.output_count() + i]);
        }
    }
    const double interpreter = static_cast<double>(checked) / watch.seconds();
    const double rate = static_cast<double>(events) / seconds;
    fmt::print("{:>8} {:>6} {:>14.0f} {:>14.0f} {:>8.0f} {:>6}\n", flat.program.size(),
               engine.lane_bits(), rate, interpreter, rate / interpreter,
               equal ? "equal" : "WRONG");
    Json row = Json::object();
    row.set("operations", flat.program.size());
    row.set("lane_bits", std::int64_t{engine.lane_bits()});
    row.set("events_per_second", rate);
    row.set("interpreter_events_per_second", interpreter);
    row.set("equal", equal);
    return row;
}

Status run_bench(const std::string& folder, std::size_t events) {
    fmt::print("{:>8} {:>6} {:>14} {:>14} {:>8}\n", "ops", "lanes", "events/s", "interpreter",
               "ratio");
    Json rows = Json::array();
    rows.push_back(measure({.kept = 0.15}, events));
    rows.push_back(measure({}, events));
    rows.push_back(measure({.sizes = {16, 64, 64, 64, 5}, .kept = 0.9, .weight_bits = 7}, events));
    bool equal = true;
    for (const Json& row : rows.as_array()) equal = equal && row.find("equal")->as_bool();
    Json result = Json::object();
    result.set("benchmark", "emulate");
    result.set("threads", thread_count());
    result.set("events", events);
    result.set("rows", std::move(rows));
    GW_TRY_STATUS(write_file(folder + "/emulate.json", result.dump(1) + "\n"));
    if (!equal) return fail("the emulator and the interpreter differ");
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print(stderr, "usage: bench_emulate FOLDER [EVENTS]\n");
        return 2;
    }
    std::filesystem::create_directories(arguments[1]);
    const std::size_t events = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 200000;
    const Status status = run_bench(arguments[1], events);
    if (!status) fmt::print(stderr, "bench_emulate: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
