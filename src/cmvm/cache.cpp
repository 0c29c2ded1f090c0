// SPDX-License-Identifier: Apache-2.0
#include "cmvm/cache.h"

#include <filesystem>
#include <optional>

#include "cmvm/graph_json.h"
#include "support/files.h"

namespace gatewright::cmvm {

using fixed::Interval;

namespace {

// Changes whenever solve() may answer differently, so that a run does not depend on older ones.
constexpr const char* kSolver = "gatewright-cmvm-1";

std::string problem_text(const Matrix& matrix, std::span<const Interval> inputs,
                         const SolveParams& params) {
    const auto number = [](auto value) { return " " + std::to_string(value); };
    std::string text = kSolver;
    text += number(params.depth_slack) + number(params.level_worth) + number(params.effort) +
            number(params.max_depth.value_or(-1)) + number(params.seed) +
            (params.ternary == TernaryAdders::kAllow ? " ternary" : " two-operand") + ";" +
            number(matrix.rows) + number(matrix.columns) + ";";
    for (const std::int64_t entry : matrix.entries) text += number(entry);
    for (const Interval& range : inputs) {
        text += ";" + range.lo.to_string() + " " + range.hi.to_string() + number(range.frac);
    }
    return text;
}

// A file is the digest of the rest, a line end, and the graph as JSON.
std::optional<AdderGraph> read_graph(const std::string& path, const Matrix& matrix) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    const Result<std::string> file = read_file(path);
    if (!file) return std::nullopt;
    const std::size_t end = file->find('\n');
    if (end == std::string::npos) return std::nullopt;
    const std::string content = file->substr(end + 1);
    if (sha256_hex(content) != file->substr(0, end)) return std::nullopt;
    const Result<Json> json = parse_json(content);
    if (!json) return std::nullopt;
    Result<AdderGraph> graph = graph_from_json(*json, matrix.rows);
    if (!graph || !computes(*graph, matrix)) return std::nullopt;
    return std::move(*graph);
}

void write_graph(const std::string& path, const AdderGraph& graph) {
    const std::string content = to_json(graph).dump();
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    // A cache that cannot be written is no error: the graph is known.
    static_cast<void>(write_file(path, sha256_hex(content) + "\n" + content));
}

}  // namespace

const AdderGraph& Cache::solve(const Matrix& matrix, std::span<const Interval> inputs,
                               const SolveParams& params) {
    std::string problem = problem_text(matrix, inputs, params);
    const auto found = graphs_.find(problem);
    if (found != graphs_.end()) {
        ++hits_;
        return found->second;
    }
    if (directory_.empty()) {
        return graphs_.emplace(std::move(problem), cmvm::solve(matrix, inputs, params))
            .first->second;
    }
    const std::string path = directory_ + "/cmvm-" + sha256_hex(problem) + ".graph";
    std::optional<AdderGraph> graph = read_graph(path, matrix);
    if (graph) {
        ++disk_hits_;
    } else {
        graph = cmvm::solve(matrix, inputs, params);
        write_graph(path, *graph);
    }
    return graphs_.emplace(std::move(problem), std::move(*graph)).first->second;
}

}  // namespace gatewright::cmvm
