// SPDX-License-Identifier: Apache-2.0
//
// The command line: options to structs, outcomes to text or JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <new>
#include <sstream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "compile/design_directory.h"
#include "compile/mapping_options.h"
#include "support/check.h"

namespace gatewright::cli {
namespace {

constexpr std::int64_t kMostVectors = 10'000'000;  // all of them are held in memory

// Options that decide how a model file is read and built, as text until a command runs.
struct ModelText {
    std::string config;
    std::string name;
    std::string part;
    std::string clock;
    std::string latency;
    std::string precision;
    std::string input_type;
    std::string weights;
    bool winner_only = false;
    std::optional<int> stages;
    std::optional<bool> input_register;
    std::optional<bool> output_register;
    std::optional<int> register_fanout;
    std::optional<bool> ternary;
    std::string io;
    std::optional<std::int64_t> reuse;
    bool round_reuse = false;
    bool loadable_weights = false;
    std::string multipliers;
    std::string fit;
    std::vector<std::string> passes;
    std::vector<std::string> without_passes;
    std::string dump_passes;

    [[nodiscard]] Result<compile::Options> options(const std::string& model) const {
        compile::Options out;
        out.model = model;
        if (!config.empty()) GW_TRY_STATUS(compile::read_config(config, out));
        out.config = config;
        if (!name.empty()) out.name = name;
        if (!part.empty()) out.part = part;
        if (!weights.empty()) out.import.weights_path = weights;
        if (winner_only) out.import.winner_only = true;
        if (stages) out.pipeline.stages = stages;
        if (input_register) out.pipeline.input_register = *input_register;
        if (output_register) out.pipeline.output_register = *output_register;
        if (register_fanout) out.pipeline.register_fanout = *register_fanout;
        if (ternary) out.ternary_adders = ternary;
        if (!io.empty()) {
            GW_TRY(out.mapping.io, compile::parse_io(io));
        }
        if (reuse) out.mapping.reuse = *reuse;
        if (round_reuse) out.mapping.rounding = arch::ReuseRounding::kNearest;
        if (loadable_weights) out.mapping.weights = arch::WeightStore::kLoadable;
        if (!multipliers.empty()) {
            GW_TRY(out.mapping.multipliers, compile::parse_multipliers(multipliers));
        }
        if (!fit.empty()) {
            GW_TRY(out.fit, compile::parse_fit(fit));
        }
        if (!passes.empty()) out.passes.only = passes;
        if (!without_passes.empty()) out.passes.without = without_passes;
        out.passes.dump_directory = dump_passes;
        if (!clock.empty()) {
            GW_TRY(out.clock_mhz, compile::parse_clock(clock));
        }
        if (!latency.empty()) {
            GW_TRY(out.latency, compile::parse_latency(latency));
        }
        if (!precision.empty()) {
            GW_TRY(out.import.precision.everywhere, fixed::parse_cast(precision));
        }
        if (!input_type.empty()) {
            GW_TRY(out.import.input_type, fixed::parse_cast(input_type));
        }
        return out;
    }
};

void add_model_options(CLI::App& app, ModelText& text) {
    app.add_option("--config", text.config,
                   "TOML file with any of these options and per-layer types");
    app.add_option("--precision", text.precision,
                   "type for weights, biases and results of a model that has none: fixed<16,6>");
    app.add_option("--input-type", text.input_type, "type of the input ports: fixed<16,6,RND,SAT>");
    app.add_option("--weights", text.weights,
                   "weight file of a Keras 2 JSON model (default: beside it)");
    app.add_flag("--winner-only", text.winner_only,
                 "leave a final softmax out: the order of the outputs is the same");
}

void add_hardware_options(CLI::App& app, ModelText& text) {
    app.add_option("--part", text.part, "device (default xcvu13p-2)");
    app.add_option("--clock", text.clock, "clock to meet: 360MHz (default 200MHz)");
    app.add_option("--latency", text.latency, "budget instead of a clock: 100ns or 12cycles");
    app.add_option("--stages", text.stages, "exactly this many pipeline stages, at the best clock")
        ->check(CLI::Range(0, 1000));
    const auto add_switch = [&app](const std::string& name, std::optional<bool>& value,
                                   const char* yes, const char* no) {
        app.add_flag_callback(
            "--" + name, [&value] { value = true; }, yes);
        app.add_flag_callback(
            "--no-" + name, [&value] { value = false; }, no);
    };
    add_switch("input-register", text.input_register, "register the inputs first (default)",
               "compute from the input pins in the first cycle");
    add_switch("output-register", text.output_register, "outputs come from registers (default)",
               "outputs come from logic");
    app.add_option("--register-fanout", text.register_fanout,
                   "copy registers with more users in a cycle than this (default 0: never)")
        ->check(CLI::Range(0, 100000));
    add_switch("ternary", text.ternary,
               "three-input adders where they save LUTs and cost no cycle (docs/adder_graphs.md)",
               "two-input adders only (default)");
    app.add_option("--passes", text.passes, "run only these dataflow passes: simplify,tables")
        ->delimiter(',');
    app.add_option("--without-pass", text.without_passes, "leave these dataflow passes out")
        ->delimiter(',');
    app.add_option("--dump-passes", text.dump_passes,
                   "folder for the dataflow program after every pass");
    app.add_option("--name", text.name, "name of the top module (default: from the model file)");
}

void add_mapping_options(CLI::App& app, ModelText& text) {
    app.add_option("--io", text.io,
                   "parallel: one word holds an event (default); stream: one position per word")
        ->check(CLI::IsMember({"parallel", "stream"}));
    app.add_option("--reuse", text.reuse,
                   "cycles per position in which a layer's products share multipliers (default 1)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
    app.add_flag("--round-reuse", text.round_reuse,
                 "take the nearest reuse factor that divides a layer's products");
    app.add_flag("--loadable-weights", text.loadable_weights,
                 "weights can be written at run time, in two banks");
    app.add_option("--multipliers", text.multipliers, "of folded layers: logic (default) or dsp")
        ->check(CLI::IsMember({"logic", "dsp"}));
}

using Command = std::function<Result<Outcome>(Progress&)>;

struct Program {
    CLI::App app{"Trained network in, verified Verilog out."};
    bool json = false;
    ModelText text;
    std::string model;
    CompileArgs compile;
    EmulateArgs emulate;
    std::string file_format;
    std::string raw_type;
    VerifyArgs verify;
    SynthArgs synth;
    PlaceArgs place;
    CalibrateArgs calibrate;
    ReportArgs report;
    EvaluateArgs evaluate;
    CmvmArgs cmvm;
    ConvertArgs convert;
    std::optional<int> max_depth;
    bool ternary = false;
    bool two_operand = true;  // changes nothing: it is the default
    Command command;

    CLI::App* add(const std::string& name, const std::string& help, Command run) {
        CLI::App* sub = app.add_subcommand(name, help);
        sub->add_flag("--json", json, "print JSON for machines");
        sub->callback([this, run = std::move(run)] { command = run; });
        return sub;
    }

    void add_compile() {
        CLI::App* sub = add("compile", "model file -> RTL, testbench, scripts and report",
                            [this](Progress& p) -> Result<Outcome> {
                                GW_TRY(compile.options, text.options(model));
                                return run_compile(compile, p);
                            });
        sub->add_option("model", model, "model file (.keras, .h5, .json)")->required();
        sub->add_option("-o,--output", compile.output,
                        "design directory to write (not needed with --explore)");
        sub->add_flag("--explore", compile.explore,
                      "also print clock, latency, LUT and registers for every number of stages");
        sub->add_option("--explore-output", compile.explore_output,
                        "with --explore: write each of these designs to FOLDER/stages_N")
            ->needs("--explore");
        add_hardware_options(*sub, text);
        add_mapping_options(*sub, text);
        add_model_options(*sub, text);
        sub->add_option("--fit", text.fit,
                        "choose reuse, multipliers and clock for the lowest latency within a "
                        "budget: lut=20000,dsp=64,bram=4,latency=2us,ii=40 (any of them)");
    }

    void add_emulate() {
        CLI::App* sub = add("emulate", "bit-exact outputs for events in a file",
                            [this](Progress& p) -> Result<Outcome> {
                                GW_TRY(emulate.options, text.options(model));
                                if (!file_format.empty()) {
                                    GW_TRY(emulate.format, events::parse_file_format(file_format));
                                }
                                if (!raw_type.empty()) {
                                    GW_TRY(emulate.raw_type, events::parse_element_type(raw_type));
                                }
                                return run_emulate(emulate, p);
                            });
        sub->add_option("design", model, "design directory or model file")->required();
        sub->add_option("--input", emulate.inputs,
                        "events: X.npy, X.csv, X.h5[:/dataset], X.raw or - (standard input); "
                        "port=X.npy if there are several ports")
            ->required();
        CLI::Option* output =
            sub->add_option("--output", emulate.output,
                            "file for the results: Y.npy, Y.csv, Y.h5, Y.raw or - (csv)");
        sub->add_option("--first-difference", emulate.first_difference,
                        "compare with these results of another tool instead: Y.npy, or a folder of "
                        "<layer>.npy")
            ->excludes(output);
        sub->add_option("--format", file_format, "of input that is not named by its ending")
            ->check(CLI::IsMember({"npy", "csv", "hdf5", "raw"}));
        sub->add_option("--raw-type", raw_type, "of the numbers in .raw files (default int32)")
            ->check(CLI::IsMember({"float32", "float64", "int16", "int32", "int64"}));
        sub->add_flag("--raw", emulate.raw, "files hold raw codes (integers), not real values");
        sub->add_flag("--trace", emulate.trace,
                      "also write every layer's values of the first 100 events");
        add_model_options(*sub, text);
    }

    void add_verify() {
        CLI::App* sub =
            add("verify", "reference = dataflow = emulator = netlist = Verilator, bit for bit",
                [this](Progress& p) { return run_verify(verify, p); });
        sub->add_option("design", verify.directory, "design directory")->required();
        sub->add_option("--vectors", verify.vectors, "random events beside the edge cases")
            ->check(CLI::Range(std::int64_t{0}, kMostVectors))
            ->capture_default_str();
        sub->add_option("--data", verify.data, "events of a file as well: X.npy");
        sub->add_option("--seed", verify.seed, "seed of the random events")->capture_default_str();
        sub->add_option("--proof-seconds", verify.proof_seconds, "time for equivalence proofs")
            ->check(CLI::Range(0.0, 1e6))
            ->capture_default_str();
    }

    void add_others() {
        CLI::App* sub = add("synth", "LUT, FF, DSP, BRAM by open synthesis (Yosys)",
                            [this](Progress& p) { return run_synth(synth, p); });
        sub->add_option("design", synth.directory, "design directory")->required();
        sub->add_option("--family", synth.family,
                        "xcup, xc7, ice40, ecp5 ... (default: the part's)");

        sub = add("place", "clock reached by open place and route (nextpnr), beside our estimate",
                  [this](Progress& p) { return run_place(place, p); });
        sub->add_option("design", place.directory, "design directory")->required();
        sub->add_option("--seed", place.seed, "seed of the placer")->capture_default_str();
        sub->add_option("--time-limit", place.time_limit_seconds,
                        "seconds for one run of the router; three seeds are tried")
            ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}))
            ->capture_default_str();

