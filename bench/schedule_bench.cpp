// SPDX-License-Identifier: Apache-2.0
//
// Register bits and time of the scheduler on real networks, at several clocks: every operation as
// early as possible, the local search from there (the baseline), and the exact minimum. A dense
// network of more than 10,000 operations stands for large programs. Equality: the independent
// checker accepts every schedule, its netlist has the registers it counts, and the netlist computes
// what the dataflow program computes. Times are CPU seconds of this thread. Usage: bench_schedule
// FOLDER
#include <fmt/format.h>
#include <time.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "compile/compile.h"
#include "dfg/interpreter.h"
#include "rtl/simulate.h"
#include "support/files.h"
#include "support/rng.h"
#include "verify/stimuli.h"

namespace gatewright {
namespace {

struct Network {
    std::string name;
    std::string file;
};

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Json layer(const std::string& name, const char* kind, const std::string& input) {
    Json json = Json::object();
    json.set("name", name).set("kind", kind);
    json.set("inputs", Json::array_of(std::vector<std::string>{input}));
    return json;
}

// 32-96-96-64-5, 6-bit weights, half of them zero.
Json dense_model() {
    Rng rng(7);
    const std::vector<std::size_t> sizes = {32, 96, 96, 64, 5};
    Json input = Json::object();
    input.set("name", "x").set("kind", "input").set("shape", Json::array_of(std::vector<int>{32}));
    input.set("type", "fixed<8,3,RND,SAT>");
    Json layers = Json::array();
    layers.push_back(std::move(input));
    std::string previous = "x";
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
        Json kernel = Json::array();
        for (std::size_t i = 0; i < sizes[l]; ++i) {
            Json row = Json::array();
            for (std::size_t j = 0; j < sizes[l + 1]; ++j) {
                const auto weight = static_cast<double>(rng.between(-31, 31)) / 32;
                row.push_back(rng.chance(0.5) ? weight : 0.0);
            }
            kernel.push_back(std::move(row));
        }
        const std::string number = std::to_string(l + 1);
        layers.push_back(layer("fc" + number, "dense", previous).set("kernel", std::move(kernel)));
        previous = "fc" + number;
        if (l + 2 == sizes.size()) break;
        layers.push_back(layer("relu" + number, "relu", previous));
        layers.push_back(
            layer("q" + number, "quantize", "relu" + number).set("type", "ufixed<6,4,RND,SAT>"));
        previous = "q" + number;
    }
    Json model = Json::object();
    model.set("format", "gatewright-model").set("version", std::int64_t{1}).set("name", "dense");
    model.set("layers", std::move(layers));
    model.set("outputs", Json::array_of(std::vector<std::string>{previous}));
    return model;
}

Result<std::vector<Network>> networks(const std::string& folder) {
    const std::string ours = std::string(GW_SOURCE_DIR) + "/models/";
    const std::string shared = std::string(GW_SOURCE_DIR) + "/../shared/data/";
    const std::string hgq = shared + "hgq2_models/hgq-ae/jsc_openml/";
    const std::string dense = folder + "/schedule_dense.json";
    GW_TRY_STATUS(write_file(dense, dense_model().dump(1)));
    std::vector<Network> all = {
        {"our jets (HGQ2)", ours + "jets/jets.keras"},
        {"HGQ jets, 1572 EBOPs",
         hgq + "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras"},
        {"HGQ jets, 13285 EBOPs",
         hgq + "epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras"},
        {"QKeras jets, 6 bit", shared + "hls4ml_example_models/keras/qkeras_3layer.json"},
        {"dense 32-96-96-64-5", dense},
    };
    std::erase_if(all, [](const Network& n) { return !std::filesystem::exists(n.file); });
    return all;
}

// The netlist computes what the dataflow program does, and holds the registers counted.
bool is_right(const compile::Compiled& c, const schedule::Schedule& schedule) {
    const rtl::Netlist netlist = rtl::build_netlist(c.design, c.flat, schedule);
    if (rtl::statistics(netlist).register_bits != schedule.register_bits) return false;
    const auto inputs = verify::stimuli(c.design.inputs, 10, 3);
    const std::size_t width = c.flat.program.inputs().size();
    std::vector<std::vector<fixed::Integer>> events;
    for (std::size_t e = 0; e < std::min<std::size_t>(20, inputs.size() / width); ++e) {
        const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(e * width);
        events.emplace_back(first, first + static_cast<std::ptrdiff_t>(width));
    }
    const auto results = rtl::simulate(netlist, events);
    for (std::size_t e = 0; e < events.size(); ++e) {
        if (results[e] != dfg::interpret(c.flat.program, events[e])) return false;
    }
    return true;
}

Result<Json> measure(const Network& network, const compile::Compiled& c, double clock_mhz) {
    schedule::ScheduleParams params;
    params.clock_mhz = clock_mhz;
    schedule::ScheduleParams local = params;
    local.minimum_steps = 0;
    double start = cpu_seconds();
    GW_TRY(const schedule::Schedule baseline, schedule::schedule(c.flat, c.device, local));
    const double local_seconds = cpu_seconds() - start;
    schedule::ScheduleStats stats;
    start = cpu_seconds();
    GW_TRY(const schedule::Schedule best, schedule::schedule(c.flat, c.device, params, &stats));
    const double seconds = cpu_seconds() - start;
    GW_TRY_STATUS(schedule::verify(c.flat, c.device, baseline));
    GW_TRY_STATUS(schedule::verify(c.flat, c.device, best));
    const auto ratio = [&](std::int64_t bits) {
        return static_cast<double>(best.register_bits) / static_cast<double>(bits);
    };
    Json row = Json::object();
    row.set("network", network.name).set("operations", c.flat.program.size());
    row.set("clock_mhz", best.clock_mhz).set("stages", std::int64_t{best.latency_cycles});
    row.set("asap_bits", stats.register_bits_asap).set("local_bits", baseline.register_bits);
    row.set("minimum_bits", best.register_bits).set("is_minimum", best.fewest_registers);
    row.set("of_asap", ratio(stats.register_bits_asap))
        .set("of_local", ratio(baseline.register_bits));
    row.set("local_seconds", local_seconds).set("seconds", seconds);
    row.set("steps", stats.steps).set("timing_pairs", stats.timing_pairs);
    row.set("equal", is_right(c, best));
    return row;
}

void print(const Json& row) {
    const auto number = [&](const char* key) { return row.find(key)->as_number(); };
    fmt::print(
        "{:<24}{:>8}{:>8.0f}{:>7}{:>9}{:>9}{:>9}{:>8.3f}{:>8.3f}{:>9}{:>9.2f}{:>9.2f}{:>7}\n",
        row.find("network")->as_string(), number("operations"), number("clock_mhz"),
        number("stages"), number("asap_bits"), number("local_bits"), number("minimum_bits"),
        number("of_asap"), number("of_local"), row.find("is_minimum")->as_bool() ? "proven" : "no",
        number("local_seconds"), number("seconds"), row.find("equal")->as_bool() ? "yes" : "NO");
    std::fflush(stdout);
}

Status run_bench(const std::string& folder) {
    fmt::print("{:<24}{:>8}{:>8}{:>7}{:>9}{:>9}{:>9}{:>8}{:>8}{:>9}{:>9}{:>9}{:>7}\n", "network",
               "ops", "MHz", "stages", "asap", "local", "minimum", "/asap", "/local", "minimum",
               "local s", "total s", "equal");
    GW_TRY(const std::vector<Network> all, networks(folder));
    Json rows = Json::array();
    bool all_equal = true;
    double log_ratio = 0;
    for (const Network& network : all) {
        compile::Options options;
        options.model = network.file;
        options.name = "bench";
        options.import.winner_only = true;
        Progress progress;
        GW_TRY(const compile::Compiled compiled, compile::compile_model(options, progress));
        double fastest = 0;
        for (const double clock : {200.0, 360.0, 500.0, compiled.device.max_clock_mhz}) {
            GW_TRY(Json row, measure(network, compiled, clock));
            // A clock above what one operation allows gives the same schedule once more.
            const bool is_repeated = row.find("clock_mhz")->as_number() <= fastest;
            fastest = row.find("clock_mhz")->as_number();
            if (is_repeated) continue;
            print(row);
            all_equal = all_equal && row.find("equal")->as_bool();
            log_ratio += std::log(row.find("of_local")->as_number());
            rows.push_back(std::move(row));
        }
    }
    const double mean = std::exp(log_ratio / static_cast<double>(rows.as_array().size()));
    fmt::print("register bits of the local search: {:.3f} (geometric mean)\n", mean);
    Json result = Json::object();
    result.set("benchmark", "schedule").set("command", "build/bin/bench_schedule build/bench");
    result.set("baseline", "local search, one operation at a time, same problem");
    result.set("geometric_mean_of_local", mean).set("rows", std::move(rows));
    GW_TRY_STATUS(write_file(folder + "/schedule.json", result.dump(1) + "\n"));
    if (!all_equal) return fail("a netlist differs from its program");
    return {};
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: bench_schedule FOLDER\n");
        return 2;
    }
    std::filesystem::create_directories(argv[1]);
    const auto status = gatewright::run_bench(argv[1]);
    if (!status) fmt::print(stderr, "bench_schedule: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
