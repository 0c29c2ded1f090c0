// SPDX-License-Identifier: Apache-2.0
//
// How long a network of about 10,000 shift-and-add operations takes from model file to RTL on disk,
// stage by stage. Baseline in the same run: the same model with plain signed-digit trees (adder
// effort 0), which shares nothing and so has more to schedule and print. Equality: both give the
// same outputs on random events. Usage: bench_compile FOLDER
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "compile/compile.h"
#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "emulate/engine.h"
#include "support/files.h"
#include "support/rng.h"
#include "verify/stimuli.h"

namespace gatewright {
namespace {

// A dense 16-64-64-64-64-32-5 network with 8-bit weights, of which 70 % are not zero: about 10,000
// adders.
Json bench_model() {
    Rng rng(42);
    const std::vector<std::size_t> sizes = {16, 64, 64, 64, 64, 32, 5};
    Json layers = Json::array();
    Json input = Json::object();
    input.set("name", "x").set("kind", "input").set("shape", Json::array_of(std::vector<int>{16}));
    input.set("type", "fixed<10,4,RND,SAT>");
    layers.push_back(std::move(input));
    std::string previous = "x";
    const auto add = [&](const std::string& name, const char* kind, Json layer) {
        Json entry = Json::object();
        entry.set("name", name)
            .set("kind", kind)
            .set("inputs", Json::array_of(std::vector<std::string>{previous}));
        for (const auto& [key, value] : layer.as_object()) entry.set(key, value);
        layers.push_back(std::move(entry));
        previous = name;
    };
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
        Json kernel = Json::array();
        for (std::size_t i = 0; i < sizes[l]; ++i) {
            Json row = Json::array();
            for (std::size_t j = 0; j < sizes[l + 1]; ++j) {
                row.push_back(rng.chance(0.4) ? static_cast<double>(rng.between(-63, 63)) / 64
                                              : 0.0);
            }
            kernel.push_back(std::move(row));
        }
        Json dense = Json::object();
        dense.set("kernel", std::move(kernel));
        add(fmt::format("fc{}", l + 1), "dense", std::move(dense));
        if (l + 2 == sizes.size()) break;
        add(fmt::format("relu{}", l + 1), "relu", Json::object());
        Json quantize = Json::object();
        quantize.set("type", "ufixed<7,4,RND,SAT>");
        add(fmt::format("q{}", l + 1), "quantize", std::move(quantize));
    }
    Json model = Json::object();
    model.set("format", "gatewright-model").set("version", std::int64_t{1}).set("name", "bench");
    model.set("layers", std::move(layers));
    model.set("outputs", Json::array_of(std::vector<std::string>{previous}));
    return model;
}

struct Run {
    double seconds = 0;
    Json report;
    std::vector<fixed::Integer> outputs;
};

Result<Run> compile_once(const std::string& model, const std::string& directory, int effort) {
    compile::Options options;
    options.model = model;
    options.clock_mhz = 200;
    options.cmvm.effort = effort;
    Progress progress;
    const Stopwatch watch;
    GW_TRY(const compile::Compiled compiled, compile::compile_model(options, progress));
    progress.stage("write");
    const Json report = compile::make_report(compiled, progress, directory);
    GW_TRY_STATUS(compile::write_design_directory(compiled, report, directory));
    progress.finish();
    Run run{watch.seconds(), report, {}};
    Json stages = Json::object();
    for (const auto& [stage, seconds] : progress.seconds()) stages.set(stage, seconds);
    run.report.set("seconds", std::move(stages));
    const auto inputs = verify::stimuli(compiled.design.inputs, 1000, 7);
    const std::size_t events = inputs.size() / compiled.flat.program.inputs().size();
    run.outputs.resize(events * compiled.flat.program.outputs().size());
    emulate::Engine(compiled.flat.program).run_exact(inputs, run.outputs);
    return run;
}

Status run_bench(const std::string& folder) {
    constexpr int kRepeats = 5;
    const std::string model = folder + "/compile_model.json";
    GW_TRY_STATUS(write_file(model, bench_model().dump(1)));
    std::vector<Run> ours;
    for (int i = 0; i < kRepeats; ++i) {
        GW_TRY(Run run, compile_once(model, folder + "/compile_design", 1));
        ours.push_back(std::move(run));
    }
    std::sort(ours.begin(), ours.end(),
              [](const Run& a, const Run& b) { return a.seconds < b.seconds; });
    const Run& median = ours[kRepeats / 2];
    GW_TRY(const Run plain, compile_once(model, folder + "/compile_plain", 0));
    const bool equal = median.outputs == plain.outputs;
    const auto figure = [](const Run& run, const char* key) {
        const Json* found = run.report.find(key);
        return found->is_object() ? found->integer_or("adders", 0).value_or(0)
                                  : found->as_integer();
    };
    fmt::print("{:<24}{:>10}{:>10}{:>10}\n", "", "seconds", "adders", "cells");
    fmt::print("{:<24}{:>10.3f}{:>10}{:>10}\n", "shared adder graphs", median.seconds,
               figure(median, "ops"), figure(median, "cells"));
    fmt::print("{:<24}{:>10.3f}{:>10}{:>10}\n", "plain trees (baseline)", plain.seconds,
               figure(plain, "ops"), figure(plain, "cells"));
    fmt::print(
        "time ratio {:.2f}, cell ratio {:.2f}, outputs {}\n", median.seconds / plain.seconds,
        static_cast<double>(figure(median, "cells")) / static_cast<double>(figure(plain, "cells")),
        equal ? "equal" : "DIFFERENT");
    for (const auto& [stage, seconds] : median.report.find("seconds")->as_object()) {
        fmt::print("  {:<24}{:>8.3f} s\n", stage, seconds.as_number());
    }
    Json result = Json::object();
    result.set("benchmark", "compile")
        .set("seconds_median", median.seconds)
        .set("repeats", std::int64_t{kRepeats});
    result.set("stages", *median.report.find("seconds")).set("cells", figure(median, "cells"));
    result.set("baseline", "plain signed-digit trees, same model")
        .set("baseline_seconds", plain.seconds);
    result.set("baseline_cells", figure(plain, "cells")).set("equal", equal);
    GW_TRY_STATUS(write_file(folder + "/compile.json", result.dump(1) + "\n"));
    if (!equal) return fail("the two designs differ");
    return {};
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: bench_compile FOLDER\n");
        return 2;
    }
    std::filesystem::create_directories(argv[1]);
    const auto status = gatewright::run_bench(argv[1]);
    if (!status) fmt::print(stderr, "bench_compile: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
