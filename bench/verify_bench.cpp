// SPDX-License-Identifier: Apache-2.0
//
// What a verification costs on random jet networks: every evaluator, the proofs, Verilator's build,
// and Yosys. Usage: bench_verify FOLDER [EVENTS]
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "rtl/emit.h"
#include "support/files.h"
#include "support/random_network.h"
#include "support/stopwatch.h"
#include "tools/tool.h"
#include "tools/yosys.h"
#include "verify/verify.h"

namespace {

using namespace gatewright;

Result<Json> measure(double kept, std::size_t events) {
    Rng rng(1);
    GW_TRY(const model::TypedGraph typed,
           model::infer_types(testing::random_network(rng, {.kept = kept})));
    const Stopwatch watch;
    const arch::Design design = arch::build_design(typed);
    const arch::FlatProgram flat = arch::flatten(design);
    GW_TRY(const schedule::Device device, schedule::find_device("xcvu13p-2"));
    schedule::ScheduleParams schedule_params;
    schedule_params.clock_mhz = 360;
    GW_TRY(const schedule::Schedule plan, schedule::schedule(flat, device, schedule_params));
    const rtl::Netlist netlist = rtl::build_netlist(design, flat, plan);
    fmt::print("\n{} operations, {} register bits, file to netlist {:.2f} s\n", flat.program.size(),
               rtl::statistics(netlist).register_bits, watch.seconds());

    GW_TRY(const tools::ScratchDirectory scratch, tools::ScratchDirectory::create());
    tools::YosysJob synthesis{
        netlist.top().name, {}, "xcup", tools::YosysFlow::kFast, std::chrono::seconds(600)};
    std::filesystem::create_directory(scratch.file("rtl"));
    for (const rtl::File& file : rtl::verilog_files(netlist)) {
        GW_TRY_STATUS(write_file(scratch.file(file.path), file.content));
        if (file.path.find("_axis") == std::string::npos)
            synthesis.files.push_back(scratch.file(file.path));
    }
    verify::VerifyParams params;
    params.vectors = events;
    params.proof.budget_seconds = 30;
    GW_TRY(const verify::VerifyResult result,
           verify_design({typed, design, flat, netlist, scratch.path()}, params));
    fmt::print("{}", verify::to_text(result));
    for (const verify::ProofResult& proof : result.proofs) {
        fmt::print("  {:<14} {:<10} {:<18} {:.2f} s {}\n", proof.layer,
                   verify::to_string(proof.outcome), proof.method, proof.seconds, proof.detail);
    }
    GW_TRY(const tools::YosysReport report, tools::synthesize(synthesis));
    fmt::print("  yosys      {} LUT, {} FF, {} CARRY4, {} SRL, depth {}, {} ps, {:.1f} s\n",
               report.lut, report.ff, report.carry, report.srl, report.depth.value_or(-1),
               report.logic_ps.value_or(-1), report.seconds);
    Json row = Json::object();
    row.set("operations", flat.program.size());
    row.set("verify", verify::to_json(result));
    row.set("lut", report.lut);
    row.set("synthesis_seconds", report.seconds);
    row.set("equal", result.passed());
    return row;
}

Status run_bench(const std::string& folder, std::size_t events) {
    Json rows = Json::array();
    bool equal = true;
    for (const double kept : {0.15, 0.5}) {
        GW_TRY(Json row, measure(kept, events));
        equal = equal && row.find("equal")->as_bool();
        rows.push_back(std::move(row));
    }
    Json result = Json::object();
    result.set("benchmark", "verify");
    result.set("events", events);
    result.set("rows", std::move(rows));
    GW_TRY_STATUS(write_file(folder + "/verify.json", result.dump(1) + "\n"));
    if (!equal) return fail("an evaluator differs");
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print(stderr, "usage: bench_verify FOLDER [EVENTS]\n");
        return 2;
    }
    std::filesystem::create_directories(arguments[1]);
    const std::size_t events = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 100000;
    const Status status = run_bench(arguments[1], events);
    if (!status) fmt::print(stderr, "bench_verify: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