        sub = add("calibrate", "device file from a vendor's timing reports",
                  [this](Progress& p) { return run_calibrate(calibrate, p); });
        sub->add_option("reports", calibrate.reports,
                        "text of Vivado's report_timing or report_timing_summary")
            ->required();
        sub->add_option("--part", calibrate.part, "device to start from (name or file)")
            ->capture_default_str();
        sub->add_option("--utilization", calibrate.utilization,
                        "report_utilization of the same design: its size");
        sub->add_option("-o,--output", calibrate.output, "device file to write: mine.json")
            ->required();

        sub = add("report", "summary of a design; writes report.html",
                  [this](Progress& p) { return run_report(report, p); });
        sub->add_option("design", report.directory, "design directory")->required();
        sub->add_flag("--open", report.open, "show report.html in the browser");

        sub = add("inspect", "layers, shapes, formats, weights kept, EBOPs of a model file",
                  [this](Progress& p) -> Result<Outcome> {
                      InspectArgs args;
                      GW_TRY(args.options, text.options(model));
                      return run_inspect(args, p);
                  });
        sub->add_option("model", model, "model file")->required();
        add_model_options(*sub, text);

        sub = add("evaluate", "accuracy, AUC, confusion on labelled events",
                  [this](Progress& p) -> Result<Outcome> {
                      GW_TRY(evaluate.options, text.options(model));
                      return run_evaluate(evaluate, p);
                  });
        sub->add_option("design", model, "design directory or model file")->required();
        sub->add_option("--data", evaluate.data, "events: X.npy or X.csv")->required();
        sub->add_option("--labels", evaluate.labels, "class numbers or one-hot rows: y.npy")
            ->required();
        sub->add_option("--classes", evaluate.classes, "only the first N outputs are class scores");
        sub->add_option("--class-names", evaluate.class_names, "names for the tables: g,q,w,z,t")
            ->delimiter(',');
        add_model_options(*sub, text);

