// SPDX-License-Identifier: Apache-2.0
#include "verify/proof.h"

#include <algorithm>
#include <numeric>

#include "support/stopwatch.h"
#include "verify/layer_proofs.h"

namespace gatewright::verify {
namespace {

struct Task {
    CutLayer layer;
    std::size_t result;
    std::size_t cases;  // 0 for linear layers, which cost next to nothing
};

}  // namespace

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::kProven:
            return "proven";
        case Outcome::kDisproven:
            return "disproven";
        case Outcome::kTestedOnly:
            return "tested only";
    }
    return "tested only";
}

Json to_json(const ProofResult& proof) {
    Json json = Json::object();
    json.set("layer", proof.layer);
    json.set("kind", proof.kind);
    json.set("outcome", to_string(proof.outcome));
    json.set("method", proof.method);
    json.set("detail", proof.detail);
    json.set("seconds", proof.seconds);
    return json;
}

// Cheapest first, so that the budget proves as much as it can.
std::vector<ProofResult> prove_layers(const model::TypedGraph& typed, const arch::Design& design,
                                      const ProofParams& params) {
    const Stopwatch watch;
    std::vector<ProofResult> results;
    std::vector<Task> tasks;
    for (std::size_t n = 0; n < typed.graph().size(); ++n) {
        const model::GraphNode& node = typed.graph()[LayerId(n)];
        if (node.layer->kind() == "input") continue;
        ProofResult result;
        result.layer = node.name;
        result.kind = node.layer->kind();
        auto cut = cut_layer(typed, design, LayerId(n));
        if (!cut) {
            result.detail = cut.error().message;
        } else {
            CutLayer layer{typed, LayerId(n), std::move(*cut)};
            const std::size_t cases =
                is_linear(layer) ? 0
                                 : exhaustive_cases(layer, params.most_cases).value_or(SIZE_MAX);
            tasks.push_back({std::move(layer), results.size(), cases});
        }
        results.push_back(std::move(result));
    }
    std::vector<std::size_t> order(tasks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return tasks[a].cases < tasks[b].cases; });
    for (const std::size_t index : order) {
        const Task& task = tasks[index];
        ProofResult& result = results[task.result];
        const Stopwatch own;
        const double left = params.budget_seconds - watch.seconds();
        if (left <= 0) {
            result.detail = "the time for proofs was over";
        } else if (is_linear(task.layer)) {
            prove_linear(task.layer, left, result);
        } else {
            prove_exhaustively(task.layer, left, params.most_cases, result);
        }
        result.seconds = own.seconds();
    }
    return results;
}

}  // namespace gatewright::verify
