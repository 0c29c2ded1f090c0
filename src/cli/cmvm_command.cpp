// SPDX-License-Identifier: Apache-2.0
//
// gatewright cmvm: adder graphs for matrices from files, without a network around them; and the
// matrices of a network as such files.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "cli/commands.h"
#include "cli/loading.h"
#include "cli/table.h"
#include "cmvm/emit_graph.h"
#include "cmvm/graph_json.h"
#include "cmvm/matrix_file.h"
#include "cmvm/timing.h"
#include "compile/compile.h"
#include "dfg/text.h"
#include "layers/dense.h"
#include "support/files.h"

namespace gatewright::cli {
namespace {

namespace fs = std::filesystem;

struct Solved {
    std::string file;
    cmvm::MatrixFile problem;
    cmvm::AdderGraph graph;
    cmvm::SolveStats stats;
    std::vector<int> output_levels;
    double cpu_seconds = 0;
    bool exact = false;
};

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Result<cmvm::MatrixFile> read_problem(const CmvmArgs& args, const std::string& path) {
    GW_TRY(cmvm::MatrixFile problem, cmvm::read_matrix_file(path));
    if (!args.input_type.empty() && !problem.inputs.empty()) {
        return fail(path + ": the file gives the inputs' ranges itself; leave --input out");
    }
    if (problem.inputs.empty()) {
        const std::string type = args.input_type.empty() ? "fixed<8,8>" : args.input_type;
        GW_TRY(const fixed::Cast input, fixed::parse_cast(type));
        problem.inputs.assign(problem.matrix.rows, fixed::Interval::of(input.format));
    }
    return problem;
}

Result<Solved> solve_file(const CmvmArgs& args, const std::string& path) {
    Solved out;
    out.file = fs::path(path).filename().string();
    GW_TRY(out.problem, read_problem(args, path));
    const double start = cpu_seconds();
    const cmvm::Timing timing{out.problem.arrival, out.problem.deadlines};
    out.graph =
        cmvm::solve_timed(out.problem.matrix, out.problem.inputs, args.params, timing, &out.stats);
    out.cpu_seconds = cpu_seconds() - start;
    out.exact = cmvm::computes(out.graph, out.problem.matrix);
    if (args.params.max_depth && out.stats.depth > *args.params.max_depth) {
        return fail(fmt::format(
            "{}: needs {} adders in series whatever is shared (the most signed digits of a "
            "column), --max-depth {} cannot be met",
            path, out.stats.depth, *args.params.max_depth));
    }
    out.output_levels = cmvm::output_levels(out.graph, timing.arrival);
    for (std::size_t j = 0; j < timing.deadlines.size(); ++j) {
        if (out.output_levels[j] <= timing.deadlines[j]) continue;
        return fail(fmt::format(
            "{}: output {} needs {} adders in series whatever is shared, its deadline {} cannot "
            "be met",
            path, j, out.output_levels[j], timing.deadlines[j]));
    }
    return out;
}

Json to_json(const Solved& solved) {
    const cmvm::SolveStats& stats = solved.stats;
    Json json = Json::object();
    json.set("file", solved.file);
    json.set("rows", solved.problem.matrix.rows).set("columns", solved.problem.matrix.columns);
    json.set("adders", stats.adders).set("ternary_adders", stats.ternary_adders);
    json.set("cells", stats.cells).set("negations", stats.negations).set("depth", stats.depth);
    json.set("seconds", stats.seconds).set("cpu_seconds", solved.cpu_seconds);
    json.set("exact", solved.exact);
    if (!solved.problem.arrival.empty() || !solved.problem.deadlines.empty()) {
        Json levels = Json::array();
        for (const int level : solved.output_levels) levels.push_back(std::int64_t{level});
        json.set("output_levels", std::move(levels));
    }
    return json;
}

std::vector<std::string> to_row(const Solved& solved) {
    const cmvm::SolveStats& stats = solved.stats;
    return {solved.file,
            fmt::format("{} x {}", solved.problem.matrix.rows, solved.problem.matrix.columns),
            std::to_string(stats.adders),
            std::to_string(stats.ternary_adders),
            std::to_string(stats.cells),
            std::to_string(stats.negations),
            std::to_string(stats.depth),
            fmt::format("{:.3f}", stats.seconds),
            solved.exact ? "yes" : "NO"};
}

Result<Outcome> solve_one(const CmvmArgs& args) {
    GW_TRY(const Solved solved, solve_file(args, args.path));
    if (!args.emit.empty()) {
        const std::string name = safe_file_name(fs::path(args.path).stem().string());
        const dfg::Program program = cmvm::to_program(solved.graph, solved.problem.inputs, name);
        GW_TRY_STATUS(write_file(args.emit, dfg::to_text(program)));
    }
    Outcome out;
    const cmvm::SolveStats& stats = solved.stats;
    out.text = fmt::format(
        "{}: {} x {}\n  adders {}\n  ternary_adders {}\n  cells {}\n  negations {}\n  depth {}\n  "
        "seconds {:.6f}\n  exact {}\n",
        solved.file, solved.problem.matrix.rows, solved.problem.matrix.columns, stats.adders,
        stats.ternary_adders, stats.cells, stats.negations, stats.depth, stats.seconds,
        solved.exact);
    out.json = to_json(solved);
    if (args.graph) {
        const Json graph = cmvm::to_json(solved.graph);
        out.text += graph.dump() + "\n";
        out.json.set("graph", graph);
    }
    out.exit_code = solved.exact ? 0 : 1;
    return out;
}

Result<std::vector<std::string>> matrices_in(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path().string());
    }
    if (error) return fail(directory + ": " + error.message());
    if (files.empty()) return fail(directory + ": holds no matrix files (*.txt)");
    std::sort(files.begin(), files.end());
    return files;
}