        add("layers", "every layer kind with its attributes",
            [](Progress&) { return run_layers(); });
    }

    void add_convert() {
        CLI::App* sub = add("convert", "programs from and to other tools: DAIS, ALIR, text",
                            [this](Progress& p) { return run_convert(convert, p); });
        sub->add_option("input", convert.input,
                        "program (.gw, .json, .json.gz), model file or design directory")
            ->required();
        sub->add_option("output", convert.output, "program file to write")->required();
        sub->add_option("--format", convert.format,
                        "of the output (default: .gw is text, .json and .json.gz are alir)")
            ->check(CLI::IsMember({"text", "dais", "alir"}));
    }

    void add_cmvm() {
        CLI::App* sub =
            add("cmvm", "adder graph of a constant matrix, without a network", [this](Progress& p) {
                cmvm.params.max_depth = max_depth;
                if (ternary) cmvm.params.ternary = cmvm::TernaryAdders::kAllow;
                return run_cmvm(cmvm, p);
            });
        sub->add_option("matrix", cmvm.path,
                        "matrix file ('n_in n_out', then the rows; optional: 'lo hi step' of each "
                        "input, a line 'arrival' and a line 'deadline' of adder levels), or a "
                        "folder of *.txt")
            ->required();
        sub->add_option("--input", cmvm.input_type,
                        "type of the inputs if the file gives no ranges (default fixed<8,8>)");
        CLI::Option* slack = sub->add_option("--depth-slack", cmvm.params.depth_slack,
                                             "adders in series beyond the shallowest tree")
                                 ->check(CLI::Range(0, 1000))
                                 ->capture_default_str();
        sub->add_option("--max-depth", max_depth, "adders in series, at most")
            ->check(CLI::Range(0, 1000))
            ->excludes(slack);
        sub->add_option("--effort", cmvm.params.effort, "0: plain trees; each step more search")
            ->check(CLI::Range(0, 20))
            ->capture_default_str();
        sub->add_option("--seed", cmvm.params.seed, "seed of the search")->capture_default_str();
        CLI::Option* three = sub->add_flag("--ternary", ternary, "allow adders of three operands");
        sub->add_flag("--two-operand", two_operand, "forbid adders of three operands (the default)")
            ->excludes(three);
        sub->add_flag("--graph", cmvm.graph, "print the graph as well, as JSON");
        sub->add_option("--emit", cmvm.emit, "write the program text to this file");
        sub->add_option("--dump-kernels", cmvm.dump_kernels,
                        "write the kernels of this model, with their input ranges, into the folder "
                        "given as matrix");
    }

