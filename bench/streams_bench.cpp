// SPDX-License-Identifier: Apache-2.0
//
// Streams, reuse and loadable weights in numbers, each row with an equality column: every evaluator
// gives the reference's bits, and Verilator measures the cycles that the schedule promises.
//
//   conv     a streamed 3x3 convolution: one pixel per cycle, and the delay before its first word
//   digits   the digit classifier streamed at one pixel per cycle: seconds of simulation, size
//   folded   a dense layer 64 x 64 of 8 bits at R = 8 and R = 64, in Yosys, against it unrolled
//   memory   peak memory of compiling a network of 500,000 weights
//   models   compile time, cycles and emulated events per second of real networks
//
// Usage: bench_streams FOLDER [PART...]; parts replace their rows in FOLDER/streams.json.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "compile/design_directory.h"
#include "compile/report_json.h"
#include "compile/stages.h"
#include "emulate/engine.h"
#include "emulate/staged_engine.h"
#include "report/stage_resources.h"
#include "support/files.h"
#include "support/rng.h"
#include "support/stopwatch.h"
#include "tools/yosys.h"
#include "verify/stimuli.h"
#include "verify/verify_stages.h"

namespace gatewright {
namespace {

using compile::CompiledStages;
using compile::Options;

const std::string kModels = std::string(GW_SOURCE_DIR) + "/models/";
const std::string kData = std::string(GW_SOURCE_DIR) + "/../shared/data/";

// Codes of `bits` bits as weights of [-1, 1), in nested arrays of this shape.
Json random_weights(Rng& rng, const std::vector<int>& shape, int bits, std::size_t axis = 0) {
    const std::int64_t high = std::int64_t{1} << (bits - 1);
    if (axis == shape.size()) {
        return {static_cast<double>(rng.between(-high, high - 1)) / static_cast<double>(high)};
    }
    Json out = Json::array();
    for (int i = 0; i < shape[axis]; ++i) out.push_back(random_weights(rng, shape, bits, axis + 1));
    return out;
}

// A chain of layers in the native format; every entry gets the one before as its input.
class Chain {
  public:
    Chain(const std::vector<int>& shape, const char* type) {
        Json input = Json::object();
        input.set("name", "x").set("kind", "input").set("shape", Json::array_of(shape));
        input.set("type", type);
        layers_.push_back(std::move(input));
    }
    void add(const std::string& name, const char* kind, const char* attribute, Json value) {
        Json entry = Json::object();
        entry.set("name", name).set("kind", kind);
        entry.set("inputs", Json::array_of(std::vector<std::string>{last_}));
        entry.set(attribute, std::move(value));
        layers_.push_back(std::move(entry));
        last_ = name;
    }
    Status write(const std::string& path) {
        Json model = Json::object();
        model.set("format", "gatewright-model").set("version", std::int64_t{1});
        model.set("name", "bench").set("layers", std::move(layers_));
        model.set("outputs", Json::array_of(std::vector<std::string>{last_}));
        return write_file(path, model.dump() + "\n");
    }

