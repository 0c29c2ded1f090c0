// SPDX-License-Identifier: Apache-2.0
//
// One event at a time through libgatewright.so, as trigger software calls it: time to load a
// design, and processor time of this thread per call, beside the same events in one batch (the
// ratio) and the plain interpreter (the equality column). Networks of ../shared/data are added
// where that folder exists. Usage: bench_latency FOLDER
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <functional>

#include "compile/compile.h"
#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "gatewright.h"
#include "support/files.h"
#include "support/json.h"
#include "support/rng.h"

namespace {

using namespace gatewright;

double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median_seconds(const std::function<void()>& work) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat < 9; ++repeat) {
        const double begin = thread_seconds();
        work();
        seconds.push_back(thread_seconds() - begin);
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

struct Sizes {
    std::size_t events = 20000;
    std::size_t in = 0;
    std::size_t out = 0;
};

// Codes of the interpreter for the first events; the library's must be the same.
bool equals_interpreter(const dfg::Program& program, const Sizes& sizes,
                        const std::vector<std::int32_t>& inputs,
                        const std::vector<std::int32_t>& outputs) {
    constexpr std::size_t kEvents = 500;
    for (std::size_t e = 0; e < kEvents; ++e) {
        std::vector<fixed::Integer> codes;
        for (std::size_t i = 0; i < sizes.in; ++i) {
            const auto& format = program[program.inputs()[i]].format;
            codes.push_back(format.wrap(fixed::Integer(std::int64_t{inputs[e * sizes.in + i]})));
        }
        const auto expected = dfg::interpret(program, codes);
        for (std::size_t i = 0; i < sizes.out; ++i) {
            if (expected[i] != fixed::Integer(std::int64_t{outputs[e * sizes.out + i]}))
                return false;
        }
    }
    return true;
}

Result<Json> measure(const std::string& name, const std::string& file, const std::string& folder) {
    compile::Options options;
    options.model = file;
    options.name = name;
    options.clock_mhz = 360;
    Progress progress;
    GW_TRY(const compile::Compiled compiled, compile::compile_model(options, progress));
    const std::string directory = folder + "/latency_" + name;
    GW_TRY_STATUS(compile::write_design_directory(
        compiled, compile::make_report(compiled, progress, directory), directory));
    const std::string text = dfg::to_text(compiled.flat.program);
    bool good = true;
    const double parse = median_seconds([&] { good &= dfg::parse_stored_text(text).has_value(); });
    gatewright_emulator* design = nullptr;
    const double load = median_seconds([&] {
        gatewright_free(design);
        good &= gatewright_load(directory.c_str(), &design) == GATEWRIGHT_OK;
    });
    if (!good) return fail(gatewright_last_error());
    Sizes sizes;
    sizes.in = gatewright_element_count(design, GATEWRIGHT_INPUT);
    sizes.out = gatewright_element_count(design, GATEWRIGHT_OUTPUT);
    Rng rng(1);
    std::vector<std::int32_t> inputs(sizes.events * sizes.in);
    for (auto& code : inputs) code = static_cast<std::int32_t>(rng.next());
    std::vector<std::int32_t> batch(sizes.events * sizes.out);
    std::vector<std::int32_t> single(batch.size());
    const auto run = [&](std::size_t first, std::size_t count, std::vector<std::int32_t>& results) {
        good &=
            gatewright_run_i32(design, &inputs[first * sizes.in], count * sizes.in,
                               &results[first * sizes.out], count * sizes.out, 1) == GATEWRIGHT_OK;
    };
    const double of_batch = median_seconds([&] { run(0, sizes.events, batch); });
    const double of_single = median_seconds([&] {
        for (std::size_t e = 0; e < sizes.events; ++e) run(e, 1, single);
    });
    gatewright_free(design);
    if (!good) return fail(gatewright_last_error());
    const bool equal =
        single == batch && equals_interpreter(compiled.flat.program, sizes, inputs, batch);
    const auto events = static_cast<double>(sizes.events);
    fmt::print(
        "{:<22} {:>6} values  load {:>6.2f} ms (text {:>5.2f})  one event {:>7.1f} ns  "
        "in a batch {:>6.1f} ns  {:>5.1f} x  {}\n",
        name, compiled.flat.program.size(), 1e3 * load, 1e3 * parse, 1e9 * of_single / events,
        1e9 * of_batch / events, of_single / of_batch, equal ? "equal" : "DIFFERENT");
    Json row = Json::object();
    row.set("network", name).set("values", compiled.flat.program.size());
    row.set("load_ms", 1e3 * load).set("parse_ms", 1e3 * parse);
    row.set("one_event_ns", 1e9 * of_single / events).set("batch_ns", 1e9 * of_batch / events);
    row.set("equal", equal);
    return row;
}

Status run_bench(const std::string& folder) {
    const std::string source = GW_SOURCE_DIR;
    const std::string shared = source + "/../shared/data/hgq2_models/hgq-ae/jsc_openml/";
    const std::pair<std::string, std::string> networks[] = {
        {"jets", source + "/models/jets/jets.keras"},
        {"hgq_1572", shared + "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras"},
        {"hgq_13285", shared + "epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras"}};
    Json rows = Json::array();
    bool equal = true;
    for (const auto& [name, file] : networks) {
        if (!std::filesystem::exists(file)) continue;
        GW_TRY(Json row, measure(name, file, folder));
        equal = equal && row.find("equal")->as_bool();
        rows.push_back(std::move(row));
    }
    Json result = Json::object();
    result.set("benchmark", "latency").set("clock", "processor time of the calling thread");
    result.set("equal", equal).set("rows", std::move(rows));
    GW_TRY_STATUS(write_file(folder + "/latency.json", result.dump(1) + "\n"));
    if (!equal) return fail("results differ");
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: {} FOLDER\n", argv[0]);
        return 2;
    }
    const auto done = run_bench(argv[1]);
    if (!done) fmt::print(stderr, "{}\n", done.error().message);
    return done ? 0 : 1;
}