    Program() {
        app.set_version_flag("--version", "gatewright " + compile::version());
        app.require_subcommand(1);
        app.name("gatewright");
        add_compile();
        add_emulate();
        add_verify();
        add_cmvm();
        add_convert();
        add_others();
    }
};

Answer usage(const CLI::App& app, const CLI::ParseError& error) {
    std::ostringstream output;
    std::ostringstream message;
    const int code = app.exit(error, output, message);
    return {code == 0 ? 0 : kWrongUsage, output.str(), message.str()};
}

Answer refusal(const Program& program, const std::string& message, int code) {
    Answer out{code, "", message};
    if (!program.json) return out;
    Json json = Json::object();
    json.set("error", message);
    out.output = json.dump(1) + "\n";
    return out;
}

}  // namespace

Answer answer(const std::vector<std::string>& arguments, Progress& progress) {
    Program program;
    try {
        program.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        return usage(program.app, error);
    }
    try {
        const auto outcome = program.command(progress);
        progress.finish();
        if (!outcome) return refusal(program, outcome.error().message, 1);
        return {outcome->exit_code, program.json ? outcome->json.dump(1) + "\n" : outcome->text,
                ""};
    } catch (const InternalError& error) {
        progress.finish();
        return refusal(
            program,
            std::string(error.what()) + "\nThis is a defect of gatewright; please report it.", 3);
    } catch (const std::bad_alloc&) {
        progress.finish();
        return refusal(program, "out of memory", 1);
    }
}

}  // namespace gatewright::cli
