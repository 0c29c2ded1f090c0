// SPDX-License-Identifier: Apache-2.0
//
// Events per second of the emulator on trained networks, each machine beside the plain interpreter
// in one run, with an equality column: a speed without "equal" is worth nothing. Data in memory,
// unpacked 16-bit inputs. "per core" is per second of one thread's processor time, "two threads"
// per wall second. Cycles are not counted; instructions per event are those of the machine code.
// Networks of ../shared/data are added where that folder exists. Usage: bench_emulate FOLDER
// [EVENTS]; bench/emulate_peers.py puts other tools beside it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "compile/compile.h"
#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "emulate/reals.h"
#include "support/files.h"
#include "support/json.h"
#include "support/random_network.h"
#include "support/stopwatch.h"

namespace {

using namespace gatewright;
using emulate::Engine;
using emulate::Machine;

double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Clock, class Work>
double median_seconds(const Clock& clock, const Work& work) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat < 7; ++repeat) {
        const double begin = clock();
        work();
        seconds.push_back(clock() - begin);
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

struct Network {
    std::string name;
    dfg::Program program;
    dfg::Interface ports;
};

Result<Network> trained(const std::string& name, const std::string& file) {
    compile::Options options;
    options.model = file;
    options.name = "bench";
    options.clock_mhz = 360;
    Progress progress;
    GW_TRY(compile::Compiled compiled, compile::compile_model(options, progress));
    return Network{name, std::move(compiled.flat.program), compiled.design.interface()};
}

Result<Network> random_dense(const std::string& name, const testing::RandomNetworkParams& params) {
    Rng rng(1);
    GW_TRY(const auto typed, model::infer_types(testing::random_network(rng, params)));
    const arch::Design design = arch::build_design(typed);
    return Network{name, arch::flatten(design).program, design.interface()};
}

Result<std::vector<Network>> networks() {
    const std::string source = GW_SOURCE_DIR;
    const std::string hgq = source + "/../shared/data/hgq2_models/";
    const std::vector<std::pair<std::string, std::string>> files = {
        {"our jets (HGQ2)", source + "/models/jets/jets.keras"},
        {"HGQ jets, 1572 EBOPs",
         hgq + "hgq-ae/jsc_openml/epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras"},
        {"HGQ jets, 13285 EBOPs",
         hgq + "hgq-ae/jsc_openml/epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras"},
        {"QKeras jets, 6 bit",
         source + "/../shared/data/hls4ml_example_models/keras/qkeras_3layer.json"},
        {"dense 64x64, 8 bit", hgq + "da4ml-ae/rand_mat/models/N=64-bw=8.keras"},
    };
    std::vector<Network> all;
    for (const auto& [name, file] : files) {
        if (!std::filesystem::exists(file)) continue;
        GW_TRY(Network network, trained(name, file));
        all.push_back(std::move(network));
    }
    GW_TRY(Network random,
           random_dense("random 16-64-64-64-5, 7 bit",
                        {.sizes = {16, 64, 64, 64, 5}, .kept = 0.9, .weight_bits = 7}));
    all.push_back(std::move(random));
    return all;
}

struct Events {
    std::vector<std::int16_t> codes;
    std::vector<std::int16_t> expected;  // of the first kChecked
    double interpreter = 0;              // events per second
    static constexpr std::size_t kChecked = 500;
};

Events make_events(const dfg::Program& program, std::size_t count) {
    Rng rng(3);
    Events events;
    events.codes.resize(count * program.inputs().size());
    for (std::size_t i = 0; i < events.codes.size(); ++i) {
        const fixed::Format& format = program[program.inputs()[i % program.inputs().size()]].format;
        const std::int64_t half = std::int64_t{1} << std::min(format.width, 15);
        events.codes[i] = static_cast<std::int16_t>(rng.between(-half, half - 1));
    }
    const Stopwatch watch;
    for (std::size_t e = 0; e < Events::kChecked; ++e) {
        std::vector<fixed::Integer> event;
        for (std::size_t i = 0; i < program.inputs().size(); ++i)
            event.emplace_back(std::int64_t{events.codes[e * program.inputs().size() + i]});
        for (const fixed::Integer& code : dfg::interpret(program, event))
            events.expected.push_back(static_cast<std::int16_t>(code.to_int64().value()));
    }
    events.interpreter = static_cast<double>(Events::kChecked) / watch.seconds();
    return events;
}

double real_rate(const Network& network, const Engine& engine, std::size_t events) {
    const emulate::RealPorts ports(network.ports);
    Rng rng(5);
    std::vector<std::vector<float>> in;
    std::vector<std::vector<float>> out;
    for (const dfg::Port& port : network.ports.inputs) {
        in.emplace_back(events * port.elements.size());
        for (float& value : in.back()) value = static_cast<float>(rng.unit() * 8 - 4);
    }
    for (const dfg::Port& port : network.ports.outputs)
        out.emplace_back(events * port.elements.size());
    std::vector<const float*> from;
    std::vector<float*> to;
    for (const auto& array : in) from.push_back(array.data());
    for (auto& array : out) to.push_back(array.data());
    const double seconds = median_seconds(thread_seconds, [&] {
        (void)ports.run(engine, std::span<const float* const>(from), std::span<float* const>(to),
                        events, 1);
    });
    return static_cast<double>(events) / seconds;
}

Json measure(const Network& network, Machine machine, const Events& events, std::size_t count) {
    const double begin = thread_seconds();
    const Engine engine(network.program, {machine});
    const double make_seconds = thread_seconds() - begin;
    const std::span<const std::int16_t> in(events.codes);
    std::vector<std::int16_t> out(count * engine.output_count());
    const auto run = [&](std::size_t threads) {
        engine.run(in.first(count * engine.input_count()), std::span<std::int16_t>(out), threads);
    };
    const Stopwatch wall;
    const double one = median_seconds(thread_seconds, [&] { run(1); });
    const double two = median_seconds([&] { return wall.seconds(); }, [&] { run(2); });
    const double latency =
        median_seconds(thread_seconds,
                       [&] {
                           for (std::size_t e = 0; e < 1000; ++e) {
                               engine.run(
                                   in.subspan(e * engine.input_count(), engine.input_count()),
                                   std::span<std::int16_t>(out).first(engine.output_count()), 1);
                           }
                       }) /
        1000;
    run(2);
    const bool equal = std::equal(events.expected.begin(), events.expected.end(), out.begin());
    const double rate = static_cast<double>(count) / one;
    const double reals = real_rate(network, engine, count);
    fmt::print("  {:>12.0f} {:>12.0f} {:>12.0f} {:>9.0f} {:>9.2f} {:>7.1f} {:>6}  {}\n", rate,
               static_cast<double>(count) / two, reals, rate / events.interpreter, latency * 1e6,
               make_seconds * 1e3, equal ? "equal" : "WRONG", engine.description());
    Json row = Json::object();
    row.set("machine", engine.description());
    row.set("events_per_second_per_core", rate);
    row.set("events_per_second_two_threads", static_cast<double>(count) / two);
    row.set("float_events_per_second_per_core", reals);
    row.set("ratio_to_interpreter", rate / events.interpreter);
    row.set("single_event_microseconds", latency * 1e6);
    row.set("make_milliseconds", make_seconds * 1e3);
    row.set("equal", equal);
    return row;
}

Status run_bench(const std::string& folder, std::size_t count) {
    GW_TRY(const std::vector<Network> all, networks());
    bool equal = true;
    Json rows = Json::array();
    for (const Network& network : all) {
        fmt::print("{}: {} operations\n  {:>12} {:>12} {:>12} {:>9} {:>9} {:>7}\n", network.name,
                   network.program.size(), "per core/s", "2 threads/s", "floats/s", "x interp.",
                   "1 event us", "make ms");
        const Events events = make_events(network.program, std::max(count, std::size_t{1000}));
        for (const Machine machine : {Machine::kInterpreter, Machine::kAvx2, Machine::kAvx512}) {
            std::fflush(stdout);
            Json row = measure(network, machine, events, std::max(count, std::size_t{1000}));
            row.set("network", network.name);
            row.set("operations", network.program.size());
            equal = equal && row.find("equal")->as_bool();
            rows.push_back(std::move(row));
        }
    }
    Json result = Json::object();
    result.set("benchmark", "emulate");
    result.set("events", count);
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