Result<Outcome> solve_directory(const CmvmArgs& args, Progress& progress) {
    if (!args.emit.empty()) return fail("--emit writes the program of one matrix, not of a folder");
    GW_TRY(const std::vector<std::string> files, matrices_in(args.path));
    std::vector<std::vector<std::string>> rows = {{"matrix", "size", "adders", "ternary_adders",
                                                   "cells", "negations", "depth", "seconds",
                                                   "exact"}};
    Outcome out;
    Json matrices = Json::array();
    std::size_t adders = 0;
    std::int64_t cells = 0;
    double seconds = 0;
    for (const std::string& file : files) {
        progress.stage(file);
        GW_TRY(const Solved solved, solve_file(args, file));
        rows.push_back(to_row(solved));
        Json json = to_json(solved);
        if (args.graph) json.set("graph", cmvm::to_json(solved.graph));
        matrices.push_back(std::move(json));
        adders += solved.stats.adders + solved.stats.ternary_adders;
        cells += solved.stats.cells;
        seconds += solved.stats.seconds;
        if (!solved.exact) out.exit_code = 1;
    }
    out.text = to_table(rows) + fmt::format("\n{} matrices, {} adders, {} cells, {:.2f} s\n",
                                            files.size(), adders, cells, seconds);
    out.json.set("matrices", std::move(matrices));
    out.json.set("adders", adders).set("cells", cells).set("seconds", seconds);
    return out;
}

// The kernel as integers: all weights times the same power of two. An input that never changes is
// no input: its row becomes zero.
Result<cmvm::MatrixFile> to_problem(const layers::Dense& dense, const model::TensorType& input) {
    const std::size_t rows = static_cast<std::size_t>(dense.kernel.shape[0]);
    const std::size_t columns = static_cast<std::size_t>(dense.kernel.shape[1]);
    cmvm::MatrixFile out;
    out.matrix = {rows, columns, std::vector<std::int64_t>(rows * columns, 0)};
    out.inputs.assign(input.elements.begin(),
                      input.elements.begin() + static_cast<std::ptrdiff_t>(rows));
    std::optional<int> frac;
    for (const fixed::Dyadic& weight : dense.kernel.data) {
        if (!weight.is_zero()) frac = std::max(frac.value_or(weight.frac()), weight.frac());
    }
    for (std::size_t i = 0; i < rows; ++i) {
        if (out.inputs[i].is_constant()) {
            out.inputs[i] = {0, 0, 0};
            continue;
        }
        for (std::size_t j = 0; j < columns; ++j) {
            const auto code = dense.kernel[i * columns + j].code_at(frac.value_or(0)).to_int64();
            if (!code) return fail("weights span more than 62 bits");
            out.matrix.entries[i * columns + j] = *code;
        }
    }
    return out;
}

Result<Outcome> dump_kernels(const CmvmArgs& args, Progress& progress) {
    compile::Options options;
    options.model = args.dump_kernels;
    GW_TRY(const compile::Imported imported, compile::import_and_type(options, progress));
    GW_TRY(StagedDirectory staged, StagedDirectory::create(args.path, "kernels.json"));
    const model::Graph& graph = imported.typed.graph();
    Outcome out;
    Json files = Json::array();
    for (std::size_t i = 0; i < graph.size(); ++i) {
        const LayerId id(i);
        const auto* dense = dynamic_cast<const layers::Dense*>(graph[id].layer.get());
        if (dense == nullptr) continue;
        auto problem = to_problem(*dense, imported.typed.input_types(id)[0]);
        if (!problem) return fail_in("layer '" + graph[id].name + "'", problem.error());
        const std::string file = safe_file_name(graph[id].name) + ".txt";
        GW_TRY_STATUS(staged.write(file, cmvm::to_text(*problem)));
        out.text +=
            fmt::format("{}: {} x {}\n", file, problem->matrix.rows, problem->matrix.columns);
        files.push_back(file);
    }
    if (out.text.empty()) {
        return fail(args.dump_kernels + ": no layer of kind 'dense', so no kernel to write");
    }
    out.json.set("model", fs::path(args.dump_kernels).filename().string());
    out.json.set("files", std::move(files));
    GW_TRY_STATUS(staged.write("kernels.json", out.json.dump(1) + "\n"));
    GW_TRY_STATUS(staged.commit());
    return out;
}

}  // namespace

Result<Outcome> run_cmvm(const CmvmArgs& args, Progress& progress) {
    if (!args.dump_kernels.empty()) return dump_kernels(args, progress);
    return fs::is_directory(args.path) ? solve_directory(args, progress) : solve_one(args);
}

}  // namespace gatewright::cli