  private:
    Json layers_ = Json::array();
    std::string last_ = "x";
};

struct Built {
    CompiledStages compiled;
    std::string directory;
    double seconds = 0;
};

// From the model file to the design directory.
Result<Built> build(const Options& options, const std::string& directory) {
    Progress progress;
    const Stopwatch watch;
    GW_TRY(CompiledStages compiled, compile::compile_stages(options, progress));
    const Json report = compile::make_report(compiled, progress, directory);
    GW_TRY_STATUS(compile::write_design_directory(compiled, report, directory));
    return Built{std::move(compiled), directory, watch.seconds()};
}

// Reference, plan, emulator, netlist and Verilator on these many random events (and the edges). In
// Verilator also the promised cycles to the first word, to the last and between events.
Result<bool> is_equal(const Built& built, std::size_t events, verify::UseTool verilator) {
    verify::VerifyParams params;
    params.vectors = events;
    params.slow_vectors = events;
    params.most_slow = events + 2;
    params.verilator = verilator;
    params.icarus = verify::UseTool::kNever;
    params.proof.budget_seconds = 0;
    const CompiledStages& c = built.compiled;
    GW_TRY(
        const auto result,
        verify::verify_stages({c.typed, c.plan, c.schedule, c.hardware, built.directory}, params));
    if (!result.passed()) fmt::print("{}\n", verify::to_text(result));
    return result.passed();
}

// Rtl files of a design directory in Yosys, without the wrappers of buses.
Result<tools::YosysReport> synthesize(const std::string& directory, const std::string& top,
                                      tools::YosysFlow flow) {
    tools::YosysJob job;
    job.top = top;
    job.flow = flow;
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/rtl")) {
        const std::string path = entry.path().string();
        const bool is_wrapper =
            path.ends_with("_axis.v") || path.ends_with("_apb.v") || path.ends_with("_axi_lite.v");
        if (path.ends_with(".v") && !is_wrapper) job.files.push_back(path);
    }
    std::sort(job.files.begin(), job.files.end());
    return tools::synthesize(job);
}

void print(const Json& row) {
    fmt::print("  {}\n", row.dump());
    std::fflush(stdout);
}

double events_per_second(const CompiledStages& compiled) {
    const emulate::StagedEngine engine(compiled.plan);
    Rng rng(1);
    const std::size_t events = std::max<std::size_t>(8, 400'000 / engine.input_count());
    std::vector<std::int64_t> in(events * engine.input_count());
    for (std::int64_t& code : in) code = rng.between(-512, 511);
    std::vector<std::int64_t> out(events * engine.output_count());
    engine.run(in, out);  // code and pages
    const Stopwatch watch;
    engine.run(in, out);
    return static_cast<double>(events) / watch.seconds();
}

Result<Json> conv_row(const std::string& folder, int size) {
    const std::string model = folder + "/conv.json";
    Rng rng(7);
    Chain chain({size, size, 1}, "ufixed<8,8>");
    chain.add("conv", "conv", "kernel", random_weights(rng, {3, 3, 1, 4}, 6));
    GW_TRY_STATUS(chain.write(model));
    Options options;
    options.model = model;
    options.mapping.io = arch::Io::kStream;
    GW_TRY(const Built built, build(options, fmt::format("{}/conv{}", folder, size)));
    GW_TRY(const bool equal, is_equal(built, 12, verify::UseTool::kRequired));
    const schedule::Rates& rates = built.compiled.schedule.rates;
    std::int64_t pipeline = 2;  // the FIFOs of the input and of the output
    for (const auto& stage : built.compiled.schedule.stages) pipeline += stage.latency;
    const std::int64_t pixels = std::int64_t{size} * size;
    Json row = Json::object();
    row.set("image", fmt::format("{0}x{0}", size)).set("pixels", pixels);
    row.set("cycles_per_frame", rates.initiation_interval);
    row.set("pixels_per_cycle",
            static_cast<double>(pixels) / static_cast<double>(rates.initiation_interval));
    row.set("first_word_cycles", rates.first_word_cycles);
    // Beyond the two rows above it, the first window is complete two pixels later.
    row.set("rows_times_width", std::int64_t{2} * size).set("pipeline_cycles", pipeline);
    row.set("beyond", rates.first_word_cycles - 2 * size - pipeline);
    row.set("equal", equal && rates.initiation_interval == pixels);
    return row;
}

Result<Json> conv_rows(const std::string& folder) {
    Json rows = Json::array();
    for (const int size : {8, 16, 28}) {
        GW_TRY(Json row, conv_row(folder, size));
        print(row);
        rows.push_back(std::move(row));
    }
    return rows;
}

// Published for the network of this shape (32x32x3 pictures of house numbers, three convolutions
// 16/16/24, dense 42/64/10; VU9P, 200 MHz, after synthesis by the vendor's tool).
Json published_digits() {
    struct Row {
        const char* name;
        int dsp, lut, cycles;
    };
    Json rows = Json::array();
    for (const Row& row : {Row{"14 bit", 3341, 145'089, 1035}, Row{"7 bit", 175, 150'981, 1034},
                           Row{"7 bit pruned", 174, 111'152, 1035}, Row{"HGQ-1", 58, 69'407, 1050},
                           Row{"HGQ-3", 15, 40'032, 1058}, Row{"HGQ-6", 6, 27'982, 1056}}) {
        Json json = Json::object();
        json.set("network", row.name).set("dsp", std::int64_t{row.dsp});
        json.set("lut", std::int64_t{row.lut}).set("cycles", std::int64_t{row.cycles});
        rows.push_back(std::move(json));
    }
    return rows;
}

Result<Json> digits_rows(const std::string& folder) {
    Options options;
    options.model = kModels + "digits/digits.keras";
    options.mapping.io = arch::Io::kStream;
    GW_TRY(const Built built, build(options, folder + "/digits"));
    const Stopwatch watch;
    GW_TRY(const bool equal, is_equal(built, 10, verify::UseTool::kRequired));
    const double seconds = watch.seconds();
    const CompiledStages& c = built.compiled;
    const auto cost = report::count_stages(c.plan, c.schedule, c.hardware);
    const std::size_t pixels = c.hardware.inputs[0].words;
    Json row = Json::object();
    row.set("pixels", pixels).set("cycles_per_frame", c.schedule.rates.initiation_interval);
    row.set("last_word_cycles", c.schedule.rates.last_word_cycles);
    row.set("compile_seconds", built.seconds).set("verify_seconds", seconds);
    row.set("estimated_lut", cost.total.estimate.lut).set("dsp", cost.total.estimate.dsp);
    row.set("multipliers", rtl::statistics(c.hardware.netlist).multipliers);
    row.set("memory_bits", cost.memory_bits);
    row.set("equal",
            equal && static_cast<std::size_t>(c.schedule.rates.initiation_interval) == pixels);
    if (const auto yosys = synthesize(folder + "/digits", "digits", tools::YosysFlow::kFast)) {
        row.set("yosys_lut", yosys->lut).set("yosys_ff", yosys->ff).set("yosys_srl", yosys->srl);
        row.set("yosys_seconds", yosys->seconds);
    } else {
        row.set("yosys", yosys.error().message);
    }
    row.set("published", published_digits());
    print(row);
    Json rows = Json::array();
    rows.push_back(std::move(row));
    return rows;
}

struct Fold {
    std::int64_t reuse;
    arch::Multipliers multipliers;
};

Result<Json> folded_row(const std::string& folder, const std::string& model, const Fold& fold,
                        std::int64_t unrolled_lut) {
    const bool is_dsp = fold.multipliers == arch::Multipliers::kDsp;
    Options options;
    options.model = model;
    options.mapping.io = fold.reuse == 1 ? arch::Io::kStream : arch::Io::kParallel;
    options.mapping.reuse = fold.reuse;
    options.mapping.multipliers = fold.multipliers;
    const std::string directory =
        fmt::format("{}/dense_r{}{}", folder, fold.reuse, is_dsp ? "_dsp" : "");
    GW_TRY(const Built built, build(options, directory));
    GW_TRY(const bool equal, is_equal(built, 100, verify::UseTool::kNever));
    GW_TRY(const auto yosys,
           synthesize(directory, built.compiled.hardware.netlist.top().name,
                      is_dsp ? tools::YosysFlow::kVendor : tools::YosysFlow::kFast));
    const CompiledStages& c = built.compiled;
    const auto cost = report::count_stages(c.plan, c.schedule, c.hardware);
    // Six address bits of a LUT: 64 bits of weights in each.
    std::int64_t weight_bits = 0;
    for (const auto& stage : cost.stages) weight_bits += stage.weight_bits;
    Json row = Json::object();
    row.set("reuse", fold.reuse).set("multipliers", is_dsp ? "dsp" : "logic");
    row.set("cycles_per_event", c.schedule.rates.initiation_interval);
    row.set("lut", yosys.lut).set("lutram", yosys.lutram).set("ff", yosys.ff);
    row.set("srl", yosys.srl).set("dsp", yosys.dsp).set("bram", yosys.bram);
    row.set("weight_luts", weight_bits / 64).set("estimated_lut", cost.total.estimate.lut);
    const std::int64_t all = yosys.lut + yosys.srl + yosys.lutram;
    if (unrolled_lut > 0) {
        row.set("ratio", static_cast<double>(all) / static_cast<double>(unrolled_lut));
        const std::int64_t parts = fold.reuse == 8 ? 5 : 20;
        row.set("allowed_lut", unrolled_lut / parts + weight_bits / 64);
        row.set("within", all <= unrolled_lut / parts + weight_bits / 64);
    }
    row.set("all_lut", all).set("equal", equal);
    return row;
}

Result<Json> folded_rows(const std::string& folder) {
    const std::string model = folder + "/dense.json";
    Rng rng(3);
    Chain chain({64}, "fixed<8,1>");
    chain.add("fc", "dense", "kernel", random_weights(rng, {64, 64}, 8));
    GW_TRY_STATUS(chain.write(model));
    Json rows = Json::array();
    GW_TRY(Json unrolled, folded_row(folder, model, {1, arch::Multipliers::kLogic}, 0));
    const std::int64_t lut = unrolled.find("all_lut")->as_integer();
    rows.push_back(std::move(unrolled));
    for (const std::int64_t reuse : {64, 8}) {
        for (const auto multipliers : {arch::Multipliers::kDsp, arch::Multipliers::kLogic}) {
            GW_TRY(Json row, folded_row(folder, model, {reuse, multipliers}, lut));
            print(row);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::int64_t peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

Result<Json> memory_rows(const std::string& folder) {
    const std::string model = folder + "/large.json";
    Rng rng(5);
    const std::vector<int> sizes = {512, 640, 256, 64};
    {
        Chain chain({sizes[0]}, "fixed<8,1>");
        for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
            const std::string n = std::to_string(i + 1);
            chain.add("fc" + n, "dense", "kernel",
                      random_weights(rng, {sizes[i], sizes[i + 1]}, 8));
            chain.add("q" + n, "quantize", "type", "ufixed<8,4,RND,SAT>");
        }
        GW_TRY_STATUS(chain.write(model));
    }
    Options options;
    options.model = model;
    options.mapping.reuse = 512;
    options.mapping.multipliers = arch::Multipliers::kDsp;
    const std::int64_t before = peak_megabytes();
    GW_TRY(const Built built, build(options, folder + "/large"));
    Json row = Json::object();
    row.set("weights", std::int64_t{512 * 640 + 640 * 256 + 256 * 64});
    row.set("compile_seconds", built.seconds);
    row.set("peak_megabytes", peak_megabytes()).set("peak_megabytes_before", before);
    row.set("cycles_per_event", built.compiled.schedule.rates.initiation_interval);
    row.set("events_per_second", events_per_second(built.compiled));
    GW_TRY(const bool equal, is_equal(built, 3, verify::UseTool::kNever));
    row.set("equal", equal);
    print(row);
    Json rows = Json::array();
    rows.push_back(std::move(row));
    return rows;
}

struct Network {
    const char* name;
    std::string file;
    const char* precision = "";
    std::int64_t reuse = 1;  ///< with 1, streamed
};

std::vector<Network> networks() {
    const std::string keras = kData + "hls4ml_example_models/keras/";
    std::vector<Network> all = {
        {"tau", kModels + "tau/tau.keras"},
        {"btag", kModels + "btag/btag.keras"},
        {"wires", kModels + "wires/wires.h5"},
        {"digits", kModels + "digits/digits.keras"},
        {"ECON-T", kData + "econt_ae/baseline_encoder_keras_model.h5"},
        {"conv2d", keras + "KERAS_conv2d_model.json", "fixed<16,6>"},
        {"jetTagger", keras + "jetTagger_Conv2D_Small_NoBatchNorm.json", "fixed<16,6>"},
        {"jetTagger, batch norm", keras + "jetTagger_Conv2D_Small.json", "fixed<16,6>"},
        {"MLPerf-Tiny anomaly, R = 128",
         kData + "mlperf_tiny/anomaly_detection/trained_models/ad01.h5", "fixed<16,6>", 128},
    };
    std::erase_if(all,
                  [](const Network& network) { return !std::filesystem::exists(network.file); });
    return all;
}

Result<Json> model_row(const std::string& folder, const Network& network) {
    Options options;
    options.model = network.file;
    options.name = "bench";
    options.import.winner_only = true;
    if (*network.precision != '\0') {
        GW_TRY(options.import.precision.everywhere, fixed::parse_cast(network.precision));
    }
    options.mapping.io = network.reuse == 1 ? arch::Io::kStream : arch::Io::kParallel;
    options.mapping.reuse = network.reuse;
    GW_TRY(const Built built, build(options, folder + "/model"));
    GW_TRY(const bool equal, is_equal(built, 5, verify::UseTool::kNever));
    const CompiledStages& c = built.compiled;
    Json row = Json::object();
    row.set("network", network.name).set("compile_seconds", built.seconds);
    row.set("cycles_per_event", c.schedule.rates.initiation_interval);
    row.set("last_word_cycles", c.schedule.rates.last_word_cycles);
    row.set("estimated_lut",
            report::count_stages(c.plan, c.schedule, c.hardware).total.estimate.lut);
    row.set("events_per_second", events_per_second(c)).set("equal", equal);
    return row;
}

// The tau network as one function: cycles at 360 MHz.
Result<Json> unrolled_tau(const std::string& folder) {
    Options options;
    options.model = kModels + "tau/tau.keras";
    options.clock_mhz = 360;
    Progress progress;
    const Stopwatch watch;
    GW_TRY(const compile::Compiled compiled, compile::compile_model(options, progress));
    const Json report = compile::make_report(compiled, progress, folder + "/tau");
    GW_TRY_STATUS(compile::write_design_directory(compiled, report, folder + "/tau"));
    const double seconds = watch.seconds();
    verify::VerifyParams params;
    params.vectors = 200;
    params.slow_vectors = 100;
    params.verilator = verify::UseTool::kNever;
    params.icarus = verify::UseTool::kNever;
    params.proof.budget_seconds = 0;
    GW_TRY(const auto result, verify::verify_design({compiled.typed, compiled.design, compiled.flat,
                                                     compiled.netlist, folder + "/tau"},
                                                    params));
    const emulate::Engine engine(compiled.flat.program);
    std::vector<std::int64_t> in(20'000 * engine.input_count(), 1);
    std::vector<std::int64_t> out(20'000 * engine.output_count());
    engine.run(in, out);
    const Stopwatch emulation;
    engine.run(in, out);
    Json row = Json::object();
    row.set("network", "tau, unrolled").set("compile_seconds", seconds);
    row.set("clock_mhz", compiled.schedule.clock_mhz).set("cycles_per_event", std::int64_t{1});
    row.set("last_word_cycles", std::int64_t{compiled.schedule.latency_cycles});
    row.set("estimated_lut", report.find("estimate")->integer_or("lut", 0).value_or(0));
    row.set("events_per_second", 20'000 / emulation.seconds()).set("equal", result.passed());
    return row;
}

Result<Json> model_rows(const std::string& folder) {
    Json rows = Json::array();
    GW_TRY(Json tau, unrolled_tau(folder));
    print(tau);
    rows.push_back(std::move(tau));
    for (const Network& network : networks()) {
        GW_TRY(Json row, model_row(folder, network));
        print(row);
        rows.push_back(std::move(row));
    }
    return rows;
}

using Measure = Result<Json> (*)(const std::string&);
const std::vector<std::pair<std::string, Measure>>& parts() {
    // Memory first: its peak is the process's.
    static const std::vector<std::pair<std::string, Measure>> kParts = {{"memory", memory_rows},
                                                                        {"conv", conv_rows},
                                                                        {"models", model_rows},
                                                                        {"folded", folded_rows},
                                                                        {"digits", digits_rows}};
    return kParts;
}

// Other parts' rows of an earlier run stay.
Status store(const std::string& path, const std::string& part, const Json& rows) {
    Json result = Json::object();
    result.set("benchmark", "streams").set("command", "build/bin/bench_streams build/bench");
    if (std::filesystem::exists(path)) {
        GW_TRY(const std::string text, read_file(path));
        GW_TRY(result, parse_json(text));
    }
    result.set(part, rows);
    return write_file(path, result.dump(1) + "\n");
}

Status run_bench(const std::string& folder, const std::vector<std::string>& wanted) {
    bool all_equal = true;
    for (const auto& [name, measure] : parts()) {
        const bool is_wanted =
            wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
        if (!is_wanted) continue;
        fmt::print("{}\n", name);
        GW_TRY(const Json rows, measure(folder + "/streams"));
        for (const Json& row : rows.as_array()) {
            all_equal = all_equal && row.find("equal")->as_bool();
        }
        std::fflush(stdout);
        GW_TRY_STATUS(store(folder + "/streams.json", name, rows));
    }
    if (!all_equal) return fail("a design differs from its reference");
    return {};
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: bench_streams FOLDER [conv|digits|folded|memory|models]...\n");
        return 2;
    }
    std::filesystem::create_directories(std::string(argv[1]) + "/streams");
    const auto status = gatewright::run_bench(argv[1], {argv + 2, argv + argc});
    if (!status) fmt::print(stderr, "bench_streams: error: {}\n", status.error().message);
    return status ? 0 : 1;
}
