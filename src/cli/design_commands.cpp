// SPDX-License-Identifier: Apache-2.0
//
// Commands about design directories: compile, verify, synth, report.
#include <fmt/format.h>

#include <filesystem>

#include "cli/commands.h"
#include "cli/events.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "compile/compile.h"
#include "compile/design_directory.h"
#include "compile/explore.h"
#include "compile/fit.h"
#include "compile/place.h"
#include "compile/report_json.h"
#include "compile/stages.h"
#include "emulate/engine.h"
#include "report/statistics.h"
#include "support/files.h"
#include "support/process.h"
#include "tools/yosys.h"
#include "verify/verify.h"
#include "verify/verify_stages.h"

namespace gatewright::cli {

namespace {

std::string tradeoff_text(const std::vector<compile::TradePoint>& points) {
    std::vector<std::vector<std::string>> rows = {
        {"stages", "clock MHz", "latency ns", "LUT", "register bits", ""}};
    for (const compile::TradePoint& point : points) {
        rows.push_back({std::to_string(point.stages), fmt::format("{:.1f}", point.clock_mhz),
                        fmt::format("{:.1f}", point.latency_ns), with_commas(point.lut),
                        with_commas(point.register_bits), point.is_design ? "this design" : ""});
    }
    return to_table(rows);
}

// <folder>/stages_<n> for every point but the design itself.
Status write_explored(const compile::Compiled& compiled,
                      const std::vector<compile::TradePoint>& points, const std::string& folder,
                      Progress& progress) {
    for (const compile::TradePoint& point : points) {
        if (point.is_design) continue;
        const std::string directory = fmt::format("{}/stages_{}", folder, point.stages);
        GW_TRY(const compile::Compiled one, compile::with_stages(compiled, point.stages));
        const Json report = compile::make_report(one, progress, directory);
        GW_TRY_STATUS(compile::write_design_directory(one, report, directory));
    }
    return {};
}

// What --fit chose, beside the design's own summary.
std::string fit_text(const compile::Fitted& fitted) {
    std::string out =
        fmt::format("  fit        {}: lowest latency {:.1f} ns",
                    compile::to_text(*fitted.options.fit), fitted.reached.latency_ns());
    out += fitted.bound_reached
               ? " by the search's cost model\n"
               : fmt::format(" found; {}\n",
                             fitted.left_out > 0
                                 ? fmt::format("bound {:.1f} ns without {} choices that are too "
                                               "large to try",
                                               fitted.bound_ns, fitted.left_out)
                                 : fmt::format("its bound is {:.1f} ns", fitted.bound_ns));
    for (const auto& [layer, own] : fitted.options.mapping.layers) {
        if (own.reuse.value_or(1) == 1 && !own.multipliers) continue;
        out += fmt::format("             {}: reuse {}{}\n", layer, own.reuse.value_or(1),
                           own.multipliers == arch::Multipliers::kDsp ? ", DSP blocks" : "");
    }
    return out;
}

Result<Outcome> run_compile_fitted(CompileArgs args, Progress& progress) {
    if (args.explore) return fail("--explore and --fit: one at a time");
    GW_TRY(const compile::Fitted fitted, compile::fit(args.options, progress));
    args.options = fitted.options;
    args.fit_record = fitted.record;
    GW_TRY(Outcome out, run_compile(args, progress));
    out.text += fit_text(fitted);
    return out;
}

Result<Outcome> run_compile_stages(const CompileArgs& args, Progress& progress) {
    if (args.explore) {
        return fail(
            "--explore is for unrolled designs; with --io stream, --reuse or loadable weights, try "
            "several reuse factors, or --fit");
    }
    GW_TRY(const compile::CompiledStages compiled, compile::compile_stages(args.options, progress));
    progress.stage("write");
    Outcome out;
    out.json = compile::make_report(compiled, progress, args.output);
    if (!args.fit_record.is_null()) out.json.set("fit", args.fit_record);
    GW_TRY_STATUS(compile::write_design_directory(compiled, out.json, args.output));
    out.text = summary_text(out.json);
    out.text += fmt::format("  written to {}/ (report.html is for reading)\n", args.output);
    return out;
}

}  // namespace

Result<Outcome> run_compile(const CompileArgs& args, Progress& progress) {
    if (args.output.empty() && !args.explore) {
        return fail("compile needs -o FOLDER to write to (or --explore, to only print)");
    }
    if (args.options.fit && args.fit_record.is_null()) return run_compile_fitted(args, progress);
    if (arch::needs_stages(args.options.mapping)) return run_compile_stages(args, progress);
    GW_TRY(const compile::Compiled compiled, compile::compile_model(args.options, progress));
    Json explored;
    std::string table;
    if (args.explore) {
        progress.stage("explore");
        GW_TRY(const auto points, compile::explore(compiled));
        explored = compile::to_json(points);
        table = tradeoff_text(points);
        if (!args.explore_output.empty())
            GW_TRY_STATUS(write_explored(compiled, points, args.explore_output, progress));
    }
    progress.stage("write");
    Json report = compile::make_report(compiled, progress, args.output);
    if (args.explore) report.set("explore", std::move(explored));
    if (!args.fit_record.is_null()) report.set("fit", args.fit_record);
    Outcome out;
    out.text = summary_text(report) + table;
    if (!args.output.empty()) {
        GW_TRY_STATUS(compile::write_design_directory(compiled, report, args.output));
        out.text += fmt::format("  written to {}/ (report.html is for reading)\n", args.output);
    }
    out.json = std::move(report);
    return out;
}

namespace {

Json synthesis_json(const tools::YosysReport& synthesis) {
    Json json = Json::object();
    json.set("tool", synthesis.tool).set("family", synthesis.family).set("flow", synthesis.flow);
    json.set("lut", synthesis.lut).set("ff", synthesis.ff).set("carry", synthesis.carry);
    json.set("dsp", synthesis.dsp).set("bram", synthesis.bram).set("muxf", synthesis.muxf);
    json.set("srl", synthesis.srl)
        .set("lutram", synthesis.lutram)
        .set("inverters", synthesis.inverters);
    json.set("depth", synthesis.depth ? Json(*synthesis.depth) : Json());
    json.set("logic_ps", synthesis.logic_ps ? Json(*synthesis.logic_ps) : Json());
    json.set("seconds", synthesis.seconds);
    return json;
}

std::string synthesis_text(const tools::YosysReport& synthesis, const Json& report) {
    std::string out =
        fmt::format("  {} LUT, {} FF, {} carry cells, {} SRL, {} DSP, {} BRAM on {} in {:.1f} s\n",
                    with_commas(synthesis.lut), with_commas(synthesis.ff),
                    with_commas(synthesis.carry), with_commas(synthesis.srl), synthesis.dsp,
                    synthesis.bram, synthesis.family, synthesis.seconds);
    const Json* estimate = report.find("estimate");
    const double lut = estimate == nullptr ? 0 : estimate->number_or("lut", 0).value_or(0.0);
    if (lut > 0 && synthesis.lut > 0) {
        out += fmt::format("  our estimate was {:.0f} LUT ({:+.1f} %)\n", lut,
                           100 * (lut / static_cast<double>(synthesis.lut) - 1));
    }
    return out + fmt::format("  {}, flow {}\n", synthesis.tool, synthesis.flow);
}

}  // namespace

namespace {

// What the verify command asks for, with the events of a file.
Result<verify::VerifyParams> verify_params(const VerifyArgs& args, const dfg::Interface& ports,
                                           Progress& progress) {
    verify::VerifyParams params;
    params.vectors = args.vectors;
    params.seed = args.seed;
    params.proof.budget_seconds = args.proof_seconds;
    if (args.data.empty()) return params;
    progress.stage("read events");
    GW_TRY(params.data, read_port_arrays(ports.inputs, args.data));
    return params;
}

Result<verify::VerifyResult> verify_unrolled(const VerifyArgs& args, Json& report,
                                             Progress& progress) {
    GW_TRY(const compile::Compiled compiled, compile::load_design(args.directory, progress));
    GW_TRY_STATUS(compile::check_files(rtl::verilog_files(compiled.netlist), args.directory));
    const dfg::Interface ports = compiled.design.interface();
    GW_TRY(const auto params, verify_params(args, ports, progress));
    if (!params.data.empty()) {
        GW_TRY(const auto codes, emulate::to_codes(ports.inputs, params.data));
        report.set("activation_boxes",
                   report::to_json(report::activation_boxes(compiled.design, codes)));
    }
    progress.stage("verify");
    return verify::verify_design({compiled.typed, compiled.design, compiled.flat, compiled.netlist,
                                  args.directory, &compiled.lowered.program},
                                 params);
}

Result<verify::VerifyResult> verify_staged(const VerifyArgs& args, Progress& progress) {
    GW_TRY(const compile::CompiledStages compiled, compile::load_stages(args.directory, progress));
    GW_TRY_STATUS(
        compile::check_files(rtl::staged_files(compiled.plan, compiled.hardware), args.directory));
    GW_TRY(const auto params, verify_params(args, compiled.plan.interface(), progress));
    progress.stage("verify");
    return verify::verify_stages(
        {compiled.typed, compiled.plan, compiled.schedule, compiled.hardware, args.directory},
        params);
}

}  // namespace

Result<Outcome> run_verify(const VerifyArgs& args, Progress& progress) {
    GW_TRY(Json report, compile::read_report(args.directory));
    GW_TRY(const verify::VerifyResult result, compile::is_staged(args.directory)
                                                  ? verify_staged(args, progress)
                                                  : verify_unrolled(args, report, progress));
    Outcome out;
    out.json = verify::to_json(result);
    out.text = verify::to_text(result);
    out.exit_code = result.passed() ? 0 : 1;
    report.set("verify", out.json);
    GW_TRY_STATUS(compile::write_report(args.directory, report));
    return out;
}

namespace {

// The synthesis of a design directory's Verilog, whichever kind of hardware it is.
Result<tools::YosysJob> synthesis_job(const SynthArgs& args, Progress& progress) {
    tools::YosysJob job;
    const auto describe = [&](const rtl::Netlist& netlist, const schedule::Device& device) {
        job.top = netlist.name;
        job.files = compile::rtl_paths(netlist, args.directory);
        job.family = args.family.empty() ? device.family : args.family;
    };
    if (compile::is_staged(args.directory)) {
        GW_TRY(const auto compiled, compile::load_stages(args.directory, progress));
        GW_TRY_STATUS(compile::check_files(rtl::staged_files(compiled.plan, compiled.hardware),
                                           args.directory));
        describe(compiled.hardware.netlist, compiled.device);
    } else {
        GW_TRY(const auto compiled, compile::load_design(args.directory, progress));
        GW_TRY_STATUS(compile::check_files(rtl::verilog_files(compiled.netlist), args.directory));
        describe(compiled.netlist, compiled.device);
    }
    const bool has_fast_flow = job.family == "xcup" || job.family == "xc7";
    job.flow = has_fast_flow ? tools::YosysFlow::kFast : tools::YosysFlow::kVendor;
    return job;
}

}  // namespace

Result<Outcome> run_synth(const SynthArgs& args, Progress& progress) {
    GW_TRY(const tools::YosysJob job, synthesis_job(args, progress));
    GW_TRY(Json report, compile::read_report(args.directory));
    progress.stage("synthesize with Yosys");
    GW_TRY(const tools::YosysReport synthesis, tools::synthesize(job));
    Outcome out;
    out.json = synthesis_json(synthesis);
    out.text = synthesis_text(synthesis, report);
    report.set("synth", out.json);
    GW_TRY_STATUS(compile::write_report(args.directory, report));
    return out;
}

Result<Outcome> run_report(const ReportArgs& args, Progress&) {
    GW_TRY(const Json report, compile::read_report(args.directory));
    GW_TRY_STATUS(compile::write_report(args.directory, report));
    const std::string page =
        std::filesystem::absolute(args.directory + "/report.html").lexically_normal().string();
    if (args.open) GW_TRY_STATUS(run_process({"xdg-open", page}).map([](const auto&) {}));
    Outcome out;
    out.text = summary_text(report) + "  report     " + page + "\n";
    out.json = report;
    return out;
}

}  // namespace gatewright::cli
