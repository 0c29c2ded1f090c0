// SPDX-License-Identifier: Apache-2.0
//
// Real trained networks as hardware: latency, size by Yosys, time, evidence. Baseline in the same
// run: the same network with plain signed-digit adder trees (adder effort 0). Equality: both agree
// on random events, and every evaluator, Verilator included, agrees with the reference. The demo
// model is always there; networks of ../shared/data are added where that folder exists. Usage:
// bench_designs FOLDER
#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "compile/compile.h"
#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "emulate/engine.h"
#include "support/files.h"
#include "tools/yosys.h"
#include "verify/stimuli.h"
#include "verify/verify.h"

namespace gatewright {
namespace {

struct Network {
    const char* name;
    std::string file;
};

std::vector<Network> networks() {
    const std::string ours = std::string(GW_SOURCE_DIR) + "/models/";
    const std::string shared = std::string(GW_SOURCE_DIR) + "/../shared/data/";
    const std::string hgq = shared + "hgq2_models/hgq-ae/jsc_openml/";
    std::vector<Network> all = {
        {"our jets (HGQ2)", ours + "jets/jets.keras"},
        {"HGQ jets, 1572 EBOPs",
         hgq + "epoch=136813-val_acc=0.750-ebops=1572-val_loss=0.708.keras"},
        {"HGQ jets, 13285 EBOPs",
         hgq + "epoch=27883-val_acc=0.771-ebops=13285-val_loss=0.635.keras"},
        {"QKeras jets, 6 bit", shared + "hls4ml_example_models/keras/qkeras_3layer.json"},
    };
    std::erase_if(all,
                  [](const Network& network) { return !std::filesystem::exists(network.file); });
    return all;
}

struct Built {
    double seconds = 0;
    std::string directory;
    compile::Compiled compiled;
    Json report;
    std::vector<fixed::Dyadic> outputs;  // values: equal ones may have ports of different formats
    tools::YosysReport synthesis;
};

Result<Built> build(const Network& network, const std::string& directory, int effort) {
    compile::Options options;
    options.model = network.file;
    options.name = "bench";
    options.clock_mhz = 360;
    options.cmvm.effort = effort;
    options.import.winner_only = true;
    Progress progress;
    const Stopwatch watch;
    GW_TRY(compile::Compiled compiled, compile::compile_model(options, progress));
    const Json report = compile::make_report(compiled, progress, directory);
    GW_TRY_STATUS(compile::write_design_directory(compiled, report, directory));
    const double seconds = watch.seconds();
    const auto inputs = verify::stimuli(compiled.design.inputs, 1000, 5);
    std::vector<fixed::Integer> codes(inputs.size() / compiled.flat.program.inputs().size() *
                                      compiled.flat.program.outputs().size());
    emulate::Engine(compiled.flat.program).run_exact(inputs, codes);
    const std::vector<fixed::Cast>& port = compiled.design.outputs[0].elements;
    std::vector<fixed::Dyadic> outputs;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        outputs.emplace_back(codes[i], -port[i % port.size()].format.frac);
    }
    tools::YosysJob job;
    job.top = compiled.netlist.name;
    for (const rtl::File& file : rtl::verilog_files(compiled.netlist)) {
        if (!file.path.ends_with("_axis.v")) job.files.push_back(directory + "/" + file.path);
    }
    GW_TRY(tools::YosysReport synthesis, tools::synthesize(job));
    return Built{seconds, directory,          std::move(compiled),
                 report,  std::move(outputs), std::move(synthesis)};
}

Result<Json> measure(const Network& network, const std::string& folder) {
    GW_TRY(const Built ours, build(network, folder + "/design", 1));
    GW_TRY(const Built plain, build(network, folder + "/plain", 0));
    verify::VerifyParams params;
    params.vectors = 10000;
    params.proof.budget_seconds = 60;
    const compile::Compiled& c = ours.compiled;
    GW_TRY(const verify::VerifyResult evidence,
           verify::verify_design({c.typed, c.design, c.flat, c.netlist, ours.directory}, params));
    std::size_t proven = 0;
    for (const auto& proof : evidence.proofs)
        proven += proof.outcome == verify::Outcome::kProven ? 1 : 0;
    const bool equal = evidence.passed() && ours.outputs == plain.outputs;
    const double lut = static_cast<double>(ours.synthesis.lut);
    Json row = Json::object();
    row.set("network", network.name).set("clock_mhz", c.schedule.clock_mhz);
    row.set("latency_cycles", std::int64_t{c.schedule.latency_cycles});
    row.set("latency_ns", 1e3 * c.schedule.latency_cycles / c.schedule.clock_mhz);
    row.set("lut", ours.synthesis.lut)
        .set("ff", ours.synthesis.ff)
        .set("baseline_lut", plain.synthesis.lut);
    row.set("lut_ratio", lut / static_cast<double>(plain.synthesis.lut));
    row.set(
        "estimate_error",
        static_cast<double>(ours.report.find("estimate")->integer_or("lut", 0).value_or(0)) / lut -
            1);
    row.set("compile_seconds", ours.seconds)
        .set("events", evidence.edge_vectors + evidence.random_vectors);
    const bool netlist_proven =
        evidence.netlist_proof && evidence.netlist_proof->outcome == verify::Outcome::kProven;
    row.set("netlist_proven", netlist_proven);
    row.set("layers_proven", proven).set("layers", evidence.proofs.size()).set("equal", equal);
    return row;
}

Status run_bench(const std::string& folder) {
    fmt::print("{:<24}{:>8}{:>8}{:>8}{:>8}{:>10}{:>8}{:>9}{:>9}{:>8}\n", "network", "cycles", "ns",
               "LUT", "FF", "plain LUT", "ratio", "estimate", "compile", "equal");
    Json rows = Json::array();
    bool all_equal = true;
    for (const Network& network : networks()) {
        GW_TRY(const Json row, measure(network, folder + "/designs"));
        const auto number = [&](const char* key) { return row.find(key)->as_number(); };
        const bool equal = row.find("equal")->as_bool();
        all_equal = all_equal && equal;
        fmt::print("{:<24}{:>8}{:>8.1f}{:>8}{:>8}{:>10}{:>8.2f}{:>8.1f}%{:>8.2f}s{:>8}\n",
                   network.name, number("latency_cycles"), number("latency_ns"), number("lut"),
                   number("ff"), number("baseline_lut"), number("lut_ratio"),
                   100 * number("estimate_error"), number("compile_seconds"), equal ? "yes" : "NO");
        std::fflush(stdout);
        rows.push_back(row);
    }
    Json result = Json::object();
    result.set("benchmark", "designs").set("command", "build/bin/bench_designs build/bench");
    result.set("baseline", "the same network, plain signed-digit adder trees")
        .set("rows", std::move(rows));
    GW_TRY_STATUS(write_file(folder + "/designs.json", result.dump(1) + "\n"));
    if (!all_equal) return fail("a design differs from its reference");
    return {};
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: bench_designs FOLDER\n");
        return 2;
    }
    std::filesystem::create_directories(std::string(argv[1]) + "/designs");
    const auto status = gatewright::run_bench(argv[1]);
    if (!status) fmt::print(stderr, "bench_designs: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
